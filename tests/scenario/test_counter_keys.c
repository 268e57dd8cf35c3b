/* Keys of a counter: what they mean together, and which slips are told. */
#include "tests/scenario/reading.h"

#define COUNTED "load: [{verb: like, rate: 10/s, keys: {dist: constant}}]\n"

static void a_like_finds_the_counter_by_itself(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, COUNTED "services: {counter: {}}\n");
    assert_int_equal(scenario_of(&reading)->services[0].kind, KIND_COUNTER);
    assert_int_equal(scenario_of(&reading)->services[0].shared.design, COUNT_LOCKED);
    forget(&reading);
}

static void a_bare_word_is_the_design(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, COUNTED "services: {counter: {memory: sharded}}\n");
    assert_int_equal(scenario_of(&reading)->services[0].shared.design, COUNT_SHARDED);
    forget(&reading);
}

static void an_event_loop_is_one_thread_per_core(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, COUNTED "services: {counter: {cores: 3}}\n");
    assert_int_equal(scenario_of(&reading)->services[0].runtime, RUNTIME_THREADS);
    assert_int_equal(scenario_of(&reading)->services[0].threads, 3);
    forget(&reading);
}

static void processes_share_no_counter(void **state)
{
    (void)state;
    expect_problem(COUNTED "services: {counter: {runtime: processes}}\n",
                   "a counter is shared by threads: runtime: threads");
    expect_problem(COUNTED "services: {counter: {runtime: gil_threads}}\n",
                   "a counter is shared by threads: runtime: threads");
}

static void its_threads_take_the_machines_turns(void **state)
{
    (void)state;
    expect_problem(COUNTED "services: {counter: {runtime: {threads: 2, quantum: 1ms}}}\n",
                   "a counter's threads take the machine's turns: memory.quantum");
}

static void as_many_posts_are_counted_as_are_asked_about(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "load:\n"
                        "  - {verb: like, rate: 10/s, keys: {n: 20}}\n"
                        "  - {verb: count, rate: 10/s, keys: {n: 30}}\n"
                        "services: {counter: {}}\n");
    assert_int_equal(scenario_of(&reading)->services[0].shared.posts, 30);
    forget(&reading);
}

static void posts_that_are_not_counted_are_told(void **state)
{
    (void)state;
    expect_problem("load: [{verb: like, rate: 10/s, keys: {n: 20}}]\n"
                   "services: {counter: {memory: {posts: 5}}}\n",
                   "2:38: error: 20 posts are asked about, and only 5 are counted");
    expect_problem("load: [{verb: like, rate: 10/s, keys: {n: 2k}}]\n"
                   "services: {counter: {}}\n",
                   "1:39: error: a counter has at most 1000 posts: keys: {n: 1000}");
    expect_problem("load: [{verb: like, rate: 10/s}]\nservices: {counter: {}}\n",
                   "1:8: error: a counter has at most 1000 posts: keys: {n: 1000}");
}

static void what_a_counter_does_not_know_is_told(void **state)
{
    (void)state;
    expect_problem("load: [{verb: unlike, rate: 10/s, to: counter, keys: {n: 2}}]\n"
                   "services: {counter: {}}\n",
                   "service \"counter\" does not know this verb");
    expect_problem(COUNTED "services: {counter: {work: {write: 1ms}}}\n",
                   "\"work\" is not for a service of kind counter");
    expect_problem(COUNTED "services: {likes: {memory: atomic}}\n",
                   "\"memory\" is not for a service of kind likes");
}

static void a_like_that_two_services_know_wants_to_be_told_whom(void **state)
{
    (void)state;
    expect_problem(COUNTED "services: {counter: {}, likes: {}}\n",
                   "several services know this verb; say which: to: NAME");
}

static void hostile_values_get_the_usual_answers(void **state)
{
    (void)state;
    expect_problem(COUNTED "services: {counter: {memory: {adds: 0}}}\n", "2:37: error: ");
    expect_problem(COUNTED "services: {counter: {memory: {bytes: 2GiB}}}\n", "2:38: error: ");
    expect_problem(COUNTED "services: {counter: {memory: {gap: 0s}}}\n", "2:36: error: ");
    expect_problem(COUNTED "services: {counter: {memory: {jitter: 101%}}}\n", "2:39: error: ");
    expect_problem(COUNTED "services: {counter: {memory: {work: 15}}}\n", "2:37: error: ");
    expect_problem(COUNTED "services: {counter: {memory: atomi}}\n", "did you mean \"atomic\"?");
    expect_problem(COUNTED "services: {counter: {memory: {wok: 1ns}}}\n", "did you mean \"work\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_like_finds_the_counter_by_itself),
        cmocka_unit_test(a_bare_word_is_the_design),
        cmocka_unit_test(an_event_loop_is_one_thread_per_core),
        cmocka_unit_test(processes_share_no_counter),
        cmocka_unit_test(its_threads_take_the_machines_turns),
        cmocka_unit_test(as_many_posts_are_counted_as_are_asked_about),
        cmocka_unit_test(posts_that_are_not_counted_are_told),
        cmocka_unit_test(what_a_counter_does_not_know_is_told),
        cmocka_unit_test(a_like_that_two_services_know_wants_to_be_told_whom),
        cmocka_unit_test(hostile_values_get_the_usual_answers),
    };

    return cmocka_run_group_tests_name("counter keys", tests, enter_folder, leave_folder);
}
