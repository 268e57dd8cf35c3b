/* bind_dist.c — Distributions: a bare amount is a constant, a mapping says more.
 *
 *   5ms
 *   {dist: lognormal, mean: 5ms, cv: 0.7}
 *   {dist: empirical, points: [[1ms, 9], [20ms, 1]]}
 *
 * The mapping is bound like any other, into a draft; dist_init() is called on what comes out, so
 * that whoever draws from it finds it ready. */
#include "services/base/check.h"
#include "sim/scenario/bind/bind.h"

static enum unit unit_of(const struct key *key)
{
    bool is_money = key->type == KEY_MONEY_DIST || key->type == KEY_MONEY_POINTS;

    return is_money ? UNIT_MONEY : UNIT_DURATION;
}

static double shape_of(const struct draft_dist *draft)
{
    switch (draft->kind) {
    case DIST_LOGNORMAL:
        return draft->cv;
    case DIST_ERLANG:
        return (double)draft->stages;
    case DIST_PARETO:
        return draft->alpha;
    case DIST_UNIFORM:
        return draft->spread;
    case DIST_CONSTANT:
    case DIST_EXPONENTIAL:
    case DIST_EMPIRICAL:
        break;
    }
    return 0.0;
}

static void bind_constant(struct binder *binder, const struct key *key, struct node *node,
                          struct dist *dist)
{
    struct amount amount;

    if (bind_amount(binder, key, unit_of(key), node, &amount))
        *dist = (struct dist){.kind = DIST_CONSTANT, .mean = amount.real};
}

/* False after a slip: each shape wants its own keys. */
static bool is_complete(struct binder *binder, struct node *node, const struct draft_dist *draft)
{
    if (draft->kind == DIST_EMPIRICAL && draft->points_max == 0)
        blame(binder->problems, node, NULL,
              "an empirical distribution has points: [[VALUE, "
              "WEIGHT], …]",
              "распределению empirical нужны точки, points: [[ЗНАЧЕНИЕ, ВЕС], …]");
    else if (draft->kind != DIST_EMPIRICAL && node_find(node, "mean") == NULL)
        blame(binder->problems, node, NULL, "a distribution has a mean: {…, mean: 5ms}",
              "распределению нужно среднее: {…, mean: 5ms}");
    return !node->is_blamed;
}

void bind_dist(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    bool is_money = key->type == KEY_MONEY_DIST;
    struct dist *dist = into;

    if (node->kind == NODE_SCALAR) {
        bind_constant(binder, key, node, dist);
    } else if (node->kind == NODE_LIST) {
        blame_type(binder, key, node);
    } else {
        struct draft_dist draft = {0};

        bind_group(binder, is_money ? &money_dist_group : &duration_dist_group, node, &draft);
        if (is_complete(binder, node, &draft))
            *dist = (struct dist){.kind = draft.kind,
                                  .mean = (double)draft.mean,
                                  .shape = shape_of(&draft),
                                  .points = draft.points,
                                  .points_max = draft.points_max};
    }
    if (problems_count(binder->problems) == 0)
        dist_init(dist);
}

/* One [value, weight]. False after a slip. */
static bool bind_point(struct binder *binder, const struct key *key, struct node *node,
                       struct dist_point *point)
{
    static const struct key weight_key = {
        .name = "weight", .type = KEY_NUMBER, .least = "0", .most = "1000000000"};
    struct key value_key = *key;
    struct amount value, weight;

    if (node->kind != NODE_LIST || node->length != 2) {
        blame_type(binder, key, node);
        return false;
    }
    value_key.name = "value";
    value_key.least = key->type == KEY_MONEY_POINTS ? "0 RUB" : "0s";
    value_key.most = key->type == KEY_MONEY_POINTS ? "1000000 RUB" : "1h";
    if (!bind_amount(binder, &value_key, unit_of(key), node_at(node, 0), &value) ||
        !bind_amount(binder, &weight_key, UNIT_NUMBER, node_at(node, 1), &weight))
        return false;
    point->value = value.real;
    point->weight = weight.real;
    return true;
}

void bind_points(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    struct draft_dist *draft = into;
    double weights = 0.0;

    if (node == NULL || node->is_blamed)
        return;
    if (node->kind != NODE_LIST || node->length == 0 || node->length > key->items_max) {
        blame_type(binder, key, node);
        return;
    }
    draft->points = arena_take(binder->arena, node->length * sizeof *draft->points);
    for (uint32_t i = 0; i < node->length; i++) {
        if (!bind_point(binder, key, node_at(node, i), &draft->points[draft->points_max]))
            return;
        weights += draft->points[draft->points_max++].weight;
    }
    if (!(weights > 0.0))
        blame(binder->problems, node, NULL, "all weights are 0", "все веса равны 0");
}
