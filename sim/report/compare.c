/* compare.c — The tables: thresholds, answers, failures by cause, counters, money.
 *
 * A table is a list of items; each item says how to head its column and what stands in it for a
 * variant. Items that say nothing (a cause that no request failed by, a cost that nobody had) are
 * left out, so that a report is as long as its story. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/report/choice.h"
#include "sim/report/grid.h"
#include "sim/report/sections.h"

enum { ITEMS_MAX = 64 };

struct item {
    enum word upper, lower; /* WORD_NONE: no second line. */
    const char *metric;
    enum metric_unit unit;
    enum color color; /* Of a value other than 0. */
    const struct threshold *threshold;
};

struct table_of {
    const struct report *report;
    enum language language;
    struct item items[ITEMS_MAX];
    unsigned items_max;
};

static void add_item(struct table_of *table, struct item item)
{
    if (table->items_max < ITEMS_MAX)
        table->items[table->items_max++] = item;
}

static const double smallest_share = 0.0001; /* Rarer causes are chance, not a figure. */

/* ---- Cells ---------------------------------------------------------------------------------- */

struct estimate variant_estimate(const struct report_variant *variant, const char *metric)
{
    enum metric_unit unit;
    struct estimate alone = {.n = 0};

    if (variant->replications_max > 1 && !metric_is_peak(metric))
        return metric_estimate(variant->replications, variant->replications_max, metric);
    alone.n = metric_read(variant->result, metric, &alone.mean, &unit);
    return alone;
}

static struct cell cell_of_metric(const struct table_of *table, const struct item *item,
                                  unsigned variant)
{
    struct estimate estimate = variant_estimate(&table->report->variants[variant], item->metric);
    struct cell cell = {.color = COLOR_DIM};

    if (item->unit == METRIC_SHARE && estimate.n > 0 && estimate.mean <= 0) {
        snprintf(cell.text, sizeof cell.text, "·"); /* A column of 0% hides what is not. */
        return cell;
    }
    if (item->unit == METRIC_SHARE && estimate.n > 0 && estimate.mean < smallest_share)
        snprintf(cell.text, sizeof cell.text, "< %s",
                 figure_of(table->language, METRIC_SHARE, smallest_share).text);
    else
        snprintf(cell.text, sizeof cell.text, "%s",
                 figure_estimate(table->language, item->unit, estimate).text);
    if (estimate.n > 0 && fabs(estimate.mean) > 0)
        cell.color = item->color;
    return cell;
}

static const struct threshold_result *find_judged(const struct result *result, const char *text)
{
    for (uint32_t i = 0; i < result->scenario->thresholds_max; i++)
        if (strcmp(result->scenario->thresholds[i].text, text) == 0)
            return &result->thresholds[i];
    return NULL;
}

/* What was judged, with the half-width that the replications give it. */
static struct cell cell_of_threshold(const struct table_of *table, const struct item *item,
                                     unsigned v)
{
    const struct report_variant *variant = &table->report->variants[v];
    const struct threshold_result *judged = find_judged(variant->result, item->threshold->text);
    struct cell cell = {.color = COLOR_DIM};
    struct estimate estimate;

    if (judged == NULL)
        return cell;
    estimate = variant_estimate(variant, item->threshold->metric);
    estimate.mean = judged->has_value ? judged->value : NAN;
    cell.color = judged->passed ? COLOR_GOOD : COLOR_BAD;
    snprintf(cell.text, sizeof cell.text, "%s %s", judged->passed ? "✓" : "✗",
             figure_estimate(table->language, item->unit, estimate).text);
    return cell;
}

static struct cell cell_of_expectation(const struct table_of *table, unsigned v)
{
    enum expectation expect = table->report->variants[v].result->scenario->expect;
    struct cell cell = {.color = COLOR_DIM};

    if (expect != EXPECT_NOTHING)
        snprintf(cell.text, sizeof cell.text, "%s",
                 word(table->language, expect == EXPECT_PASS ? WORD_PASS : WORD_FAIL));
    return cell;
}

/* The mark says whether it is as expected: a failure may be just what was to be shown. */
static struct cell cell_of_outcome(const struct table_of *table, unsigned v)
{
    const struct report_variant *variant = &table->report->variants[v];
    bool is_good = variant_is_as_expected(variant);
    struct cell cell = {.color = is_good ? COLOR_GOOD : COLOR_BAD};

    snprintf(cell.text, sizeof cell.text, "%s %s", is_good ? "✓" : "✗",
             word(table->language, variant->result->passed ? WORD_PASS : WORD_FAIL));
    return cell;
}

static struct cell cell_at(const void *context, unsigned i, unsigned variant)
{
    const struct table_of *table = context;
    const struct item *item = &table->items[i];

    if (item->metric == NULL)
        return item->upper == WORD_EXPECTED ? cell_of_expectation(table, variant)
                                            : cell_of_outcome(table, variant);
    if (item->threshold != NULL)
        return cell_of_threshold(table, item, variant);
    return cell_of_metric(table, item, variant);
}

/* A threshold's text, parted before its comparison: "latency.p99", "< 300ms". */
static struct head head_of_threshold(const struct threshold *threshold)
{
    struct head head = {"", ""};
    size_t part = strcspn(threshold->text, "<>=");
    size_t bytes = part;

    while (bytes > 0 && threshold->text[bytes - 1] == ' ')
        bytes--;
    snprintf(head.upper, sizeof head.upper, "%.*s", (int)bytes, threshold->text);
    snprintf(head.lower, sizeof head.lower, "%s", threshold->text + part);
    return head;
}

static struct head head_at(const void *context, unsigned i)
{
    const struct table_of *table = context;
    const struct item *item = &table->items[i];
    struct head head = {"", ""};

    if (item->threshold != NULL)
        return head_of_threshold(item->threshold);
    snprintf(head.upper, sizeof head.upper, "%s", word(table->language, item->upper));
    if (item->lower != WORD_NONE)
        snprintf(head.lower, sizeof head.lower, "%s", word(table->language, item->lower));
    return head;
}

static struct cell variant_at(const void *context, unsigned variant)
{
    const struct table_of *table = context;
    struct cell cell = {.color = COLOR_STRONG};

    snprintf(cell.text, sizeof cell.text, "%s", variant_name(table->report, variant));
    return cell;
}

/* ---- Tables --------------------------------------------------------------------------------- */

static void table_begin(struct table_of *table, const struct report *report)
{
    *table = (struct table_of){.report = report, .language = language_of(report->lang)};
}

static void print_title(struct page *page, const char *title)
{
    page_end(page);
    page_put(page, COLOR_STRONG, title);
    page_end(page);
}

static void table_print(struct page *page, const struct table_of *table, const char *title)
{
    const struct grid grid = {
        .context = table,
        .items_max = table->items_max,
        .variants_max = table->report->variants_max,
        .variant = variant_at,
        .item = head_at,
        .cell = cell_at,
    };

    print_title(page, title);
    grid_print(page, &grid);
}

static bool is_nonzero(const struct report *report, const char *metric)
{
    for (unsigned v = 0; v < report->variants_max; v++) {
        struct estimate estimate = variant_estimate(&report->variants[v], metric);

        if (estimate.n > 0 && fabs(estimate.mean) > 0)
            return true;
    }
    return false;
}

static void add_items(struct table_of *table, const struct item *items, size_t items_max)
{
    for (size_t i = 0; i < items_max; i++)
        if (is_nonzero(table->report, items[i].metric))
            add_item(table, items[i]);
}

static bool has_threshold_on(const struct table_of *table, const char *text)
{
    for (unsigned i = 0; i < table->items_max; i++)
        if (table->items[i].threshold != NULL && strcmp(table->items[i].threshold->text, text) == 0)
            return true;
    return false;
}

static bool any_expectation(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (report->variants[v].result->scenario->expect != EXPECT_NOTHING)
            return true;
    return false;
}

/* All thresholds of all variants, each once: a variant may have its own. */
static void add_thresholds(struct table_of *table, const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->thresholds_max; i++) {
        const struct threshold *threshold = &scenario->thresholds[i];
        struct item item = {.metric = threshold->metric, .threshold = threshold};

        item.unit = METRIC_COUNT;
        (void)metric_unit_of(threshold->metric, &item.unit);
        if (!has_threshold_on(table, threshold->text))
            add_item(table, item);
    }
}

void section_thresholds(struct page *page, const struct report *report)
{
    struct table_of table;

    table_begin(&table, report);
    if (any_expectation(report))
        add_item(&table, (struct item){.upper = WORD_EXPECTED, .lower = WORD_NONE});
    add_item(&table, (struct item){.upper = WORD_OUTCOME, .lower = WORD_NONE});
    for (unsigned v = 0; v < report->variants_max; v++)
        add_thresholds(&table, report->variants[v].result->scenario);
    if (table.items[table.items_max - 1].threshold != NULL)
        table_print(page, &table, word(table.language, WORD_TITLE_THRESHOLDS));
}

/* What the thresholds show already is not shown again; nor are tries where nobody retried. */
static bool says_something(const struct report *report, const struct item *item)
{
    for (unsigned v = 0; v < report->variants_max; v++) {
        const struct result *result = report->variants[v].result;
        bool is_judged = false;

        for (uint32_t i = 0; i < result->scenario->thresholds_max; i++)
            is_judged |= strcmp(result->scenario->thresholds[i].metric, item->metric) == 0;
        if (strcmp(item->metric, "requests.attempts") == 0)
            is_judged |= result->requests.attempts <= result->requests.offered;
        if (!is_judged)
            return true;
    }
    return false;
}

void section_answers(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_GOODPUT, WORD_IN_TIME, "goodput", METRIC_RATE, COLOR_STRONG, NULL},
        {WORD_THROUGHPUT, WORD_IN_TIME_OR_LATE, "throughput", METRIC_RATE, COLOR_PLAIN, NULL},
        {WORD_LATENCY, WORD_P50, "latency.p50", METRIC_MS, COLOR_PLAIN, NULL},
        {WORD_LATENCY, WORD_P99, "latency.p99", METRIC_MS, COLOR_PLAIN, NULL},
        {WORD_ATTEMPTS, WORD_PER_REQUEST, "requests.attempts", METRIC_COUNT, COLOR_PLAIN, NULL},
    };
    struct table_of table;

    table_begin(&table, report);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        if (items[i].unit == METRIC_RATE || says_something(report, &items[i]))
            add_item(&table, items[i]);
    table_print(page, &table, word(table.language, WORD_TITLE_ANSWERS));
}

void section_failures(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_LOST_REQUESTS, WORD_IN_ALL, "requests.lost", METRIC_SHARE, COLOR_BAD, NULL},
        {WORD_TIMEOUT, WORD_NONE, "requests.timeout", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_SHED, WORD_NONE, "requests.shed", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_REFUSED, WORD_NONE, "requests.refused", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_ERROR, WORD_NONE, "requests.error", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_DENIED, WORD_NONE, "requests.denied", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_LATE, WORD_NONE, "requests.late", METRIC_SHARE, COLOR_PLAIN, NULL},
    };
    struct table_of table;

    table_begin(&table, report);
    add_items(&table, items, sizeof items / sizeof items[0]);
    if (table.items_max > 0) {
        table_print(page, &table, word(table.language, WORD_TITLE_FAILURES));
        return;
    }
    print_title(page, word(table.language, WORD_TITLE_FAILURES));
    page_move(page, GRID_INDENT);
    page_wrap(page, COLOR_GOOD, GRID_INDENT, word(table.language, WORD_NOTHING_FAILED));
    page_end(page);
}

/* Where people log in: what became of their tokens, and what others did with them. */
void section_auth(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_LOGINS, WORD_NONE, "auth.logins", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_REFRESHES, WORD_NONE, "auth.refreshes", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_LOGOUTS, WORD_NONE, "auth.revoked", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_STOLEN_TOKENS, WORD_NONE, "auth.stolen", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_REFUSED_TOKENS, WORD_NONE, "auth.refused", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_FORGED, WORD_ACCEPTED, "auth.forged_accepted", METRIC_COUNT, COLOR_BAD, NULL},
        {WORD_REVOKED_TOKENS, WORD_ACCEPTED, "auth.accepted_after_revocation", METRIC_COUNT,
         COLOR_BAD, NULL},
        {WORD_EXPOSURE, WORD_MEAN, "auth.exposure_mean", METRIC_MS, COLOR_PLAIN, NULL},
        {WORD_EXPOSURE, WORD_LONGEST, "auth.exposure_max", METRIC_MS, COLOR_BAD, NULL},
        {WORD_STORE_COMMANDS, WORD_NONE, "auth.store_commands", METRIC_RATE, COLOR_PLAIN, NULL},
    };
    struct table_of table;

    table_begin(&table, report);
    add_items(&table, items, sizeof items / sizeof items[0]);
    if (table.items_max > 0)
        table_print(page, &table, word(table.language, WORD_TITLE_AUTH));
}

static bool has_workers(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        for (uint32_t i = 0; i < report->variants[v].result->services_max; i++)
            if (report->variants[v].result->services[i].runtime != RUNTIME_EVENT_LOOP)
                return true;
    return false;
}

/* Where all is event loops there is nothing to compare. */
void section_runtimes(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_HELD, WORD_BY_VISITS, "runtime.held", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_GIL, WORD_GIL_HELD, "runtime.gil_held", METRIC_SHARE, COLOR_PLAIN, NULL},
        {WORD_GIL, WORD_GIL_WAIT, "runtime.gil_wait", METRIC_MS, COLOR_PLAIN, NULL},
        {WORD_MEMORY, WORD_MIB, "runtime.memory", METRIC_COUNT, COLOR_PLAIN, NULL},
    };
    struct table_of table;

    if (!has_workers(report))
        return;
    table_begin(&table, report);
    add_items(&table, items, sizeof items / sizeof items[0]);
    if (table.items_max > 0)
        table_print(page, &table, word(table.language, WORD_TITLE_RUNTIMES));
}

static bool any_counter(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (report->variants[v].result->counter.is_used)
            return true;
    return false;
}

void section_counter(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_ADDED, WORD_INCREMENTS, "counter.attempted", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_LOST_REQUESTS, WORD_OVERWRITTEN, "counter.lost", METRIC_SHARE, COLOR_BAD, NULL},
        {WORD_FORGOTTEN, WORD_BY_CRASHES, "counter.forgotten", METRIC_COUNT, COLOR_WARN, NULL},
        {WORD_TIME, WORD_PER_ADD, "counter.add_mean", METRIC_MS, COLOR_PLAIN, NULL},
        {WORD_TIME, WORD_PER_READ, "counter.read_mean", METRIC_MS, COLOR_PLAIN, NULL},
        {WORD_LOCK, WORD_FOUND_HELD, "counter.lock_waits", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_OBJECTS, WORD_NONE, "counter.allocations", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_RETRIES, WORD_IN_VAIN, "counter.retries", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_GARBAGE, WORD_BYTES, "counter.garbage", METRIC_COUNT, COLOR_PLAIN, NULL},
    };
    struct table_of table;

    if (!any_counter(report))
        return;
    table_begin(&table, report);
    add_items(&table, items, sizeof items / sizeof items[0]);
    table_print(page, &table, word(table.language, WORD_TITLE_COUNTER));
}

static bool any_poison(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++) {
        const struct scenario *scenario = report->variants[v].result->scenario;

        for (uint32_t i = 0; i < scenario->loads_max; i++)
            if (scenario->loads[i].poison > 0)
                return true;
    }
    return false;
}

/* Where some records can never be handled: those laid aside, and what waits behind one that is
 * not. Elsewhere lag is drawn over time. */
void section_queue(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_DEAD_LETTERS, WORD_RECORDS, "queue.dead_letters", METRIC_COUNT, COLOR_WARN, NULL},
        {WORD_LAG, WORD_AT_MOST, "queue.lag_max", METRIC_COUNT, COLOR_PLAIN, NULL},
        {WORD_LAG, WORD_AT_THE_END, "queue.lag_end", METRIC_COUNT, COLOR_BAD, NULL},
    };
    struct table_of table;

    if (!is_nonzero(report, items[0].metric) && !any_poison(report))
        return;
    table_begin(&table, report);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        add_item(&table, items[i]);
    table_print(page, &table, word(table.language, WORD_TITLE_QUEUE));
}

static const char *currency_sign(enum language language, const char *currency)
{
    return language == LANGUAGE_RU && strcmp(currency, "RUB") == 0 ? "₽" : currency;
}

static void print_money(struct page *page, const struct table_of *table, enum word title)
{
    const struct figure currency = figure_word(currency_sign(
        table->language, table->report->variants[0].result->scenario->prices.currency));
    char text[120];

    figure_fill(text, sizeof text, word(table->language, title), &currency);
    table_print(page, table, text);
}

/* A design that one would take: its name, and the figure that it was chosen for. */
static void print_choice(struct page *page, const struct report *report, int variant,
                         enum word what, const char *metric)
{
    enum language language = language_of(report->lang);
    char sentence[240];

    if (variant == CHOICE_NONE)
        return;
    const struct figure figures[] = {
        figure_word(variant_name(report, (unsigned)variant)),
        figure_estimate(language, METRIC_MONEY,
                        variant_estimate(&report->variants[variant], metric)),
    };
    figure_fill(sentence, sizeof sentence, word(language, what), figures);
    page_move(page, GRID_INDENT);
    page_wrap(page, COLOR_PLAIN, GRID_INDENT, sentence);
    page_end(page);
}

/* The statement of profit and loss. Without an order there is nothing to earn, and only what the
 * servers cost is of interest. */
void section_money(struct page *page, const struct report *report)
{
    static const struct item income[] = {
        {WORD_COMMISSION, WORD_NONE, "money.commission", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_DELIVERY, WORD_NONE, "money.delivery_fee", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_SUBSCRIPTION, WORD_NONE, "money.subscription", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_ADS, WORD_NONE, "money.ads", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_PREMIUM, WORD_NONE, "money.premium", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_REVENUE, WORD_NONE, "money.revenue", METRIC_MONEY, COLOR_STRONG, NULL},
        {WORD_COURIERS, WORD_NONE, "money.courier", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_PAYMENT, WORD_NONE, "money.payment", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_REFUNDS, WORD_NONE, "money.refunds", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_SUPPORT, WORD_NONE, "money.support", METRIC_MONEY, COLOR_PLAIN, NULL},
    };
    static const struct item rest[] = {
        {WORD_SERVERS, WORD_NONE, "money.infra_cost", METRIC_MONEY, COLOR_PLAIN, NULL},
    };
    static const struct item ends[] = {
        {WORD_PROFIT, WORD_NONE, "money.profit", METRIC_MONEY, COLOR_STRONG, NULL},
        {WORD_CONTRIBUTION, WORD_PER_ORDER, "money.contribution_per_order", METRIC_MONEY,
         COLOR_PLAIN, NULL},
        {WORD_LOST_MONEY, WORD_NONE, "money.lost", METRIC_MONEY, COLOR_BAD, NULL},
    };
    bool has_orders = is_nonzero(report, "money.revenue") || is_nonzero(report, "money.lost");
    struct table_of table;

    table_begin(&table, report);
    if (has_orders)
        add_items(&table, income, sizeof income / sizeof income[0]);
    add_items(&table, rest, sizeof rest / sizeof rest[0]);
    if (has_orders)
        add_items(&table, ends, sizeof ends / sizeof ends[0]);
    if (table.items_max == 0)
        return;
    print_money(page, &table, WORD_TITLE_MONEY);
    print_choice(page, report, choice_cheapest(report), WORD_CHEAPEST, "money.infra_cost");
    print_choice(page, report, choice_most_profitable(report), WORD_MOST_PROFITABLE,
                 "money.profit");
}

/* One cause alone is what stands as lost above. */
void section_money_lost(struct page *page, const struct report *report)
{
    static const struct item items[] = {
        {WORD_TIMEOUT, WORD_NONE, "money.lost_timeout", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_SHED, WORD_NONE, "money.lost_shed", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_REFUSED, WORD_NONE, "money.lost_refused", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_ERROR, WORD_NONE, "money.lost_error", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_DENIED, WORD_NONE, "money.lost_denied", METRIC_MONEY, COLOR_PLAIN, NULL},
        {WORD_LATE, WORD_NONE, "money.lost_late", METRIC_MONEY, COLOR_PLAIN, NULL},
    };
    struct table_of table;

    table_begin(&table, report);
    add_items(&table, items, sizeof items / sizeof items[0]);
    if (table.items_max > 1)
        print_money(page, &table, WORD_TITLE_MONEY_LOST);
}
