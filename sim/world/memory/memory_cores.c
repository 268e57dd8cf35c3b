/* memory_cores.c — Threads on cores, and the clock of their steps.
 *
 * The earliest of all pending instants is played, again and again, until the world's own next event
 * or the tick's: the next step of a running burst, a sleeper that wakes, the end of a slice. Of
 * equal instants a waking goes first, then the end of a slice, then the lowest core, so that one
 * seed has one history.
 *
 * A core goes to whoever has had least of the cores. Who comes, or wakes, counts as one who has had
 * what all the others have on the average, and ends the turn of one who has had more, or has run
 * alone for longer than a slice. That is how Linux shares a core since 6.6 (EEVDF: I. Stoica,
 * H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First", 1995), told without deadlines: the
 * p95 of eight threads on one core is within 3 % of what it is live. Turns in line would make it a
 * quarter less, since there a newcomer waits until everybody has had a turn.
 *
 * A slice ends only when another wants the core; who runs meanwhile goes on at once, and its next
 * slices count from its first. */
#include "sim/world/memory/memory_inside.h"
#include "sim/world/world_inside.h"

/* ---- Who runs -------------------------------------------------------------------------------- */

/* Busy time up to an instant; the number of those who run is about to change. */
static void note_busy(struct memory_model *model, uint64_t now_ns)
{
    model->busy_ns += model->running * (now_ns - model->busy_since_ns);
    model->busy_since_ns = now_ns;
}

static void give_core(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    uint32_t core = 0;

    while (model->cores[core] != NULL)
        core++;
    note_busy(model, now_ns);
    model->cores[core] = burst;
    model->running++;
    burst->core = core;
    burst->state = BURST_RUNNING;
    burst->at_ns = now_ns + burst->left_ns;
    burst->since_ns = now_ns;
    burst->slice_ns = now_ns + model->sharing->quantum_ns;
}

/* The core goes to who has had least of those who wait for one. */
static void leave_core(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    struct link *first = list_take_first(&model->ready);

    note_busy(model, now_ns);
    model->cores[burst->core] = NULL;
    model->running--;
    if (first != NULL)
        give_core(model, list_entry(first, struct burst, link), now_ns);
}

/* Somebody waits now: who has run alone keeps to slices again. */
static void cut_slices(struct memory_model *model, uint64_t now_ns)
{
    uint64_t quantum_ns = model->sharing->quantum_ns;

    for (uint32_t core = 0; core < model->spec->cores; core++) {
        struct burst *burst = model->cores[core];

        if (burst->slice_ns <= now_ns)
            burst->slice_ns += ((now_ns - burst->slice_ns) / quantum_ns + 1) * quantum_ns;
    }
}

/* By what they have had; of equals who came first. */
static void line_up_ready(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    struct link *behind = &model->ready.head;

    if (list_is_empty(&model->ready))
        cut_slices(model, now_ns);
    while (behind->previous != &model->ready.head &&
           list_entry(behind->previous, struct burst, link)->had_ns > burst->had_ns)
        behind = behind->previous;
    list_push_before(&model->ready, behind, &burst->link);
    burst->state = BURST_READY;
}

static uint64_t had_ns(const struct burst *running, uint64_t now_ns)
{
    return running->had_ns + (now_ns - running->since_ns);
}

/* It may go on at once, if it has still had least. */
static void end_slice(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    burst->left_ns = burst->at_ns - now_ns;
    burst->had_ns = had_ns(burst, now_ns);
    memory_interrupt(model, burst);
    line_up_ready(model, burst, now_ns);
    leave_core(model, burst, now_ns);
}

/* NULL: nobody runs. And what those who run or are ready have had on the average. */
static struct burst *who_had_most(const struct memory_model *model, uint64_t now_ns,
                                  uint64_t *average_ns)
{
    const struct link *head = &model->ready.head;
    struct burst *most = NULL;
    uint64_t sum_ns = 0;

    for (const struct link *link = head->next; link != head; link = link->next)
        sum_ns += list_entry(link, struct burst, link)->had_ns;
    for (uint32_t core = 0; core < model->spec->cores; core++) {
        struct burst *burst = model->cores[core];

        if (burst == NULL)
            continue;
        sum_ns += had_ns(burst, now_ns);
        if (most == NULL || had_ns(burst, now_ns) > had_ns(most, now_ns))
            most = burst;
    }
    *average_ns = most == NULL ? 0 : sum_ns / (model->running + model->ready.length);
    return most;
}

/* A new one, or one that has slept. */
static void be_ready(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    struct burst *most = who_had_most(model, now_ns, &burst->had_ns);
    bool is_over = most != NULL && most->slice_ns <= now_ns;

    if (model->running < model->spec->cores) {
        give_core(model, burst, now_ns);
        return;
    }
    line_up_ready(model, burst, now_ns);
    if (is_over || had_ns(most, now_ns) > burst->had_ns)
        end_slice(model, most, now_ns);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void take_thread(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    burst->thread = model->free_threads[--model->threads_free];
    burst->begun_ns = now_ns;
    list_push_last(&model->active, &burst->active);
    memory_begin(model, burst);
    be_ready(model, burst, now_ns);
}

void memory_start(struct memory_model *model, struct burst *burst, uint64_t now_ns)
{
    if (model->threads_free > 0)
        take_thread(model, burst, now_ns);
    else
        list_push_last(&model->line, &burst->link);
}

/* At its at_ns; the world is told once all steps have been played. */
void memory_end(struct memory_model *model, struct burst *burst)
{
    struct counter_result *totals = &model->totals;
    uint64_t now_ns = burst->at_ns;
    struct link *first;

    burst->shown = memory_shown(model, burst->slot);
    totals->adds += burst->is_read ? 0 : burst->adds;
    totals->reads += burst->is_read;
    *(burst->is_read ? &totals->read_ns : &totals->add_ns) += now_ns - burst->begun_ns;
    leave_core(model, burst, now_ns);
    list_remove(&model->active, &burst->active);
    model->free_threads[model->threads_free++] = burst->thread;
    list_push_last(&model->ended, &burst->link);
    first = list_take_first(&model->line);
    if (first != NULL)
        take_thread(model, list_entry(first, struct burst, link), now_ns);
}

/* ---- Sleeping -------------------------------------------------------------------------------- */

void memory_sleep(struct memory_model *model, struct burst *burst)
{
    struct slot *slot = &model->slots[burst->slot];

    burst->state = BURST_SLEEPING;
    burst->next = NULL;
    if (slot->sleeper_last != NULL)
        slot->sleeper_last->next = burst;
    else
        slot->sleeper_first = burst;
    slot->sleeper_last = burst;
    leave_core(model, burst, burst->at_ns);
}

/* No two wakings are alike: half of it at least, the rest exponential. With a constant the threads
 * of a lock that is always wanted fall into step, and do not come out of it again. */
static uint64_t asleep_ns(struct memory_model *model)
{
    double half_ns = (double)model->costs.asleep_ns / 2;

    return (uint64_t)(half_ns * (1 + dice_exponential(&model->dice)) + 0.5);
}

/* By when they wake; of equals who was called first. */
static void line_up(struct list *waking, struct burst *burst)
{
    struct link *behind = &waking->head;

    while (behind->previous != &waking->head &&
           list_entry(behind->previous, struct burst, link)->at_ns > burst->at_ns)
        behind = behind->previous;
    list_push_before(waking, behind, &burst->link);
}

void memory_wake_first(struct memory_model *model, struct slot *slot, uint64_t now_ns)
{
    struct burst *burst = slot->sleeper_first;

    slot->sleeper_first = burst->next;
    if (slot->sleeper_first == NULL)
        slot->sleeper_last = NULL;
    burst->state = BURST_WAKING;
    burst->step = DO_RETRY;
    burst->at_ns = now_ns + asleep_ns(model);
    line_up(&model->waking, burst);
}

static void wake(struct memory_model *model)
{
    struct burst *burst = list_entry(list_take_first(&model->waking), struct burst, link);

    burst->left_ns = 0;
    be_ready(model, burst, burst->at_ns);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* And when the second would be. */
static struct burst *first_to_step(const struct memory_model *model, uint64_t *second_ns)
{
    struct burst *first = NULL;
    uint64_t first_ns = MEMORY_NEVER;

    *second_ns = MEMORY_NEVER;
    for (uint32_t core = 0; core < model->spec->cores; core++) {
        struct burst *burst = model->cores[core];

        if (burst == NULL)
            continue;
        if (burst->at_ns < first_ns) {
            *second_ns = first_ns;
            first_ns = burst->at_ns;
            first = burst;
        } else if (burst->at_ns < *second_ns) {
            *second_ns = burst->at_ns;
        }
    }
    return first;
}

/* NULL: nobody waits for a core, so no slice ends. */
static struct burst *first_to_be_cut(const struct memory_model *model)
{
    struct burst *first = NULL;

    for (uint32_t core = 0; core < model->spec->cores && !list_is_empty(&model->ready); core++)
        if (first == NULL || model->cores[core]->slice_ns < first->slice_ns)
            first = model->cores[core];
    return first;
}

static uint64_t waking_ns(const struct memory_model *model)
{
    const struct link *first = list_first(&model->waking);

    return first == NULL ? MEMORY_NEVER : list_entry(first, struct burst, link)->at_ns;
}

uint64_t memory_next_ns(const struct memory_model *model)
{
    uint64_t next_ns = waking_ns(model), second_ns;
    const struct burst *step = first_to_step(model, &second_ns), *cut = first_to_be_cut(model);

    if (step != NULL && step->at_ns < next_ns)
        next_ns = step->at_ns;
    if (cut != NULL && cut->slice_ns < next_ns)
        next_ns = cut->slice_ns;
    return next_ns;
}

/* The next waking or end of a slice. */
static uint64_t turn_ns(const struct memory_model *model)
{
    const struct burst *cut = first_to_be_cut(model);
    uint64_t woken_ns = waking_ns(model);

    return cut != NULL && cut->slice_ns < woken_ns ? cut->slice_ns : woken_ns;
}

static void take_turn(struct memory_model *model, uint64_t now_ns)
{
    if (waking_ns(model) == now_ns)
        wake(model);
    else
        end_slice(model, first_to_be_cut(model), now_ns);
}

/* One burst goes on for as long as no other has a step to make, nor anything else happens. */
static uint64_t step_on(struct memory_model *model, struct burst *burst, uint64_t until_ns)
{
    uint32_t waking = model->waking.length;
    uint64_t steps = 0;

    do {
        if (model->running == 1 && waking == 0)
            memory_step_alone(model, burst, until_ns);
        else
            memory_step(model, burst);
        steps++;
    } while (model->cores[burst->core] == burst && burst->at_ns < until_ns &&
             model->waking.length == waking);
    return steps;
}

void memory_advance(struct memory_model *model, uint64_t until_ns)
{
    uint64_t steps = 0;

    for (;;) {
        uint64_t second_ns, at_ns = turn_ns(model);
        struct burst *burst = first_to_step(model, &second_ns);

        if (at_ns < until_ns && (burst == NULL || at_ns <= burst->at_ns))
            take_turn(model, at_ns);
        else if (burst != NULL && burst->at_ns < until_ns)
            steps +=
                step_on(model, burst, memory_sooner(memory_sooner(second_ns, at_ns), until_ns));
        else
            break;
    }
    model->totals.steps += steps;
    model->node->world->steps += steps;
    note_busy(model, events_now_ns(model->events));
    usage_spend(model->usage, model->busy_ns);
    area_spend(&model->node->processor.computing, model->busy_ns);
    model->busy_ns = 0;
}
