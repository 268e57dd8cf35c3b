/* How a replica makes itself known: what it takes for a verdict, and what for bad luck. */
#include "tests/lib/test.h"
#include "tests/live/http_rig.h"

#include "services/live/node/register.h"

static struct loop loop;
static struct http_server *front;
static unsigned asked, refusals, verdicts, verdict;

static void handle(void *context, struct http_request *request)
{
    (void)context;
    asked++;
    http_reply(request, asked <= refusals ? 503 : 200, "application/json", text_span("{}"), 0);
}

static void answered(void *context, unsigned status)
{
    (void)context;
    verdicts++;
    verdict = status;
}

static struct registrar *open_registrar(void)
{
    struct http_server_config config = http_server_defaults();
    struct registrar_config of = {
        .front.host = "127.0.0.1", .known_as = {"127.0.0.1", 9}, .weight = 1, .token = ""};
    struct registrar *registrar;
    char why[160];

    assert_true(loop_open(&loop, 0));
    loop_enter(&loop);
    config.listen = (struct address){"127.0.0.1", 0};
    config.listens = -1;
    front = http_server_open(&loop, &config, handle, NULL, why);
    assert_non_null(front);
    of.front.port = http_server_port(front);
    of.answered = answered;
    registrar = registrar_open(&loop, &of);
    assert_non_null(registrar);
    return registrar;
}

static void a_door_that_is_full_for_a_moment_is_asked_again(void **state)
{
    struct registrar *registrar;

    (void)state;
    refusals = 2;
    registrar = open_registrar();
    rig_until(&loop, verdicts > 0);
    assert_true(asked == 3 && verdicts == 1 && verdict == 200);
    registrar_close(registrar);
    http_server_close(front);
    loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_door_that_is_full_for_a_moment_is_asked_again),
    };

    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
