/* drive.c — The people of the scenario, on real time and real sockets; and what a second brings.
 *
 * The clients are those of the virtual world, with the same draws, so the same requests are meant
 * to go out at the same instants. How far behind these instants they really went is kept beside
 * the figures: a driver that could not keep up has not measured the services. */
#include <event2/event.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "services/live/tokens/wallet.h"
#include "sim/lab/lab_inside.h"
#include "sim/lab/timely.h"

enum { WATCH_NS = 50000000, EMPTY_LOOKS = 4, PEOPLE_TOKENS_MAX = 1 << 20 };

static const uint64_t second_ns = 1000000000;

/* ---- Ears: the audit's, and the lag of sending ----------------------------------------------- */

static void hear_offered(void *context, const struct request *request)
{
    audit_ears.offered(&((struct lab *)context)->audit, request);
}

static void hear_tried(void *context, const struct request *request)
{
    struct lab *lab = context;
    uint64_t now_ns = loop_clock_ns() - lab->loop.origin_ns; /* The clock itself, not the step's. */

    if (request->attempts == 1 && !request->was_held &&
        request->intended_ns >= lab->scenario->warmup_ns)
        histogram_record(&lab->send_lag,
                         now_ns > request->intended_ns ? now_ns - request->intended_ns : 0);
    audit_ears.tried(&lab->audit, request);
}

static void hear_finished(void *context, const struct request *request, enum call_outcome outcome,
                          bool is_late)
{
    audit_ears.finished(&((struct lab *)context)->audit, request, outcome, is_late);
    audit_event(&((struct lab *)context)->audit);
}

static void hear_token(void *context, const struct token_news *news)
{
    audit_ears.token(&((struct lab *)context)->audit, news);
}

/* ---- Once a second --------------------------------------------------------------------------- */

static uint64_t failed(const struct requests_result *requests)
{
    uint64_t sum = requests->late;

    for (int i = 0; i < FAILURES; i++)
        sum += requests->failed[i];
    return sum;
}

static void tell(struct lab *lab, uint64_t lag, bool is_draining)
{
    const struct requests_result *requests = &lab->result->requests;
    const struct series_result *series = &lab->result->series;
    struct lab_progress progress = {
        .now_ns = loop_now_ns(&lab->loop),
        .offered_rps = (double)(requests->offered - lab->offered_before),
        .ok_rps = (double)(requests->ok - lab->ok_before),
        .failed_rps = (double)(failed(requests) - lab->failed_before),
        .p99_ms = series->seconds > 0 ? (double)series->p99_ms[series->seconds - 1] : NAN,
        .replicas = lab->crew != NULL ? crew_ready(lab->crew) : 0,
        .lag = lag,
        .is_draining = is_draining};

    lab->offered_before = requests->offered;
    lab->ok_before = requests->ok;
    lab->failed_before = failed(requests);
    if (lab->options->progress != NULL)
        lab->options->progress(lab->options->context, &progress);
}

static uint64_t highest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Busy share of each station in the second that has ended, and the lines that it has left. */
static void note_peaks(struct lab *lab, uint32_t *waiting)
{
    static struct crew_figures now;

    *waiting = 0;
    for (uint32_t i = 0; lab->crew != NULL && i < crew_stations(lab->crew); i++) {
        int64_t capacity, busy;

        crew_read(lab->crew, i, &now);
        capacity = (int64_t)(now.capacity_area - lab->last[i].capacity_area);
        busy = (int64_t)(now.sum.busy.area - lab->last[i].sum.busy.area);
        if (capacity > 0 && (double)busy / (double)capacity > lab->peaks[i])
            lab->peaks[i] = (double)busy / (double)capacity;
        *waiting += (uint32_t)now.sum.waiting.now;
        lab->in_hand_max = highest(lab->in_hand_max, now.most_in_hand);
        lab->queue_max[i] = highest(lab->queue_max[i], now.longest_line);
        lab->last[i] = now;
    }
}

static void second_passes(void *context)
{
    struct lab *lab = context;
    uint64_t now_ns = loop_now_ns(&lab->loop);
    uint64_t lag = lab->crew != NULL ? crew_lag(lab->crew) : 0;
    uint32_t waiting;

    note_peaks(lab, &waiting);
    lab->lag_max = highest(lab->lag_max, lag);
    measure_second(&lab->measure, now_ns, waiting, lab->crew != NULL ? crew_ready(lab->crew) : 0,
                   lag);
    tell(lab, lag, false);
    lab->seconds = now_ns / second_ns; /* Some may have passed in one, stopped. */
    if ((lab->seconds + 1) * second_ns <= lab->scenario->duration_ns)
        loop_alarm_set(lab->second, (lab->seconds + 1) * second_ns - now_ns);
}

static void begin_figures(struct lab *lab)
{
    read_figures(lab, lab->at_warm);
    memcpy(lab->last, lab->at_warm, sizeof lab->last);
    memset(lab->peaks, 0, sizeof lab->peaks);
    memset(lab->queue_max, 0, sizeof lab->queue_max);
    lab->lag_max = lab->in_hand_max = 0;
    if (lab->crew != NULL)
        crew_forget_sizes(lab->crew);
    lab->warm_ns = loop_clock_ns();
}

static void warmup_ends(void *context)
{
    struct lab *lab = context;

    read_store(lab, &lab->store_warm);
    begin_figures(lab);
}

static void look_around(void *context)
{
    struct lab *lab = context;

    loop_alarm_set(lab->watch, WATCH_NS);
    if (lab->audit.is_full) {
        lab->result->end = RUN_LIMIT;
        snprintf(lab->result->limit, sizeof lab->result->limit, "memory");
    } else if (lab_is_interrupted(lab->options)) {
        lab->result->end = RUN_INTERRUPTED;
    } else if (lab->crew != NULL && crew_casualty(lab->crew)[0] != '\0') {
        lab->result->end = RUN_LIMIT; /* Nobody will see it: there is no result to be had. */
    } else if (servers_have_died(&lab->servers, &lab->died)) {
        lab->result->end = RUN_LIMIT; /* The same. */
    } else {
        return;
    }
    loop_stop(&lab->loop);
}

/* ---- Setting up ------------------------------------------------------------------------------ */

/* "HOST:PORT" for every service, or "SERVICE=HOST:PORT,…". */
static bool attach_address(const char *attach, const char *service, struct address *address)
{
    char one[SETTINGS_TEXT_MAX];
    size_t name = strlen(service);

    while (*attach != '\0') {
        size_t length = strcspn(attach, ",");
        const char *text = one;

        snprintf(one, sizeof one, "%.*s", (int)length, attach);
        if (strchr(one, '=') != NULL)
            text = strncmp(one, service, name) == 0 && one[name] == '=' ? &one[name + 1] : NULL;
        if (text != NULL)
            return address_read(address, text);
        attach += length + (attach[length] == ',');
    }
    return false;
}

static bool set_peers(struct lab *lab, struct message *trouble)
{
    for (uint32_t i = 0; i < lab->scenario->services_max; i++) {
        const char *name = lab->scenario->services[i].name;
        struct address address;

        if (lab->crew != NULL) {
            address = *crew_front(lab->crew, i);
        } else if (!attach_address(lab->options->attach, name, &address)) {
            if (lab->scenario->services[i].kind == KIND_BATCHER)
                continue; /* Nobody asks it anything. */
            return message_say(
                trouble, "--attach says nowhere where %s is: HOST:PORT, or %s=HOST:PORT",
                "из --attach не видно, где %s: ХОСТ:ПОРТ или %s=ХОСТ:ПОРТ", name, name);
        }
        peer_live_set(lab->peer, i, &address);
    }
    return true;
}

static size_t arena_bytes(const struct scenario *scenario)
{
    size_t bytes = audit_bytes() + sizeof(struct clients) * scenario->loads_max + (1 << 20);

    for (uint32_t i = 0; i < scenario->loads_max; i++)
        bytes += clients_bytes(&scenario->loads[i]) + 4096;
    return bytes + ((size_t)1 << 30); /* And for the counters that the store shows. */
}

bool drive_open(struct lab *lab, struct message *trouble)
{
    const struct scenario *scenario = lab->scenario;
    struct ports ports;

    loop_allow_files();
    timer_live_open(&lab->timer, &lab->loop, &lab->own);
    lab->peer = peer_live_open(&lab->loop, scenario->services_max, &lab->own);
    if (lab->peer == NULL || !arena_open(&lab->arena, arena_bytes(scenario)))
        return message_say(trouble, "the system refused memory", "система не дала памяти");
    lab->wallet = wallet_open(PEOPLE_TOKENS_MAX);
    peer_live_use(lab->peer, lab->wallet);
    if (!set_peers(lab, trouble) || !drive_forge(lab, trouble))
        return false;
    audit_init(&lab->audit, &lab->measure, &lab->timer.port, &lab->arena);
    lab->ears = (struct clients_ears){hear_offered, hear_tried, hear_finished, hear_token};
    ports = (struct ports){
        .timer = &lab->timer.port, .peer = peer_live_port(lab->peer), .arena = &lab->arena};
    lab->loads = arena_take(&lab->arena, sizeof(struct clients) * scenario->loads_max);
    for (uint32_t i = 0; i < scenario->loads_max; i++)
        clients_init(&lab->loads[i], scenario, i, lab->options->seed, &ports, &lab->ears, lab);
    lab->second = loop_alarm(&lab->loop, second_passes, lab);
    lab->watch = loop_alarm(&lab->loop, look_around, lab);
    lab->warm = loop_alarm(&lab->loop, warmup_ends, lab);
    return true;
}

/* ---- The run --------------------------------------------------------------------------------- */

void drive_run(struct lab *lab)
{
    const struct scenario *scenario = lab->scenario;

    read_store(lab, &lab->store_start);
    lab->store_warm = lab->store_start;
    lab->loop.origin_ns = loop_clock_ns(); /* The run begins now. */
    loop_enter(&lab->loop);
    if (lab->crew != NULL)
        crew_begin(lab->crew);
    begin_figures(lab);
    if (scenario->warmup_ns > 0)
        loop_alarm_set(lab->warm, scenario->warmup_ns);
    if (scenario->duration_ns >= second_ns)
        loop_alarm_set(lab->second, second_ns);
    loop_alarm_set(lab->watch, WATCH_NS);
    (void)timely_go_first();
    for (uint32_t i = 0; i < scenario->loads_max; i++)
        clients_start(&lab->loads[i]);
    loop_run(&lab->loop, scenario->duration_ns);
    timely_line_up();
    loop_enter(&lab->loop);
    loop_alarm_clear(lab->second);
    if (loop_now_ns(&lab->loop) / second_ns > lab->seconds &&
        scenario->duration_ns % second_ns == 0 && lab->result->end == RUN_DONE)
        second_passes(lab);
    read_figures(lab, lab->at_end);
    lab->end_ns = loop_clock_ns();
    read_store(lab, &lab->store_end);
}

/* RabbitMQ tells of no message that is between it and a worker's board, which is up to 100 ms old:
 * what is empty four looks in a row, 100 ms apart and more, is empty. */
static bool is_rabbit_empty(struct lab *lab)
{
    uint64_t behind = 0;
    char why[160];

    if (log_read_lag(lab, &behind, why) && behind == 0)
        lab->empty_looks++;
    else
        lab->empty_looks = 0;
    return lab->empty_looks >= EMPTY_LOOKS;
}

static bool is_log_empty(struct lab *lab)
{
    uint64_t behind = 0;
    char why[160];

    if (!lab->servers.wanted.queue)
        return true;
    if (lab->servers.queue.is_rabbit)
        return is_rabbit_empty(lab);
    if (lab->crew != NULL && crew_lag(lab->crew) > 0)
        return false;
    return log_read_lag(lab, &behind, why) && behind == 0;
}

bool drive_drain(struct lab *lab)
{
    uint64_t until_ns = loop_now_ns(&lab->loop) + lab->scenario->drain_ns;
    uint64_t told_ns = loop_now_ns(&lab->loop);
    bool is_quiet = false;

    while (lab->result->end == RUN_DONE && !is_quiet && loop_now_ns(&lab->loop) < until_ns) {
        loop_run(&lab->loop, loop_now_ns(&lab->loop) + 2 * WATCH_NS);
        loop_enter(&lab->loop);
        is_quiet = lab->audit.offered == lab->audit.finished && is_log_empty(lab);
        if (loop_now_ns(&lab->loop) - told_ns < second_ns)
            continue;
        told_ns = loop_now_ns(&lab->loop);
        tell(lab, lab->crew != NULL ? crew_lag(lab->crew) : 0, true);
    }
    return is_quiet;
}

void drive_close(struct lab *lab)
{
    struct event *alarms[] = {lab->second, lab->watch, lab->warm};

    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
        if (alarms[i] != NULL)
            loop_alarm_free(alarms[i]);
    if (lab->peer != NULL)
        peer_live_close(lab->peer);
    if (lab->wallet != NULL)
        wallet_close(lab->wallet);
    if (lab->timer.loop != NULL)
        timer_live_close(&lab->timer);
}
