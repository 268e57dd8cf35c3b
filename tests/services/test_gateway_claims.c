/* Whether a token's claims are acceptable, here and now: RFC 7519 as a table. */
#include "tests/lib/test.h"
#include "services/gateway/claims.h"

enum { OURS = 7, THEIRS = 8 };

static const struct {
    const char *why;
    uint32_t audience;
    int64_t from, to; /* nbf, exp */
    uint64_t leeway, now;
    enum token_flaw flaw;
} table[] = {
    {"in the middle of its life", OURS, 0, 100, 0, 50, TOKEN_SOUND},
    {"on its first instant", OURS, 50, 100, 0, 50, TOKEN_SOUND},
    {"one before it", OURS, 51, 100, 0, 50, TOKEN_NOT_YET},
    {"on its last instant", OURS, 0, 51, 0, 50, TOKEN_SOUND},
    {"on the instant that it expires", OURS, 0, 50, 0, 50, TOKEN_EXPIRED},
    {"after it", OURS, 0, 10, 0, 50, TOKEN_EXPIRED},
    {"as early as clocks may differ", OURS, 60, 100, 10, 50, TOKEN_SOUND},
    {"and one earlier", OURS, 61, 100, 10, 50, TOKEN_NOT_YET},
    {"as late as clocks may differ", OURS, 0, 41, 10, 50, TOKEN_SOUND},
    {"and one later", OURS, 0, 40, 10, 50, TOKEN_EXPIRED},
    {"for somebody else", THEIRS, 0, 100, 0, 50, TOKEN_WRONG_AUDIENCE},
    {"for somebody else, and expired: that is theirs to say", THEIRS, 0, 1, 0, 50,
     TOKEN_WRONG_AUDIENCE},
    {"of a life that ends before it begins", OURS, 60, 40, 0, 50, TOKEN_NOT_YET},
    {"from before the run", OURS, -500, -400, 0, 0, TOKEN_EXPIRED},
    {"from the beginning of time to its end", OURS, INT64_MIN, INT64_MAX, 0, 50, TOKEN_SOUND},
    {"from its end on", OURS, INT64_MAX, INT64_MAX, 0, 50, TOKEN_NOT_YET},
    {"dead since its beginning", OURS, INT64_MIN, INT64_MIN, UINT64_MAX / 2, 50, TOKEN_EXPIRED},
    {"at the end of the clock", OURS, 0, INT64_MAX, 0, UINT64_MAX, TOKEN_EXPIRED},
};

static void claims_are_judged_by_audience_then_by_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct token_claims claims = {.audience = table[i].audience,
                                            .not_before_ns = table[i].from,
                                            .expires_ns = table[i].to};
        enum token_flaw flaw = claims_judge(&claims, OURS, table[i].leeway, table[i].now);

        if (flaw != table[i].flaw)
            fail_msg("%s: %d, wanted %d", table[i].why, flaw, table[i].flaw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_judged_by_audience_then_by_time),
    };

    return cmocka_run_group_tests_name("gateway claims", tests, NULL, NULL);
}
