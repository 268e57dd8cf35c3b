/* crew_faults.c — The scenario's faults on real processes: kill -9, SIGSTOP, and servers' own.
 *
 * The same targets as in the virtual world. A cut cable is played as a stop: nothing comes through,
 * and what was under way goes on afterwards. A process of a cut replica does not work meanwhile,
 * which is where it differs. */
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

static void strike(void *context)
{
    struct strike *strike = context;
    struct crew *crew = strike->crew;
    char why[160] = "";

    if (is_server(strike->fault->target)) {
        if (!servers_fault(crew->servers, strike->fault, strike->begins, why))
            fprintf(stderr, "sim: %s: %s\n", strike->fault->target, why);
        return;
    }
    for (uint32_t s = 0; s < crew->all_max; s++)
        for (uint32_t i = 0; i < crew->all[s].places_max; i++)
            if (strikes(strike->fault, &crew->all[s].places[i]))
                fault_place(&crew->all[s].places[i], strike->fault, strike->begins);
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
