/* cross.c — What different parts of a scenario say about each other.
 *
 * Each check looks at bound values and points at the node that they came from. Nodes that were
 * blamed already stay silent, so one slip does not echo. */
#include "sim/scenario/bind/cross.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "services/port/ask.h"
#include "sim/scenario/bind/auth.h"
#include "sim/scenario/bind/bind.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/yaml/utf8.h"

/* The node of the i-th service: notes (x-…) are skipped. */
struct node *cross_service_node(const struct binder *binder, uint32_t i)
{
    const struct node *services = node_find(binder->root, "services");

    for (uint32_t n = 0; services != NULL && n < services->length; n++) {
        if (!key_is_note(services->entries[n].key->text) && i-- == 0)
            return services->entries[n].value;
    }
    return NULL;
}

/* The value if it is written, else the mapping that lacks it. */
static struct node *near(struct node *map, const char *key)
{
    struct node *value = node_find(map, key);

    return value != NULL ? value : map;
}

static void judge_times(struct binder *binder)
{
    const struct scenario *scenario = binder->scenario;

    if (scenario->warmup_ns >= scenario->duration_ns && scenario->warmup_ns > 0)
        blame(binder->problems, near(binder->root, "warmup"), NULL,
              "the warmup is as long as the duration: nothing would be measured",
              "разогрев не короче прогона: измерять будет нечего");
}

/* A list or mapping that must not be empty: what is missing has no node to blame. */
static void want(struct binder *binder, const char *key, struct text message)
{
    struct node *node = node_find(binder->root, key);
    struct place place = binder->root->place;

    place.columns = 0;
    if (node == NULL)
        problem_say(binder->problems, place, message, NULL);
    else
        blame_say(binder->problems, node, message, NULL);
}

static void judge_presence(struct binder *binder)
{
    if (binder->scenario->services_max == 0)
        want(binder, "services", (struct text){"there are no services", "нет ни одного сервиса"});
    if (binder->scenario->loads_max == 0)
        want(binder, "load",
             (struct text){"nobody asks: load is empty", "никто не спрашивает: load пуст"});
}

/* ---- Who asks whom ---- */

static bool knows(enum service_kind kind, uint8_t verb)
{
    switch (kind) {
    case KIND_LIKES:
        return verb == VERB_LIKE || verb == VERB_UNLIKE || verb == VERB_COUNT;
    case KIND_DELIVERY:
        return verb == VERB_MENU || verb == VERB_ORDER || verb == VERB_TRACK;
    case KIND_COUNTER:
        return verb == VERB_LIKE || verb == VERB_COUNT;
    case KIND_CUSTOM:
    case KIND_GATEWAY:
        return true;
    case KIND_BATCHER:
        break;
    }
    return false;
}

/* How many questions to other services it has: a gateway has one. */
static uint32_t asks_max(const struct service_spec *service)
{
    return service->kind == KIND_GATEWAY ? 1 : service->steps_max;
}

static uint32_t asked_by(const struct service_spec *service, uint32_t n)
{
    return service->kind == KIND_GATEWAY ? service->behind : service->steps[n].service;
}

/* The node that names whom its n-th question is for; NULL when it asks nobody that there is. */
static struct node *ask_node(const struct binder *binder, uint32_t service, uint32_t n)
{
    struct node *node = cross_service_node(binder, service), *ask;

    if (binder->scenario->services[service].kind == KIND_GATEWAY)
        ask = near(node, "to");
    else
        ask = node_find(node_at(node_find(node, "steps"), n), "ask");
    return ask == NULL || ask->is_blamed ? NULL : ask;
}

/* Depth first; colours: 0 not seen, 1 on the way, 2 done. */
static void find_cycle(struct binder *binder, uint32_t i, unsigned char colours[])
{
    const struct service_spec *service = &binder->scenario->services[i];

    colours[i] = 1;
    for (uint32_t n = 0; n < asks_max(service); n++) {
        uint32_t asked = asked_by(service, n);
        struct node *node = ask_node(binder, i, n);

        if (node == NULL)
            continue;
        if (colours[asked] == 1)
            blame(binder->problems, node, NULL, "\"%s\" asks in a circle: it would wait for itself",
                  "«%s» спрашивает по кругу: он ждал бы самого себя", quote(service->name).text);
        else if (colours[asked] == 0)
            find_cycle(binder, asked, colours);
    }
    colours[i] = 2;
}

static void judge_cycles(struct binder *binder)
{
    unsigned char colours[SCENARIO_SERVICES_MAX] = {0};

    for (uint32_t i = 0; i < binder->scenario->services_max; i++) {
        if (colours[i] == 0)
            find_cycle(binder, i, colours);
    }
}

/* A counter has one slot per post, taken at the start: as many as are asked about. */
static void judge_posts(struct binder *binder, const struct load_spec *load, struct node *load_node,
                        uint32_t i)
{
    uint64_t posts = load->keys.dist == KEYS_CONSTANT ? 1 : load->keys.n;
    struct memory_spec *memory = &binder->scenario->services[i].shared;
    struct node *said = node_find(node_find(cross_service_node(binder, i), "memory"), "posts");

    if (posts > MEMORY_POSTS_MAX && said == NULL)
        blame(binder->problems, near(load_node, "keys"), NULL,
              "a counter has at most %d posts: keys: {n: %d}",
              "у счётчика не больше %d постов, keys: {n: %d}", MEMORY_POSTS_MAX, MEMORY_POSTS_MAX);
    else if (said != NULL && !said->is_blamed && posts > memory->posts)
        blame(binder->problems, said, NULL, "%llu posts are asked about, and only %u are counted",
              "спрашивают о стольких постах: %llu, а считают только %u", (unsigned long long)posts,
              memory->posts);
    else if (said == NULL && posts > memory->posts)
        memory->posts = (uint32_t)posts;
}

/* Follows a verb through the services that pass it on; seen: a bit per service. */
static void follow(struct binder *binder, const struct load_spec *load, struct node *load_node,
                   uint32_t i, uint32_t *seen)
{
    struct node *blamed = near(load_node, "verb");
    const struct service_spec *service = &binder->scenario->services[i];

    if ((*seen & (1U << i)) != 0)
        return;
    *seen |= 1U << i;
    if (service->kind == KIND_COUNTER)
        judge_posts(binder, load, load_node, i);
    if (!knows(service->kind, load->verb))
        blame(binder->problems, blamed, NULL, "service \"%s\" does not know this verb",
              "сервис «%s» не знает этого глагола", quote(service->name).text);
    for (uint32_t n = 0; n < asks_max(service); n++) {
        if (ask_node(binder, i, n) != NULL)
            follow(binder, load, load_node, asked_by(service, n), seen);
    }
}

/* Only the tables that a delivery writes refuse an order; seen: a bit per service asked. */
static void judge_poison(struct binder *binder, const struct load_spec *load, struct node *node,
                         uint32_t seen)
{
    if (load->verb != VERB_ORDER || load->poison <= 0)
        return;
    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        if ((seen & (1U << i)) != 0 && binder->scenario->services[i].kind == KIND_DELIVERY)
            return;
    blame(binder->problems, near(node, "poison"), NULL,
          "these orders reach no table that could refuse them; send them to a service of kind "
          "delivery",
          "эти заказы не доходят до таблицы, которая их отвергла бы; их принимает сервис вида "
          "delivery");
}

static void judge_verbs(struct binder *binder)
{
    struct node *loads = node_find(binder->root, "load");

    for (uint32_t i = 0; i < binder->scenario->loads_max; i++) {
        const struct load_spec *load = &binder->scenario->loads[i];
        struct node *node = node_at(loads, i);
        uint32_t seen = 0;

        if (node->is_blamed || near(node, "to")->is_blamed || near(node, "verb")->is_blamed ||
            binder->scenario->services_max == 0)
            continue;
        follow(binder, load, node, load->service, &seen);
        judge_poison(binder, load, node, seen);
    }
}

static void judge_load_names(struct binder *binder)
{
    const struct scenario *scenario = binder->scenario;
    struct node *loads = node_find(binder->root, "load");

    for (uint32_t i = 0; i < scenario->loads_max; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(scenario->loads[i].name, scenario->loads[j].name) == 0)
                blame(binder->problems, near(node_at(loads, i), "name"), NULL,
                      "another load is named \"%s\" too: both would draw the same chance",
                      "другая нагрузка тоже названа «%s»: у обеих была бы одна случайность",
                      scenario->loads[i].name);
        }
    }
}

/* ---- Balancer ---- */

static bool is_many(const struct service_spec *service)
{
    return service->kind != KIND_BATCHER && (service->replicas > 1 || service->autoscale.is_on);
}

/* By default there is a balancer exactly where somebody needs one. Batchers take their work from
 * the queue and need none. */
static void judge_balancer(struct binder *binder)
{
    struct scenario *scenario = binder->scenario;
    struct node *balancer = node_find(binder->root, "balancer");
    bool is_said = balancer != NULL &&
                   (balancer->kind == NODE_SCALAR || node_find(balancer, "policy") != NULL);

    for (uint32_t i = 0; i < scenario->services_max; i++) {
        struct node *node = cross_service_node(binder, i);

        if (!is_many(&scenario->services[i]))
            continue;
        if (!is_said)
            scenario->balancer.policy = POLICY_ROUND_ROBIN;
        else if (scenario->balancer.policy == POLICY_NONE)
            blame(binder->problems, near(node, "replicas"), NULL,
                  "several replicas, but balancer.policy is none: nobody would ask the others",
                  "реплик несколько, а balancer.policy — none: остальных никто не спросит");
    }
}

/* A try that has ended is followed by another one and not by a hedge. */
static void judge_hedge(struct binder *binder)
{
    const struct balancer_spec *balancer = &binder->scenario->balancer;
    struct node *hedge = near(near(binder->root, "balancer"), "hedge");

    if (balancer->hedge_after_ns > 0 && balancer->hedge_after_ns >= balancer->timeout_ns)
        blame(binder->problems, near(hedge, "after"), NULL,
              "no hedge would ever go: balancer.timeout ends the first try before",
              "второй запрос не уйдёт никогда: balancer.timeout раньше оборвёт первый");
}

/* ---- Queue ---- */

/* Whether somebody puts records of this topic into the queue. */
static bool is_produced(const struct scenario *scenario, enum topic_kind topic, uint32_t *by)
{
    for (*by = 0; *by < scenario->services_max; (*by)++) {
        const struct service_spec *service = &scenario->services[*by];
        bool is_log = service->design == DESIGN_QUEUED || service->design == DESIGN_BATCHED;

        if (topic == TOPIC_KIND_LIKES && service->kind == KIND_LIKES && is_log)
            return true;
        if (topic == TOPIC_KIND_ORDERS && service->kind == KIND_DELIVERY &&
            service->orders == ORDERS_QUEUED)
            return true;
    }
    return false;
}

static bool is_taken(const struct scenario *scenario, enum topic_kind topic)
{
    for (uint32_t i = 0; i < scenario->services_max; i++) {
        if (scenario->services[i].kind == KIND_BATCHER && scenario->services[i].topic == topic)
            return true;
    }
    return false;
}

static void choose_topics(struct binder *binder)
{
    struct scenario *scenario = binder->scenario;
    uint32_t by;
    bool only_orders = is_produced(scenario, TOPIC_KIND_ORDERS, &by) &&
                       !is_produced(scenario, TOPIC_KIND_LIKES, &by);

    for (uint32_t i = 0; i < scenario->services_max; i++) {
        if (only_orders && node_find(cross_service_node(binder, i), "topic") == NULL)
            scenario->services[i].topic = TOPIC_KIND_ORDERS;
    }
}

/* A log that nobody reads is a slip; a reader without a writer is only idle. */
static void judge_topics(struct binder *binder)
{
    static const enum topic_kind topics[] = {TOPIC_KIND_LIKES, TOPIC_KIND_ORDERS};

    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        const char *name = topics[i] == TOPIC_KIND_LIKES ? "likes" : "orders";
        const char *key = topics[i] == TOPIC_KIND_LIKES ? "design" : "orders";
        uint32_t by;

        if (is_produced(binder->scenario, topics[i], &by) && !is_taken(binder->scenario, topics[i]))
            blame(binder->problems, near(cross_service_node(binder, by), key), NULL,
                  "%s go into the queue and nobody takes them out: a batcher is missing",
                  "%s уходят в очередь, и никто их не берёт: нужен сервис batcher", name);
    }
}

/* They write the same rows and counters: what one promises the other would break. */
static void judge_designs(struct binder *binder)
{
    const struct service_spec *first = NULL;

    for (uint32_t i = 0; i < binder->scenario->services_max; i++) {
        const struct service_spec *service = &binder->scenario->services[i];
        bool is_likes = service->kind == KIND_LIKES;

        if (is_likes && first == NULL)
            first = service;
        if (is_likes && (service->design != first->design || service->ack != first->ack))
            blame(binder->problems,
                  near(cross_service_node(binder, i),
                       service->design != first->design ? "design" : "ack"),
                  NULL,
                  "likes have the same rows everywhere: design and ack must be those of \"%s\"",
                  "строки лайков общие: design и ack должны быть как у «%s»", first->name);
    }
}

static void judge_signals(struct binder *binder)
{
    for (uint32_t i = 0; i < binder->scenario->services_max; i++) {
        const struct service_spec *service = &binder->scenario->services[i];
        struct node *node = near(cross_service_node(binder, i), "autoscale");

        if (service->autoscale.is_on && service->autoscale.signal == SIGNAL_LAG &&
            service->kind != KIND_BATCHER)
            blame(binder->problems, near(node, "signal"), NULL,
                  "only a batcher has a lag to scale by", "отставание есть только у batcher");
    }
}

/* ---- Faults ---- */

/* What people call the parts, and no edit distance finds. */
static const char *everyday_part(const char *target)
{
    static const struct {
        const char *called, *part;
    } parts[] = {{"redis", "store"},    {"memcached", "store"}, {"cache", "store"},
                 {"kafka", "queue"},    {"broker", "queue"},    {"log", "queue"},
                 {"rabbitmq", "queue"}, {"rabbit", "queue"},    {"sql", "table"},
                 {"postgres", "table"}, {"mysql", "table"},     {"db", "table"},
                 {"database", "table"}, {"lb", "balancer"},     {"nginx", "balancer"}};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcasecmp(parts[i].called, target) == 0)
            return parts[i].part;
    }
    return NULL;
}

static void blame_target(struct binder *binder, struct node *node, const char *target)
{
    const char *everyday = everyday_part(target);
    static const char *const parts[] = {"store", "queue", "table", "balancer"};
    struct nearest nearest = nearest_to(target);

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        nearest_offer(&nearest, parts[i]);
    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        nearest_offer(&nearest, binder->scenario->services[i].name);
    blame(binder->problems, node, everyday != NULL ? everyday : nearest.best,
          "there is no \"%s\" to break, only store, queue, table, balancer and services",
          "«%s» здесь нет; сломать можно store, queue, table, balancer или сервис",
          quote(target).text);
}

static uint32_t most_replicas(const struct service_spec *service)
{
    if (service->autoscale.is_on && service->autoscale.replicas_max > service->replicas)
        return service->autoscale.replicas_max;
    return service->replicas;
}

/* "delivery" or "delivery/2". */
static void judge_replica(struct binder *binder, struct node *node, const char *target)
{
    const char *slash = strchr(target, '/');
    char name[NAME_MAX_BYTES] = "";
    unsigned long replica = 0;
    uint32_t i;

    memcpy(name, target, slash == NULL ? strlen(target) : (size_t)(slash - target));
    i = service_named(binder, name);
    if (i == binder->scenario->services_max) {
        blame_target(binder, node, name);
        return;
    }
    if (slash == NULL)
        return;
    if (slash[1] == '\0' || strspn(slash + 1, "0123456789") != strlen(slash + 1) ||
        strlen(slash + 1) > 6) {
        blame(binder->problems, node, NULL, "a replica is a number: %s/0",
              "реплика — это число: %s/0", quote(name).text);
        return;
    }
    replica = strtoul(slash + 1, NULL, 10);
    if (replica >= most_replicas(&binder->scenario->services[i]))
        blame(binder->problems, node, NULL, "\"%s\" has %u replicas, counted from 0",
              "реплик у «%s»: %u, счёт с 0", quote(name).text,
              most_replicas(&binder->scenario->services[i]));
}

static void judge_fault(struct binder *binder, struct node *node, const struct fault_spec *fault)
{
    struct node *target = node_find(node, "target");
    const char *name = fault->target;

    if (fault->at_ns >= binder->scenario->duration_ns + binder->scenario->drain_ns)
        blame(binder->problems, near(node, "at"), NULL,
              "by then the run is over: it ends with duration and drain",
              "к этому времени прогон уже кончился: он длится duration и drain");
    if (target == NULL) {
        blame(binder->problems, node, NULL, "a fault has a target: store",
              "поломке нужна цель, target: store");
        return;
    }
    if (strcmp(name, "balancer") == 0 && binder->scenario->balancer.policy == POLICY_NONE)
        blame(binder->problems, target, NULL, "there is no balancer to break",
              "балансировщика здесь нет");
    else if (strcmp(name, "store") != 0 && strcmp(name, "queue") != 0 &&
             strcmp(name, "table") != 0 && strcmp(name, "balancer") != 0)
        judge_replica(binder, target, name);
}

static void judge_faults(struct binder *binder)
{
    struct node *faults = node_find(binder->root, "faults");

    for (uint32_t i = 0; i < binder->scenario->faults_max; i++) {
        if (!node_at(faults, i)->is_blamed)
            judge_fault(binder, node_at(faults, i), &binder->scenario->faults[i]);
    }
}

void cross_check(struct binder *binder)
{
    judge_presence(binder);
    judge_times(binder);
    judge_gateways(binder);
    judge_cycles(binder);
    judge_verbs(binder);
    judge_load_names(binder);
    judge_load_auth(binder);
    judge_balancer(binder);
    judge_hedge(binder);
    choose_topics(binder);
    judge_topics(binder);
    judge_designs(binder);
    judge_signals(binder);
    judge_faults(binder);
}
