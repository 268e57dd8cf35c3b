/* Who cleans up behind a calibration: its queue is Kafka, and the user's RabbitMQ stands beside. */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "services/live/rabbit/rabbit_lab.h"
#include "sim/lab/janitor.h"
#include "tests/lib/rabbit.h"

static char where[32];
static struct lab_options options = {.servers.rabbitmq = where};

static bool has_queue(const struct servers *servers)
{
    uint64_t ready;
    char why[160];

    return rabbit_read_ready(&servers->queue, servers->run, TOPIC_LIKES, &ready, why);
}

static void the_queues_of_a_run_beside_kafka_go_as_well(void **state)
{
    struct servers servers = {.options = &options, .has_embedded_broker = true}, beside;
    struct message trouble = message_in("en");

    (void)state;
    snprintf(servers.run, sizeof servers.run, "test");
    snprintf(servers.folder, sizeof servers.folder, "/tmp/sim-test-janitor-XXXXXX");
    assert_non_null(mkdtemp(servers.folder));
    assert_true(janitor_open(&servers.janitor, &servers));
    beside = servers;
    beside.has_embedded_broker = false;
    beside.queue.is_rabbit = true;
    snprintf(beside.queue.brokers, sizeof beside.queue.brokers, "%s", where);
    if (servers_rabbit_up(&beside, &trouble) != LAB_DONE)
        fail_msg("%s", trouble.text);
    assert_true(has_queue(&beside));
    janitor_close(&servers.janitor);
    assert_false(has_queue(&beside));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queues_of_a_run_beside_kafka_go_as_well),
    };
    int failed;

    if (test_rabbit_missing() != NULL) {
        fprintf(stderr, "\n*** SKIPPED: %s ***\n\n", test_rabbit_missing());
        return 77;
    }
    test_rabbit_begin();
    test_rabbit_where(where, sizeof where);
    failed = cmocka_run_group_tests_name("the one who cleans up", tests, NULL, NULL);
    test_rabbit_end();
    return failed;
}
