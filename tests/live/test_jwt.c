/* Tokens made and read by OpenSSL: what is ours is read back, and nothing else is let through. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "services/live/tokens/base64url.h"
#include "services/live/tokens/jwt.h"
#include "services/live/tokens/session_id.h"

static const struct jwt_clock clock_1970 = {0}; /* The run began in 1970. */
static const struct token_claims claims = {.user = 7,
                                           .session = 0xfedcba9876543,
                                           .audience = 0xbeef,
                                           .not_before_ns = 1000000000000,
                                           .expires_ns = 1900000500000};
static struct token_keys *keys[TOKEN_ALGORITHMS], *others[TOKEN_ALGORITHMS];

static int make_keys(void **state)
{
    struct token_settings settings;

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        assert_true(token_settings_make(&settings, (enum token_algorithm)i));
        keys[i] = token_keys_open(&settings);
        assert_true(token_settings_make(&settings, (enum token_algorithm)i));
        others[i] = token_keys_open(&settings);
        assert_non_null(keys[i]);
        assert_non_null(others[i]);
    }
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        token_keys_close(keys[i]);
        token_keys_close(others[i]);
    }
    return 0;
}

static enum token_flaw read_by(struct token_keys *by, const char *text, size_t length)
{
    struct token_claims read;

    return jwt_read(&read, by, (struct span){text, length}, clock_1970);
}

static enum token_flaw read_text(int algorithm, const char *text)
{
    return read_by(keys[algorithm], text, strlen(text));
}

/* A token of these two, signed by our key. */
static enum token_flaw read_sealed(const char *header, const char *payload)
{
    char text[TOKEN_BYTES_MAX];

    return read_by(keys[TOKEN_HS256], text, jwt_seal(text, keys[TOKEN_HS256], header, payload));
}

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define WHO "\"iss\":\"sim\",\"sub\":\"7\",\"sid\":\"1\",\"aud\":\"sim-0000beef\""

/* ---- What is ours ---------------------------------------------------------------------------- */

static void what_was_written_is_read_back_by_every_algorithm(void **state)
{
    char text[TOKEN_BYTES_MAX];
    struct token_claims read;

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        size_t length = jwt_write(text, keys[i], &claims, clock_1970);

        assert_int_equal(jwt_read(&read, keys[i], (struct span){text, length}, clock_1970),
                         TOKEN_SOUND);
        assert_int_equal(read.user, claims.user);
        assert_int_equal(read.session, claims.session);
        assert_int_equal(read.audience, claims.audience);
        assert_int_equal(read.not_before_ns, claims.not_before_ns);
        assert_int_equal(read.expires_ns, claims.expires_ns);
        assert_int_equal(read.proof, 0);
    }
}

static void times_are_those_of_the_worlds_clock_to_the_microsecond(void **state)
{
    const struct jwt_clock clock = jwt_clock_at(5000000000);
    char text[TOKEN_BYTES_MAX];
    struct token_claims read;
    size_t length = jwt_write(text, keys[TOKEN_HS256], &claims, clock);

    (void)state;
    assert_int_equal(jwt_read(&read, keys[TOKEN_HS256], (struct span){text, length}, clock),
                     TOKEN_SOUND);
    assert_in_range(read.expires_ns, claims.expires_ns - 1000, claims.expires_ns + 1000);
}

static void the_largest_user_and_session_fit(void **state)
{
    const struct token_claims large = {.user = UINT64_MAX,
                                       .session = (UINT64_C(1) << 56) - 1,
                                       .audience = UINT32_MAX,
                                       .expires_ns = 1};
    char text[TOKEN_BYTES_MAX];
    struct token_claims read;
    size_t length = jwt_write(text, keys[TOKEN_RS256], &large, clock_1970);

    (void)state;
    assert_int_equal(jwt_read(&read, keys[TOKEN_RS256], (struct span){text, length}, clock_1970),
                     TOKEN_SOUND);
    assert_true(read.user == UINT64_MAX);
    assert_int_equal(read.session, large.session);
    assert_int_equal(read.audience, UINT32_MAX);
}

static void a_key_that_is_derived_is_the_same_everywhere_and_never_rsa(void **state)
{
    struct token_settings one, two, three;

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        bool is_made = token_settings_derive(&one, (enum token_algorithm)i, "secret");

        assert_int_equal(is_made, i != TOKEN_RS256);
        if (!is_made)
            continue;
        assert_true(token_settings_derive(&two, (enum token_algorithm)i, "secret"));
        assert_true(token_settings_derive(&three, (enum token_algorithm)i, "another"));
        assert_memory_equal(one.key, two.key, TOKEN_KEY_MAX);
        assert_memory_not_equal(one.key, three.key, one.length);
    }
}

/* ---- What is not ----------------------------------------------------------------------------- */

static void a_token_of_another_key_is_not_ours(void **state)
{
    char text[TOKEN_BYTES_MAX];

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++)
        assert_int_equal(read_by(keys[i], text, jwt_write(text, others[i], &claims, clock_1970)),
                         TOKEN_BAD_SIGNATURE);
}

static void every_bit_of_a_token_counts(void **state)
{
    char text[TOKEN_BYTES_MAX];

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        size_t length = jwt_write(text, keys[i], &claims, clock_1970);

        for (size_t at = 0; at < length; at += i == TOKEN_HS256 ? 1 : 7) {
            char was = text[at];

            text[at] = was == 'A' ? 'B' : 'A';
            assert_int_not_equal(read_by(keys[i], text, length), TOKEN_SOUND);
            text[at] = was;
        }
        assert_int_equal(read_by(keys[i], text, length), TOKEN_SOUND);
    }
}

static void no_part_of_a_token_is_one(void **state)
{
    char text[TOKEN_BYTES_MAX];

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        size_t length = jwt_write(text, keys[i], &claims, clock_1970);

        for (size_t part = 0; part < length; part++)
            assert_int_not_equal(read_by(keys[i], text, part), TOKEN_SOUND);
    }
}

static void not_signed_is_refused_however_it_is_spelt(void **state)
{
    static const char *const spellings[] = {"none", "None", "NONE", "nOnE", "nonE", "NoNe"};

    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char header[64];

        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", spellings[i]);
        assert_int_equal(read_sealed(header, "{" WHO ",\"nbf\":0,\"exp\":9}"), TOKEN_ALG_NONE);
    }
    assert_int_equal(read_text(TOKEN_HS256, "eyJhbGciOiJub25lIn0.e30."), TOKEN_ALG_NONE);
}

/* CVE-2015-9235 and its kin: the public key, which everybody has, taken for HS256's secret. */
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    for (int i = TOKEN_RS256; i < TOKEN_ALGORITHMS; i++) {
        char text[FORGED_BYTES_MAX];
        size_t length =
            jwt_forge(text, keys[i], TOKEN_ALG_CONFUSED, claims.audience, clock_1970, 0);

        assert_int_equal(read_by(keys[i], text, length), TOKEN_ALG_CONFUSED);
    }
}

static void any_other_algorithm_is_refused_even_with_our_signature(void **state)
{
    static const char *const names[] = {"RS256", "EdDSA", "HS384", "hs256", "HS256 ",
                                        "ES256", "PS256", "",      "A",     "RSA1_5"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char header[64];

        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", names[i]);
        assert_int_equal(read_sealed(header, "{" WHO ",\"nbf\":0,\"exp\":9}"), TOKEN_ALG_CONFUSED);
    }
}

static void a_signature_of_the_wrong_length_is_bad(void **state)
{
    char text[TOKEN_BYTES_MAX];

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        size_t length = jwt_write(text, keys[i], &claims, clock_1970);
        size_t second = 0;

        for (size_t at = 0; at < length; at++)
            second = text[at] == '.' ? at : second;
        assert_int_equal(read_by(keys[i], text, second + 1), TOKEN_BAD_SIGNATURE);
        assert_int_equal(read_by(keys[i], text, second + 5), TOKEN_BAD_SIGNATURE);
    }
}

static void whoever_forges_is_told_which_flaw_it_is(void **state)
{
    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++)
        for (enum token_flaw flaw = TOKEN_MALFORMED; flaw <= TOKEN_EXPIRED; flaw++) {
            char text[FORGED_BYTES_MAX];
            size_t length = jwt_forge(text, keys[i], flaw, claims.audience, jwt_clock_at(0), 0);
            struct token_claims read;
            enum token_flaw found =
                jwt_read(&read, keys[i], (struct span){text, length}, jwt_clock_at(0));

            if (flaw <= TOKEN_BAD_SIGNATURE) {
                assert_int_equal(found, flaw);
                continue;
            }
            assert_int_equal(found, TOKEN_SOUND); /* The rest is in what it claims. */
            assert_int_equal(read.audience != claims.audience, flaw == TOKEN_WRONG_AUDIENCE);
            assert_int_equal(read.not_before_ns > 0, flaw == TOKEN_NOT_YET);
            assert_int_equal(read.expires_ns < 0, flaw == TOKEN_EXPIRED);
        }
}

/* ---- Form ------------------------------------------------------------------------------------ */

static void what_is_no_token_is_malformed(void **state)
{
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a",
                                        "a.b",
                                        "a.b.c",
                                        "e30",
                                        "e30.e30",
                                        "e30.e30.",
                                        "....",
                                        "e30.e30.e30.e30",
                                        "e30=.e30.e30", /* Padding. */
                                        "e3 0.e30.e30",
                                        "e30.e30.e30\n",
                                        "W10.e30.e30", /* A list is no header. */
                                        "bnVsbA.e30.e30",
                                        "MQ.e30.e30",
                                        "eyJhbGciOjF9.e30.e30", /* alg is a number. */
                                        "eyJhbGciOm51bGx9.e30.e30",
                                        "eyJhbGci.e30.e30",
                                        "/+==.e30.e30",
                                        "\xc3\xa9.e30.e30"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int k = 0; k < TOKEN_ALGORITHMS; k++)
            if (read_text(k, texts[i]) != TOKEN_MALFORMED)
                fail_msg("\"%s\" is %d", texts[i], read_text(k, texts[i]));
}

static void what_is_too_long_is_not_read_at_all(void **state)
{
    static char text[1 << 20];

    (void)state;
    memset(text, '.', sizeof text);
    assert_int_equal(read_by(keys[TOKEN_HS256], text, TOKEN_BYTES_MAX), TOKEN_MALFORMED);
    assert_int_equal(read_by(keys[TOKEN_HS256], text, TOKEN_BYTES_MAX + 1), TOKEN_OVERSIZED);
    assert_int_equal(read_by(keys[TOKEN_HS256], text, sizeof text), TOKEN_OVERSIZED);
}

/* All of these are signed by our key: it is the reader that must be strict. */
static void a_header_is_an_object_that_says_what_we_understand(void **state)
{
    static const char *const malformed[] = {"{}",
                                            "[]",
                                            "{\"alg\":null}",
                                            "{\"alg\":[\"HS256\"]}",
                                            "{\"typ\":\"JWT\"}",
                                            "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
                                            "{\"alg\":\"none\",\"alg\":\"HS256\"}",
                                            "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
                                            "{\"alg\":\"HS256\",\"crit\":[],\"b64\":false}",
                                            "{\"alg\":\"HS256\",\"typ\":7}",
                                            "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
                                            "{\"alg\":\"HS256\"} ]",
                                            "{\"alg\":\"HS256\",}",
                                            "{\"alg\":\"HS\\u0000256\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        if (read_sealed(malformed[i], "{" WHO ",\"nbf\":0,\"exp\":9}") != TOKEN_MALFORMED)
            fail_msg("%s", malformed[i]);
}

/* Where a key is to be found is not for the token to say (RFC 8725, section 2.2 and 3.10). */
static void what_a_header_says_of_keys_is_not_read(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}",
        "{\"alg\":\"HS256\",\"kid\":\"' UNION SELECT 'secret\"}",
        "{\"alg\":\"HS256\",\"kid\":{\"a\":1}}",
        "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1/keys\",\"x5u\":\"file:///etc/passwd\"}",
        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"x5c\":[\"AA\"]}"};
    char text[TOKEN_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const char *payload = "{" WHO ",\"nbf\":0,\"exp\":9}";

        assert_int_equal(read_sealed(headers[i], payload), TOKEN_SOUND);
        assert_int_equal(read_by(keys[TOKEN_HS256], text,
                                 jwt_seal(text, others[TOKEN_HS256], headers[i], payload)),
                         TOKEN_BAD_SIGNATURE);
    }
}

static void claims_are_there_once_and_of_their_types(void **state)
{
    static const char *const malformed[] = {
        "[]",
        "null",
        "7",
        "\"claims\"",
        "{",
        "{}",
        "{" WHO "}",
        "{" WHO ",\"nbf\":0}",
        "{" WHO ",\"exp\":9}",
        "{" WHO ",\"nbf\":0,\"exp\":\"9\"}",
        "{" WHO ",\"nbf\":0,\"exp\":null}",
        "{" WHO ",\"nbf\":0,\"exp\":true}",
        "{" WHO ",\"nbf\":0,\"exp\":[9]}",
        "{" WHO ",\"nbf\":0,\"exp\":-1}",
        "{" WHO ",\"nbf\":-0.5,\"exp\":9}",
        "{" WHO ",\"nbf\":0,\"exp\":1e10}",
        "{" WHO ",\"nbf\":0,\"exp\":1e999}",
        "{" WHO ",\"nbf\":0,\"exp\":1e308}",
        "{" WHO ",\"nbf\":0,\"exp\":99999999999999999999}",
        "{" WHO ",\"nbf\":0,\"exp\":9,\"exp\":99}",
        "{" WHO ",\"nbf\":0,\"exp\":9,\"sub\":\"8\"}",
        "{" WHO ",\"nbf\":0,\"\\u0065xp\":9,\"exp\":99}",
        "{\"iss\":\"sim\",\"sub\":7,\"sid\":\"1\",\"aud\":\"sim-0\",\"nbf\":0,\"exp\":9}",
        "{\"iss\":\"sim\",\"sub\":\"-7\",\"sid\":\"1\",\"aud\":\"sim-0\",\"nbf\":0,\"exp\":9}",
        "{\"iss\":\"sim\",\"sub\":\"\",\"sid\":\"1\",\"aud\":\"sim-0\",\"nbf\":0,\"exp\":9}",
        "{\"iss\":\"sim\",\"sub\":\"7\",\"sid\":\"72057594037927936\",\"aud\":\"sim-0\",\"nbf\":0,"
        "\"exp\":9}",
        "{\"iss\":\"sim\",\"sub\":\"18446744073709551616\",\"sid\":\"1\",\"aud\":\"sim-0\","
        "\"nbf\":0,\"exp\":9}",
        "{\"iss\":\"sim\",\"sub\":\"7\",\"sid\":\"1\",\"aud\":\"0\",\"nbf\":0,\"exp\":9}",
        "{\"iss\":\"sim\",\"sub\":\"7\",\"sid\":\"1\",\"aud\":\"sim-100000000\",\"nbf\":0,\"exp\":"
        "9}",
        "{\"iss\":\"sim\",\"sub\":\"7\",\"sid\":\"1\",\"aud\":[\"sim-0\"],\"nbf\":0,\"exp\":9}",
        "{\"iss\":\"other\",\"sub\":\"7\",\"sid\":\"1\",\"aud\":\"sim-0\",\"nbf\":0,\"exp\":9}",
        "{\"sub\":\"7\",\"sid\":\"1\",\"aud\":\"sim-0\",\"nbf\":0,\"exp\":9}"};

    (void)state;
    assert_int_equal(read_sealed(HEADER, "{" WHO ",\"nbf\":0,\"exp\":9}"), TOKEN_SOUND);
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        if (read_sealed(HEADER, malformed[i]) != TOKEN_MALFORMED)
            fail_msg("%s", malformed[i]);
}

/* A verifier works before it is asked a second time: nothing of one token is left for the next. */
static void a_bad_token_leaves_nothing_behind(void **state)
{
    char good[TOKEN_BYTES_MAX], bad[TOKEN_BYTES_MAX];

    (void)state;
    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        size_t length = jwt_write(good, keys[i], &claims, clock_1970);
        size_t other = jwt_write(bad, others[i], &claims, clock_1970);

        for (int round = 0; round < 3; round++) {
            assert_int_equal(read_by(keys[i], bad, other), TOKEN_BAD_SIGNATURE);
            assert_int_equal(read_by(keys[i], good, length), TOKEN_SOUND);
        }
    }
}

/* ---- Session ids, and base64url -------------------------------------------------------------- */

static void a_sessions_id_is_read_back_and_no_two_are_alike(void **state)
{
    char one[SESSION_ID_LENGTH], two[SESSION_ID_LENGTH];
    struct token_claims made, read;

    (void)state;
    made = read = (struct token_claims){.user = 9, .expires_ns = 5000000000};
    assert_true(session_id_make(one, &made, clock_1970));
    assert_true(session_id_make(two, &read, clock_1970));
    assert_memory_not_equal(one, two, SESSION_ID_LENGTH);
    assert_int_equal(session_id_read(&read, (struct span){one, SESSION_ID_LENGTH}, clock_1970),
                     TOKEN_SOUND);
    assert_int_equal(read.user, 9);
    assert_int_equal(read.session, made.session);
    assert_int_equal(read.proof, made.proof);
    assert_int_equal(read.expires_ns, 5000000000);
    assert_true(read.proof >= 0 && read.session < UINT64_C(1) << 56);
}

/* Somebody else's name on one's own id: it finds the session, and has another proof. */
static void a_sessions_id_with_another_user_has_another_proof(void **state)
{
    char text[SESSION_ID_LENGTH];
    struct token_claims made, read;

    (void)state;
    made = (struct token_claims){.user = 9, .expires_ns = 5000000000};
    assert_true(session_id_make(text, &made, clock_1970));
    text[9] = text[9] == 'A' ? 'B' : 'A';
    assert_int_equal(session_id_read(&read, (struct span){text, SESSION_ID_LENGTH}, clock_1970),
                     TOKEN_SOUND);
    assert_int_equal(read.session, made.session);
    assert_int_not_equal(read.user, made.user);
    assert_int_not_equal(read.proof, made.proof);
}

static void what_is_no_sessions_id_is_malformed(void **state)
{
    static char large[TOKEN_BYTES_MAX + 1];
    struct token_claims read;
    char text[TOKEN_BYTES_MAX];
    size_t length = jwt_write(text, keys[TOKEN_HS256], &claims, clock_1970);

    (void)state;
    memset(large, 'A', sizeof large);
    assert_int_equal(session_id_read(&read, (struct span){text, length}, clock_1970),
                     TOKEN_MALFORMED);
    assert_int_equal(session_id_read(&read, (struct span){"", 0}, clock_1970), TOKEN_MALFORMED);
    assert_int_equal(session_id_read(&read, (struct span){large, 42}, clock_1970), TOKEN_MALFORMED);
    assert_int_equal(session_id_read(&read, (struct span){large, 44}, clock_1970), TOKEN_MALFORMED);
    assert_int_equal(
        session_id_read(&read, (struct span){"AAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAA", 43},
                        clock_1970),
        TOKEN_MALFORMED);
    assert_int_equal(session_id_read(&read, (struct span){large, sizeof large}, clock_1970),
                     TOKEN_OVERSIZED);
}

static void bytes_have_one_text_and_a_text_one_meaning(void **state)
{
    static const char *const wrong[] = {
        "A", "AAAAA", "AB", "AAB", "AA=", "AA==", "A A", "A+", "A/"};
    unsigned char bytes[8], read[8];
    char text[16];
    size_t length;

    (void)state;
    for (size_t n = 0; n < sizeof bytes; n++) {
        memset(bytes, (int)(0xa5 + n), sizeof bytes);
        assert_int_equal(base64url_write(text, bytes, n), base64url_length(n));
        assert_true(
            base64url_read(read, sizeof read, &length, (struct span){text, base64url_length(n)}));
        assert_int_equal(length, n);
        assert_memory_equal(bytes, read, n);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(
            base64url_read(read, sizeof read, &length, (struct span){wrong[i], strlen(wrong[i])}));
    assert_false(base64url_read(read, 2, &length, (struct span){"AAAA", 4}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back_by_every_algorithm),
        cmocka_unit_test(times_are_those_of_the_worlds_clock_to_the_microsecond),
        cmocka_unit_test(the_largest_user_and_session_fit),
        cmocka_unit_test(a_key_that_is_derived_is_the_same_everywhere_and_never_rsa),
        cmocka_unit_test(a_token_of_another_key_is_not_ours),
        cmocka_unit_test(every_bit_of_a_token_counts),
        cmocka_unit_test(no_part_of_a_token_is_one),
        cmocka_unit_test(not_signed_is_refused_however_it_is_spelt),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(any_other_algorithm_is_refused_even_with_our_signature),
        cmocka_unit_test(a_signature_of_the_wrong_length_is_bad),
        cmocka_unit_test(whoever_forges_is_told_which_flaw_it_is),
        cmocka_unit_test(what_is_no_token_is_malformed),
        cmocka_unit_test(what_is_too_long_is_not_read_at_all),
        cmocka_unit_test(a_header_is_an_object_that_says_what_we_understand),
        cmocka_unit_test(what_a_header_says_of_keys_is_not_read),
        cmocka_unit_test(claims_are_there_once_and_of_their_types),
        cmocka_unit_test(a_bad_token_leaves_nothing_behind),
        cmocka_unit_test(a_sessions_id_is_read_back_and_no_two_are_alike),
        cmocka_unit_test(a_sessions_id_with_another_user_has_another_proof),
        cmocka_unit_test(what_is_no_sessions_id_is_malformed),
        cmocka_unit_test(bytes_have_one_text_and_a_text_one_meaning),
    };

    return cmocka_run_group_tests_name("jwt", tests, make_keys, drop_keys);
}
