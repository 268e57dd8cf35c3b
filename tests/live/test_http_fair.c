/* Who asks for much at once does not keep others waiting: a server's turns, on real sockets. */
#include "tests/lib/test.h"

#include "tests/live/http_rig.h"

static struct loop loop;
static struct http_server *server;
static uint64_t came_before; /* Requests that had come when "/one" came; 0: not yet. */

static void handle(void *context, struct http_request *request)
{
    (void)context;
    if (request->path.length == 4 && memcmp(request->path.bytes, "/one", 4) == 0)
        came_before = http_server_stats(server)->requests;
    http_reply(request, 200, "text/plain", text_span("."), 0);
}

static void who_pipelines_by_the_hundred_is_served_one_in_each_turn(void **state)
{
    struct http_server_config config = http_server_defaults();
    char why[160];
    int many, one;

    (void)state;
    assert_true(loop_open(&loop, 0));
    config.listen = (struct address){"127.0.0.1", 0};
    server = http_server_open(&loop, &config, handle, NULL, why);
    assert_non_null(server);
    many = socket_to(http_server_port(server));
    one = socket_to(http_server_port(server));
    rig_until(&loop, http_server_stats(server)->open == 2);
    for (int i = 0; i < 100; i++)
        socket_say_text(&loop, many, "GET /many HTTP/1.1\r\nHost: a\r\n\r\n");
    socket_say_text(&loop, one, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_until(&loop, http_server_stats(server)->requests == 101);
    assert_in_range(came_before, 1, 8);
    close(many);
    close(one);
    http_server_close(server);
    loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_pipelines_by_the_hundred_is_served_one_in_each_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
