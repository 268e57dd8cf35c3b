/* lab.c — The order of a live run, and its way back down from wherever it got to. */
#include "sim/lab/lab.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/lab/lab_inside.h"
#include "sim/lab/timely.h"
#include "sim/load/arrivals.h"
#include "sim/measure/metric.h"

static const double lag_allowed_ms =
    2; /* findings: above it, it is the driver that was measured. */

static enum lab_end bring_up(struct lab *lab)
{
    struct message *trouble = &lab->report->trouble;
    enum lab_end end = servers_up(&lab->servers, lab->scenario, lab->options, trouble);

    if (end != LAB_DONE)
        return end;
    snprintf(lab->report->servers, sizeof lab->report->servers, "%s", lab->servers.versions);
    lab->report->has_embedded_broker = lab->servers.wanted.queue &&
                                       lab->servers.has_embedded_broker &&
                                       !lab->servers.queue.is_rabbit;
    if (!loop_open(&lab->loop, 0)) {
        message_say(trouble, "libevent refused a loop", "libevent не дала цикла событий");
        return LAB_TROUBLE;
    }
    if (lab->options->attach == NULL) {
        lab->crew = crew_open(&lab->loop, lab->scenario, lab->options, &lab->servers, trouble);
        if (lab->crew == NULL)
            return LAB_TROUBLE;
    }
    if (!drive_open(lab, trouble))
        return LAB_TROUBLE;
    return lab->crew != NULL ? LAB_DONE : attached_begin(lab, trouble);
}

static void note_send_lag(struct lab *lab)
{
    struct lab_report *report = lab->report;

    report->send_lag_p50_ms = (double)histogram_quantile_ns(&lab->send_lag, 0.5) * 1e-6;
    report->send_lag_p99_ms = (double)histogram_quantile_ns(&lab->send_lag, 0.99) * 1e-6;
    report->is_void = report->send_lag_p99_ms > lag_allowed_ms;
}

/* In the warm-up and the drain as well. What nobody knows may have been. */
static bool has_store_evicted(struct lab *lab)
{
    const struct store_mark *was = &lab->store_start;
    struct store_mark is;

    read_store(lab, &is);
    return !was->is_read || !is.is_read || is.figures.evicted != was->figures.evicted;
}

/* Services have stopped: what is there now is what there will be. */
static enum lab_end judge(struct lab *lab, bool has_drained)
{
    struct evidence evidence = {.ops = &evidence_lab_ops, .context = &lab->proofs};
    static struct crew_figures last; /* at_end knows nothing of what was missed since then. */
    struct message why = message_in(lab->options->lang);

    evidence.has_store_evicted = lab->servers.wanted.store && has_store_evicted(lab);
    evidence.has_store_missed = lab->crew == NULL;
    for (uint32_t i = 0; lab->crew != NULL && i < crew_stations(lab->crew); i++) {
        crew_read(lab->crew, i, &last);
        evidence.has_store_missed |= last.sum.store_missed > 0;
    }
    close_counters(lab);
    if (!proofs_fetch(lab, &why)) {
        message_say(&lab->report->trouble, "what is in the servers in the end cannot be read: %s",
                    "не удалось прочитать, что осталось на серверах: %s", why.text);
        return LAB_DEPENDENCY;
    }
    evidence.dead_letters = lab->proofs.dead_letters > lab->proofs.dead_before
                                ? lab->proofs.dead_letters - lab->proofs.dead_before
                                : 0; /* Somebody has looked at them meanwhile. */
    close_dead_letters(lab, evidence.dead_letters);
    audit_end(&lab->audit, &evidence, has_drained);
    return LAB_DONE;
}

static void close_result(struct lab *lab, uint64_t began_ns)
{
    struct result *result = lab->result;

    snprintf(result->engine, sizeof result->engine, "live");
    measure_close(&lab->measure, loop_now_ns(&lab->loop));
    bottleneck_find(result);
    metric_judge(result);
    result->events = lab->audit.offered;
    result->wall_s = (double)(loop_clock_ns() - began_ns) * 1e-9;
}

static enum lab_end run(struct lab *lab, uint64_t began_ns)
{
    enum lab_end end;
    bool has_drained;

    drive_run(lab);
    if (lab->crew == NULL)
        attached_note_lag(lab);
    has_drained = drive_drain(lab);
    close_figures(lab);
    note_send_lag(lab);
    lab->report->deaths = lab->crew != NULL ? crew_deaths(lab->crew) : 0;
    lab->report->failpoint_deaths = lab->crew != NULL ? crew_failpoint_deaths(lab->crew) : 0;
    if (lab->crew != NULL && crew_casualty(lab->crew)[0] != '\0') {
        message_say(&lab->report->trouble, "a node died: %s", "узел упал: %s",
                    crew_casualty(lab->crew));
        return LAB_TROUBLE;
    }
    if (lab->died.text[0] != '\0') {
        lab->report->trouble = lab->died;
        return LAB_TROUBLE;
    }
    if (lab->crew != NULL)
        crew_rest(lab->crew);
    else
        attached_settle(lab);
    servers_heal(&lab->servers);
    end = judge(lab, has_drained);
    if (end == LAB_DONE)
        close_result(lab, began_ns);
    return end;
}

enum lab_end lab_run(const struct scenario *scenario, const struct lab_options *options,
                     struct result *result, struct lab_report *report)
{
    struct lab *lab = calloc(1, sizeof *lab);
    uint64_t began_ns = loop_clock_ns();
    enum lab_end end;
    int awake;

    memset(report, 0, sizeof *report);
    report->trouble = message_in(options->lang);
    if (lab == NULL) {
        message_say(&report->trouble, "the system refused memory", "система не дала памяти");
        return LAB_TROUBLE;
    }
    lab->scenario = scenario;
    lab->options = options;
    lab->result = result;
    lab->report = report;
    lab->died = message_in(options->lang);
    measure_init(&lab->measure, scenario, result);
    result->seed = options->seed;
    awake = timely_keep_awake();
    end = bring_up(lab);
    if (lab_is_interrupted(options))
        end = LAB_INTERRUPTED;
    if (end == LAB_DONE)
        end = run(lab, began_ns);
    drive_close(lab);
    if (lab->crew != NULL)
        crew_close(lab->crew);
    if (lab->loop.base != NULL)
        loop_close(&lab->loop);
    servers_down(&lab->servers);
    timely_let_sleep(awake);
    proofs_free(lab);
    arena_close(&lab->arena);
    free(lab);
    return end;
}

/* Of all loads, just before an instant or from it on. */
static double rate_at(const struct arrivals *loads, uint32_t loads_max, uint64_t at_ns,
                      bool is_before)
{
    double sum = 0;

    for (uint32_t l = 0; l < loads_max; l++)
        for (uint32_t i = 0; i < loads[l].pieces_max; i++) {
            const struct rate_piece *piece = &loads[l].pieces[i];

            if (is_before ? piece->from_ns < at_ns && at_ns <= piece->to_ns
                          : piece->from_ns <= at_ns && at_ns < piece->to_ns)
                sum += piece->rate_from + piece->slope * (double)(at_ns - piece->from_ns) * 1e-9;
        }
    return sum;
}

/* Straight lines are highest where one of them begins or ends. */
double lab_peak_rate(const struct scenario *scenario)
{
    static struct arrivals loads[SCENARIO_LOADS_MAX];
    double highest = 0;

    for (uint32_t l = 0; l < scenario->loads_max; l++)
        arrivals_init(&loads[l], &scenario->loads[l], 0, scenario->duration_ns);
    for (uint32_t l = 0; l < scenario->loads_max; l++)
        for (uint32_t i = 0; i < loads[l].pieces_max; i++) {
            const struct rate_piece *piece = &loads[l].pieces[i];

            highest = fmax(highest, rate_at(loads, scenario->loads_max, piece->from_ns, false));
            highest = fmax(highest, rate_at(loads, scenario->loads_max, piece->to_ns, true));
        }
    return highest;
}

bool lab_lacks_core(const struct scenario *scenario)
{
    uint32_t computed = 0;

    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind == KIND_COUNTER)
            computed += scenario->services[i].replicas * scenario->services[i].cores;
    return computed > 0 && computed >= sysconf(_SC_NPROCESSORS_ONLN);
}
