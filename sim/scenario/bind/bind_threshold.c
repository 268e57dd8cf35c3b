/* bind_threshold.c — One line of what must hold: METRIC COMPARISON BOUND.
 *
 *   latency.p99 < 300ms        the bound is kept in the metric's own unit:
 *   requests.failed <= 0.1%    ms, a share of 1, per second, minor units, or a number
 *   money.lost < 10000 RUB
 */
#include <stdio.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/scenario/bind/bind.h"
#include "sim/scenario/keys/metrics.h"
#include "sim/scenario/yaml/utf8.h"

static const double ns_per_ms = 1e6;

struct claim { /* A threshold's three parts, as written. */
    char metric[64];
    enum comparison comparison;
    const char *bound; /* In the node's text. */
};

/* False unless the text has the shape of a threshold. */
static bool split(const char *text, struct claim *claim)
{
    static const struct {
        const char *sign;
        enum comparison comparison;
    } signs[] = {{"<=", AT_MOST}, {">=", AT_LEAST}, {"<", BELOW}, {">", ABOVE}};
    size_t length = strcspn(text, "<> ");
    const char *at = text + length;

    if (length == 0 || length >= sizeof claim->metric)
        return false;
    memcpy(claim->metric, text, length);
    claim->metric[length] = '\0';
    at += strspn(at, " ");
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t n = strlen(signs[i].sign);

        if (strncmp(at, signs[i].sign, n) == 0) {
            claim->comparison = signs[i].comparison;
            claim->bound = at + n + strspn(at + n, " ");
            return *claim->bound != '\0';
        }
    }
    return false;
}

static void unknown_metric(struct binder *binder, struct node *node, const struct claim *claim)
{
    char near[160] = "";

    blame(binder->problems, node, metric_nearest(binder->scenario, claim->metric, near),
          "there is no metric \"%s\"", "нет показателя «%s»", quote(claim->metric).text);
}

/* NULL after a slip. */
static const struct metric_word *judge_metric(struct binder *binder, struct node *node,
                                              const struct claim *claim)
{
    const char *service;
    size_t length;
    const struct metric_word *word = metric_named(claim->metric, &service, &length);
    char name[64];

    if (word == NULL) {
        unknown_metric(binder, node, claim);
        return NULL;
    }
    if (service != NULL) {
        (void)snprintf(name, sizeof name, "%.*s", (int)length, service);
        if (service_named(binder, name) == binder->scenario->services_max) {
            unknown_metric(binder, node, claim);
            return NULL;
        }
    }
    return word;
}

static const char *example_of(enum unit unit)
{
    switch (unit) {
    case UNIT_DURATION:
        return "300ms";
    case UNIT_RATE:
        return "500/s";
    case UNIT_SHARE:
        return "0.1%";
    case UNIT_MONEY:
    case UNIT_SIZE:
    case UNIT_DISTANCE:
    case UNIT_COUNT:
    case UNIT_NUMBER:
        break;
    }
    return NULL;
}

/* Counts may be means, so 2.5 is as good as 1k. */
static bool read_bound(struct binder *binder, struct node *node, const struct claim *claim,
                       enum unit unit, double *bound)
{
    struct amount_kind kind = {
        .unit = unit, .currency = binder->currency, .like = example_of(unit)};
    struct amount amount;
    struct amount_slip slip;
    char advice[200];

    if (unit == UNIT_NUMBER && strpbrk(claim->bound, "kMG") != NULL)
        kind.unit = UNIT_COUNT;
    if (amount_read(claim->bound, &kind, &amount, &slip)) {
        *bound = unit == UNIT_DURATION ? amount.real / ns_per_ms : amount.real;
        return true;
    }
    if (slip.advice[0] != '\0') { /* Propose the whole line, ready to be copied. */
        (void)snprintf(advice, sizeof advice, "%.*s%s", (int)(claim->bound - node->text),
                       node->text, slip.advice);
        (void)snprintf(slip.advice, sizeof slip.advice, "%.79s", advice);
    }
    blame_amount(binder, "", node, &slip);
    return false;
}

static void bind_threshold(struct binder *binder, struct node *node, struct threshold *threshold)
{
    struct claim claim;
    const struct metric_word *word;

    if (node->is_blamed)
        return;
    if (node->kind != NODE_SCALAR || strlen(node->text) >= sizeof threshold->text ||
        !split(node->text, &claim)) {
        blame(binder->problems, node, NULL,
              "a threshold is METRIC, one of < <= > >=, BOUND: latency.p99 < 300ms",
              "порог — это ПОКАЗАТЕЛЬ, один из < <= > >=, ГРАНИЦА: latency.p99 < 300ms");
        return;
    }
    word = judge_metric(binder, node, &claim);
    if (word == NULL || !read_bound(binder, node, &claim, word->unit, &threshold->bound))
        return;
    (void)snprintf(threshold->text, sizeof threshold->text, "%s", node->text);
    (void)snprintf(threshold->metric, sizeof threshold->metric, "%s", claim.metric);
    threshold->comparison = claim.comparison;
}

void bind_thresholds(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    struct scenario *scenario = into;

    scenario->thresholds_max = 0;
    if (node == NULL || node->is_blamed)
        return;
    if (node->kind != NODE_LIST) {
        blame_type(binder, key, node);
        return;
    }
    for (uint32_t i = 0; i < node->length; i++) {
        if (i == key->items_max) {
            blame(binder->problems, node_at(node, i), NULL, "too many thresholds: at most %u",
                  "слишком много порогов: не больше %u", key->items_max);
            return;
        }
        bind_threshold(binder, node_at(node, i), &scenario->thresholds[i]);
        scenario->thresholds_max++;
    }
}
