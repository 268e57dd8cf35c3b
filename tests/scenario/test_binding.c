/* What is written ends up in its field; what is not written has its default. */
#include "tests/scenario/reading.h"

#include "services/port/ask.h"

static void two_lines_are_a_scenario(void **state)
{
    struct reading reading;
    const struct scenario *scenario;

    (void)state;
    read_text(&reading, LEAST);
    scenario = scenario_of(&reading);
    assert_int_equal(reading.story.variants_max, 1);
    assert_string_equal(scenario->name, "story");
    assert_string_equal(scenario->variant, "");
    assert_string_equal(scenario->title.ru, "");
    assert_int_equal(scenario->seed, 42);
    assert_int_equal(scenario->duration_ns, 60000000000);
    assert_string_equal(scenario->loads[0].name, "call/0");
    assert_int_equal(scenario->loads[0].phases_max, 1);
    assert_true(scenario->loads[0].phases[0].rate == 100.0);
    assert_int_equal(scenario->services[0].kind, KIND_CUSTOM);
    assert_int_equal(scenario->services[0].steps[0].kind, STEP_COMPUTE);
    assert_true(scenario->services[0].steps[0].time.mean == 1e6);
    forget(&reading);
}

static void defaults_are_those_of_the_table(void **state)
{
    struct reading reading;
    const struct scenario *scenario;

    (void)state;
    read_text(&reading, LEAST);
    scenario = scenario_of(&reading);
    assert_int_equal(scenario->drain_ns, 30000000000);
    assert_int_equal(scenario->limits.memory, 4ULL << 30);
    assert_int_equal(scenario->network.way.latency_ns, 250000);
    assert_int_equal(scenario->network.handshake_ns, 500000); /* There and back. */
    assert_int_equal(scenario->store.way.latency_ns, 50000);
    assert_int_equal(scenario->queue.session_ns, 45000000000);
    assert_int_equal(scenario->table.scan_row_ns, 40);
    assert_int_equal(scenario->table.quantum_ns, 4000000);
    assert_true(scenario->table.group_commit);
    assert_string_equal(scenario->prices.currency, "RUB");
    assert_int_equal(scenario->prices.delivery_fee, 14900);
    assert_true(scenario->prices.commission == 0.25);
    assert_int_equal(scenario->balancer.policy, POLICY_NONE);
    assert_int_equal(scenario->services[0].threads, 64);
    assert_false(scenario->services[0].autoscale.is_on);
    forget(&reading);
}

static void what_rabbitmq_takes_lies_over_what_kafka_does(void **state)
{
    static const char *const kinds[] = {"rabbitmq", "kafka"};
    struct reading reading;

    (void)state;
    for (int i = 0; i < 2; i++) {
        char text[400];
        const struct queue_spec *queue;

        snprintf(text, sizeof text,
                 LEAST "queue: {kind: %s, latency: 1ms, jitter: 2ms, rabbitmq: {latency: 3ms,\n"
                       "  replicate: 4ms, message: 5us, flush: 6ms}}\n",
                 kinds[i]);
        read_text(&reading, text);
        queue = &scenario_of(&reading)->queue;
        assert_int_equal(queue->way.latency_ns, i == 0 ? 3000000 : 1000000);
        assert_int_equal(queue->way.jitter_ns, 2000000);
        assert_int_equal(queue->replicate_ns, i == 0 ? 4000000 : 1000000);
        assert_int_equal(queue->message_ns, i == 0 ? 5000 : 30000);
        assert_int_equal(queue->flush_ns, i == 0 ? 6000000 : 1000000);
        forget(&reading);
    }
}

static void memcached_has_the_defaults_of_its_own_command_line(void **state)
{
    struct reading reading;
    const struct store_spec *store;

    (void)state;
    read_text(&reading, LEAST
              "store: {kind: memcached, latency: 1ms, memcached: {command: 7us, per_kib: 3us}}\n");
    store = &scenario_of(&reading)->store;
    assert_int_equal(store->kind, STORE_MEMCACHED);
    assert_int_equal(store->memory, 64 << 20);
    assert_int_equal(store->eviction, EVICTION_LRU);
    assert_int_equal(store->threads, 4);
    assert_int_equal(store->item_max, 1 << 20);
    assert_true(store->growth == 1.25);
    assert_int_equal(store->way.latency_ns, 1000000);
    assert_int_equal(store->command_ns, 7000); /* As it was calibrated, apart from Redis. */
    assert_int_equal(store->kib_ns, 3000);
    forget(&reading);
}

static void every_kind_of_value_reaches_its_field(void **state)
{
    struct reading reading;
    const struct load_spec *load;

    (void)state;
    read_text(&reading,
              "services: {delivery: {}}\n"
              "load:\n"
              "  - {name: lunch, verb: order, arrivals: constant, rate: 5/s, people: 2k,\n"
              "     zones: 16, amount: 900.50 RUB, bytes: 1KiB, priority: 3,\n"
              "     patience: 3s, timeout: 1s, passes_deadline: yes,\n"
              "     keys: {dist: zipf, s: 1.1, n: 10k},\n"
              "     retry: {attempts: 3, backoff: 50ms, jitter: equal, budget: 10%}}\n");
    load = &scenario_of(&reading)->loads[0];
    assert_string_equal(load->name, "lunch");
    assert_int_equal(load->verb, VERB_ORDER);
    assert_int_equal(load->arrivals, ARRIVALS_CONSTANT);
    assert_int_equal(load->people, 2000);
    assert_int_equal(load->zones, 16);
    assert_true(load->amount.mean == 90050.0);
    assert_int_equal(load->bytes, 1024);
    assert_int_equal(load->priority, 3);
    assert_true(load->passes_deadline);
    assert_true(load->keys.s == 1.1);
    assert_int_equal(load->retry.jitter, JITTER_EQUAL);
    assert_true(load->retry.budget == 0.1);
    forget(&reading);
}

static void a_verb_finds_the_service_that_knows_it(void **state)
{
    struct reading reading;
    const struct scenario *scenario;

    (void)state;
    read_text(&reading, "services: {likes: , delivery: , front: {steps: [{ask: likes}]}}\n"
                        "load: [{verb: menu, rate: 1/s}, {verb: count, rate: 1/s},\n"
                        "       {verb: like, to: front, rate: 1/s}]\n");
    scenario = scenario_of(&reading);
    assert_int_equal(scenario->loads[0].service, 1);
    assert_int_equal(scenario->loads[1].service, 0);
    assert_int_equal(scenario->loads[2].service, 2);
    assert_string_equal(scenario->loads[1].name, "count/1");
    forget(&reading);
}

static void phases_keep_their_order_and_ramps(void **state)
{
    struct reading reading;
    const struct load_spec *load;

    (void)state;
    read_text(&reading,
              SERVER "load: [{rate: [{at: 0s, rate: 1/s}, {at: 30s, rate: 2k/s, ramp: 5s}]}]\n");
    load = &scenario_of(&reading)->loads[0];
    assert_int_equal(load->phases_max, 2);
    assert_int_equal(load->phases[1].at_ns, 30000000000);
    assert_true(load->phases[1].rate == 2000.0);
    assert_int_equal(load->phases[1].ramp_ns, 5000000000);
    forget(&reading);
}

static void every_distribution_is_ready_to_be_drawn_from(void **state)
{
    static const char *const shapes[] = {
        "5ms",
        "{dist: exponential, mean: 5ms}",
        "{dist: lognormal, mean: 5ms, cv: 0.7}",
        "{dist: erlang, mean: 5ms, stages: 4}",
        "{dist: pareto, mean: 5ms, alpha: 2.1}",
        "{dist: uniform, mean: 5ms, spread: 40%}",
        "{dist: empirical, points: [[1ms, 1], [9ms, 1]]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct reading reading;
        struct dice dice;
        const struct dist *dist;
        char text[256];

        (void)snprintf(text, sizeof text, "services: {s: {steps: [{compute: %s}]}}\n" ASKER,
                       shapes[i]);
        read_text(&reading, text);
        dist = &scenario_of(&reading)->services[0].steps[0].time;
        dice_init(&dice, 1, "test");
        assert_int_equal(dist->kind, (int)i);
        assert_true(dist->mean == 5e6);
        assert_in_range(dist_draw_ns(dist, &dice), 1, 1000000000);
        forget(&reading);
    }
}

static void every_step_says_its_kind(void **state)
{
    static const enum step_kind kinds[] = {STEP_COMPUTE,     STEP_SLEEP,     STEP_STORE_GET,
                                           STEP_STORE_SET,   STEP_STORE_ADD, STEP_TABLE_READ,
                                           STEP_TABLE_WRITE, STEP_PUT,       STEP_ASK};
    struct reading reading;
    const struct service_spec *service;

    (void)state;
    read_text(&reading, "services:\n"
                        "  a: {steps: [{compute: 1ms}, {sleep: 2ms}, {store: get},\n"
                        "      {store: set, ttl: 5s}, {store: add, timeout: 10ms}, {table: read},\n"
                        "      {table: write}, {put: {}}, {ask: b}]}\n"
                        "  b: {steps: [{compute: 1ms}]}\n"
                        "load: [{to: a, rate: 1/s}]\n");
    service = &scenario_of(&reading)->services[0];
    assert_int_equal(service->steps_max, 9);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(service->steps[i].kind, kinds[i]);
    assert_int_equal(service->steps[3].ttl_ns, 5000000000);
    assert_int_equal(service->steps[4].timeout_ns, 10000000);
    assert_int_equal(service->steps[8].service, 1);
    forget(&reading);
}

static void a_runtime_is_a_word_or_a_mapping(void **state)
{
    struct reading reading;
    const struct service_spec *services;

    (void)state;
    read_text(&reading, "services:\n"
                        "  a: {runtime: threads, steps: [{compute: 1ms}]}\n"
                        "  b: {runtime: {threads: 8, quantum: 1ms}, steps: [{compute: 1ms}]}\n"
                        "  c: {runtime: event_loop, steps: [{compute: 1ms}]}\n"
                        "load: [{to: a, rate: 1/s}]\n");
    services = scenario_of(&reading)->services;
    assert_int_equal(services[0].runtime, RUNTIME_THREADS);
    assert_int_equal(services[0].threads, 64);
    assert_int_equal(services[1].runtime, RUNTIME_THREADS);
    assert_int_equal(services[1].threads, 8);
    assert_int_equal(services[2].runtime, RUNTIME_EVENT_LOOP);
    forget(&reading);
}

static void each_runtime_has_its_keys_and_a_number_of_workers_chooses_one(void **state)
{
    struct reading reading;
    const struct service_spec *services;

    (void)state;
    read_text(&reading, "services:\n"
                        "  a: {runtime: gil_threads, steps: [{native: 1ms}, {block: 200ms}]}\n"
                        "  b: {runtime: {processes: 3, memory: 80MiB}, steps: [{compute: 1ms}]}\n"
                        "  c: {runtime: {model: gil_threads, threads: 8, switch_interval: 1ms},\n"
                        "    steps: [{compute: 1ms}]}\n"
                        "load: [{to: a, rate: 1/s}]\n");
    services = scenario_of(&reading)->services;
    assert_int_equal(services[0].runtime, RUNTIME_GIL_THREADS);
    assert_int_equal(services[0].switch_interval_ns, 5000000);
    assert_int_equal(services[0].steps[0].kind, STEP_NATIVE);
    assert_int_equal(services[0].steps[1].kind, STEP_BLOCK);
    assert_int_equal(service_workers(&services[0]), 64);
    assert_int_equal(services[1].runtime, RUNTIME_PROCESSES);
    assert_int_equal(service_processes(&services[1]), 3);
    assert_int_equal(services[1].memory, 80 << 20);
    assert_int_equal(service_workers(&services[2]), 8);
    assert_int_equal(service_processes(&services[2]), 1);
    forget(&reading);
}

static void autoscale_is_on_when_it_is_written_and_not_refused(void **state)
{
    struct reading reading;
    const struct service_spec *services;

    (void)state;
    read_text(&reading, "services:\n"
                        "  a: {autoscale: {max: 20}, steps: [{compute: 1ms}]}\n"
                        "  b: {autoscale: no, steps: [{compute: 1ms}]}\n"
                        "  c: {autoscale: {signal: rate, target: 200/s}, steps: [{compute: 1ms}]}\n"
                        "load: [{to: a, rate: 1/s}]\n");
    services = scenario_of(&reading)->services;
    assert_true(services[0].autoscale.is_on);
    assert_true(services[0].autoscale.target == 0.8);
    assert_int_equal(services[0].autoscale.replicas_max, 20);
    assert_int_equal(services[0].autoscale.every_ns, 15000000000);
    assert_false(services[1].autoscale.is_on);
    assert_true(services[2].autoscale.target == 200.0);
    assert_int_equal(scenario_of(&reading)->balancer.policy, POLICY_ROUND_ROBIN);
    forget(&reading);
}

static void a_balancer_stands_where_somebody_needs_one(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "services: {s: {replicas: 2, steps: [{compute: 1ms}]}}\n" ASKER);
    assert_int_equal(scenario_of(&reading)->balancer.policy, POLICY_ROUND_ROBIN);
    forget(&reading);
    read_text(&reading, "services: {s: {replicas: 2, steps: [{compute: 1ms}]}}\n" ASKER
                        "balancer: two_choices\n");
    assert_int_equal(scenario_of(&reading)->balancer.policy, POLICY_TWO_CHOICES);
    forget(&reading);
}

static void the_cures_of_a_balancer_are_off_until_they_are_named(void **state)
{
    struct reading reading;
    const struct balancer_spec *balancer;

    (void)state;
    read_text(&reading, "services: {s: {replicas: 2, steps: [{compute: 1ms}]}}\n" ASKER);
    balancer = &scenario_of(&reading)->balancer;
    assert_int_equal(balancer->slow_start_ns, 0);
    assert_int_equal(balancer->outlier_failures, 0);
    assert_int_equal(balancer->hedge_after_ns, 0);
    forget(&reading);
    read_text(&reading, "services: {s: {replicas: 2, steps: [{compute: 1ms}]}}\n" ASKER
                        "balancer: {slow_start: 30s, outlier: 5, hedge: {after: 10ms}}\n");
    balancer = &scenario_of(&reading)->balancer;
    assert_int_equal(balancer->slow_start_ns, 30000000000);
    assert_int_equal(balancer->outlier_failures, 5);
    assert_int_equal(balancer->outlier_for_ns, 30000000000);
    assert_true(balancer->outlier_share == 0.5);
    assert_int_equal(balancer->hedge_after_ns, 10000000);
    assert_true(balancer->hedge_share == 0.05);
    forget(&reading);
}

static void an_acknowledgement_follows_from_the_design(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "services: {likes: {design: indexed}}\nload: [{verb: like, rate: 1/s}]\n");
    assert_int_equal(scenario_of(&reading)->services[0].ack, ACK_TABLE);
    forget(&reading);
    read_text(&reading, "services: {likes: {design: batched}, batcher: }\n"
                        "load: [{verb: like, rate: 1/s}]\n");
    assert_int_equal(scenario_of(&reading)->services[0].ack, ACK_QUEUE);
    assert_int_equal(scenario_of(&reading)->services[1].topic, TOPIC_KIND_LIKES);
    forget(&reading);
}

static void a_batcher_beside_queued_orders_takes_orders(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "services: {delivery: {orders: queued}, batcher: {linger: 30s}}\n"
                        "load: [{verb: order, rate: 1/s}]\n");
    assert_int_equal(scenario_of(&reading)->services[1].topic, TOPIC_KIND_ORDERS);
    assert_int_equal(scenario_of(&reading)->services[1].linger_ns, 30000000000);
    forget(&reading);
}

static void thresholds_are_kept_in_the_unit_of_their_metric(void **state)
{
    struct reading reading;
    const struct threshold *thresholds;

    (void)state;
    read_text(&reading, LEAST "thresholds:\n"
                              "  - latency.p99 < 300ms\n"
                              "  - requests.failed <= 0.1%\n"
                              "  - goodput > 1.5k/s\n"
                              "  - money.lost>=-10.50 RUB\n"
                              "  - queue.lag_max < 1k\n"
                              "  - services.server.utilization < 80%\n"
                              "  - services.server.in_system < 2.5\n");
    thresholds = scenario_of(&reading)->thresholds;
    assert_int_equal(scenario_of(&reading)->thresholds_max, 7);
    assert_string_equal(thresholds[0].text, "latency.p99 < 300ms");
    assert_string_equal(thresholds[0].metric, "latency.p99");
    assert_true(thresholds[0].bound == 300.0 && thresholds[0].comparison == BELOW);
    assert_true(thresholds[1].bound == 0.001 && thresholds[1].comparison == AT_MOST);
    assert_true(thresholds[2].bound == 1500.0 && thresholds[2].comparison == ABOVE);
    assert_true(thresholds[3].bound == -1050.0 && thresholds[3].comparison == AT_LEAST);
    assert_true(thresholds[4].bound == 1000.0);
    assert_true(thresholds[5].bound == 0.8);
    assert_true(thresholds[6].bound == 2.5);
    forget(&reading);
}

static void prices_of_every_stream_reach_their_fields(void **state)
{
    struct reading reading;
    const struct prices_spec *prices;

    (void)state;
    read_text(&reading,
              LEAST "prices:\n"
                    "  tiers: [{name: basic, share: 60%, commission: 15%},\n"
                    "          {name: top, share: 40%, commission: 30%, subscription: 9 RUB}]\n"
                    "  distance: 2.5km\n"
                    "  delivery_km: 15 RUB\n"
                    "  surge: {from: 60/s, step: 20%, max: 150%, couriers: 50%, window: 2s}\n"
                    "  ads: {cpm: 400 RUB, cpc: 12 RUB, clicks: 3%}\n"
                    "  premium: {share: 10%, month: 199 RUB, order: 49 RUB, priority: 3}\n"
                    "  support: 150 RUB\n"
                    "  rented: 30d\n"
                    "  rented_on_demand: 1h\n");
    prices = &scenario_of(&reading)->prices;
    assert_int_equal(prices->tiers_max, 2);
    assert_string_equal(prices->tiers[1].name, "top");
    assert_true(prices->tiers[0].share == 0.6 && prices->tiers[1].commission == 0.3);
    assert_int_equal(prices->tiers[1].subscription, 900);
    assert_int_equal(prices->distance_m, 2500);
    assert_true(prices->distance_spread == 0.5);
    assert_int_equal(prices->delivery_km, 1500);
    assert_true(prices->surge.from == 60 && prices->surge.most == 1.5);
    assert_int_equal(prices->surge.window_ns, 2000000000);
    assert_int_equal(prices->ads.thousand, 40000);
    assert_int_equal(prices->premium.priority, 3);
    assert_int_equal(prices->support.contact, 15000);
    assert_true(prices->support.contacts == 0.3);
    assert_int_equal(prices->rented_ns, UINT64_C(30) * 86400 * 1000000000);
    assert_int_equal(prices->on_demand_ns, UINT64_C(3600) * 1000000000);
    forget(&reading);
}

static void streams_that_are_not_written_are_off(void **state)
{
    struct reading reading;
    const struct prices_spec *prices;

    (void)state;
    read_text(&reading, LEAST);
    prices = &scenario_of(&reading)->prices;
    assert_int_equal(prices->subscription + prices->delivery_km + prices->courier_km, 0);
    assert_int_equal(prices->ads.thousand + prices->ads.click, 0);
    assert_int_equal(prices->premium.month + prices->premium.order, 0);
    assert_int_equal(prices->premium.analytics_month + prices->support.contact, 0);
    assert_true(prices->surge.from == 0 && prices->premium.share == 0);
    assert_int_equal(prices->rented_ns + prices->on_demand_ns, 0);
    forget(&reading);
}

static void another_currency_brings_no_prices_of_its_own(void **state)
{
    struct reading reading;
    const struct prices_spec *prices;

    (void)state;
    read_text(&reading, "services: {delivery: }\n"
                        "load: [{verb: order, rate: 1/s, amount: 15.00 USD}]\n"
                        "prices: {currency: USD, delivery_fee: 1.99 USD}\n");
    prices = &scenario_of(&reading)->prices;
    assert_string_equal(prices->currency, "USD");
    assert_int_equal(prices->delivery_fee, 199);
    assert_int_equal(prices->courier_trip, 0);
    assert_true(prices->commission == 0.25);
    forget(&reading);
}

static void notes_are_ignored_everywhere(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "x-author: {anything: [1, 2]}\n"
                        "title: {en: A, ru: Б, x-uk: В}\n"
                        "services: {x-old: {foo: 1}, server: {x-why: speed, steps: [{compute: 1ms, "
                        "x-n: 1}]}}\n" ASKER "variants: {x-later: 5, one: {x-note: 1}}\n");
    assert_int_equal(scenario_of(&reading)->services_max, 1);
    assert_int_equal(reading.story.variants_max, 1);
    assert_string_equal(scenario_of(&reading)->title.ru, "Б");
    forget(&reading);
}

static void a_byte_order_mark_is_not_a_key(void **state)
{
    struct reading reading;

    (void)state;
    read_text(&reading, "\xEF\xBB\xBF" LEAST);
    assert_true(reading.is_good);
    forget(&reading);
}

static void a_pipelines_stages_and_what_a_kibibyte_adds_reach_their_fields(void **state)
{
    struct reading reading;
    const struct pipeline_spec *pipeline;

    (void)state;
    read_text(&reading, "services: {delivery: {pipeline: {accept: 20us,\n"
                        " validate: {dist: exponential, mean: 300us}, serialise: 1ms,\n"
                        " per_kib: {validate: 3us, serialise: 0.5us}}}}\n"
                        "load: [{verb: menu, rate: 1/s}]\n");
    pipeline = &scenario_of(&reading)->services[0].pipeline;
    assert_true(pipeline->accept.mean == 20e3);
    assert_int_equal(pipeline->validate.kind, DIST_EXPONENTIAL);
    assert_true(pipeline->validate.mean == 300e3 && pipeline->serialise.mean == 1e6);
    assert_true(pipeline->route.mean == 0 && pipeline->send.mean == 0);
    assert_int_equal(pipeline->validate_kib_ns, 3000);
    assert_int_equal(pipeline->serialise_kib_ns, 500);
    assert_int_equal(pipeline->validate_answer_kib_ns, 0);
    forget(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_lines_are_a_scenario),
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(what_rabbitmq_takes_lies_over_what_kafka_does),
        cmocka_unit_test(memcached_has_the_defaults_of_its_own_command_line),
        cmocka_unit_test(every_kind_of_value_reaches_its_field),
        cmocka_unit_test(a_verb_finds_the_service_that_knows_it),
        cmocka_unit_test(phases_keep_their_order_and_ramps),
        cmocka_unit_test(every_distribution_is_ready_to_be_drawn_from),
        cmocka_unit_test(every_step_says_its_kind),
        cmocka_unit_test(a_runtime_is_a_word_or_a_mapping),
        cmocka_unit_test(each_runtime_has_its_keys_and_a_number_of_workers_chooses_one),
        cmocka_unit_test(a_pipelines_stages_and_what_a_kibibyte_adds_reach_their_fields),
        cmocka_unit_test(autoscale_is_on_when_it_is_written_and_not_refused),
        cmocka_unit_test(a_balancer_stands_where_somebody_needs_one),
        cmocka_unit_test(the_cures_of_a_balancer_are_off_until_they_are_named),
        cmocka_unit_test(an_acknowledgement_follows_from_the_design),
        cmocka_unit_test(a_batcher_beside_queued_orders_takes_orders),
        cmocka_unit_test(thresholds_are_kept_in_the_unit_of_their_metric),
        cmocka_unit_test(prices_of_every_stream_reach_their_fields),
        cmocka_unit_test(streams_that_are_not_written_are_off),
        cmocka_unit_test(another_currency_brings_no_prices_of_its_own),
        cmocka_unit_test(notes_are_ignored_everywhere),
        cmocka_unit_test(a_byte_order_mark_is_not_a_key),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
