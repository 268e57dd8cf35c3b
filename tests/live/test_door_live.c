/* The door over HTTP: whose tokens it hands out. The service is the test's: a visitor who shows a
 * token stays inside, and a login is answered with whatever handle the test has chosen. */
#include "tests/lib/test.h"

#include <stdio.h>

#include "services/live/node/door_live.h"
#include "services/live/node/stats.h"
#include "services/live/tokens/wallet.h"
#include "tests/live/http_rig.h"

static struct rig {
    struct loop loop;
    struct node_stats stats;
    struct cpu_live *cpu;
    struct wallet *wallet;
    struct door_live *door;
    uint64_t shown;   /* By who is inside. */
    uint64_t granted; /* What a login is answered with. */
    char text[RIG_TEXT];
} rig;

static void visit(void *service, struct visit *visit)
{
    (void)service;
    if (visit->ask.verb == VERB_LOGIN)
        door_answer(door_live_port(rig.door), visit, CALL_OK, (int64_t)rig.granted, 0);
    else
        rig.shown = visit->ask.token;
}

static const struct service_ops service_ops = {.visit = visit};

static int setup(void **state)
{
    static const struct cpu_spec one_core = {.cores = 1, .speed = 1, .queue = 1000};
    struct door_live_config config = {.listen = {.host = "127.0.0.1"},
                                      .listens = -1,
                                      .in_flight = 100,
                                      .verbs = 1u << VERB_CALL | 1u << VERB_LOGIN,
                                      .stats = &rig.stats};
    char why[160];

    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(loop_open(&rig.loop, 0));
    config.cpu = rig.cpu = cpu_live_open(&rig.loop, &one_core, &rig.stats);
    config.wallet = rig.wallet = wallet_open(16);
    rig.door = door_live_open(&rig.loop, &config, why);
    assert_non_null(rig.door);
    door_live_begin(rig.door, &service_ops, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    door_live_close(rig.door);
    cpu_live_close(rig.cpu);
    wallet_close(rig.wallet);
    loop_close(&rig.loop);
    return 0;
}

/* Somebody comes with these credentials, and stays. */
static int come_inside_with(const char *credentials)
{
    char text[256];
    int fd = socket_to(door_live_listens_on(rig.door));

    (void)snprintf(text, sizeof text,
                   "POST /call/1 HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\n"
                   "Content-Length: 2\r\n\r\n{}",
                   credentials);
    rig.shown = 0;
    socket_say_text(&rig.loop, fd, text);
    rig_until(&rig.loop, rig.shown != 0);
    return fd;
}

/* What somebody else is told, in rig.text. */
static void log_in(void)
{
    int fd = socket_to(door_live_listens_on(rig.door));

    socket_say_text(&rig.loop, fd,
                    "POST /login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    "Content-Length: 10\r\n\r\n{\"user\":1}");
    (void)socket_hear_all(&rig.loop, fd, rig.text);
    close(fd);
}

static void a_login_is_answered_with_the_texts_behind_its_grant_and_they_are_dropped(void **state)
{
    struct span text;

    (void)state;
    rig.granted = wallet_keep(rig.wallet, text_span("a.b.c"), text_span("s"));
    log_in();
    assert_non_null(strstr(rig.text, " 200 "));
    assert_non_null(strstr(rig.text, "\"access_token\":\"a.b.c\""));
    assert_non_null(strstr(rig.text, "\"refresh_token\":\"s\""));
    assert_false(wallet_find(rig.wallet, rig.granted, TOKEN_ACCESS, &text));
}

/* Handles can be guessed: the first one is 2^32 + 1. Basic credentials are kept as an empty text,
 * which is no token at all. */
static void a_login_is_never_answered_with_what_another_visitor_has_shown(void **state)
{
    static const char *const shown[] = {"Bearer secret", "Basic dXNlcjpwYXNz"};

    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        int fd = come_inside_with(shown[i]);

        rig.granted = rig.shown;
        log_in();
        assert_null(strstr(rig.text, "secret"));
        assert_non_null(strstr(rig.text, " 500 "));
        close(fd);
    }
}

static void a_number_that_is_no_handle_is_no_grant(void **state)
{
    static const uint64_t numbers[] = {1, UINT64_C(1) << 32 | 1, TOKEN_FORGED, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        rig.granted = numbers[i];
        log_in();
        assert_non_null(strstr(rig.text, " 500 "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_login_is_answered_with_the_texts_behind_its_grant_and_they_are_dropped, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            a_login_is_never_answered_with_what_another_visitor_has_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(a_number_that_is_no_handle_is_no_grant, setup, teardown),
    };

    return cmocka_run_group_tests_name("door, live", tests, NULL, NULL);
}
