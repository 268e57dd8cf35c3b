/* What a user names: whether a server is on this machine, and whether a node can be told of it. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "services/live/node/settings.h"
#include "sim/lab/servers.h"

static bool is_here(const char *url)
{
    const struct lab_servers where = {.db = url};
    struct message trouble = message_in("en");

    return servers_are_named_well(&where, &trouble);
}

static void a_database_on_loopback_is_here(void **state)
{
    static const char *const urls[] = {
        "postgres://127.0.0.1/sim",        "postgres://sim:p%40ss@localhost:5432/sim",
        "postgresql://[::1]:5432/sim",     "postgres:///sim",
        "postgres://%2Fvar%2Frun/sim",     "postgres://127.0.0.1/sim?sslmode=disable",
        "postgres://sim@127.0.0.1:5432/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (!is_here(urls[i]))
            fail_msg("%s is here", urls[i]);
}

/* libpq takes hosts from places where nobody looks for one. */
static void what_may_be_elsewhere_counts_as_elsewhere(void **state)
{
    static const char *const urls[] = {
        "postgres://10.0.0.1/sim",
        "postgres://127.0.0.1,far/sim",
        "postgres://127.0.0.1/sim?host=far",
        "postgres://127.0.0.1/sim?hostaddr=10.0.0.1",
        "postgres://127.0.0.1?x@far/sim",
        "postgres://127.0.0.1/sim?%68ost=far",
        "postgres://127.0.0.1/sim?service=far",
        "postgres://127.0.0.1@far/sim",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (is_here(urls[i]))
            fail_msg("%s may be elsewhere", urls[i]);
    assert_int_equal(setenv("PGHOST", "far", 1), 0);
    assert_false(is_here("postgres:///sim"));
    assert_true(is_here("postgres://127.0.0.1/sim"));
    unsetenv("PGHOST");
}

static void a_text_that_no_node_can_be_told_is_named(void **state)
{
    char text[SETTINGS_TEXT_MAX + 1];
    struct lab_servers where = {.db = text};
    struct message trouble = message_in("en");

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "postgres://127.0.0.1/", 21);
    text[SETTINGS_TEXT_MAX - 1] = '\0';
    assert_true(servers_are_named_well(&where, &trouble));
    text[SETTINGS_TEXT_MAX - 1] = 'x';
    text[SETTINGS_TEXT_MAX] = '\0';
    assert_false(servers_are_named_well(&where, &trouble));
    assert_string_equal(trouble.text, "--db is longer than 255 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_on_loopback_is_here),
        cmocka_unit_test(what_may_be_elsewhere_counts_as_elsewhere),
        cmocka_unit_test(a_text_that_no_node_can_be_told_is_named),
    };

    unsetenv("PGHOST");
    unsetenv("PGHOSTADDR");
    return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}
