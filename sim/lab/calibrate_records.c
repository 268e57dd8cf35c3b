/* calibrate_records.c — A queue, of either kind: records of many keys, so that all partitions are
 * written, and small. */
#include "sim/lab/calibrate_records.h"

#include <math.h>

#include "services/port/schema.h"

enum { PUTS = TAKER_PUTS - TAKER_PUTS / 6, TAKE_MAX = 100 };

static const uint64_t timeout_ns = 10000000000u, ms_ns = 1000000, join_limit_ns = 60000000000u;

/* ---- The consumer ---------------------------------------------------------------------------- */

static void take_again(struct taker *taker)
{
    queue_take(taker->queue, &taker->call, TOPIC_CUSTOM, TAKE_MAX, 0, 1000 * ms_ns);
}

/* An ask's id is its sample's number, from 1. */
static void note_record(struct taker *taker, const struct record *record, uint64_t now_ns)
{
    uint64_t index = record->ask.id - 1;

    taker->partition = record->partition;
    taker->next = record->offset + 1;
    if (taker->puts != NULL && record->ask.id > 0 && index < taker->puts->asked)
        taker->took_us[index] = (double)(now_ns - taker->puts->all[index].from_ns) * 1e-3;
}

static void acknowledged(struct call *call)
{
    list_entry(call, struct taker, receipt)->is_acknowledging = false;
}

static void acknowledge(struct taker *taker)
{
    if (taker->is_acknowledging || queue_keeps_log(taker->queue))
        return;
    taker->is_acknowledging = true;
    taker->receipt.done = acknowledged;
    queue_commit(taker->queue, &taker->receipt, TOPIC_CUSTOM, taker->partition, taker->next,
                 timeout_ns);
}

static void taken(struct call *call)
{
    struct taker *taker = (struct taker *)call;
    const struct record *records = call->span;
    uint64_t now_ns = loop_now_ns(&taker->calibrator->loop);

    if (taker->is_over) /* It had ended when the queue was closed, and is told of it now. */
        return;
    for (int64_t i = 0; call->outcome == CALL_OK && i < call->value; i++)
        note_record(taker, &records[i], now_ns);
    if (call->outcome == CALL_OK)
        acknowledge(taker);
    if (call->outcome == CALL_OK && taker->is_joining) {
        taker->is_joining = false;
        loop_stop(&taker->calibrator->loop);
    }
    take_again(taker);
}

bool taker_join(struct calibrator *calibrator, struct taker *taker, double *took_ms)
{
    uint64_t begun_ns;

    taker->call.done = taken;
    taker->calibrator = calibrator;
    taker->is_joining = true;
    loop_enter(&calibrator->loop);
    begun_ns = loop_now_ns(&calibrator->loop);
    take_again(taker);
    if (!loop_run(&calibrator->loop, begun_ns + join_limit_ns))
        return message_say(calibrator->trouble, "a consumer: no record came to it within a minute",
                           "потребитель: за минуту к нему не пришло ни одной записи");
    *took_ms = (double)(loop_now_ns(&calibrator->loop) - begun_ns) * 1e-6;
    return true;
}

/* ---- The producer ---------------------------------------------------------------------------- */

void calibrate_put_one(struct probe *probe, struct sample *sample)
{
    const struct ask ask = {.verb = VERB_CALL,
                            .key = (uint64_t)sample->index * 2654435761u,
                            .id = sample->index + 1,
                            .bytes = 64};

    queue_put(probe->context, &sample->call, TOPIC_CUSTOM, &ask, timeout_ns);
}

static void put_small(struct burst *burst, struct call *call)
{
    const struct ask ask = {.verb = VERB_CALL, .key = burst->sample->index, .bytes = 64};

    queue_put(burst->port, call, TOPIC_CUSTOM, &ask, timeout_ns);
}

/* ---- The series ------------------------------------------------------------------------------ */

static bool measure_puts(struct calibrator *calibrator, struct taker *taker, double rate,
                         struct calibrated_queue *figures)
{
    struct probe put = {.name = {"a record", "запись"},
                        .every_ns = (uint64_t)(1e9 / rate),
                        .is_uneven = true,
                        .samples = PUTS,
                        .ask = calibrate_put_one,
                        .context = taker->queue};
    bool is_good;

    for (unsigned i = 0; i < TAKER_PUTS; i++)
        taker->took_us[i] = (double)NAN;
    taker->puts = &put;
    is_good = probe_run(&put, calibrator, &figures->put);
    loop_enter(&calibrator->loop); /* The last ones are still on their way to the consumer. */
    if (is_good)
        (void)loop_run(&calibrator->loop, loop_now_ns(&calibrator->loop) + 300 * ms_ns);
    taker->puts = NULL;
    figures->take = calibrated_of(taker->took_us + (TAKER_PUTS - PUTS), PUTS);
    if (is_good && figures->take.n < PUTS / 2)
        return message_say(calibrator->trouble, "a consumer: records did not come to it",
                           "потребитель: записи до него не дошли");
    return is_good;
}

static bool measure_bursts(struct calibrator *calibrator, struct taker *taker,
                           struct calibrated *figures)
{
    static struct burst burst; /* Of puts that are still on their way, too. */
    struct probe many = {.name = {"a burst of records", "много записей сразу"},
                         .every_ns = 60 * ms_ns,
                         .samples = 60,
                         .ask = burst_ask,
                         .context = &burst};

    burst = (struct burst){.ask = put_small, .port = taker->queue};
    return probe_run(&many, calibrator, figures);
}

struct queue_live *calibrate_open_queue(struct calibrator *calibrator,
                                        const struct queue_settings *settings, const char *server)
{
    char why[160] = "";
    struct queue_live *queue = queue_live_open(&calibrator->loop, settings, calibrator->servers.run,
                                               NULL, &calibrator->stats, why);

    if (queue == NULL)
        message_say(calibrator->trouble, "%s: %s", "%s: %s", server, why);
    return queue;
}

bool calibrate_records(struct calibrator *calibrator, struct taker *taker, struct queue *queue,
                       double rate, struct calibrated_queue *figures)
{
    struct calibrated ignored;
    double ignored_ms;
    struct probe first = {.name = {"a first record", "первая запись"},
                          .every_ns = ms_ns,
                          .samples = 1,
                          .ask = calibrate_put_one,
                          .context = queue};

    *taker = (struct taker){.queue = queue};
    return probe_run(&first, calibrator, &ignored) && taker_join(calibrator, taker, &ignored_ms) &&
           measure_puts(calibrator, taker, rate, figures) &&
           measure_bursts(calibrator, taker, &figures->burst);
}
