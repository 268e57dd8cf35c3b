/* queue_takes.c — Takes that wait, and the memory that their answers lie in.
 *
 *   takes_add --> WAITING --take_answer, take_end, its timeout--> told --> SPARE
 *
 * An answer lies in its take's own memory until done has returned. To know when that is, done is
 * ours while the call is pending and so the port's, and calls who asked. */
#include "services/live/queue/queue_inside.h"

#include <stdlib.h>

struct answer { /* What call.span points into. */
    struct take *take;
    struct record records[];
};

static void tell(struct call *call)
{
    const unsigned char *span = call->span;
    struct take *take =
        ((const struct answer *)(const void *)(span - offsetof(struct answer, records)))->take;
    struct takes *takes = take->takes;

    call->done = take->done;
    call->done(call);
    if (takes == NULL) {
        free(take->answer);
        free(take);
        return;
    }
    list_remove(&takes->told, &take->turn);
    list_push_last(&takes->spare, &take->turn);
}

static void end(struct take *take, enum call_outcome outcome, uint32_t n)
{
    struct takes *takes = take->takes;

    list_remove(&takes->waiting, &take->turn);
    list_push_last(n > 0 ? &takes->told : &takes->spare, &take->turn);
    line_tell(&takes->line, &take->waiter, outcome, n);
}

struct record *take_records(struct take *take)
{
    return take->answer->records;
}

void take_answer(struct take *take, uint32_t n)
{
    struct call *call = take->waiter.call;

    call->span = take->answer->records;
    take->done = call->done;
    call->done = tell;
    end(take, CALL_OK, n);
}

void take_end(struct take *take, enum call_outcome outcome)
{
    end(take, outcome, 0);
}

void takes_fail(struct takes *takes)
{
    struct link *first;

    while ((first = list_first(&takes->waiting)) != NULL)
        take_end(take_at(first), CALL_FAILED);
}

/* ---- More of them ---------------------------------------------------------------------------- */

static struct take *spare(struct takes *takes)
{
    struct link *link = list_take_first(&takes->spare);
    struct take *take;

    if (link != NULL)
        return take_at(link);
    take = calloc(1, sizeof *take);
    check(take != NULL);
    take->takes = takes;
    return take;
}

static void make_room(struct take *take)
{
    if (take->room >= take->max)
        return;
    take->answer = realloc(take->answer, sizeof *take->answer + take->max * sizeof(struct record));
    check(take->answer != NULL);
    take->answer->take = take;
    take->room = take->max;
}

struct take *takes_add(struct takes *takes, struct call *call, uint32_t max, uint64_t wait_ns,
                       uint64_t timeout_ns)
{
    struct take *take = spare(takes);

    take->max = max < QUEUE_TAKE_MAX ? max : QUEUE_TAKE_MAX;
    take->wait_ns = wait_ns;
    make_room(take);
    list_push_last(&takes->waiting, &take->turn);
    line_add(&takes->line, &take->waiter, call, timeout_ns);
    return take;
}

/* ---- Open and close -------------------------------------------------------------------------- */

static void time_out(struct line *line, struct waiter *waiter)
{
    (void)line;
    take_end((struct take *)waiter, CALL_ABSENT);
}

void takes_open(struct takes *takes, struct queue_live *queue)
{
    line_open(&takes->line, queue, time_out);
    list_init(&takes->waiting);
    list_init(&takes->spare);
    list_init(&takes->told);
}

/* The ends of those told are on the loop's list already: should it run on, they see to
 * themselves. */
void takes_close(struct takes *takes)
{
    struct link *link;

    takes_fail(takes);
    while ((link = list_take_first(&takes->spare)) != NULL) {
        free(take_at(link)->answer);
        free(take_at(link));
    }
    while ((link = list_take_first(&takes->told)) != NULL)
        take_at(link)->takes = NULL;
    line_close(&takes->line);
}
