/* door_live.c — Who comes in, who waits at the door, who is shed, and what they are told.
 *
 *     request --an ask--> full? --no--> at the door --> inside --door_answer--> http_reply
 *        |                  |             (threads)
 *        | something else   +--yes--> 503
 *        v
 *      other, 404, 405, 400
 */
#define _GNU_SOURCE
#include "services/live/node/door_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "services/base/list.h"
#include "services/base/pool.h"
#include "services/base/door_line.h"
#include "services/live/http/wire_token.h"
#include "services/live/node/stats.h"
#include "services/live/tokens/wallet.h"

enum { SPARE_VISITS = 64, CONNECTIONS_MIN = 4096 }; /* Health checks want a visit each as well. */

/* While it drains: what clients had sent on their connections before the door closed is read within
 * that time, and served like the rest. */
#define LAST_ONES_NS UINT64_C(20000000)

struct guest { /* A visit and where its answer goes. */
    struct visit visit;
    struct http_request *request;
    struct link link; /* At the door; on no list once it is inside. */
    uint64_t arrived_ns;
    uint64_t token; /* Kept for the visit; the service may have changed its ask. */
    enum visit_stage stage;
    uint64_t staged_ns; /* At that stage since. */
    bool is_counted;    /* Health checks are not. */
};

struct door_live {
    struct door port; /* First. */
    struct loop *loop;
    struct door_live_config config;
    struct node_stats *stats;
    struct http_server *server;
    const struct service_ops *ops; /* NULL: not up yet. */
    void *service;
    struct arena arena;
    struct pool guests;
    struct door_line line;
    uint32_t inside;
    bool is_admitting; /* Those at the door are being given the workers that came free. */
    bool is_leaving, is_draining;
    struct event *empty; /* Alarm: nobody is inside any more. */
    void (*emptied)(void *context);
    void *context;
};

/* ---- Answers --------------------------------------------------------------------------------- */

static void reply(struct http_request *request, const struct ask *ask, enum call_outcome outcome,
                  int64_t value, uint32_t bytes)
{
    char text[WIRE_ANSWER_MAX];
    unsigned status;
    size_t length = wire_write_answer(text, ask, outcome, value, &status);

    http_reply(request, status, "application/json", (struct span){text, length},
               wire_filler(length, bytes));
}

/* The texts behind the handle go out, and are kept here no longer. False: there are none. */
static bool reply_grant(struct door_live *door, struct http_request *request, uint64_t token,
                        uint32_t bytes)
{
    static char text[WIRE_GRANT_MAX];
    struct span access, session;
    size_t length;

    if (!wallet_find_grant(door->config.wallet, token, &access, &session))
        return false;
    length = wire_write_grant(text, access, session);
    wallet_drop(door->config.wallet, token);
    http_reply(request, 200, "application/json", (struct span){text, length},
               wire_filler(length, bytes));
    return true;
}

/* Where nobody is asked for a token, a login is answered with none. */
static bool is_grant(const struct door_live *door, const struct ask *ask, enum call_outcome outcome,
                     int64_t value)
{
    return door->config.wallet != NULL && wire_grants(ask) && outcome == CALL_OK && value != 0;
}

static void reply_visit(struct door_live *door, struct guest *guest, enum call_outcome outcome,
                        int64_t value, uint32_t bytes)
{
    const struct ask *ask = &guest->visit.ask;

    if (!is_grant(door, ask, outcome, value))
        reply(guest->request, ask, outcome, value, bytes);
    else if (!reply_grant(door, guest->request, (uint64_t)value, bytes))
        reply(guest->request, ask, CALL_FAILED, 0, 0);
    if (guest->token != 0)
        wallet_drop(door->config.wallet, guest->token);
}

void door_reply_error(struct http_request *request, unsigned status, const char *text)
{
    char json[WIRE_ANSWER_MAX] = "{\"error\":\"";
    size_t length = strlen(json);

    for (; *text != '\0' && length < sizeof json - 4; text++)
        if (*text >= ' ' && *text != '"' && *text != '\\' && *text != 0x7f)
            json[length++] = *text;
    json[length++] = '"';
    json[length++] = '}';
    http_reply(request, status, "application/json", (struct span){json, length}, 0);
}

/* ---- In and out ------------------------------------------------------------------------------ */

static void note_inside(struct door_live *door)
{
    stats_level_set(&door->stats->inside, loop_now_ns(door->loop), door->inside);
}

static void note_line(struct door_live *door)
{
    stats_level_set(&door->stats->waiting, loop_now_ns(door->loop), door->line.waiting.length);
}

static void note_turn(struct door_live *door, uint64_t waited_ns)
{
    door->stats->waits++;
    door->stats->waits_ns += waited_ns;
    if (waited_ns > 0)
        histogram_record(&door->stats->wait, waited_ns);
}

static void hand_over(struct door_live *door, struct guest *guest)
{
    door->ops->visit(door->service, &guest->visit);
}

static void wait_at_the_door(struct door_live *door, struct guest *guest)
{
    door_line_push(&door->line, &guest->link, guest->visit.ask.priority, loop_now_ns(door->loop));
    note_line(door);
}

static void admit(struct door_live *door, struct guest *guest)
{
    guest->is_counted = true;
    door->inside++;
    door->stats->visits++;
    door->stats->let_in++;
    note_inside(door);
    if (!cpu_live_has_workers(door->config.cpu)) {
        hand_over(door, guest);
    } else if (cpu_live_take_worker(door->config.cpu)) {
        note_turn(door, 0);
        hand_over(door, guest);
    } else {
        wait_at_the_door(door, guest);
    }
}

static void note_stage(struct door_live *door, const struct guest *guest, uint64_t now_ns)
{
    door->stats->staged_ns[guest->stage] += now_ns - guest->staged_ns;
}

static void name_stage(struct door *port, struct visit *visit, enum visit_stage stage,
                       uint64_t ago_ns)
{
    struct door_live *door = (struct door_live *)port;
    struct guest *guest = list_entry(visit, struct guest, visit);
    uint64_t now_ns = loop_now_ns(door->loop), before_ns = now_ns - guest->staged_ns;

    now_ns -= ago_ns < before_ns ? ago_ns : before_ns;
    note_stage(door, guest, now_ns);
    guest->stage = stage;
    guest->staged_ns = now_ns;
}

static void leave(struct door_live *door, struct guest *guest, enum call_outcome outcome)
{
    uint64_t stay_ns = loop_now_ns(door->loop) - guest->arrived_ns;

    if (guest->stage != STAGE_DOOR)
        note_stage(door, guest, loop_now_ns(door->loop));
    door->inside--;
    door->stats->stays_ns += stay_ns;
    door->stats->answered[outcome]++;
    histogram_record(&door->stats->latency, stay_ns);
    note_inside(door);
}

/* It has been taken from those at the door, and goes away unserved. */
static void turn_away(struct door_live *door, struct guest *guest)
{
    note_line(door);
    note_turn(door, loop_now_ns(door->loop) - guest->arrived_ns);
    door->stats->shed++;
    reply_visit(door, guest, CALL_SHED, 0, 0);
    leave(door, guest, CALL_SHED);
    pool_give(&door->guests, guest);
}

/* A worker is free for the one that has been taken from the door. */
static void let_in(struct door_live *door, struct guest *guest)
{
    note_line(door);
    note_turn(door, loop_now_ns(door->loop) - guest->arrived_ns);
    hand_over(door, guest);
}

/* The next one who has not come too long ago; NULL: nobody is left. */
static struct guest *next_guest(struct door_live *door)
{
    uint64_t now_ns = loop_now_ns(door->loop);
    struct link *link;

    while ((link = door_line_take(&door->line)) != NULL) {
        struct guest *guest = list_entry(link, struct guest, link);

        if (!door_line_is_stale(&door->line, now_ns - guest->arrived_ns, now_ns))
            return guest;
        turn_away(door, guest);
    }
    return NULL;
}

/* A worker came free. Who is answered at once (it came too late) frees it again, inside this loop:
 * then the loop goes on, and a long line is no deep stack. */
static void admit_next(struct door_live *door)
{
    struct guest *guest;

    cpu_live_free_worker(door->config.cpu);
    if (door->is_admitting)
        return;
    door->is_admitting = true;
    while (cpu_live_take_worker(door->config.cpu)) {
        guest = next_guest(door);
        if (guest == NULL) {
            cpu_live_free_worker(door->config.cpu);
            break;
        }
        let_in(door, guest);
    }
    door->is_admitting = false;
}

static void answer(struct door *port, struct visit *visit, enum call_outcome outcome, int64_t value,
                   uint32_t bytes)
{
    struct door_live *door = (struct door_live *)port;
    struct guest *guest = list_entry(visit, struct guest, visit);
    bool is_counted = guest->is_counted;

    reply_visit(door, guest, outcome, value, bytes); /* First: somebody waits for it. */
    if (is_counted)
        leave(door, guest, outcome);
    pool_give(&door->guests, guest);
    if (is_counted && cpu_live_has_workers(door->config.cpu))
        admit_next(door);
    if (door->is_draining && door->inside == 0)
        loop_alarm_set(door->empty, LAST_ONES_NS);
}

static const struct door_ops door_live_ops = {.answer = answer, .stage = name_stage};

/* ---- Requests -------------------------------------------------------------------------------- */

static void shed(struct door_live *door, struct http_request *request, const struct ask *ask)
{
    door->stats->visits++;
    door->stats->shed++;
    reply(request, ask, CALL_SHED, 0, 0);
}

/* Who waits at the door is turned away for this one, where the line's order says so. */
static bool turns_one_away(struct door_live *door, const struct ask *ask)
{
    struct link *link = door_line_give_way(&door->line, ask->priority);

    if (link == NULL)
        return false;
    turn_away(door, list_entry(link, struct guest, link));
    return true;
}

/* Too many inside are too many, whoever comes; in a full line one may give way. */
static bool has_room(struct door_live *door, const struct ask *ask)
{
    bool has_given_way;

    if (door->inside >= door->config.in_flight)
        return false;
    if (!cpu_live_is_full(door->config.cpu, door->line.waiting.length))
        return true;
    if (cpu_live_has_workers(door->config.cpu))
        return turns_one_away(door, ask);
    has_given_way = cpu_live_gives_way(door->config.cpu, ask->priority);
    door->stats->shed += has_given_way;
    return has_given_way;
}

static struct guest *take_guest(struct door_live *door, struct http_request *request,
                                const struct ask *ask)
{
    struct guest *guest = pool_take(&door->guests);

    if (guest != NULL)
        *guest = (struct guest){.visit.ask = *ask,
                                .request = request,
                                .arrived_ns = loop_now_ns(door->loop),
                                .staged_ns = loop_now_ns(door->loop)};
    return guest;
}

/* What is shown, whatever it is, for the service to look at. False: nobody can say what is. */
static bool read_token(struct door_live *door, struct guest *guest)
{
    struct span text = {"", 0};
    enum wire_bearer bearer = wire_read_bearer(guest->request, &text);

    if (bearer == WIRE_TOKEN)
        guest->token = guest->visit.ask.token =
            wallet_keep(door->config.wallet, text, (struct span){NULL, 0});
    return bearer != WIRE_TWO_TOKENS;
}

static void visit(struct door_live *door, struct http_request *request, const struct ask *ask)
{
    struct guest *guest;

    if (door->ops == NULL || !has_room(door, ask) ||
        (guest = take_guest(door, request, ask)) == NULL) {
        shed(door, request, ask);
    } else if (door->config.wallet != NULL && !read_token(door, guest)) {
        pool_give(&door->guests, guest);
        door_reply_error(request, 400, "Authorization is given twice");
    } else {
        admit(door, guest);
    }
}

static void check_health(struct door_live *door, struct http_request *request,
                         const struct ask *ask)
{
    struct guest *guest = NULL;

    if (door->ops != NULL && !door->is_leaving)
        guest = take_guest(door, request, ask);
    if (guest == NULL)
        reply(request, ask, CALL_SHED, 0, 0);
    else
        hand_over(door, guest);
}

static void handle(void *context, struct http_request *request)
{
    struct door_live *door = context;
    const char *why = "malformed request";
    struct ask ask = {0};

    loop_enter(door->loop);
    if (door->config.other != NULL && door->config.other(door->config.context, request))
        return;
    switch (wire_read_ask(&ask, request, loop_now_ns(door->loop), &why)) {
    case WIRE_ASK:
        if (ask.verb == VERB_HEALTH)
            check_health(door, request, &ask);
        else if ((door->config.verbs & 1u << ask.verb) == 0)
            door_reply_error(request, 404, "another service knows this");
        else
            visit(door, request, &ask);
        return;
    case WIRE_NOT_FOUND:
        door_reply_error(request, 404, "no such path; see services/live/http/openapi.yaml");
        return;
    case WIRE_NOT_METHOD:
        door_reply_error(request, 405, "this path has no such method");
        return;
    case WIRE_MALFORMED:
        door_reply_error(request, 400, why);
        return;
    }
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static void is_empty(void *context)
{
    struct door_live *door = context;

    if (door->inside == 0)
        door->emptied(door->context);
}

/* A flood of clients must leave files for what a node itself asks: half of them, where the system
 * allows so few. */
static uint32_t fit_files(uint32_t connections_max)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 2 >= connections_max)
        return connections_max;
    return files.rlim_cur > 2 ? (uint32_t)(files.rlim_cur / 2) : 1;
}

static bool listen_on(struct door_live *door, uint32_t visits_max, char why[static 160])
{
    struct http_server_config config = http_server_defaults();

    config.listen = door->config.listen;
    config.listens = door->config.listens;
    config.takes_one_by_one = door->config.listens >= 0;
    config.connections_max = fit_files(
        visits_max + SPARE_VISITS > CONNECTIONS_MIN ? visits_max + SPARE_VISITS : CONNECTIONS_MIN);
    door->server = http_server_open(door->loop, &config, handle, door, why);
    return door->server != NULL;
}

struct door_live *door_live_open(struct loop *loop, const struct door_live_config *config,
                                 char why[static 160])
{
    uint32_t visits_max = config->in_flight < DOOR_VISITS_MAX ? config->in_flight : DOOR_VISITS_MAX;
    uint32_t guests_max = visits_max + SPARE_VISITS;
    struct door_live *door = malloc(sizeof *door);

    check(door != NULL);
    *door = (struct door_live){
        .port.ops = &door_live_ops, .loop = loop, .config = *config, .stats = config->stats};
    door_line_init(&door->line, cpu_live_line(config->cpu));
    check(arena_open(&door->arena, pool_bytes(sizeof(struct guest), guests_max)));
    pool_init(&door->guests, &door->arena, sizeof(struct guest), guests_max);
    if (!listen_on(door, visits_max, why)) {
        arena_close(&door->arena);
        free(door);
        return NULL;
    }
    door->empty = loop_alarm(loop, is_empty, door);
    return door;
}

void door_live_close(struct door_live *door)
{
    http_server_close(door->server);
    loop_alarm_free(door->empty);
    arena_close(&door->arena);
    free(door);
}

struct door *door_live_port(struct door_live *door)
{
    return &door->port;
}

uint16_t door_live_listens_on(const struct door_live *door)
{
    return http_server_port(door->server);
}

const struct http_server_stats *door_live_http(const struct door_live *door)
{
    return http_server_stats(door->server);
}

void door_live_begin(struct door_live *door, const struct service_ops *ops, void *service)
{
    door->ops = ops;
    door->service = service;
}

void door_live_is_leaving(struct door_live *door)
{
    door->is_leaving = true;
}

void door_live_drain(struct door_live *door, void (*emptied)(void *context), void *context)
{
    door->is_leaving = door->is_draining = true;
    door->emptied = emptied;
    door->context = context;
    http_server_drain(door->server);
    if (door->inside == 0)
        loop_alarm_set(door->empty, LAST_ONES_NS);
}
