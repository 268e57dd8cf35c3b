/* crew_faults.c — The scenario's faults on real processes: kill -9, SIGSTOP, and servers' own.
 *
 * The same targets as in the virtual world, and the same rule: faults of one kind that overlap on
 * one thing are one fault, which ends with the last of them. Cuts and pauses are one kind here, and
 * so are all that the table can have, which is a lock. A cut cable is played as a stop: nothing
 * comes through, and what was under way goes on afterwards. A process of a cut replica does not
 * work meanwhile, which is where it differs. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/lab/crew_inside.h"

static bool strikes(const struct fault_spec *fault, const struct place *place)
{
    const struct station *station = place->station;
    size_t length = strcspn(fault->target, "/");
    const char *name = station->is_balancer ? "balancer" : station->spec->name;

    if (strlen(name) != length || strncmp(name, fault->target, length) != 0)
        return false;
    return fault->target[length] == '\0' ||
           strtoul(&fault->target[length + 1], NULL, 10) == place->replica;
}

/* Whether they do the same thing here. */
static bool are_alike(const struct fault_spec *one, const struct fault_spec *other)
{
    return strcmp(one->target, "table") == 0 ||
           (one->kind == FAULT_CRASH) == (other->kind == FAULT_CRASH);
}

/* Another one is still at work: on this place, or, where there is none, on that server. Then the
 * end of this one is not felt. */
static bool goes_on(const struct crew *crew, const struct fault_spec *ended,
                    const struct place *place)
{
    uint64_t now_ns = loop_now_ns(crew->loop);

    for (uint32_t i = 0; i < crew->scenario->faults_max; i++) {
        const struct fault_spec *one = &crew->scenario->faults[i];
        bool is_at_work =
            one->at_ns <= now_ns && (one->for_ns == 0 || now_ns < one->at_ns + one->for_ns);

        if (one != ended && is_at_work && are_alike(one, ended) &&
            (place != NULL ? strikes(one, place) : strcmp(one->target, ended->target) == 0))
            return true;
    }
    return false;
}

static void fault_place(struct place *place, const struct fault_spec *fault, bool begins)
{
    switch (fault->kind) {
    case FAULT_CRASH:
        if (begins)
            place_kill(place, fault->for_ns > 0);
        else if (place->state == PLACE_DOWN)
            place_boot(place, 0);
        return;
    case FAULT_PAUSE:
    case FAULT_CUT:
        process_signal(&place->process, begins ? SIGSTOP : SIGCONT);
        return;
    }
}

static bool is_server(const char *target)
{
    return strcmp(target, "store") == 0 || strcmp(target, "queue") == 0 ||
           strcmp(target, "table") == 0;
}

static void strike_server(struct crew *crew, const struct fault_spec *fault, bool begins)
{
    struct message why = message_in(crew->options->lang);

    if (!begins && goes_on(crew, fault, NULL))
        return;
    if (!servers_fault(crew->servers, fault, begins, &why))
        fprintf(stderr, "sim: %s: %s\n", fault->target, why.text);
}

static void strike_place(struct place *place, const struct fault_spec *fault, bool begins)
{
    if (strikes(fault, place) && (begins || !goes_on(place->station->crew, fault, place)))
        fault_place(place, fault, begins);
}

static void strike(void *context)
{
    const struct strike *strike = context;
    struct crew *crew = strike->crew;

    if (is_server(strike->fault->target)) {
        strike_server(crew, strike->fault, strike->begins);
        return;
    }
    for (uint32_t s = 0; s < crew->all_max; s++)
        for (uint32_t i = 0; i < crew->all[s].places_max; i++)
            strike_place(&crew->all[s].places[i], strike->fault, strike->begins);
}

static void plan(struct crew *crew, const struct fault_spec *fault, bool begins, uint64_t at_ns)
{
    struct strike *planned = &crew->strikes[crew->strikes_max++];

    *planned = (struct strike){.crew = crew, .fault = fault, .begins = begins};
    planned->alarm = loop_alarm(crew->loop, strike, planned);
    loop_alarm_set(planned->alarm, at_ns);
}

void strikes_plan(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->scenario->faults_max; i++) {
        const struct fault_spec *fault = &crew->scenario->faults[i];

        plan(crew, fault, true, fault->at_ns);
        if (fault->for_ns > 0)
            plan(crew, fault, false, fault->at_ns + fault->for_ns);
    }
}

void strikes_forget(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->strikes_max; i++)
        loop_alarm_free(crew->strikes[i].alarm);
    crew->strikes_max = 0;
}
