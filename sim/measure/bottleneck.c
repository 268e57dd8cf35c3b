/* bottleneck.c — Which component limits the run, and how one can tell.
 *
 * A pure rule over the result:
 *
 *   1. Of all that can be busy (cores of each service, its interpreter's lock, the table's cores,
 *      its connections, its hottest row, the store's thread) take the one that was busiest at its
 *      peak. One replica that is busier all the time than all of them in their busiest second
 *      stands for its service: where load is dealt out unevenly the mean says nothing. Peaks
 *      within the same whole per cent count as equal; then the mean decides, then the order below,
 *      which goes from cause to symptom.
 *   2. Full connections are a symptom when the row that they all want is locked, or when the
 *      table's cores are exhausted: then they do not stand for election.
 *   3. A backlog that is still growing when the load ends, or most of which is still there, counts
 *      as 95 % busy: its consumers cannot keep up, be it that nothing of theirs is saturated (one
 *      partition, one record at a time).
 *   4. Full workers (threads, processes, loops that a blocking call holds) are a symptom of
 *      whatever their visits wait for: they stand for election only where nothing else is busy,
 *      and then those win that wait least for another service.
 *   5. Below 70 % at its peak nothing is a bottleneck.
 *
 * Left out: the limits that have no utilisation (a network, a client's patience). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/measure/figure.h"

static const double busy_enough = 0.70;
static const double exhausted = 0.95;

enum symptom {
    CORES,
    REPLICA,
    GIL,
    WORKERS,
    ROW,
    TABLE_CORES,
    CONNECTIONS,
    STORE_THREAD,
    STORE_THREADS,
    BACKLOG
};

struct candidate {
    enum symptom symptom;
    const char *component;
    const struct service_result *service; /* CORES, REPLICA, GIL and WORKERS only. */
    double peak, mean;
};

static bool is_busier(const struct candidate *a, const struct candidate *b)
{
    int a_percent = (int)(a->peak * 100 + 0.5), b_percent = (int)(b->peak * 100 + 0.5);

    return a_percent != b_percent ? a_percent > b_percent : a->mean > b->mean;
}

static void consider(struct candidate *best, struct candidate candidate)
{
    if (best->component == NULL || is_busier(&candidate, best))
        *best = candidate;
}

/* More than a second's worth of records is waiting at the end of the load, and more than half of
 * what ever was. */
static bool lag_has_stayed(const struct result *result)
{
    const struct series_result *series = &result->series;
    uint32_t runs = result->replications > 1 ? result->replications : 1;
    uint32_t load_s = (uint32_t)(result->measured_s / runs);
    uint32_t last = load_s < series->seconds ? load_s : series->seconds;
    double second_of_records =
        result->measured_s > 0 ? (double)result->queue.put / result->measured_s : 0;
    double highest = 0, lag;

    if (!result->queue.is_used || last == 0)
        return false;
    for (uint32_t i = 0; i < last; i++)
        highest = (double)series->lag[i] > highest ? (double)series->lag[i] : highest;
    lag = (double)series->lag[last - 1];
    return lag / runs > second_of_records && lag > 0.5 * highest;
}

/* Mean time that a visit of this service spends in asking others. */
static double peer_ms(const struct service_result *service)
{
    for (uint32_t i = 0; i < service->stages_max; i++)
        if (strcmp(service->stages[i].name, "peer") == 0)
            return service->stages[i].mean_ms;
    return 0;
}

/* The service whose workers are all held and that has the least excuse; or nothing. */
static struct candidate fullest_workers(const struct result *result)
{
    struct candidate best = {.component = NULL};

    for (uint32_t i = 0; i < result->services_max; i++) {
        const struct service_result *service = &result->services[i];

        if (service->held_peak >= exhausted &&
            (best.component == NULL || peer_ms(service) < peer_ms(best.service)))
            best = (struct candidate){WORKERS, service->name, service, service->held_peak,
                                      service->held};
    }
    return best;
}

static enum symptom store_symptom(const struct result *result)
{
    bool is_memcached = result->scenario != NULL && result->scenario->store.kind == STORE_MEMCACHED;

    return is_memcached ? STORE_THREADS : STORE_THREAD;
}

static struct candidate busiest(const struct result *result)
{
    const struct table_result *table = &result->table;
    const struct store_result *store = &result->store;
    struct candidate best = {.component = NULL};

    if (table->is_used && table->unread == 0)
        consider(&best, (struct candidate){ROW, "table", NULL, table->hottest_row_busy,
                                           table->hottest_row_busy});
    if (table->is_used && table->unread == 0)
        consider(&best, (struct candidate){TABLE_CORES, "table", NULL, table->utilization_peak,
                                           table->utilization});
    if (table->is_used && table->hottest_row_busy < busy_enough &&
        table->utilization_peak < exhausted)
        consider(&best, (struct candidate){CONNECTIONS, "table", NULL, table->pool_utilization_peak,
                                           table->pool_utilization});
    if (store->is_used)
        consider(&best, (struct candidate){store_symptom(result), "store", NULL,
                                           store->utilization_peak, store->utilization});
    for (uint32_t i = 0; i < result->services_max; i++) {
        const struct service_result *service = &result->services[i];

        consider(&best, (struct candidate){CORES, service->name, service, service->utilization_peak,
                                           service->utilization});
        consider(&best, (struct candidate){REPLICA, service->name, service,
                                           service->busiest_replica, service->utilization});
        consider(&best, (struct candidate){GIL, service->name, service, service->gil_held_peak,
                                           service->gil_held});
    }
    if (lag_has_stayed(result))
        consider(&best, (struct candidate){BACKLOG, "queue", NULL, exhausted, 0});
    if (best.peak < busy_enough && fullest_workers(result).component != NULL)
        return fullest_workers(result);
    return best;
}

/* ---- The evidence, in words ----------------------------------------------------------------- */

struct sentence { /* One per language, same figures in the same order. */
    const char *text[LANGUAGES];
};

static const struct sentence sentences[] = {
    [CORES] = {{"cores busy %s at peak, %s overall; line %s, wait p99 %s",
                "ядра: пик %s, в среднем %s; очередь %s, ожидание p99 %s"}},
    [REPLICA] = {{"its busiest replica's cores busy %s all the time, all replicas' %s; line %s, "
                  "wait p99 %s",
                  "ядра самой занятой реплики заняты на %s всё время, всех реплик на %s; "
                  "очередь %s, ожидание p99 %s"}},
    [GIL] = {{"the interpreter's lock held %s at peak, %s overall; each wait for it %s",
              "блокировка интерпретатора занята: пик %s, в среднем %s; каждый раз её ждут %s"}},
    [ROW] = {{"one row is locked %s of the time; writers wait %s for it on average",
              "одна строка заблокирована %s времени; её ждут в среднем %s"}},
    [TABLE_CORES] = {{"server cores busy %s at peak, %s overall; %s reads, %s writes",
                      "ядра сервера: пик %s, в среднем %s; чтений %s, записей %s"}},
    [CONNECTIONS] = {{"connections taken %s at peak, %s overall; a free one takes %s",
                      "соединения: пик %s, в среднем %s; свободного ждут %s"}},
    [STORE_THREAD] = {{"its one thread busy %s at peak, %s overall; %s commands",
                       "единственный поток: пик %s, в среднем %s; команд %s"}},
    [STORE_THREADS] = {{"its busiest thread busy %s at peak, all of them %s overall; %s commands",
                        "самый занятый поток: пик %s, все вместе в среднем %s; команд %s"}},
    [BACKLOG] = {{"the backlog grows to %s: %s come in, %s are worked off",
                  "отставание растёт до %s: приходит %s, обрабатывается %s"}},
};

/* Who is held by visits. */
static const struct sentence workers[] = {
    [RUNTIME_EVENT_LOOP] = {{"loops held %s at peak, %s overall: a handler blocks them, and who "
                             "comes meanwhile waits in the socket",
                             "циклы событий заняты: пик %s, в среднем %s — их держит блокирующий "
                             "вызов, остальные ждут в сокете"}},
    [RUNTIME_THREADS] = {{"threads held %s at peak, %s overall; line %s, wait p99 %s",
                          "потоки заняты: пик %s, в среднем %s; очередь %s, ожидание p99 %s"}},
    [RUNTIME_GIL_THREADS] = {{"threads held %s at peak, %s overall; line %s, wait p99 %s",
                              "потоки заняты: пик %s, в среднем %s; очередь %s, ожидание p99 %s"}},
    [RUNTIME_PROCESSES] = {{"processes held %s at peak, %s overall; line %s, wait p99 %s",
                            "процессы заняты: пик %s, в среднем %s; очередь %s, ожидание p99 %s"}},
};

static const struct sentence idle = {
    {"nothing is busier than %s at peak (%s)", "в пике ничто не занято больше чем на %s (%s)"}};
static const struct sentence unknown = {
    {"nothing was measured that can be busy", "не измерено ничего, что бывает занято"}};

enum { FIGURES_MAX = 4 };

static struct figure rate_of(enum language language, const struct result *result, uint64_t count)
{
    return figure_of(language, METRIC_RATE,
                     result->measured_s > 0 ? (double)count / result->measured_s : 0);
}

/* Of processes, live, the mean alone is known: they wait in a socket. */
static struct figure wait_p99(enum language language, const struct service_result *service)
{
    bool is_known = service->wait.total > 0 || !(service->wait_mean_ms > 0);

    return figure_of(language, METRIC_MS,
                     is_known ? (double)histogram_quantile_ns(&service->wait, 0.99) / 1e6
                              : (double)NAN);
}

/* The figures of a sentence, in its order. */
static void gather(struct figure figures[FIGURES_MAX], enum language language,
                   const struct result *result, const struct candidate *candidate)
{
    const struct table_result *table = &result->table;

    figures[0] = figure_of(language, METRIC_SHARE, candidate->peak);
    figures[1] = figure_of(language, METRIC_SHARE, candidate->mean);
    switch (candidate->symptom) {
    case GIL:
        figures[2] = figure_of(language, METRIC_MS, candidate->service->gil_wait_mean_ms);
        break;
    case CORES:
    case REPLICA:
    case WORKERS:
        figures[2] = figure_of(language, METRIC_COUNT, candidate->service->queue_max);
        figures[3] = wait_p99(language, candidate->service);
        break;
    case ROW:
        figures[1] = figure_of(language, METRIC_MS, table->lock_wait_mean_ms);
        break;
    case TABLE_CORES:
        figures[2] = rate_of(language, result, table->reads);
        figures[3] = rate_of(language, result, table->writes);
        break;
    case CONNECTIONS:
        figures[2] = figure_of(language, METRIC_MS, table->pool_wait_mean_ms);
        break;
    case STORE_THREAD:
    case STORE_THREADS:
        figures[2] = rate_of(language, result, result->store.commands);
        break;
    case BACKLOG:
        figures[0] = figure_of(language, METRIC_COUNT, (double)result->queue.lag_max);
        figures[1] = rate_of(language, result, result->queue.put);
        figures[2] = rate_of(language, result, result->queue.committed);
        break;
    }
}

static const struct sentence *sentence_of(const struct candidate *candidate)
{
    return candidate->symptom == WORKERS ? &workers[candidate->service->runtime]
                                         : &sentences[candidate->symptom];
}

static void explain(char *out, size_t size, enum language language, const struct result *result,
                    const struct candidate *candidate)
{
    struct figure figures[FIGURES_MAX] = {0};

    if (candidate->component == NULL) {
        figure_fill(out, size, unknown.text[language], figures);
    } else if (candidate->peak < busy_enough) {
        figures[0] = figure_of(language, METRIC_SHARE, candidate->peak);
        figures[1] = figure_word(candidate->component);
        figure_fill(out, size, idle.text[language], figures);
    } else {
        gather(figures, language, result, candidate);
        figure_fill(out, size, sentence_of(candidate)->text[language], figures);
    }
}

void bottleneck_find(struct result *result)
{
    struct bottleneck_result *found = &result->bottleneck;
    struct candidate best = busiest(result);
    bool is_idle = best.component == NULL || best.peak < busy_enough;

    snprintf(found->component, sizeof found->component, "%s", is_idle ? "none" : best.component);
    explain(found->why_en, sizeof found->why_en, LANGUAGE_EN, result, &best);
    explain(found->why_ru, sizeof found->why_ru, LANGUAGE_RU, result, &best);
    found->why = (struct text){found->why_en, found->why_ru};
}
