/* Every key that has a range, at both its ends: what the table of keys lets in, every service and
 * model must bear. The first of a few small designs that accepts the value is run for some thousand
 * events; a precondition that the table does not know of ends in check(), and so does the test. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario/keys/keys.h"
#include "sim/scenario/load_story.h"
#include "sim/world/world.h"

#define HEAD                                                                                       \
    "version: 1\nname: extremes\nduration: 2s\ndrain: 1s\nlimits: {events: 4000}\n"                \
    "network: {latency: 1ms, jitter: 1ms, handshake: 1ms, loss: 1%}\n"
#define ASKS                                                                                       \
    ", keys: {n: 9}, people: 9, zones: 3, timeout: 1s, patience: 1s, bytes: 100B, "                \
    "retry: {attempts: 2, backoff: 10ms, budget: 50%}}"
#define BALANCER                                                                                   \
    "balancer: {policy: least_connections, attempts: 2, timeout: 1s, slow_start: 1s,\n"            \
    "  health: {every: 1s}, outlier: {failures: 3}, hedge: {after: 50ms}, limit: {rate: 1k/s},\n"  \
    "  breaker: {failures: 50%}}\n"
#define LIKED "load: [{verb: like, rate: 90/s" ASKS ", {verb: count, rate: 90/s" ASKS "]\n"

static const char *const designs[] = {
    HEAD BALANCER
    "load: [{verb: menu, rate: 90/s" ASKS ", {verb: order, rate: 90/s, poison: 10%" ASKS
    ", {verb: track, rate: [{at: 0s, rate: 9/s}, {at: 500ms, rate: 9/s}, {at: 1s, rate: 30/s, "
    "ramp: 1s}]" ASKS "]\n"
    "services:\n"
    "  delivery: {replicas: 2, orders: queued, menu: {cache: yes, single_flight: yes},\n"
    "    autoscale: {signal: cpu, target: 60%, min: 1, max: 512, every: 1s},\n"
    "    stragglers: {count: 1, speed: 0.5}, pipeline: {accept: 1ms, validate: 1ms}}\n"
    "  dispatch: {kind: batcher, topic: orders, replicas: 2}\n"
    "faults: [{at: 500ms, for: 500ms, kind: pause, target: delivery/0}]\n"
    "prices: {surge: {from: 50/s, step: 10%, couriers: 50%}, tiers: [{share: 50%}, {share: "
    "50%}]}\n",
    HEAD BALANCER LIKED "services: {likes: {design: batched, replicas: 2},\n"
                        "  batcher: {replicas: 2}}\n",
    HEAD LIKED "services: {likes: {design: batched, runtime: {model: threads}}, batcher: {}}\n"
               "queue: {kind: rabbitmq}\nstore: {kind: memcached}\n",
    HEAD LIKED "services: {likes: {design: cached, runtime: {model: gil_threads}}}\n",
    HEAD LIKED "services: {counter: {cores: 2, runtime: {model: threads},\n"
               "  memory: {design: locked, adds: 9}}}\n",
    HEAD LIKED "services: {counter: {cores: 2, memory: {design: copied, adds: 9}}}\n",
    HEAD LIKED "services: {counter: {cores: 2, memory: {design: unlocked, adds: 9}}}\n",
    HEAD "load: [{verb: call, arrivals: closed, users: 9, think: 50ms, timeout: 1s,\n"
         "  auth: {stolen: 20%, logout: 20%}}]\n"
         "services: {gateway: {auth: {kind: jwt_denylist}}, api: {steps: [{compute: 1ms}]}}\n",
    HEAD "load: [{verb: call, arrivals: closed, users: 9, think: 50ms, timeout: 1s, auth: {}}]\n"
         "services: {gateway: {auth: {kind: session}}, api: {steps: [{compute: 1ms}]}}\n",
    HEAD "load: [{to: api, rate: 90/s" ASKS "]\nbalancer: {policy: consistent_hash}\n"
         "services: {api: {replicas: 3, runtime: threads, line: codel,\n"
         "  steps: [{compute: 1ms}, {store: set}, {table: write, concurrent: yes},\n"
         "          {ask: back, concurrent: yes}]}, back: {steps: [{put: {}}, {block: 1ms}]}}\n",
    HEAD LIKED "balancer: {policy: peak_ewma}\nservices: {likes: {design: table, replicas: 2}}\n",
    HEAD
    "load: [{rate: 90/s}]\nservices: {api: {runtime: {model: processes}, steps: [{block: 1ms}]}}\n",
    HEAD "load: [{rate: 90/s, amount: {dist: lognormal, mean: 9.00 RUB, cv: 1}}]\n"
         "services: {api: {steps: [{native: {dist: pareto, mean: 1ms, alpha: 2}},\n"
         "  {sleep: {dist: erlang, mean: 1ms, stages: 3}}]}}\n",
};
enum { DESIGNS = sizeof designs / sizeof designs[0], PATH_BYTES = 256 };

static unsigned tried, untried;

static void run(const struct scenario *scenario, const char *said)
{
    const struct world_options options = {.seed = 1, .repeat = said};
    struct result *result = calloc(1, sizeof *result);

    assert_non_null(result);
    assert_true(world_run(scenario, &options, result));
    if (result->invariants_violated > 0)
        fail_msg("%s: %s: %s", said, result->breaks[0].name, result->breaks[0].finding);
    free(result);
}

/* Whether this design accepts it; then it is run. */
static bool is_borne(unsigned design, const char *said)
{
    char path[] = "/tmp/sim-extremes-XXXXXX";
    int descriptor = mkstemp(path);
    size_t length = strlen(designs[design]);
    struct problems *problems = problems_open();
    struct story story;
    bool is_good;

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, designs[design], length), length);
    close(descriptor);
    is_good = story_load(&story, path, said[0] == '\0' ? NULL : &said, said[0] != '\0', problems);
    if (!is_good && said[0] == '\0')
        problems_print(problems, stderr, "en");
    if (is_good)
        run(&story.variants[0], said);
    story_close(&story);
    problems_close(problems);
    unlink(path);
    return is_good;
}

static const char *const services[] = {"delivery", "dispatch", "likes", "batcher",
                                       "counter",  "gateway",  "api"};
enum { SERVICES = sizeof services / sizeof services[0], POSITIONS = 6 };

/* The first star of the path is a service's name; a sharp is a position in a list. */
static void fill(char out[PATH_BYTES], const char *key, const char *service, unsigned position)
{
    size_t used = 0;

    for (; *key != '\0'; key++) {
        char one[2] = {*key, '\0'}, number[12];

        snprintf(number, sizeof number, "%u", position);
        used += (size_t)snprintf(out + used, PATH_BYTES - used, "%s",
                                 *key == '*'   ? service
                                 : *key == '#' ? number
                                               : one);
        assert_true(used < PATH_BYTES);
    }
}

/* Of each service that there may be, the first position and design that takes it. */
static bool is_borne_by(const char *key, const char *service)
{
    unsigned positions = strchr(key, '#') == NULL ? 1 : POSITIONS;
    char said[PATH_BYTES];

    for (unsigned position = 0; position < positions; position++) {
        fill(said, key, service, position);
        for (unsigned i = 0; i < DESIGNS; i++) {
            if (is_borne(i, said))
                return true;
        }
    }
    return false;
}

static void try_value(const char *key, const char *value)
{
    size_t services_max = strchr(key, '*') == NULL ? 1 : SERVICES;
    char said[PATH_BYTES];
    unsigned borne = 0;

    assert_true(strlen(key) + strlen(value) + 1 < PATH_BYTES);
    strcpy(said, key);
    strcat(said, "=");
    strcat(said, value);
    for (size_t i = 0; i < services_max; i++)
        borne += is_borne_by(said, services[i]);
    tried += borne;
    if (borne > 0)
        return;
    print_message("no design takes %s\n", said);
    untried++;
}

/* The path of the key that is looked at; push says how long it was before. */
static char path[PATH_BYTES];

static size_t push(const char *name)
{
    size_t length = strlen(path);

    assert_true(length + strlen(name) + 2 < PATH_BYTES);
    if (length > 0)
        strcat(path, ".");
    strcat(path, name);
    return length;
}

static void try_group(const struct group *group);

static void try_group_at(const struct group *group, const char *name)
{
    size_t before = push(name);

    try_group(group);
    path[before] = '\0';
}

static void try_key(const struct key *key)
{
    if (key->type == KEY_GROUP) {
        try_group(key->group);
    } else if (key->type == KEY_LIST) {
        try_group_at(key->group, "#");
    } else if (key->type == KEY_NAMED) {
        try_group_at(key->group, "*");
    } else if (key->least != NULL) {
        try_value(path, key->least);
        try_value(path, key->most);
    }
}

static void try_group(const struct group *group)
{
    for (size_t i = 0; i < group->keys_max; i++) {
        size_t before = push(group->keys[i].name);

        if (strncmp(path, "limits", 6) != 0)
            try_key(&group->keys[i]);
        path[before] = '\0';
    }
}

static void the_designs_are_good(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DESIGNS; i++)
        assert_true(is_borne(i, ""));
}

static void what_the_table_of_keys_lets_in_is_borne(void **state)
{
    (void)state;
    try_group(&root_group);
    print_message("%u values borne, %u taken by no design\n", tried, untried);
    assert_true(tried > 600 && untried <= 8); /* Faults after the end, and the like. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_designs_are_good),
        cmocka_unit_test(what_the_table_of_keys_lets_in_is_borne),
    };

    return cmocka_run_group_tests_name("extremes", tests, NULL, NULL);
}
