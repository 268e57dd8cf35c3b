/* A slip is shown with its place, what was found, and what to write instead. */
#include "tests/scenario/reading.h"

static void a_problem_has_the_shape_that_is_promised(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, LEAST "servcies:\n  a: 1\n");
    assert_string_equal(reading.printed,
                        "story.yaml:3:1: error: unknown key \"servcies\"; did you mean "
                        "\"services\"?\n"
                        "  3 | servcies:\n"
                        "    | ^~~~~~~~\n");
    forget(&reading);
}

static void it_speaks_russian_too(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, LEAST "duration: 300\n");
    print_in(&reading, "ru");
    assert_string_equal(
        reading.printed,
        "story.yaml:3:11: ошибка: «duration: 300»: у длительности должна быть единица: "
        "ns, us, ms, s, m, h, d; может быть, «300s»?\n"
        "  3 | duration: 300\n"
        "    |           ^~~\n");
    forget(&reading);
}

static void the_caret_counts_characters_not_bytes(void **state)
{
    (void)state;
    expect_problem(LEAST "title: {ru: Обеденный пик, de: Mittag}\n",
                   "story.yaml:3:28: error: a text has en and ru, not \"de\"\n"
                   "  3 | title: {ru: Обеденный пик, de: Mittag}\n"
                   "    |                            ^~\n");
}

static void a_tab_takes_one_column(void **state)
{
    (void)state;
    expect_problem(LEAST "limits: {wall:\t\t5}\n", "  3 | limits: {wall:  5}\n"
                                                   "    |                 ^\n");
}

static void a_long_line_is_cut_around_the_place(void **state)
{
    char text[1024] = LEAST "title: \"";
    struct reading reading;

    (void)state;
    memset(text + strlen(text), 'a', 600);
    strcat(text, "\"\nseed: 1 # ");
    memset(text + strlen(text), 'b', 200);
    strcat(text, "\nx: {y: 1}\n");
    read_text(&reading, text);
    expect_words(&reading, "  5 | x: {y: 1}\n    | ^\n");
    forget(&reading);
    memset(text, 0, sizeof text);
    strcat(text, LEAST "limits: {x-note: ");
    memset(text + strlen(text), 'c', 300);
    strcat(text, ", foo: 1}");
    read_text(&reading, text);
    expect_words(&reading, "cccccc, foo: 1}\n");
    expect_words(&reading, "  3 | …ccc");
    expect_words(&reading, " ^~~\n");
    assert_true(reading.printed_length < 400);
    forget(&reading);
}

static void untrusted_text_cannot_command_a_terminal(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, LEAST "\"\\e[31mred\\u202e\": 1\n\"тест\xE2\x80\xAEtext\": 1\n");
    assert_null(strchr(reading.printed, 0x1b));
    assert_null(strstr(reading.printed, "\xE2\x80\xAE"));
    expect_words(&reading, "unknown key \"\\u001b[31mred\\u202e\"");
    forget(&reading);
}

static void all_slips_are_named_at_once_in_the_order_of_the_file(void **state)
{
    struct reading reading;
    const char *first, *second, *third;

    (void)state;
    read_text(&reading, "load: [{rate: 5, users: many}]\nduration: 5\n"
                        "services: {server: {speed: fast, steps: [{compute: 1ms}]}}\n");
    first = strstr(reading.printed, "story.yaml:1:15");
    second = strstr(reading.printed, "story.yaml:2:11");
    third = strstr(reading.printed, "story.yaml:3:28");
    assert_int_equal(problems_count(reading.problems), 4);
    assert_true(first != NULL && second > first && third > second);
    forget(&reading);
}

static void twenty_are_shown_and_the_rest_is_counted(void **state)
{
    char text[4096] = LEAST;
    struct reading reading;

    (void)state;
    for (int i = 0; i < 30; i++)
        (void)sprintf(text + strlen(text), "wrong%d: 1\n", i);
    read_text(&reading, text);
    assert_int_equal(problems_count(reading.problems), 30);
    expect_words(&reading, "wrong19");
    expect_words(&reading, "\n… and 10 more\n");
    assert_null(strstr(reading.printed, "wrong20"));
    forget(&reading);
}

static void a_slip_shared_by_all_variants_is_told_once(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, LEAST "duration: 5\nvariants: {a: {seed: 1}, b: {drain: 1s}, c: }\n");
    assert_int_equal(problems_count(reading.problems), 2);
    expect_words(&reading, "a variant cannot change \"seed\"");
    forget(&reading);
}

static void keys_and_words_have_their_nearest(void **state)
{
    (void)state;
    expect_problem(LEAST "netwrok: {}\n", "did you mean \"network\"?");
    expect_problem(LEAST "balancer: {policy: round-robin}\n", "did you mean \"round_robin\"?");
    expect_problem(LEAST "store: {persistent: tru}\n", "did you mean \"true\"?");
    expect_problem(SERVER "load: [{rate: 1/s, to: sevrer}]\n", "did you mean \"server\"?");
    expect_problem(LEAST "thresholds: [latency.p98 < 1ms]\n", "did you mean \"latency.p9");
    expect_problem(LEAST "thresholds: [services.sever.utilization < 80%]\n",
                   "did you mean \"services.server.utilization\"?");
    expect_problem(LEAST "faults: [{target: stroe}]\n", "did you mean \"store\"?");
    expect_problem(LEAST "xyzzyplugh: 1\n", "unknown key \"xyzzyplugh\"\n");
}

static void shapes_that_do_not_fit_are_named(void **state)
{
    (void)state;
    expect_problem("- a\n", "a scenario is a mapping of keys");
    expect_problem(LEAST "network: [1]\n", "a mapping is wanted here");
    expect_problem(LEAST "seed: {a: 1}\n", "seed wants another type: count");
    expect_problem(LEAST "duration:\n", "duration: nothing is written here");
    expect_problem(LEAST "thresholds: 5\n", "thresholds wants another type: list of thresholds");
    expect_problem(SERVER "load: {rate: 5/s}\n", "load wants another type: list of mappings");
    expect_problem(LEAST "thresholds: [latency]\n", "a threshold is METRIC, one of");
    expect_problem(LEAST "name: \"a b\"\n", "a name is up to 47 Latin letters");
    expect_problem(
        "services: {a23456789b23456789c23456789d23456789e23: {steps: [{sleep: 1s}]}}\n" ASKER,
        "a Latin letter and up to 37 more letters");
    expect_problem(LEAST "title: \"\\e[31mred\"\n", "one line without control characters");
    expect_problem(LEAST "question: {en: \"a\\nb\"}\n", "one line without control characters");
    expect_problem(LEAST "prices: {currency: rub}\n", "a currency is three capital letters");
    expect_problem(SERVER "load: [{rate:5/s}]\n", "a blank is missing behind the colon: rate: …");
    expect_problem("services: {a: {steps: [{put: 1}]}}\n" ASKER, "a mapping is wanted here: {}");
    expect_problem(LEAST "title: \"open\n", "a quotation mark is not closed");
    expect_problem(LEAST "variants: [a]\n", "variants are mappings by name");
    expect_problem(LEAST "variants: {a: 5}\n", "a variant is a mapping of overrides");
}

static void values_out_of_range_are_named(void **state)
{
    (void)state;
    expect_problem(LEAST "seed: -1\n", "seed is too small: at least 0");
    expect_problem(LEAST "drain: 2h\n", "drain is too large: at most 1h");
    expect_problem(LEAST "network: {loss: 101%}\n", "loss is too large: at most 100%");
    expect_problem(LEAST "prices: {delivery_fee: -1 RUB}\n", "at least 0 RUB");
    expect_problem(LEAST "version: 2\n", "version is one of 1");
    expect_problem(LEAST "duration: 1e999s\n", "written without an exponent");
    expect_problem(LEAST "duration: 1 minute\n", "did you mean \"1m\"?");
    expect_problem(LEAST "duration: 60 bananas\n", "a duration has a unit");
    expect_problem("services: {a: {cores: 0.5, steps: [{compute: 1ms}]}}\n" ASKER,
                   "a count is a whole number");
    expect_problem(LEAST "limits: {memory: 99999999999999999999B}\n", "more than 18 digits");
}

static void units_must_fit_the_metric(void **state)
{
    (void)state;
    expect_problem(LEAST "thresholds: [latency.p99 < 300]\n",
                   "did you mean \"latency.p99 < 300ms\"?");
    expect_problem(LEAST "thresholds: [p99 < 300ms]\n", "did you mean \"latency.p99\"?");
    expect_problem(LEAST "thresholds: [goodput > 5%]\n", "a rate has a unit");
    expect_problem(LEAST "thresholds: [money.lost < 5 USD]\n", "a scenario has one currency");
}

static void slips_in_prices_are_named(void **state)
{
    (void)state;
    expect_problem(LEAST "prices: {tiers: [{share: 50%}, {share: 30%}]}\n",
                   "the shares of all tiers together are 80%, not 100%");
    expect_problem(LEAST "prices: {tiers: [{commission: 130%}]}\n", "at most 100%");
    expect_problem(LEAST "prices: {tiers: [{comission: 13%}]}\n", "did you mean \"commission\"?");
    expect_problem(LEAST "prices: {commission: 20%, tiers: [{}]}\n",
                   "\"commission\" has no effect here: it goes with tiers: []");
    expect_problem(LEAST "prices: {surge: {max: 50%}}\n", "a surge wants to know when it begins");
    expect_problem(LEAST "prices: {surge: {from: 50, max: 50%}}\n", "a rate has a unit");
    expect_problem(LEAST "prices: {distance: 3}\n", "did you mean \"3km\"?");
    expect_problem(LEAST "prices: {distance: 3 км}\n", "did you mean \"3km\"?");
    expect_problem(LEAST "prices: {distance: 2.0005km}\n", "finer than the smallest unit");
    expect_problem(LEAST "prices: {distance: {mean: 101km}}\n", "at most 100km");
    expect_problem(LEAST "prices: {premium: {priority: 10}}\n", "at most 9");
    expect_problem(LEAST "prices: {rented: 400d}\n", "at most 366d");
    expect_problem(LEAST "prices: {ads: {cpm: 5%}}\n", "money has a currency");
    expect_problem("services: {batcher: {line: priority}, likes: {design: batched}}\n"
                   "load: [{verb: like, rate: 1/s}]\n",
                   "\"line\" is not for a service of kind batcher");
}

static void a_load_that_asks_nobody_is_named(void **state)
{
    (void)state;
    expect_problem(SERVER, "nobody asks: load is empty");
    expect_problem(SERVER "load: []\n", "nobody asks: load is empty");
    expect_problem(ASKER, "there are no services");
    expect_problem(SERVER "load: [{rate: 0/s}]\n", "the rate is never above 0/s");
    expect_problem(SERVER "load: [{arrivals: closed}]\n", "closed arrivals want users");
    expect_problem(SERVER "load: [{}]\n", "open arrivals want a rate");
    expect_problem(SERVER "load: [{verb: like, rate: 1/s}]\n",
                   "no service here knows this verb: like wants a service of kind likes");
    expect_problem("services: {likes: }\nload: [{verb: order, to: likes, rate: 1/s}]\n",
                   "service \"likes\" does not know this verb");
    expect_problem("services: {a: {steps: [{ask: likes}]}, likes: }\n"
                   "load: [{to: a, rate: 1/s}]\n",
                   "service \"likes\" does not know this verb");
    expect_problem(SERVER "load: [{name: a, rate: 1/s}, {name: a, rate: 1/s}]\n",
                   "another load is named \"a\" too");
}

static void phases_out_of_order_are_named(void **state)
{
    (void)state;
    expect_problem(SERVER "load: [{rate: [{at: 1s, rate: 1/s}]}]\n", "first phase begins at 0s");
    expect_problem(SERVER "load: [{rate: [{rate: 1/s}, {at: 0s, rate: 2/s}]}]\n",
                   "in the order of their times");
    expect_problem(SERVER "load: [{rate: [{rate: 1/s, ramp: 9s}, {at: 5s, rate: 2/s}]}]\n",
                   "the ramp before it has not ended");
    expect_problem(SERVER "load: [{rate: [{at: 0s}]}]\n", "a phase wants a rate");
}

static void services_that_cannot_work_are_named(void **state)
{
    (void)state;
    expect_problem("services: {a: }\n" ASKER, "custom and has no steps");
    expect_problem(LEAST "variants: {wide: {services: {sever: {replicas: 4}}}}\n",
                   "did you mean \"server\"?");
    expect_problem("services: {delivry: {replicas: 4}}\n" ASKER, "did you mean \"delivery\"?");
    expect_problem("services: {a: {steps: [{ask: b}]}, b: {steps: [{ask: a}]}}\n"
                   "load: [{to: a, rate: 1/s}]\n",
                   "asks in a circle");
    expect_problem("services: {a: {steps: [{ask: b}]}}\n" ASKER, "there is no service \"b\"");
    expect_problem("services: {a: {steps: [{compute: 1ms, sleep: 1ms}]}}\n" ASKER,
                   "a step is one of");
    expect_problem("services: {likes: {steps: [{compute: 1ms}]}}\n" ASKER,
                   "\"steps\" is not for a service of kind likes");
    expect_problem("services: {likes: {work: {batch: 1ms}}}\n" ASKER,
                   "\"batch\" is not for a service of kind likes");
    expect_problem("services: {batcher: {pipeline: {send: 1ms}}}\n" ASKER,
                   "\"pipeline\" is not for a service of kind batcher");
    expect_problem("services: {likes: {pipeline: {serialize: 1ms}}}\n" ASKER,
                   "did you mean \"serialise\"?");
    expect_problem("services: {likes: {pipeline: {per_kib: {send: 2s}}}}\n" ASKER, "100ms");
    expect_problem("services: {a: {replicas: 2, steps: [{compute: 1ms}]}}\n" ASKER
                   "balancer: none\n",
                   "several replicas, but balancer.policy is none");
    expect_problem("services: {a: {autoscale: {min: 5, max: 2}, steps: [{compute: 1ms}]}}\n" ASKER,
                   "min 5 is above max 2");
    expect_problem("services: {a: {autoscale: {target: 70}, steps: [{compute: 1ms}]}}\n" ASKER,
                   "the target does not fit the signal");
    expect_problem("services: {likes: {design: queued}}\nload: [{verb: like, rate: 1/s}]\n",
                   "a batcher is missing");
    expect_problem(
        "services: {a: {kind: likes, design: indexed}, b: {kind: likes, design: cached}}\n"
        "load: [{verb: like, to: a, rate: 1/s}, {verb: like, to: b, rate: 1/s}]\n",
        "design and ack must be those of \"a\"");
    expect_problem("services: {delivery: {}}\nload: [{verb: menu, rate: 1/s, poison: 1%}]\n",
                   "\"poison\" has no effect here: it goes with verb: order");
    expect_problem(SERVER "load: [{verb: order, to: server, rate: 1/s, poison: 1%}]\n",
                   "story.yaml:2:53: error: these orders reach no table that could refuse them");
    expect_problem("services: {web: {replicas: 2, stragglers: {count: 8}, steps: [{compute: 1ms}]}}"
                   "\nload: [{rate: 1/s}]\n",
                   "there are 2 replicas at most");
    expect_problem("services: {likes: {ack: store}}\nload: [{verb: like, rate: 1/s}]\n",
                   "this design writes the table before it answers");
    expect_problem("services: {store: {steps: [{compute: 1ms}]}}\n" ASKER,
                   "the name \"store\" is taken");
}

static void times_and_faults_must_fit_the_run(void **state)
{
    (void)state;
    expect_problem(LEAST "warmup: 60s\n", "the warmup is as long as the duration");
    expect_problem(LEAST "faults: [{at: 50m, target: store}]\n", "by then the run is over");
    expect_problem(LEAST "faults: [{at: 5s}]\n", "a fault has a target");
    expect_problem(LEAST "faults: [{target: redis}]\n", "did you mean \"store\"?");
    expect_problem(LEAST "faults: [{target: server/1}]\n", "\"server\" has 1 replicas");
    expect_problem(LEAST "faults: [{target: server/x}]\n", "a replica is a number");
    expect_problem(LEAST "faults: [{target: balancer}]\n", "there is no balancer to break");
    expect_problem(LEAST "balancer: {timeout: 1s, hedge: 1s}\n", "no hedge would ever go");
    expect_problem(LEAST "balancer: {hedge: {after: 2s}}\n", "no hedge would ever go");
}

static void what_memcached_cannot_do_is_refused_with_the_cure(void **state)
{
    (void)state;
    expect_problem(LEAST "store: {kind: memcached, persistent: yes}\n",
                   "memcached writes nothing to a disk: what is to survive a crash goes into the "
                   "table, or kind: redis");
    expect_problem(LEAST "store: {kind: memcached, eviction: lfu}\n", "did you mean \"lru\"?");
    expect_problem(LEAST "store: {kind: memcached, memory: 0B}\n", "memcached always has a limit");
    expect_problem(LEAST "store: {kind: memcached, memory: 8MiB, item_max: 8MiB}\n",
                   "room for two of its largest items");
    expect_problem(LEAST "store: {kind: memcache}\n", "did you mean \"memcached\"?");
    expect_problem(LEAST "store: {kind: memcached, threads: 0}\n",
                   "threads is too small: at least 1");
    expect_problem(LEAST "store: {kind: memcached, growth: 1}\n",
                   "growth is too small: at least 1.05");
    expect_problem(LEAST "store: {threads: 4}\n",
                   "\"threads\" has no effect here: it goes with kind: memcached");
    expect_problem(LEAST "faults: [{target: memcached}]\n", "did you mean \"store\"?");
}

static void distributions_that_say_too_little_are_named(void **state)
{
    (void)state;
    expect_problem("services: {a: {steps: [{compute: {dist: erlang}}]}}\n" ASKER,
                   "a distribution has a mean");
    expect_problem("services: {a: {steps: [{compute: {dist: empirical}}]}}\n" ASKER,
                   "an empirical distribution has points");
    expect_problem(
        "services: {a: {steps: [{compute: {dist: empirical, points: [[1ms, 0]]}}]}}\n" ASKER,
        "all weights are 0");
    expect_problem(
        "services: {a: {steps: [{compute: {dist: pareto, mean: 1ms, alpha: 1}}]}}\n" ASKER,
        "alpha is too small");
}

static void a_key_without_effect_is_named(void **state)
{
    (void)state;
    expect_problem("services: {a: {steps: [{compute: {mean: 1ms, cv: 2}}]}}\n" ASKER,
                   "\"cv\" has no effect here: it goes with dist: lognormal");
    expect_problem("services: {a: {steps: [{compute: {dist: erlang, mean: 1ms, cv: 2}}]}}\n" ASKER,
                   "\"cv\" has no effect here");
    expect_problem(SERVER "load: [{arrivals: closed, users: 2, rate: 5/s}]\n",
                   "\"rate\" has no effect here: it goes with arrivals: poisson");
    expect_problem(SERVER "load: [{rate: 5/s, think: 1s}]\n", "goes with arrivals: closed");
    expect_problem(SERVER "load: [{rate: 5/s, keys: {dist: uniform, s: 1}}]\n", "dist: zipf");
    expect_problem(LEAST "balancer: {bound: 2}\n", "policy: consistent_hash");
    expect_problem("services: {a: {steps: [{store: get, ttl: 5s}]}}\n" ASKER, "store: set");
    expect_problem("services: {a: {steps: [{compute: 1ms, timeout: 5s}]}}\n" ASKER,
                   "\"timeout\" has no effect here");
    expect_problem("services: {a: {runtime: {quantum: 1ms}, steps: [{sleep: 1s}]}}\n" ASKER,
                   "model: threads");
    expect_problem("services: {a: {runtime: {model: threads, switch_interval: 1ms},"
                   " steps: [{sleep: 1s}]}}\n" ASKER,
                   "model: gil_threads");
    expect_problem("services: {a: {runtime: {model: event_loop, processes: 4},"
                   " steps: [{sleep: 1s}]}}\n" ASKER,
                   "model: processes");
    expect_problem(
        "services: {a: {runtime: {threads: 4, processes: 4}, steps: [{sleep: 1s}]}}\n" ASKER,
        "say which: model: threads");
    expect_problem(
        "services: {a: {runtime: processes, line: priority, steps: [{sleep: 1s}]}}\n" ASKER,
        "the line before processes is the kernel's");
    expect_problem("services: {a: {steps: [{block: 1s, timeout: 2s}]}}\n" ASKER,
                   "\"timeout\" has no effect here");
    expect_problem(LEAST "variants: {a: {}, b: {load: {0: {users: 5}}}}\n",
                   "\"users\" has no effect here");
}

static void expect_none(const char *yaml, const char *const *overrides, size_t overrides_max)
{
    struct reading reading;

    write_text("story.yaml", yaml);
    read_file(&reading, "story.yaml", overrides, overrides_max);
    assert_true(reading.is_good);
    forget(&reading);
}

/* Variants and --set may switch modes without taking back what the other mode needs. */
static void a_mode_may_be_switched_above_its_keys(void **state)
{
    static const char *const closed[] = {"load.0.arrivals=closed", "load.0.users=5"};

    (void)state;
    expect_none(LEAST "variants: {a: {}, b: {load: {0: {arrivals: closed, users: 5}}}}\n", NULL, 0);
    expect_none(LEAST, closed, 2);
}

#define STEPS(runtime, steps) "services: {a: {runtime: " runtime ", steps: [" steps "]}}\n" ASKER

/* On an event loop they run in turn; and beside one that computes others may be awaited. */
static void a_thread_or_a_process_does_one_thing_at_a_time(void **state)
{
    static const char *const wrong[] = {
        STEPS("threads", "{compute: 1ms},\n{block: 1ms, concurrent: yes}"),
        STEPS("gil_threads", "{native: 1ms}, {sleep: 1ms, concurrent: yes},\n"
                             "{native: 1ms, concurrent: yes}"),
        STEPS("{processes: 8}", "{store: get}, {block: 1ms, concurrent: yes},\n"
                                "{compute: 1ms, concurrent: yes}"),
    };
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        read_text(&reading, wrong[i]);
        assert_int_equal(problems_count(reading.problems), 1);
        expect_words(&reading, "story.yaml:2:");
        expect_words(&reading, "a thread or a process does one thing at a time: together with");
        print_in(&reading, "ru");
        expect_words(&reading, "поток или процесс делает одно дело за раз: вместе с compute");
        forget(&reading);
    }
    expect_none(STEPS("event_loop", "{compute: 1ms}, {block: 1ms, concurrent: yes}"), NULL, 0);
    expect_none(STEPS("threads", "{compute: 1ms}, {sleep: 1ms, concurrent: yes}, {block: 1ms},"
                                 " {store: get, concurrent: yes}"),
                NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_or_a_process_does_one_thing_at_a_time),
        cmocka_unit_test(a_key_without_effect_is_named),
        cmocka_unit_test(a_mode_may_be_switched_above_its_keys),
        cmocka_unit_test(a_problem_has_the_shape_that_is_promised),
        cmocka_unit_test(it_speaks_russian_too),
        cmocka_unit_test(the_caret_counts_characters_not_bytes),
        cmocka_unit_test(a_tab_takes_one_column),
        cmocka_unit_test(a_long_line_is_cut_around_the_place),
        cmocka_unit_test(untrusted_text_cannot_command_a_terminal),
        cmocka_unit_test(all_slips_are_named_at_once_in_the_order_of_the_file),
        cmocka_unit_test(twenty_are_shown_and_the_rest_is_counted),
        cmocka_unit_test(a_slip_shared_by_all_variants_is_told_once),
        cmocka_unit_test(keys_and_words_have_their_nearest),
        cmocka_unit_test(shapes_that_do_not_fit_are_named),
        cmocka_unit_test(values_out_of_range_are_named),
        cmocka_unit_test(units_must_fit_the_metric),
        cmocka_unit_test(slips_in_prices_are_named),
        cmocka_unit_test(a_load_that_asks_nobody_is_named),
        cmocka_unit_test(phases_out_of_order_are_named),
        cmocka_unit_test(services_that_cannot_work_are_named),
        cmocka_unit_test(times_and_faults_must_fit_the_run),
        cmocka_unit_test(what_memcached_cannot_do_is_refused_with_the_cure),
        cmocka_unit_test(distributions_that_say_too_little_are_named),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
