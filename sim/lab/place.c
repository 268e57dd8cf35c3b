/* place.c — One place of a crew: its process starts, says "ready", drains, dies, comes back. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/lab/crew_inside.h"

enum { READY_MS = 20000, LINE_MS = 1000 };

void station_note_size(struct station *station)
{
    uint64_t now_ns = loop_clock_ns();
    uint64_t ready = 0, up = 0;

    for (uint32_t i = 0; i < station->places_max; i++) {
        ready += station->places[i].state == PLACE_READY;
        up += station->places[i].state == PLACE_READY || station->places[i].state == PLACE_DRAINING;
    }
    stats_level_set(&station->ready, now_ns, ready);
    stats_level_set(&station->up, now_ns, up);
}

static void become(struct place *place, enum place_state state)
{
    place->state = state;
    if (state == PLACE_READY)
        place->ready_ns = loop_clock_ns();
    station_note_size(place->station);
}

void place_read(struct place *place, struct node_stats *stats)
{
    static struct node_stats page;

    *stats = place->carried;
    if (place->board == NULL || !stats_board_read(place->board, &page))
        return;
    place->seen_ns = page.at_ns;
    stats_add(stats, &page);
}

/* What its last process has counted is kept, and its board goes. */
static void put_board_away(struct place *place)
{
    static struct node_stats all;

    if (place->board == NULL)
        return;
    place_read(place, &all);
    stats_settle(&all);
    place->carried = all;
    place->seen_ns = 0;
    stats_board_close(place->board);
    unlink(place->board_path);
    place->board = NULL;
}

static bool make_board(struct place *place)
{
    const struct station *station = place->station;

    put_board_away(place);
    place->carried.counter_forgotten = place->carried.counter_shown;
    snprintf(place->board_path, sizeof place->board_path, "%s/board-%u%s-%u-%u",
             station->crew->servers->folder, station->index, station->is_balancer ? "b" : "",
             place->replica, place->starts);
    place->board = stats_board_make(place->board_path);
    return place->board != NULL;
}

bool place_start(struct place *place, struct message *why)
{
    struct crew *crew = place->station->crew;
    const char *kind = plan_kind_name(place->station->plan.kind);
    const char *argv[] = {crew->program, kind, NULL};
    struct node_settings settings;
    char log[160];

    place->starts++;
    place->was_killed = false;
    if (!make_board(place))
        return message_say(why, "no file for a node's figures: %s",
                           "нет файла для показателей узла: %s", strerror(errno));
    settings_of_place(place, &settings);
    place->has_failpoint = settings.failpoint != FAILPOINT_NONE;
    snprintf(log, sizeof log, "%s/node-%u%s-%u.log", crew->servers->folder, place->station->index,
             place->station->is_balancer ? "b" : "", place->replica);
    if (!process_start(&place->process, settings.name, argv, log) ||
        !settings_send(place->process.input, &settings))
        return message_say(why, "%s cannot be started: %s", "%s не запускается: %s", settings.name,
                           strerror(errno));
    close(place->process.input);
    place->process.input = -1;
    become(place, PLACE_STARTING);
    return true;
}

/* ---- What it says ---------------------------------------------------------------------------- */

static void stop_hearing(struct place *place)
{
    if (place->heard != NULL)
        event_free(place->heard);
    place->heard = NULL;
}

static void note_casualty(struct place *place)
{
    struct crew *crew = place->station->crew;

    if (crew->casualty.text[0] == '\0')
        process_tell_end(&place->process, &crew->casualty);
}

static bool fell_by_failpoint(const struct place *place)
{
    int status = place->process.status;

    return place->has_failpoint && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* It is gone: drained, killed, or fallen, which is the end of the run. Who fell by a failpoint is
 * started again, as any supervisor would. */
static void ended(struct place *place)
{
    struct crew *crew = place->station->crew;
    bool fell = !place->was_killed && place->state != PLACE_DRAINING;

    stop_hearing(place);
    process_kill(&place->process);
    if (!fell) {
        become(place, place->state == PLACE_DOWN ? PLACE_DOWN : PLACE_OFF);
        return;
    }
    become(place, PLACE_DOWN);
    if (!fell_by_failpoint(place)) {
        note_casualty(place);
        return;
    }
    crew->failpoint_deaths++;
    place_boot(place, 0);
}

static void heard(evutil_socket_t fd, short what, void *context)
{
    struct place *place = context;
    char bytes[64];
    ssize_t got = read(fd, bytes, sizeof bytes);

    (void)what;
    loop_enter(place->station->crew->loop);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        ended(place);
    else if (place->state == PLACE_STARTING && memchr(bytes, '\n', (size_t)got) != NULL)
        become(place, PLACE_READY);
}

static void listen_to(struct place *place)
{
    fcntl(place->process.output, F_SETFL, O_NONBLOCK);
    place->heard = event_new(place->station->crew->loop->base, place->process.output,
                             EV_READ | EV_PERSIST, heard, place);
    event_add(place->heard, NULL);
}

bool place_wait_ready(struct place *place, struct message *why)
{
    const atomic_bool *is_interrupted = place->station->crew->options->is_interrupted;
    char line[64];

    process_wait_word(&place->process, READY_MS, is_interrupted);
    if (is_interrupted != NULL && atomic_load(is_interrupted))
        return message_say(why, "interrupted", "прервано");
    if (!process_wait_line(&place->process, LINE_MS, line, sizeof line, why))
        return false;
    if (strcmp(line, "ready") != 0)
        return message_say(why, "%s said \"%s\" and not \"ready\"", "%s: «%s» вместо «ready»",
                           place->process.name, line);
    become(place, PLACE_READY);
    listen_to(place);
    return true;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static void boot_ends(void *context)
{
    struct place *place = context;
    struct crew *crew = place->station->crew;
    struct message why = message_in(crew->options->lang);

    if (place_start(place, &why))
        listen_to(place);
    else if (crew->casualty.text[0] == '\0')
        crew->casualty = why;
}

void place_boot(struct place *place, uint64_t delay_ns)
{
    become(place, PLACE_BOOTING);
    if (place->boot == NULL)
        place->boot = loop_alarm(place->station->crew->loop, boot_ends, place);
    loop_alarm_set(place->boot, delay_ns);
}

void place_drain(struct place *place)
{
    if (place->state == PLACE_BOOTING || place->state == PLACE_DOWN) {
        if (place->boot != NULL)
            loop_alarm_clear(place->boot);
        become(place, PLACE_OFF);
        return;
    }
    if (place->state != PLACE_READY && place->state != PLACE_STARTING)
        return;
    become(place, PLACE_DRAINING);
    process_signal(&place->process, SIGTERM);
}

void place_kill(struct place *place, bool will_be_back)
{
    bool was_wanted = place->state == PLACE_READY || place->state == PLACE_STARTING;

    if (place->process.pid == 0)
        return;
    place->was_killed = true;
    place->station->crew->deaths++;
    place->station->crew->failpoints_left += place->has_failpoint; /* It has not got that far. */
    stop_hearing(place);
    process_kill(&place->process);
    become(place, was_wanted && will_be_back ? PLACE_DOWN : PLACE_OFF);
}

void place_close(struct place *place, uint64_t until_ns)
{
    uint64_t now_ns = loop_clock_ns();

    stop_hearing(place);
    process_stop(&place->process, until_ns > now_ns ? (int)((until_ns - now_ns) / 1000000) : 0);
    if (place->boot != NULL)
        loop_alarm_free(place->boot);
    place->boot = NULL;
    put_board_away(place); /* It has told all that there was by now. */
    if (place->held > 0)
        (void)close(place->held);
    place->held = 0;
}
