/* memory_live.c — The loop's side of the live memory: asking, completing, counting.
 *
 * Bursts are records that are used again, as many as there ever were at once. */
#define _GNU_SOURCE
#include "services/live/memory/memory_live.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/live/memory/memory_inside.h"

/* ---- Ends ------------------------------------------------------------------------------------ */

/* Nothing is under way, so what was attempted and what is shown are of one instant. */
static void note_totals(struct memory_live *memory)
{
    uint64_t shown = 0;

    for (uint32_t i = 0; i < memory->layout.slots; i++)
        shown += memory_live_shown(memory, i);
    memory->stats->counter_attempted = memory->attempted;
    memory->stats->counter_shown = shown;
}

static void note_burst(struct memory_live *memory, const struct burst *burst)
{
    struct node_stats *stats = memory->stats;

    stats_waited(stats, STATS_MEMORY, loop_now_ns(memory->loop) - burst->asked_ns);
    stats->counter_adds += burst->adds;
    stats->counter_add_ns += burst->is_read ? 0 : burst->took_ns;
    stats->counter_reads += burst->is_read;
    stats->counter_read_ns += burst->is_read ? burst->took_ns : 0;
    stats->counter_lock_waits += burst->lock_waits;
    stats->counter_retries += burst->retries;
    stats->counter_allocations += burst->allocations;
    stats->counter_allocated_bytes += burst->allocations * memory->layout.bytes;
    memory->attempted += burst->adds;
}

static void end(struct memory_live *memory, struct burst *burst)
{
    note_burst(memory, burst);
    memory->under_way--;
    if (memory->under_way == 0)
        note_totals(memory);
    loop_finish(memory->loop, burst->call, CALL_OK, (int64_t)burst->shown);
    list_push_first(&memory->free, &burst->link);
}

/* What the threads have had of the cores: all of the process's but the loop's, as of each thread's
 * last tick. A worker's own clock is never read: the kernel then reckons up who is asked about,
 * finds its slice used up, and gives the core away while a burst is done and not told. With eight
 * threads on one core p95 was a quarter more for it (45 ms, and 36). */
static uint64_t threads_had_ns(void)
{
    uint64_t loop_ns = loop_thread_clock_ns(); /* Before the sum, of which it is a part. */

    return loop_process_clock_ns() - loop_ns;
}

static void note_worked(struct memory_live *memory)
{
    uint64_t worked_ns = threads_had_ns();

    if (worked_ns > memory->worked_ns) {
        memory->stats->busy.area += worked_ns - memory->worked_ns;
        memory->worked_ns = worked_ns;
    }
}

static void drain(void *context)
{
    struct memory_live *memory = context;
    struct list ended;
    struct link *first;

    pthread_mutex_lock(&memory->lock);
    list_take_all(&memory->ended, &ended);
    pthread_mutex_unlock(&memory->lock);
    while ((first = list_take_first(&ended)) != NULL)
        end(memory, list_entry(first, struct burst, link));
    note_worked(memory);
}

/* ---- The port -------------------------------------------------------------------------------- */

static void submit(struct memory *port, struct call *call, uint32_t slot, uint64_t adds)
{
    struct memory_live *memory = (struct memory_live *)port;
    struct link *spare = list_take_first(&memory->free);
    struct burst *burst =
        spare != NULL ? list_entry(spare, struct burst, link) : malloc(sizeof *burst);

    check(burst != NULL && slot < memory->layout.slots);
    *burst = (struct burst){.call = call,
                            .slot = slot,
                            .adds = adds,
                            .is_read = adds == 0,
                            .asked_ns = loop_now_ns(memory->loop)};
    memory->under_way++;
    pthread_mutex_lock(&memory->lock);
    list_push_last(&memory->line, &burst->link);
    pthread_cond_signal(&memory->has_come);
    pthread_mutex_unlock(&memory->lock);
}

static void read_slot(struct memory *port, struct call *call, uint32_t slot)
{
    submit(port, call, slot, 0);
}

/* ---- Laying ---------------------------------------------------------------------------------- */

static void *take_apart(size_t items, size_t size)
{
    void *bytes = aligned_alloc(MEMORY_APART, items * size);

    check(bytes != NULL);
    memset(bytes, 0, items * size);
    return bytes;
}

static void make_slots(struct memory_live *memory)
{
    const struct memory_layout *layout = &memory->layout;

    memory->slots = take_apart(layout->slots, sizeof *memory->slots);
    memory->shards =
        take_apart((size_t)layout->slots * memory->spec.threads, sizeof *memory->shards);
    for (uint32_t i = 0; i < layout->slots; i++) {
        struct object *object = calloc(1, layout->bytes);

        check(object != NULL && pthread_mutex_init(&memory->slots[i].lock, NULL) == 0);
        atomic_store(&memory->slots[i].object, object);
    }
}

/* Of the cores on which this process may run. */
static void choose_cores(const struct memory_live_spec *spec, cpu_set_t *chosen)
{
    cpu_set_t all;
    uint32_t there, skipped, taken = 0;

    CPU_ZERO(chosen);
    check(sched_getaffinity(0, sizeof all, &all) == 0);
    there = (uint32_t)CPU_COUNT(&all);
    skipped = spec->replica * spec->cores % there;
    for (size_t core = 0; taken < spec->cores && taken < there; core = (core + 1) % CPU_SETSIZE) {
        if (!CPU_ISSET(core, &all))
            continue;
        if (skipped > 0) {
            skipped--;
            continue;
        }
        CPU_SET(core, chosen);
        taken++;
    }
}

static void start_workers(struct memory_live *memory)
{
    char name[sizeof memory->name + 32];
    pthread_attr_t attributes;
    cpu_set_t cores;

    choose_cores(&memory->spec, &cores);
    check(pthread_attr_init(&attributes) == 0 &&
          pthread_attr_setaffinity_np(&attributes, sizeof cores, &cores) == 0);
    memory->workers = take_apart(memory->spec.threads, sizeof *memory->workers);
    for (uint32_t i = 0; i < memory->spec.threads; i++) {
        struct worker *worker = &memory->workers[i];

        worker->memory = memory;
        worker->number = i;
        worker->retired = calloc(memory->retired_room, sizeof(struct object *));
        check(worker->retired != NULL);
        snprintf(name, sizeof name, "%s/memory/%u", memory->name, i);
        dice_init(&worker->dice, memory->spec.seed, name);
    }
    for (uint32_t i = 0; i < memory->spec.threads; i++)
        check(thread_begin(&memory->workers[i].thread, &attributes, memory_worker_run,
                           &memory->workers[i]));
    pthread_attr_destroy(&attributes);
}

static void lay(struct memory *port, const struct memory_layout *layout)
{
    struct memory_live *memory = (struct memory_live *)port;

    check(memory->layout.slots == 0);
    memory->layout = *layout;
    make_slots(memory);
    memory->worked_ns = threads_had_ns();
    start_workers(memory);
}

static const struct memory_ops memory_live_ops = {.lay = lay, .add = submit, .read = read_slot};

struct memory *memory_live_port(struct memory_live *memory)
{
    return &memory->port;
}

/* ---- From open to close ---------------------------------------------------------------------- */

struct memory_live *memory_live_open(struct loop *loop, const struct memory_live_spec *spec,
                                     struct node_stats *stats)
{
    struct memory_live *memory = calloc(1, sizeof *memory);

    check(memory != NULL && spec->threads > 0 && spec->cores > 0 && spec->speed > 0);
    memory->port.ops = &memory_live_ops;
    memory->loop = loop;
    memory->stats = stats;
    memory->spec = *spec;
    memory->retired_room = 2 * spec->threads + 16;
    snprintf(memory->name, sizeof memory->name, "%s", spec->name);
    list_init(&memory->free);
    list_init(&memory->line);
    list_init(&memory->ended);
    check(pthread_mutex_init(&memory->lock, NULL) == 0);
    check(pthread_cond_init(&memory->has_come, NULL) == 0);
    check(bell_open(&memory->ended_bell, loop, drain, memory));
    return memory;
}

static void stop_workers(struct memory_live *memory)
{
    pthread_mutex_lock(&memory->lock);
    atomic_store(&memory->is_stopping, true);
    pthread_cond_broadcast(&memory->has_come);
    pthread_mutex_unlock(&memory->lock);
    for (uint32_t i = 0; i < memory->spec.threads; i++)
        pthread_join(memory->workers[i].thread, NULL);
    for (uint32_t i = 0; i < memory->spec.threads; i++) {
        memory_free_retired(&memory->workers[i], true);
        free(memory->workers[i].retired);
    }
    free(memory->workers);
}

static void free_slots(struct memory_live *memory)
{
    for (uint32_t i = 0; i < memory->layout.slots; i++) {
        free(atomic_load(&memory->slots[i].object));
        pthread_mutex_destroy(&memory->slots[i].lock);
    }
    free(memory->slots);
    free(memory->shards);
}

static void free_bursts(struct list *bursts)
{
    struct link *first;

    while ((first = list_take_first(bursts)) != NULL)
        free(list_entry(first, struct burst, link));
}

void memory_live_close(struct memory_live *memory)
{
    if (memory->layout.slots > 0) {
        stop_workers(memory);
        free_slots(memory);
    }
    bell_close(&memory->ended_bell);
    free_bursts(&memory->line);
    free_bursts(&memory->ended);
    free_bursts(&memory->free);
    pthread_cond_destroy(&memory->has_come);
    pthread_mutex_destroy(&memory->lock);
    free(memory);
}
