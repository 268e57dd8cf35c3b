/* memcached_worker.c — A thread with a connection: takes a question, asks it, gives it back.
 *
 *   is the server there? -> connects to this life of it -> takes the first in line -> asks, step by
 *        ^                                                        |                   step -> ended
 *        |                        has lost the connection since, and cannot make one: refused   |
 *        +----------------------------------------------------------------------------------+---+
 *
 * While a server is away (memcached_watch.c) nothing is in line and nothing is tried. */
#include "services/live/memcached/memcached_inside.h"

#include <libmemcached/memcached.h>

static void disconnect(struct memcached_worker *worker)
{
    if (worker->words.handle != NULL)
        memcached_free(worker->words.handle);
    worker->words.handle = NULL;
}

static bool has_connection(struct memcached_worker *worker, uint64_t generation)
{
    if (worker->generation != generation)
        disconnect(worker);
    if (worker->words.handle == NULL)
        worker->words.handle = memcached_words_connect(&worker->memcached->address, NULL, 0);
    worker->generation = generation;
    return worker->words.handle != NULL;
}

static bool is_given_up(struct memcached_question *question)
{
    struct memcached_live *memcached = question->memcached;
    bool is;

    pthread_mutex_lock(&memcached->lock);
    is = question->is_given_up;
    pthread_mutex_unlock(&memcached->lock);
    return is;
}

/* A second step is for somebody who still waits. */
static void ask_steps(struct memcached_worker *worker, struct memcached_question *question)
{
    struct two_steps steps = {TWO_STEPS_MEMBER, CALL_IDLE, 0};

    do {
        enum call_outcome outcome;
        int64_t value;

        if (!memcached_words_ask(&worker->words, &question->asked, &steps, &outcome, &value))
            disconnect(worker);
        two_steps_answered(&steps, outcome, value);
    } while (steps.step != TWO_STEPS_ENDED && !is_given_up(question));
    question->outcome = steps.step == TWO_STEPS_ENDED ? steps.outcome : CALL_FAILED;
    question->value = steps.value;
}

static void ask(struct memcached_worker *worker, struct memcached_question *question,
                uint64_t generation)
{
    if (!has_connection(worker, generation)) {
        question->outcome = CALL_REFUSED;
        question->value = 0;
    } else if (question->asked.verb == STORE_ADD_IF_NEW) {
        ask_steps(worker, question);
    } else if (!memcached_words_ask(&worker->words, &question->asked, NULL, &question->outcome,
                                    &question->value)) {
        disconnect(worker);
    }
}

/* Called with the lock held, as all that is named `_locked`. */
static void end_locked(struct memcached_live *memcached, struct memcached_question *question)
{
    bool was_empty = list_is_empty(&memcached->ended);

    question->state = MEMCACHED_DONE;
    list_push_last(&memcached->ended, &question->link);
    if (was_empty)
        bell_ring(&memcached->ended_bell);
}

static void serve_locked(struct memcached_worker *worker)
{
    struct memcached_live *memcached = worker->memcached;
    struct memcached_question *question =
        list_entry(list_take_first(&worker->waiting), struct memcached_question, link);
    uint64_t generation = memcached->generation;

    question->outcome = CALL_TIMEOUT; /* What nobody waits for has no alarm. */
    question->value = 0;
    if (loop_clock_ns() < question->deadline_ns) {
        question->state = MEMCACHED_BEGUN;
        pthread_mutex_unlock(&memcached->lock);
        ask(worker, question, generation);
        pthread_mutex_lock(&memcached->lock);
    }
    end_locked(memcached, question);
}

/* Before anybody asks: the first question is not to wait for it. */
static void connect_locked(struct memcached_worker *worker)
{
    uint64_t generation = worker->memcached->generation;

    pthread_mutex_unlock(&worker->memcached->lock);
    (void)has_connection(worker, generation);
    pthread_mutex_lock(&worker->memcached->lock);
}

void *memcached_worker_run(void *context)
{
    struct memcached_worker *worker = context;
    struct memcached_live *memcached = worker->memcached;

    pthread_mutex_lock(&memcached->lock);
    while (!memcached->is_stopping) {
        bool is_there = memcached->generation != 0;

        if (is_there && worker->generation != memcached->generation)
            connect_locked(worker);
        else if (is_there && !list_is_empty(&worker->waiting))
            serve_locked(worker);
        else
            pthread_cond_wait(&worker->has_come, &memcached->lock);
    }
    pthread_mutex_unlock(&memcached->lock);
    disconnect(worker);
    return NULL;
}
