/* attached.c — Nodes that somebody else has started: a clean beginning, and a quiet end.
 *
 *   somebody answers -> the log is drained -> rows and keys of the last run are gone -> the run
 *      -> how far the log was behind -> drained -> no call can be under way any more -> evidence
 *
 * The next run on the same nodes begins as the first one did: the audit holds what it was told
 * against what is there, and nothing of an earlier run may be there. Offsets stay, because the log
 * does, and dead letters stay with it, to be taken off the next run's. Whether somebody is behind a
 * balancer is asked by a question that changes nothing.
 *
 * What is left out: the nodes' own figures (utilisation, waits, hits). Whoever started the nodes
 * watches them as well, by /metrics. */
#include <string.h>

#include "services/live/store/store_live.h"
#include "services/live/table/database.h"
#include "sim/lab/lab_inside.h"

static const uint64_t moment_ns = 200000000, patience_ns = 30000000000;

/* Longer than any question of a service may last: whatever was begun has ended by then. */
static const uint64_t settle_ns = 3000000000;

static void wait_for(struct lab *lab, uint64_t ns)
{
    loop_run(&lab->loop, loop_now_ns(&lab->loop) + ns);
    loop_enter(&lab->loop);
}

/* ---- Is anybody there? ----------------------------------------------------------------------- */

static enum verb harmless_verb(enum service_kind kind)
{
    switch (kind) {
    case KIND_LIKES:
    case KIND_COUNTER:
        return VERB_COUNT;
    case KIND_DELIVERY:
        return VERB_TRACK;
    case KIND_CUSTOM: /* Its steps may do anything: its balancer has to do. */
    case KIND_BATCHER:
    case KIND_GATEWAY: /* Without a token it lets nobody in. */
        return VERB_HEALTH;
    }
    return VERB_HEALTH;
}

static void answered(struct call *call)
{
    (void)call;
}

static enum call_outcome ask_once(struct lab *lab, uint32_t service)
{
    const enum service_kind kind = lab->scenario->services[service].kind;
    const struct ask ask = {.verb = (uint8_t)harmless_verb(kind)};
    struct call call = {.done = answered};

    peer_ask(peer_live_port(lab->peer), &call, service, &ask, 2 * settle_ns);
    while (call.outcome == CALL_PENDING)
        wait_for(lab, moment_ns / 20);
    return call.outcome;
}

static bool is_there(struct lab *lab, uint32_t service)
{
    uint64_t until_ns = loop_now_ns(&lab->loop) + patience_ns;

    while (loop_now_ns(&lab->loop) < until_ns && !lab_is_interrupted(lab->options)) {
        enum call_outcome outcome = ask_once(lab, service);

        if (call_is_served(outcome))
            return true;
        wait_for(lab, moment_ns);
    }
    return false;
}

/* ---- What the last run has left -------------------------------------------------------------- */

/* A topic that has just been made may have no leader that knows of it yet: that passes as well. */
static bool drain(struct lab *lab, struct message *why)
{
    uint64_t until_ns = loop_now_ns(&lab->loop) + lab->scenario->drain_ns + patience_ns;
    uint64_t behind = 0;
    bool is_read = true;

    if (!lab->servers.wanted.queue)
        return true;
    while (loop_now_ns(&lab->loop) < until_ns && !lab_is_interrupted(lab->options)) {
        is_read = log_read_lag(lab, &behind, why->text);
        if (is_read && behind == 0)
            return true;
        wait_for(lab, moment_ns);
    }
    if (is_read)
        message_say(why,
                    "the log still holds %llu records of an earlier run; does a batcher of this "
                    "variant run?",
                    "в логе остались записи прошлого прогона, их %llu; запущен ли batcher этого "
                    "варианта?",
                    (unsigned long long)behind);
    return false;
}

static bool forget(struct lab *lab, char why[static 160])
{
    const struct servers *servers = &lab->servers;

    return (!servers->wanted.table || database_clear(&servers->table, why)) &&
           (!servers->wanted.store || store_forget(servers->store.server, servers->run, why));
}

enum lab_end attached_begin(struct lab *lab, struct message *trouble)
{
    const struct scenario *scenario = lab->scenario;
    struct message why = message_in(lab->options->lang);

    loop_enter(&lab->loop);
    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind != KIND_BATCHER && !is_there(lab, i)) {
            message_say(trouble,
                        "nobody answers for %s at %.200s; are its balancer and a replica up, and "
                        "of this variant?",
                        "%s по адресу %.200s не отвечает: запущены ли его балансировщик и реплика "
                        "и тот ли это вариант?",
                        scenario->services[i].name, lab->options->attach);
            return LAB_DEPENDENCY;
        }
    if (drain(lab, &why) && forget(lab, why.text) &&
        dead_letters_read(lab, &lab->proofs.dead_before, why.text))
        return LAB_DONE;
    message_say(trouble, "what an earlier run has left cannot be cleared: %s",
                "не удалось убрать то, что осталось от прошлого прогона: %s", why.text);
    return LAB_DEPENDENCY;
}

/* ---- The end --------------------------------------------------------------------------------- */

void attached_note_lag(struct lab *lab)
{
    char why[160];

    if (lab->servers.wanted.queue)
        log_read_lag(lab, &lab->lag_max, why);
}

void attached_settle(struct lab *lab)
{
    wait_for(lab, settle_ns);
}
