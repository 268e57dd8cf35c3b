/* beside.c — The table for a person: one block for each variant, its trust below it.
 *
 * The columns of a block are laid out by grid.h as if the three answers and the error were four
 * variants, so that narrow pages break as every other table does. */
#include "sim/report/beside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/report/beside_inside.h"
#include "sim/report/grid.h"
#include "sim/report/words.h"

enum column { COLUMN_ESTIMATE, COLUMN_SIMULATED, COLUMN_MEASURED, COLUMN_ERROR, COLUMNS };

static const struct text headings[COLUMNS] = {
    [COLUMN_ESTIMATE] = {"estimate", "оценка"},
    [COLUMN_SIMULATED] = {"simulated", "симуляция"},
    [COLUMN_MEASURED] = {"measured", "измерено"},
    [COLUMN_ERROR] = {"error", "ошибка"},
};

struct block {
    enum language language;
    struct beside_rows rows;
};

/* ---- Cells ----------------------------------------------------------------------------------- */

static struct cell cell_of_value(const struct block *block, const struct beside_row *row,
                                 double value, enum color color)
{
    struct cell cell = {.color = isnan(value) ? COLOR_DIM : color};

    snprintf(cell.text, sizeof cell.text, "%s",
             figure_of(block->language, row->of->unit, value).text);
    return cell;
}

/* To a tenth of a percent or of a point: finer is chance. The sign stands before the figure, and
 * before none that reads 0. */
static struct cell cell_of_error(const struct block *block, const struct beside_row *row)
{
    static const struct text points = {" pp", " п. п."};
    const char *mark = !row->has_goal      ? ""
                       : row->is_within    ? "✓ "
                       : row->is_by_chance ? "≈ "
                                           : "✗ ";
    struct cell cell = {.color = !row->has_goal      ? COLOR_DIM
                                 : row->is_within    ? COLOR_GOOD
                                 : row->is_by_chance ? COLOR_WARN
                                                     : COLOR_BAD};
    double percent = round(row->error * 1000) / 10;
    const char *sign = percent > 0 ? "+" : percent < 0 ? "−" : "";

    if (!isfinite(row->error))
        snprintf(cell.text, sizeof cell.text, "%s—", mark);
    else if (row->of->unit == METRIC_SHARE)
        snprintf(cell.text, sizeof cell.text, "%s%s%s%s", mark, sign,
                 figure_of(block->language, METRIC_COUNT, fabs(percent)).text,
                 text_in(block->language, &points));
    else
        snprintf(cell.text, sizeof cell.text, "%s%s%s", mark, sign,
                 figure_of(block->language, METRIC_SHARE, fabs(percent) / 100).text);
    return cell;
}

static struct cell cell_at(const void *context, unsigned item, unsigned column)
{
    const struct block *block = context;
    const struct beside_row *row = &block->rows.row[item];

    if (column == COLUMN_ESTIMATE)
        return cell_of_value(block, row, row->estimate, COLOR_PLAIN);
    if (column == COLUMN_SIMULATED)
        return cell_of_value(block, row, row->simulated, COLOR_PLAIN);
    if (column == COLUMN_MEASURED)
        return cell_of_value(block, row, row->measured, COLOR_STRONG);
    return cell_of_error(block, row);
}

static struct head head_at(const void *context, unsigned item)
{
    const struct block *block = context;
    const struct beside_row *row = &block->rows.row[item];
    struct head head = {"", ""};

    snprintf(head.upper, sizeof head.upper, "%s", text_in(block->language, &row->of->label));
    if (row->service != NULL)
        snprintf(head.lower, sizeof head.lower, "%s", row->service);
    return head;
}

static struct cell heading_at(const void *context, unsigned column)
{
    const struct block *block = context;
    struct cell cell = {.color = COLOR_STRONG};

    snprintf(cell.text, sizeof cell.text, "%s", text_in(block->language, &headings[column]));
    return cell;
}

/* ---- What is said below ---------------------------------------------------------------------- */

static void print_line(struct page *page, enum color color, const char *text)
{
    page_move(page, GRID_INDENT);
    page_wrap(page, color, GRID_INDENT + 2, text);
    page_end(page);
}

static void print_sentence(struct page *page, enum color color, enum language language,
                           const struct text *sentence, const struct figure *figures)
{
    char line[400];

    figure_fill(line, sizeof line, text_in(language, sentence), figures);
    print_line(page, color, line);
}

static bool lacks_peak_alone(const struct block *block, const struct theory *theory)
{
    for (unsigned i = 0; i < block->rows.rows_max; i++)
        if (strcmp(block->rows.row[i].of->key, "lag_max") == 0)
            return theory->result.lag_end.has_value;
    return false;
}

/* Why figures of the estimate are missing. */
static void print_whys(struct page *page, enum language language, const struct block *block,
                       const struct theory *theory)
{
    static const struct text before = {"— no estimate: ", "— оценки нет: "};
    static const struct text none = {"— no estimate was made", "— оценки не делали"};
    static const struct text peak = {"— no estimate: the whiteboard has no highest lag",
                                     "— оценки нет: наибольшего отставания у доски нет"};

    if (theory == NULL) {
        print_line(page, COLOR_DIM, text_in(language, &none));
        return;
    }
    for (uint32_t i = 0; i < theory->why_max; i++) {
        char line[400];

        snprintf(line, sizeof line, "%s%.360s", text_in(language, &before),
                 text_in(language, &theory->why[i]));
        print_line(page, COLOR_DIM, line);
    }
    if (lacks_peak_alone(block, theory))
        print_line(page, COLOR_DIM, text_in(language, &peak));
}

/* How far luck goes, where that is farther than a goal. */
static void print_chances(struct page *page, enum language language, const struct block *block,
                          const struct beside_variant *variant)
{
    static const struct text chance = {"≈ %s: the %s simulated runs are between %s and %s",
                                       "≈ %s: %s прогонов симуляции — между %s и %s"};

    for (unsigned i = 0; i < block->rows.rows_max; i++) {
        const struct beside_row *row = &block->rows.row[i];
        struct figure figures[4];

        if (!row->is_by_chance)
            continue;
        snprintf(figures[0].text, sizeof figures[0].text, "%s%s%s",
                 text_in(language, &row->of->label), row->service == NULL ? "" : " ",
                 row->service == NULL ? "" : row->service);
        figures[1] = figure_of(language, METRIC_COUNT, variant->simulated_max);
        figures[2] = figure_of(language, row->of->unit, row->least);
        figures[3] = figure_of(language, row->of->unit, row->most);
        print_sentence(page, COLOR_DIM, language, &chance, figures);
    }
}

static void print_trust(struct page *page, enum language language, const struct block *block,
                        const struct beside_variant *variant)
{
    static const struct text held = {"goals held: %s of %s; others by chance: %s, missed: %s",
                                     "целей выдержано: %s из %s; прочие: случай — %s, промах — %s"};
    static const struct text all_held = {"goals held: %s of %s", "целей выдержано: %s из %s"};
    static const struct text partial = {"PARTIAL: a run ended early; it is not judged",
                                        "ЧАСТИЧНО: прогон кончился раньше срока; без оценки целей"};
    static const struct text is_void = {
        "VOID: send lag p99 was %s, over 2 ms: the driver was late, and its figures are not "
        "judged; sim doctor names what helps",
        "НЕДЕЙСТВИТЕЛЬНО: p99 запаздывания отправки %s, больше 2 мс: запросы уходили поздно, цели "
        "не оцениваются; что поможет, скажет sim doctor"};
    static const struct text fast = {
        "NOT JUDGED: %s at the peak is more than two cores can serve and measure (%s)",
        "БЕЗ ОЦЕНКИ: %s на пике — больше, чем два ядра могут обслужить и измерить (%s)"};
    static const struct text no_core = {
        "NOT JUDGED: its threads really compute, on all cores of this machine; driver, balancer "
        "and "
        "kernel are in their way",
        "БЕЗ ОЦЕНКИ: потоки считают по-настоящему, на всех ядрах машины; генератор, балансировщик "
        "и ядро ОС им мешают"};
    const struct beside_goals *goals = &block->rows.goals;
    const struct figure counts[] = {figure_of(language, METRIC_COUNT, goals->held),
                                    figure_of(language, METRIC_COUNT, goals->of),
                                    figure_of(language, METRIC_COUNT, goals->by_chance),
                                    figure_of(language, METRIC_COUNT, beside_missed(goals))};
    const struct figure lag = figure_of(language, METRIC_MS, variant->send_lag_p99_ms);
    const struct figure rates[] = {figure_of(language, METRIC_RATE, variant->peak_rps),
                                   figure_of(language, METRIC_RATE, BESIDE_RATE_MAX)};

    switch (block->rows.trust) {
    case BESIDE_JUDGED:
        print_sentence(page, beside_missed(goals) == 0 ? COLOR_GOOD : COLOR_BAD, language,
                       goals->held == goals->of ? &all_held : &held, counts);
        return;
    case BESIDE_PARTIAL:
        print_sentence(page, COLOR_WARN, language, &partial, NULL);
        return;
    case BESIDE_VOID:
        print_sentence(page, COLOR_WARN, language, &is_void, &lag);
        return;
    case BESIDE_TOO_FAST:
        print_sentence(page, COLOR_WARN, language, &fast, rates);
        return;
    case BESIDE_NO_CORE:
        print_sentence(page, COLOR_WARN, language, &no_core, NULL);
        return;
    }
}

static void print_measurement(struct page *page, enum language language,
                              const struct beside_variant *variant)
{
    static const struct text lag = {"send lag: p50 %s, p99 %s", "запаздывание отправки: p50 %s, "
                                                                "p99 %s"};
    const struct figure lags[] = {figure_of(language, METRIC_MS, variant->send_lag_p50_ms),
                                  figure_of(language, METRIC_MS, variant->send_lag_p99_ms)};

    if (variant->servers != NULL && variant->servers[0] != '\0')
        print_line(page, COLOR_DIM, variant->servers);
    print_sentence(page, COLOR_DIM, language, &lag, lags);
}

/* ---- All variants ---------------------------------------------------------------------------- */

static void print_variant(struct page *page, enum language language,
                          const struct beside_variant *variant)
{
    struct block block = {.language = language};
    struct grid grid = {.context = &block,
                        .variants_max = COLUMNS,
                        .variant = heading_at,
                        .item = head_at,
                        .cell = cell_at};

    beside_rows(&block.rows, variant);
    grid.items_max = block.rows.rows_max;
    page_end(page);
    page_put(page, COLOR_STRONG, beside_name(variant));
    page_end(page);
    grid_print(page, &grid);
    print_whys(page, language, &block, variant->theory);
    print_measurement(page, language, variant);
    print_chances(page, language, &block, variant);
    print_trust(page, language, &block, variant);
}

static void print_sum(struct page *page, enum language language, const struct beside *beside)
{
    static const struct text sum = {
        "Goals held: %s of %s; others by chance: %s, missed: %s; variants judged: %s of %s",
        "Целей выдержано: %s из %s; прочие: случай — %s, промах — %s; вариантов оценено: %s из %s"};
    static const struct text what = {
        "goals: throughput and goodput within 5%, p50 10%, p95 20%, utilisation 5 points",
        "цели: throughput и goodput в пределах 5 %, p50 — 10 %, p95 — 20 %, занятость — 5 пунктов"};
    static const struct text how = {
        "simulated: the mean of %s runs with the same requests and other luck; ≈: off by no more "
        "than these are",
        "симуляция: среднее %s прогонов с теми же запросами и иной удачей; ≈: расходится не "
        "больше, чем они"};
    struct beside_goals goals = beside_goals(beside);
    const struct figure runs = figure_of(
        language, METRIC_COUNT, beside->variants_max > 0 ? beside->variants[0].simulated_max : 0);
    const struct figure figures[] = {figure_of(language, METRIC_COUNT, goals.held),
                                     figure_of(language, METRIC_COUNT, goals.of),
                                     figure_of(language, METRIC_COUNT, goals.by_chance),
                                     figure_of(language, METRIC_COUNT, beside_missed(&goals)),
                                     figure_of(language, METRIC_COUNT, goals.variants_judged),
                                     figure_of(language, METRIC_COUNT, beside->variants_max)};
    char line[300];

    page_end(page);
    figure_fill(line, sizeof line, text_in(language, &sum), figures);
    page_wrap(page, beside_missed(&goals) == 0 ? COLOR_STRONG : COLOR_BAD, 0, line);
    page_end(page);
    page_wrap(page, COLOR_DIM, 0, text_in(language, &what));
    page_end(page);
    figure_fill(line, sizeof line, text_in(language, &how), &runs);
    page_wrap(page, COLOR_DIM, 0, line);
    page_end(page);
}

void beside_print(struct page *page, const struct beside *beside)
{
    static const struct text title = {"Estimated, simulated, measured",
                                      "Оценка, симуляция, измерение"};
    enum language language = language_of(beside->lang);

    page_put(page, COLOR_STRONG, text_in(language, &title));
    page_end(page);
    for (unsigned v = 0; v < beside->variants_max; v++)
        print_variant(page, language, &beside->variants[v]);
    print_sum(page, language, beside);
}

void beside_terminal(const struct beside *beside, FILE *out)
{
    struct page page;

    page_init(&page, out, beside->columns, beside->use_color);
    beside_print(&page, beside);
}
