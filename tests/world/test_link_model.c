/* What a message suffers on its way. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "sim/world/link.h"

enum { MESSAGES = 100000 };

struct message {
    struct event event; /* First. */
    uint64_t sent_ns, arrived_ns;
    uint64_t arrival; /* How many had arrived before. */
};

static struct way way;
static struct events *events;
static struct network_spec network;
static struct link_model wire;
static struct message *messages;
static uint64_t arrived, more_ns;

static int lay_wire(void **state)
{
    (void)state;
    network = (struct network_spec){0};
    way = (struct way){.latency_ns = 100000};
    arrived = more_ns = 0;
    messages = calloc(MESSAGES, sizeof *messages);
    events = events_open(EVENTS_FAST, 2 * MESSAGES);
    link_init(&wire, events, &network, 1);
    return events == NULL || messages == NULL;
}

static int take_wire_up(void **state)
{
    (void)state;
    events_close(events);
    free(messages);
    return 0;
}

static void arrive(struct event *event)
{
    struct message *message = (struct message *)event;

    message->arrived_ns = events_now_ns(events);
    message->arrival = arrived++;
}

/* All of them, one per microsecond; how many were lost. */
static uint32_t send_all(void)
{
    uint32_t lost = 0;

    for (uint64_t i = 0; i < MESSAGES; i++) {
        while (events_step(events, i * 1000))
            continue;
        events_advance(events, i * 1000);
        messages[i].event.fire = arrive;
        messages[i].sent_ns = i * 1000;
        lost += !link_send(&wire, &messages[i].event, &way, more_ns);
    }
    while (events_step(events, UINT64_MAX / 2))
        continue;
    return lost;
}

static void a_quiet_wire_delivers_everything_in_order_after_its_latency(void **state)
{
    (void)state;
    assert_int_equal(send_all(), 0);
    for (uint64_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(messages[i].arrived_ns, messages[i].sent_ns + way.latency_ns);
        assert_int_equal(messages[i].arrival, i);
    }
}

static void a_body_takes_longer_by_what_it_is_charged(void **state)
{
    (void)state;
    more_ns = 7000;
    assert_int_equal(send_all(), 0);
    for (uint64_t i = 0; i < MESSAGES; i++)
        assert_int_equal(messages[i].arrived_ns, messages[i].sent_ns + way.latency_ns + more_ns);
}

static void jitter_adds_its_mean_and_never_takes_away(void **state)
{
    double late_ns = 0;

    (void)state;
    way.jitter_ns = 20000;
    send_all();
    for (uint64_t i = 0; i < MESSAGES; i++) {
        assert_true(messages[i].arrived_ns >= messages[i].sent_ns + way.latency_ns);
        late_ns += (double)(messages[i].arrived_ns - messages[i].sent_ns - way.latency_ns);
    }
    assert_true(fabs(late_ns / MESSAGES / 20000 - 1) < 0.02); /* Six standard errors. */
}

static void a_lossy_wire_loses_its_share_and_says_so(void **state)
{
    uint32_t lost;

    (void)state;
    network.loss = 0.1;
    lost = send_all();
    assert_true(fabs((double)lost / MESSAGES - 0.1) < 0.006);
    assert_int_equal(arrived + lost, MESSAGES);
}

#define proves(name) cmocka_unit_test_setup_teardown(name, lay_wire, take_wire_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        proves(a_quiet_wire_delivers_everything_in_order_after_its_latency),
        proves(a_body_takes_longer_by_what_it_is_charged),
        proves(jitter_adds_its_mean_and_never_takes_away),
        proves(a_lossy_wire_loses_its_share_and_says_so),
    };

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
