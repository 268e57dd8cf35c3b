/* idle.c — Which key wants which word beside it, and who is blamed in the end. */
#include "sim/scenario/bind/idle.h"

#include <string.h>

#include "sim/scenario/bind/bind.h"

enum { WANTED_MAX = 3 };

struct rule {
    const char *key;
    const char *chooser;            /* Stands in the same mapping … */
    const char *fallback;           /* … and says this where it is not written. */
    const char *wanted[WANTED_MAX]; /* Any of these gives the key its effect. */
};

static const struct rule of_load[] = {
    {"rate", "arrivals", "poisson", {"poisson", "constant"}},
    {"users", "arrivals", "poisson", {"closed", NULL}},
    {"think", "arrivals", "poisson", {"closed", NULL}},
    {"poison", "verb", "call", {"order", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_keys[] = {
    {"s", "dist", "zipf", {"zipf", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_dist[] = {
    {"cv", "dist", "constant", {"lognormal", NULL}},
    {"stages", "dist", "constant", {"erlang", NULL}},
    {"alpha", "dist", "constant", {"pareto", NULL}},
    {"spread", "dist", "constant", {"uniform", NULL}},
    {"points", "dist", "constant", {"empirical", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_runtime[] = {
    {"threads", "model", "event_loop", {"threads", "gil_threads", NULL}},
    {"processes", "model", "event_loop", {"processes", NULL}},
    {"quantum", "model", "event_loop", {"threads", "gil_threads", "processes"}},
    {"switch_interval", "model", "event_loop", {"gil_threads", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_balancer[] = {
    {"bound", "policy", "round_robin", {"consistent_hash", NULL}},
    {"ewma", "policy", "round_robin", {"peak_ewma", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_queue[] = {
    {"partitions", "kind", "kafka", {"kafka", NULL}},
    {"linger", "kind", "kafka", {"kafka", NULL}},
    {"batch", "kind", "kafka", {"kafka", NULL}},
    {"append", "kind", "kafka", {"kafka", NULL}},
    {"record", "kind", "kafka", {"kafka", NULL}},
    {"rebalance", "kind", "kafka", {"kafka", NULL}},
    {"retention", "kind", "kafka", {"kafka", NULL}},
    {"prefetch", "kind", "kafka", {"rabbitmq", NULL}},
    {"message", "kind", "kafka", {"rabbitmq", NULL}},
    {"flush", "kind", "kafka", {"rabbitmq", NULL}},
    {"memory", "kind", "kafka", {"rabbitmq", NULL}},
    {"single_active", "kind", "kafka", {"rabbitmq", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_store[] = {
    {"threads", "kind", "redis", {"memcached", NULL}},
    {"item_max", "kind", "redis", {"memcached", NULL}},
    {"growth", "kind", "redis", {"memcached", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_auth[] = {
    {"algorithm", "kind", "none", {"jwt", "jwt_denylist"}},
    {"ttl", "kind", "none", {"jwt", "jwt_denylist"}},
    {"leeway", "kind", "none", {"jwt", "jwt_denylist"}},
    {"refresh_ttl", "kind", "none", {"session", "jwt", "jwt_denylist"}},
    {"when_store_is_down", "kind", "none", {"jwt_denylist"}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_load_auth[] = {
    {"logout", "as", "people", {"people"}}, {"stolen", "as", "people", {"people"}},
    {"after", "as", "people", {"people"}},  {"thief_every", "as", "people", {"people"}},
    {NULL, NULL, NULL, {NULL, NULL}},
};
static const struct rule of_step[] = {
    {"ttl", "store", "", {"set", NULL}},
    {NULL, NULL, NULL, {NULL, NULL}},
};

static bool is_wanted(const struct rule *rule, const char *word)
{
    for (size_t i = 0; i < WANTED_MAX && rule->wanted[i] != NULL; i++) {
        if (strcmp(rule->wanted[i], word) == 0)
            return true;
    }
    return false;
}

/* The mode came from another file or from --set than the key, which it laid to rest. */
static bool is_overlaid(const struct node *key, const struct node *chooser)
{
    return chooser != NULL && strcmp(key->place.source->name, "--set") != 0 &&
           strcmp(key->place.source->name, chooser->place.source->name) != 0;
}

static void note(struct binder *binder, struct node *key, const char *chooser, const char *wanted)
{
    struct idles *idles = binder->idles;

    if (idles != NULL && idles->length < IDLES_MAX)
        idles->noted[idles->length++] = (struct idle){key, chooser, wanted};
}

/* said: what the chooser is taken to say where it is not written; NULL: its fallback. */
static void judge_as(struct binder *binder, struct node *map, const struct rule *rules,
                     const char *said)
{
    for (const struct rule *rule = rules; rule->key != NULL; rule++) {
        struct entry *entry = node_entry(map, rule->key);
        const struct node *chooser = node_find(map, rule->chooser);
        const char *word = said != NULL ? said : rule->fallback;

        if (entry == NULL || entry->value->is_blamed || (chooser != NULL && chooser->is_blamed))
            continue;
        if (is_wanted(rule, chooser != NULL ? chooser->text : word) ||
            is_overlaid(entry->key, chooser))
            entry->key->is_used = true;
        else
            note(binder, entry->key, rule->chooser, rule->wanted[0]);
    }
}

static void judge(struct binder *binder, struct node *map, const struct rule *rules)
{
    judge_as(binder, map, rules, NULL);
}

void idles_blame(const struct idles *idles, struct problems *problems)
{
    for (uint32_t i = 0; i < idles->length; i++) {
        const struct idle *idle = &idles->noted[i];

        if (!idle->key->is_used)
            blame(problems, idle->key, NULL, "\"%s\" has no effect here: it goes with %s: %s",
                  "«%s» здесь ни на что не влияет: нужно %s: %s", idle->key->text, idle->chooser,
                  idle->wanted);
    }
}

void idle_in_load(struct binder *binder, struct node *node)
{
    judge(binder, node, of_load);
}

void idle_in_runtime(struct binder *binder, struct node *node, const char *model)
{
    judge_as(binder, node, of_runtime, model);
}

void idle_in_queue(struct binder *binder, struct node *node)
{
    judge(binder, node, of_queue);
}

void idle_in_store(struct binder *binder, struct node *node)
{
    judge(binder, node, of_store);
}

void idle_in_step(struct binder *binder, struct node *node)
{
    judge(binder, node, of_step);
}

void idle_in_auth(struct binder *binder, struct node *node)
{
    judge(binder, node, of_auth);
}

void idle_in_load_auth(struct binder *binder, struct node *node)
{
    judge(binder, node, of_load_auth);
}

/* Tiers have a commission and a subscription of their own each. */
void idle_in_prices(struct binder *binder, struct node *node)
{
    static const char *const keys[] = {"commission", "subscription"};
    const struct node *tiers = node_find(node, "tiers");

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct entry *entry = node_entry(node, keys[i]);

        if (entry == NULL || entry->value->is_blamed)
            continue;
        if (tiers == NULL || tiers->length == 0 || is_overlaid(entry->key, tiers))
            entry->key->is_used = true;
        else
            note(binder, entry->key, "tiers", "[]");
    }
}

void finish_keys(struct binder *binder, struct node *node, void *into)
{
    (void)into;
    judge(binder, node, of_keys);
}

void finish_balancer(struct binder *binder, struct node *node, void *into)
{
    (void)into;
    judge(binder, node, of_balancer);
}

void finish_dist(struct binder *binder, struct node *node, void *into)
{
    (void)into;
    judge(binder, node, of_dist);
}
