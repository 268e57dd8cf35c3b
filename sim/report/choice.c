/* choice.c — The least and the most of one metric over the variants that may be chosen. */
#include "sim/report/choice.h"

#include "sim/report/sections.h"

static bool holds_thresholds(const struct report_variant *variant)
{
    return variant->result->passed && variant->result->scenario->thresholds_max > 0 &&
           variant->result->money.infra_cost > 0;
}

static bool has_orders(const struct report_variant *variant)
{
    return variant->result->money.orders_ok > 0;
}

/* sign: 1 for the most, -1 for the least. */
static int best(const struct report *report, const char *metric, double sign,
                bool (*may_be)(const struct report_variant *variant))
{
    double most = 0;
    int found = CHOICE_NONE;

    for (unsigned v = 0; v < report->variants_max && report->variants_max > 1; v++) {
        double value = sign * variant_estimate(&report->variants[v], metric).mean;

        if (!may_be(&report->variants[v]) || (found != CHOICE_NONE && value <= most))
            continue;
        most = value;
        found = (int)v;
    }
    return found;
}

int choice_cheapest(const struct report *report)
{
    return best(report, "money.infra_cost", -1, holds_thresholds);
}

int choice_most_profitable(const struct report *report)
{
    return best(report, "money.profit", 1, has_orders);
}
