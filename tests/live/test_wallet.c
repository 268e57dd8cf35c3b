/* What stands behind a handle, and how tokens stand in requests and answers. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "services/live/http/wire_token.h"
#include "services/live/tokens/wallet.h"

static struct span text_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static void expect_text(const struct wallet *wallet, uint64_t token, enum token_part part,
                        const char *expected)
{
    struct span text;

    assert_true(wallet_find(wallet, token, part, &text));
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.length);
}

/* ---- The wallet ------------------------------------------------------------------------------ */

static void a_handle_stands_for_two_texts_or_one_for_both(void **state)
{
    struct wallet *wallet = wallet_open(8);
    uint64_t grant = wallet_keep(wallet, text_of("access"), text_of("session"));
    uint64_t shown = wallet_keep(wallet, text_of("shown"), (struct span){NULL, 0});

    (void)state;
    expect_text(wallet, grant, TOKEN_ACCESS, "access");
    expect_text(wallet, grant, TOKEN_SESSION, "session");
    expect_text(wallet, shown, TOKEN_ACCESS, "shown");
    expect_text(wallet, shown, TOKEN_SESSION, "shown");
    wallet_close(wallet);
}

static void what_was_shown_is_no_grant(void **state)
{
    struct wallet *wallet = wallet_open(1);
    uint64_t token = wallet_keep(wallet, text_of("access"), text_of("session"));
    struct span access, session;

    (void)state;
    assert_true(wallet_find_grant(wallet, token, &access, &session));
    assert_memory_equal(access.bytes, "access", access.length);
    assert_memory_equal(session.bytes, "session", session.length);
    wallet_drop(wallet, token);
    assert_false(wallet_find_grant(wallet, token, &access, &session));
    token = wallet_keep(wallet, text_of("shown"), (struct span){NULL, 0}); /* The same slot. */
    assert_false(wallet_find_grant(wallet, token, &access, &session));
    wallet_forge(wallet, TOKEN_ALG_NONE, text_of("forged"));
    assert_false(wallet_find_grant(wallet, token_forged(TOKEN_ALG_NONE), &access, &session));
    wallet_close(wallet);
}

static void a_dropped_handle_never_stands_for_anothers_text(void **state)
{
    struct wallet *wallet = wallet_open(1);
    struct span text;
    uint64_t first = wallet_keep(wallet, text_of("first"), text_of("x")), second;

    (void)state;
    wallet_drop(wallet, first);
    wallet_drop(wallet, first);
    second = wallet_keep(wallet, text_of("second, and longer"), text_of("y"));
    assert_int_not_equal(first, second);
    assert_false(wallet_find(wallet, first, TOKEN_ACCESS, &text));
    expect_text(wallet, second, TOKEN_ACCESS, "second, and longer");
    wallet_drop(wallet, first); /* A stranger's by now: nothing happens. */
    expect_text(wallet, second, TOKEN_ACCESS, "second, and longer");
    wallet_close(wallet);
}

static void the_one_that_was_kept_longest_makes_room(void **state)
{
    struct wallet *wallet = wallet_open(3);
    uint64_t kept[5];
    struct span text;
    char word[16];

    (void)state;
    for (int i = 0; i < 5; i++) {
        snprintf(word, sizeof word, "t%d", i);
        kept[i] = wallet_keep(wallet, text_of(word), (struct span){NULL, 0});
    }
    assert_false(wallet_find(wallet, kept[0], TOKEN_ACCESS, &text));
    assert_false(wallet_find(wallet, kept[1], TOKEN_ACCESS, &text));
    expect_text(wallet, kept[2], TOKEN_ACCESS, "t2");
    expect_text(wallet, kept[4], TOKEN_ACCESS, "t4");
    wallet_close(wallet);
}

static void nobody_finds_what_nobody_kept(void **state)
{
    static const uint64_t strange[] = {
        0, 1, 2, UINT64_MAX, UINT64_C(1) << 32, TOKEN_FORGED, TOKEN_FORGED | 200};
    struct wallet *wallet = wallet_open(4);
    struct span text;

    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        assert_false(wallet_find(wallet, strange[i], TOKEN_ACCESS, &text));
        wallet_drop(wallet, strange[i]);
    }
    wallet_forge(wallet, TOKEN_ALG_NONE, text_of("forged"));
    expect_text(wallet, token_forged(TOKEN_ALG_NONE), TOKEN_SESSION, "forged");
    wallet_close(wallet);
}

/* ---- In a request ---------------------------------------------------------------------------- */

static void a_bearer_token_is_what_stands_behind_its_scheme(void **state)
{
    static const struct {
        const char *head, *token; /* NULL: there is no such header; "": it shows nothing. */
    } rows[] = {
        {"Host: a\r\n", NULL},
        {"Authorization: Bearer a.b-c_d~e+f/g=\r\n", "a.b-c_d~e+f/g="},
        {"authorization: bearer x\r\n", "x"},
        {"AUTHORIZATION: BEARER  x\r\nHost: a\r\n", "x"},
        {"Authorization: Basic dXNlcjpwYXNz\r\n", ""},
        {"Authorization: Bearer\r\n", ""},
        {"Authorization: Bearerx\r\n", ""},
        {"Authorization: x\r\n", ""},
        {"Authorization:\r\n", ""},
        {"Authorization: Bearer a b\r\n", ""},
        {"Authorization: Bearer a\"b\r\n", ""},
        {"Authorization: Bearer a,b\r\n", ""},
        {"Authorization: Bearer \xc3\xa9\r\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct http_request request = {.head = text_of(rows[i].head)};
        struct span text = {"", 0};
        enum wire_bearer found = wire_read_bearer(&request, &text);

        assert_int_equal(found, rows[i].token == NULL ? WIRE_NO_TOKEN : WIRE_TOKEN);
        if (rows[i].token != NULL && (text.length != strlen(rows[i].token) ||
                                      memcmp(text.bytes, rows[i].token, text.length) != 0))
            fail_msg("%s", rows[i].head);
    }
}

static void a_token_that_is_given_twice_is_nobodys(void **state)
{
    const struct http_request request = {
        .head = text_of("Authorization: Bearer a\r\nHost: x\r\nauthorization: Bearer b\r\n")};
    struct span text;

    (void)state;
    assert_int_equal(wire_read_bearer(&request, &text), WIRE_TWO_TOKENS);
}

static void a_token_is_put_behind_the_first_line(void **state)
{
    char text[128] = "POST /call/1 HTTP/1.1\r\nHost: a\r\n\r\n{}";
    size_t length = wire_add_bearer(text, strlen(text), sizeof text, text_of("tok"));

    (void)state;
    text[length] = '\0';
    assert_string_equal(text, "POST /call/1 HTTP/1.1\r\nAuthorization: Bearer tok\r\n"
                              "Host: a\r\n\r\n{}");
    assert_int_equal(wire_add_bearer(text, length, length + 5, text_of("tok")), 0);
    assert_int_equal(wire_add_bearer(text, 10, sizeof text, text_of("tok")), 0); /* No line. */
}

/* ---- In an answer ---------------------------------------------------------------------------- */

static void a_grant_is_read_back(void **state)
{
    static char text[WIRE_GRANT_MAX];
    struct span access, session;
    size_t length = wire_write_grant(text, text_of("a.b.c"), text_of("s-_"));

    (void)state;
    assert_true(wire_read_grant((struct span){text, length}, &access, &session));
    assert_memory_equal(access.bytes, "a.b.c", 5);
    assert_memory_equal(session.bytes, "s-_", 3);
}

static void what_grants_nothing_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "[]",
        "{\"access_token\":\"a\"}",
        "{\"refresh_token\":\"a\"}",
        "{\"access_token\":1,\"refresh_token\":\"b\"}",
        "{\"access_token\":\"\",\"refresh_token\":\"b\"}",
        "{\"access_token\":\"a\\u0062\",\"refresh_token\":\"b\"}",
        "{\"access_token\":\"a\",\"access_token\":\"c\",\"refresh_token\":\"b\"}",
        "{\"access_token\":\"a\r\\nX: y\",\"refresh_token\":\"b\"}",
        "{\"access_token\":\"a b\",\"refresh_token\":\"b\"}",
        "{\"access_token\":\"a\",\"refresh_token\":\"b\"} x",
        "{\"access_token\":\"a\",\"refresh_token\":\"b\""};
    struct span access, session;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (wire_read_grant(text_of(wrong[i]), &access, &session))
            fail_msg("%s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_stands_for_two_texts_or_one_for_both),
        cmocka_unit_test(what_was_shown_is_no_grant),
        cmocka_unit_test(a_dropped_handle_never_stands_for_anothers_text),
        cmocka_unit_test(the_one_that_was_kept_longest_makes_room),
        cmocka_unit_test(nobody_finds_what_nobody_kept),
        cmocka_unit_test(a_bearer_token_is_what_stands_behind_its_scheme),
        cmocka_unit_test(a_token_that_is_given_twice_is_nobodys),
        cmocka_unit_test(a_token_is_put_behind_the_first_line),
        cmocka_unit_test(a_grant_is_read_back),
        cmocka_unit_test(what_grants_nothing_is_none),
    };

    return cmocka_run_group_tests_name("wallet", tests, NULL, NULL);
}
