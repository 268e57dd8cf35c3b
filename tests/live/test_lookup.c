/* A host's name, looked up beside the loop. Here a name server takes as long as the test wants it
 * to: until an alarm of the loop has fired three times, which it never does while the loop waits.
 */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/live/loop/lookup.h"
#include "services/live/memcached/memcached_live.h"
#include "services/live/node/stats.h"
#include "services/live/store/store_live.h"

enum { TICKS = 3 };

static const uint64_t tick_ns = 1000000, limit_ns = 20000000000u;

static struct loop loop;
static struct event *tick;
static unsigned ticks;
static sem_t go; /* Posted by the last tick. */
static atomic_bool is_slow, has_no_names, was_stuck;
static unsigned founds;
static char found[64];

/* A host with two addresses, of which the second kind is named first. */
static int find_two(int (*real)(const char *, const char *, const struct addrinfo *,
                                struct addrinfo **),
                    const struct addrinfo *hints, struct addrinfo **all)
{
    assert_int_equal(real("::1", NULL, hints, all), 0);
    return real("127.0.0.1", NULL, hints, &(*all)->ai_next);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **all)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct timespec until;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    if (is_slow && lookup_is_needed(node) && sem_timedwait(&go, &until) != 0)
        was_stuck = true;
    if (has_no_names)
        return EAI_NONAME;
    memcpy(&real, &symbol, sizeof real);
    if (node != NULL && strcmp(node, "two") == 0)
        return find_two(real, hints, all);
    return real(node, service, hints, all);
}

static void on_tick(void *context)
{
    (void)context;
    if (++ticks >= TICKS)
        sem_post(&go);
    loop_alarm_set(tick, tick_ns);
}

static void on_found(void *context, const char *number)
{
    (void)context;
    founds++;
    snprintf(found, sizeof found, "%s", number == NULL ? "nothing" : number);
    loop_stop(&loop);
}

static int setup(void **state)
{
    (void)state;
    ticks = founds = 0;
    is_slow = has_no_names = was_stuck = false;
    assert_int_equal(sem_init(&go, 0, 0), 0);
    assert_true(loop_open(&loop, 0));
    loop_enter(&loop);
    tick = loop_alarm(&loop, on_tick, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loop_alarm_free(tick);
    loop_close(&loop);
    sem_destroy(&go);
    return 0;
}

static void the_loop_goes_on_while_a_name_is_looked_up(void **state)
{
    (void)state;
    is_slow = true;
    assert_non_null(lookup_begin(&loop, "localhost", 0, on_found, NULL));
    loop_alarm_set(tick, tick_ns);
    assert_true(loop_run(&loop, loop_now_ns(&loop) + limit_ns));
    assert_false(was_stuck);
    assert_int_equal(founds, 1);
    assert_string_equal(found, "127.0.0.1");
}

static void a_name_that_nobody_knows_is_said_to_be_none(void **state)
{
    (void)state;
    has_no_names = true;
    assert_non_null(lookup_begin(&loop, "localhost", 0, on_found, NULL));
    assert_true(loop_run(&loop, loop_now_ns(&loop) + limit_ns));
    assert_string_equal(found, "nothing");
}

static void a_name_with_several_numbers_is_each_of_them_in_turn(void **state)
{
    const char *numbers[] = {"127.0.0.1", "::1", "127.0.0.1", "::1"};

    (void)state;
    for (uint32_t nth = 0; nth < 4; nth++) {
        assert_non_null(lookup_begin(&loop, "two", nth, on_found, NULL));
        assert_true(loop_run(&loop, loop_now_ns(&loop) + limit_ns));
        assert_string_equal(found, numbers[nth]);
    }
}

static void what_is_forgotten_is_not_told(void **state)
{
    (void)state;
    is_slow = true;
    lookup_forget(lookup_begin(&loop, "localhost", 0, on_found, NULL));
    loop_alarm_set(tick, tick_ns);
    (void)loop_run(&loop, loop_now_ns(&loop) + 20 * tick_ns);
    assert_int_equal(founds, 0);
    lookup_forget(NULL);
}

static void numbers_need_no_looking_up(void **state)
{
    (void)state;
    assert_false(lookup_is_needed("127.0.0.1"));
    assert_false(lookup_is_needed("::1"));
    assert_true(lookup_is_needed("redis"));
    assert_true(lookup_is_needed("127.0.0.1.example"));
}

/* ---- A store that is called by its name ------------------------------------------------------ */

static int listen_somewhere(char server[static 32])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 9), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(server, 32, "localhost:%d", ntohs(address.sin_port));
    return fd;
}

static int accept_next(int listening)
{
    uint64_t until_ns = loop_now_ns(&loop) + limit_ns;
    int fd = -1;

    while (fd < 0 && loop_now_ns(&loop) < until_ns) {
        (void)loop_run(&loop, loop_now_ns(&loop) + tick_ns);
        loop_enter(&loop);
        fd = accept(listening, NULL, NULL);
    }
    assert_true(fd >= 0);
    return fd;
}

/* Its first connection waits for the name server, and the others do not. */
static void a_store_that_lost_its_redis_looks_for_it_beside_the_loop(void **state)
{
    struct node_stats stats = {0};
    struct store_live *store;
    char server[32];
    int listening = listen_somewhere(server), connection;

    (void)state;
    store = store_live_open(&loop, server, "test", &stats);
    assert_non_null(store);
    connection = accept_next(listening);
    is_slow = true;
    loop_alarm_set(tick, tick_ns);
    close(connection);
    connection = accept_next(listening);
    assert_true(ticks >= TICKS);
    assert_false(was_stuck);
    close(connection);
    store_live_close(store);
    close(listening);
}

static void a_store_looks_for_its_memcached_beside_the_loop(void **state)
{
    struct memcached_settings settings = {.run = "test", .connections = 1};
    struct node_stats stats = {0};
    struct memcached_live *memcached;
    char server[32];
    int listening = listen_somewhere(server), connection;

    (void)state;
    is_slow = true;
    loop_alarm_set(tick, tick_ns);
    settings.server = server;
    memcached = memcached_live_open(&loop, &settings, &stats);
    assert_non_null(memcached);
    connection = accept_next(listening);
    assert_true(ticks >= TICKS);
    assert_false(was_stuck);
    is_slow = false;
    sem_post(&go); /* The worker looks for it, too. */
    close(connection);
    close(listening); /* Whoever is just connecting is refused, and ends. */
    memcached_live_close(memcached);
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_loop_goes_on_while_a_name_is_looked_up),
        test(a_name_that_nobody_knows_is_said_to_be_none),
        test(a_name_with_several_numbers_is_each_of_them_in_turn),
        test(what_is_forgotten_is_not_told),
        test(numbers_need_no_looking_up),
        test(a_store_that_lost_its_redis_looks_for_it_beside_the_loop),
        test(a_store_looks_for_its_memcached_beside_the_loop),
    };

    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
