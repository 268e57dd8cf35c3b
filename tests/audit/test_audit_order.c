/* Whether a user's row is what he said last: what the audit can know of it, and what it cannot. */
#include "tests/audit/audit_rig.h"

enum { POST = 1 };

static int setup(void **state)
{
    (void)state;
    rig_clear();
    lab.scenario.services_max = 1;
    lab.scenario.services[0].kind = KIND_LIKES;
    lab.scenario.services[0].design = DESIGN_BATCHED;
    lab.scenario.services[0].ack = ACK_QUEUE;
    lab.scenario.queue.acks = ACKS_ALL;
    lab.scenario.duration_ns = 1000000000;
    rig_open();
    return 0;
}

/* ---- People ---------------------------------------------------------------------------------- */

static struct request word(uint8_t verb, uint64_t user)
{
    return (struct request){.ask = {.verb = verb, .key = POST, .user = user}};
}

static void asks(const struct request *request)
{
    audit_ears.offered(&lab.audit, request);
    audit_ears.tried(&lab.audit, request);
}

static void hears(const struct request *request, enum call_outcome outcome)
{
    audit_ears.finished(&lab.audit, request, outcome, false);
}

static void says(uint8_t verb, uint64_t user, enum call_outcome outcome)
{
    const struct request request = word(verb, user);

    asks(&request);
    hears(&request, outcome);
}

static void has_a_row(uint64_t user)
{
    a_row_lies_in(TABLE_LIKES, POST, user, 0);
}

static void expect_out_of_order(uint64_t users)
{
    rig_end(true);
    assert_int_equal(lab.result.likes.out_of_order, users);
    expect_breaks(0, NULL);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void a_row_that_is_not_what_its_user_said_last_is_out_of_order(void **state)
{
    (void)state;
    says(VERB_LIKE, 7, CALL_OK);
    says(VERB_UNLIKE, 7, CALL_OK); /* And his row is there. */
    has_a_row(7);
    says(VERB_UNLIKE, 8, CALL_OK);
    says(VERB_LIKE, 8, CALL_OK); /* And his is not. */
    says(VERB_LIKE, 9, CALL_OK);
    says(VERB_UNLIKE, 9, CALL_OK);
    expect_out_of_order(2);
}

static void a_word_without_an_answer_may_be_done_at_any_time(void **state)
{
    (void)state;
    says(VERB_LIKE, 7, CALL_TIMEOUT);
    says(VERB_UNLIKE, 7, CALL_OK);
    has_a_row(7);
    expect_out_of_order(0);
}

static void words_that_were_said_at_once_have_no_order_until_one_is_said_after_them(void **state)
{
    const struct request like = word(VERB_LIKE, 7), other = word(VERB_LIKE, 8);

    (void)state;
    asks(&like);
    says(VERB_UNLIKE, 7, CALL_OK);
    hears(&like, CALL_OK);
    asks(&other);
    says(VERB_UNLIKE, 8, CALL_OK);
    hears(&other, CALL_OK);
    says(VERB_LIKE, 8, CALL_OK); /* And his row is not there. */
    expect_out_of_order(1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_row_that_is_not_what_its_user_said_last_is_out_of_order),
        CASE(a_word_without_an_answer_may_be_done_at_any_time),
        CASE(words_that_were_said_at_once_have_no_order_until_one_is_said_after_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
