/* Gateways and tokens in a scenario: defaults that follow, and slips that are told. */
#include "tests/scenario/reading.h"

#include "services/port/ask.h"

#define API "  api: {steps: [{compute: 1ms}]}\n"
#define GATE "services:\n  gateway: {auth: jwt}\n" API
#define PEOPLE "load: [{verb: call, rate: 1/s, auth: people}]\n"

static void a_gateway_stands_before_the_only_other_service_and_load_goes_through_it(void **state)
{
    struct reading reading;
    const struct scenario *scenario;

    (void)state;
    read_text(&reading, PEOPLE "services:\n" API "  gateway: {auth: {kind: jwt, ttl: 5s}}\n");
    scenario = scenario_of(&reading);
    assert_int_equal(scenario->services[1].kind, KIND_GATEWAY);
    assert_int_equal(scenario->services[1].behind, 0);
    assert_int_equal(scenario->loads[0].service, 1);
    assert_int_equal(scenario->services[1].auth.kind, AUTH_JWT);
    assert_int_equal(scenario->services[1].auth.ttl_ns, 5000000000);
    assert_int_equal(scenario->services[1].auth.session_ns, 86400000000000);
    forget(&reading);
}

static void to_goes_past_the_gateway(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "load: [{verb: call, rate: 1/s, to: api}]\n" GATE);
    assert_int_equal(scenario_of(&reading)->loads[0].service, 1);
    forget(&reading);
}

static void a_verb_goes_through_a_gateway_to_who_knows_it(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "load: [{verb: like, rate: 1/s}]\n"
                        "services: {likes: {}, gateway: {auth: session}}\n");
    assert_int_equal(scenario_of(&reading)->loads[0].service, 1);
    forget(&reading);
    expect_problem("load: [{verb: menu, rate: 1/s, to: gateway}]\n"
                   "services: {likes: {}, gateway: {auth: session}}\n",
                   "service \"likes\" does not know this verb");
}

static void auth_alone_is_people_with_all_defaults(void **state)
{
    struct reading reading;
    const struct load_auth_spec *auth;

    (void)state;
    read_text(&reading, "load: [{verb: call, rate: 1/s, auth: {stolen: 5%}}]\n" GATE);
    auth = &scenario_of(&reading)->loads[0].auth;
    assert_int_equal(auth->as, LOAD_PEOPLE);
    assert_true(auth->stolen > 0.049 && auth->stolen < 0.051);
    assert_int_equal(auth->thief_each_ns, 100000000);
    forget(&reading);
    read_text(&reading, "load: [{verb: call, rate: 1/s}]\n" GATE);
    assert_int_equal(scenario_of(&reading)->loads[0].auth.as, LOAD_NOBODY);
    forget(&reading);
}

static void slips_are_told_where_they_are(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {PEOPLE "services: {gateway: {auth: jwt}}\n", "a gateway stands before a service"},
        {PEOPLE "services:\n  gateway: {auth: jwt}\n" API "  other: {steps: [{compute: 1ms}]}\n",
         "say which: to: NAME"},
        {PEOPLE "services:\n  gateway: {auth: jwt, to: apy}\n" API, "did you mean \"api\"?"},
        {PEOPLE "services:\n  gateway: {auth: jwt, to: gateway}\n" API, "asks in a circle"},
        {PEOPLE "services:\n  gateway: {auth: jwtt}\n" API, "did you mean \"jwt\"?"},
        {PEOPLE "services:\n  gateway: {auth: {kind: jwt, algorithm: none}}\n" API,
         "algorithm is one of hs256, rs256, eddsa"},
        {PEOPLE "services:\n  gateway: {auth: {kind: jwt, ttl: 0s}}\n" API, "at least 100ms"},
        {PEOPLE "services:\n  gateway: {auth: {kind: jwt, ttl: 15}}\n" API, "unit"},
        {PEOPLE "services:\n  gateway: {auth: {kind: session, algorithm: rs256}}\n" API,
         "\"algorithm\" has no effect here: it goes with kind: jwt"},
        {PEOPLE "services:\n  gateway: {auth: {kind: session, when_store_is_down: accept}}\n" API,
         "it goes with kind: jwt_denylist"},
        {PEOPLE "services:\n  api: {auth: jwt, steps: [{compute: 1ms}]}\n",
         "\"auth\" is not for a service of kind custom"},
        {PEOPLE "services:\n" API, "nobody asks for a token there"},
        {"load: [{verb: call, rate: 1/s, auth: {as: forger, stolen: 5%}}]\n" GATE,
         "\"stolen\" has no effect here: it goes with as: people"},
        {"load: [{verb: call, rate: 1/s, auth: {stolen: 60%, logout: 60%}}]\n" GATE,
         "at most 100% together"},
        {"load: [{verb: call, arrivals: closed, users: 1, auth: forger}]\n" GATE,
         "it goes with open arrivals"},
        {"load: [{verb: call, rate: 1/s, auth: peeple}]\n" GATE, "did you mean \"people\"?"},
        {"load: [{verb: login, rate: 1/s}]\n" GATE, "verb is one of"},
        {PEOPLE GATE "tokens: {rs256: {sign: 2s}}\n", "at most 1s"},
        {PEOPLE GATE "thresholds: [auth.exposure_mx < 1s]\n", "auth.exposure_max"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_problem(rows[i].text, rows[i].words);
}

static void a_variant_may_lay_a_key_to_rest_that_another_uses(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading,
              PEOPLE "services:\n  gateway: {auth: {kind: jwt, ttl: 5s}}\n" API
                     "variants: {signed: {}, none: {services: {gateway: {auth: {kind: none}}}}}\n");
    assert_int_equal(scenario_of(&reading)->services[0].auth.kind, AUTH_JWT);
    assert_int_equal(reading.story.variants[1].services[0].auth.kind, AUTH_NONE);
    forget(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gateway_stands_before_the_only_other_service_and_load_goes_through_it),
        cmocka_unit_test(to_goes_past_the_gateway),
        cmocka_unit_test(a_verb_goes_through_a_gateway_to_who_knows_it),
        cmocka_unit_test(auth_alone_is_people_with_all_defaults),
        cmocka_unit_test(slips_are_told_where_they_are),
        cmocka_unit_test(a_variant_may_lay_a_key_to_rest_that_another_uses),
    };

    return cmocka_run_group_tests_name("auth", tests, enter_folder, leave_folder);
}
