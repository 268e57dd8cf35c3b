/* table_stages.c — The way of a transaction through the server.
 *
 *   arrive --> SLOT --> CORE_LINE <-> CORE --+--> LOCK --> DISK --> commit --> reply
 *      |        | |        ^                 |     once per row that      |
 *      | down   | +-> TURN +                 |     somebody else holds    +--> locks, turn, slot
 *      v        v timeout  a write, where    +--> a read: reply               free
 *   refused  refused       writers are few
 *
 * Each arrow that frees something starts whoever waits for it before the reply leaves. At the end
 * of a flush all of its transactions commit, in the order in which they had asked for the disk,
 * and those that thereby get their last lock join the very next flush: one row can change hands
 * once per flush, no oftener.
 *
 * A connection is free again at the commit, although in life its client would still have to read
 * the answer: the pool of the model is the server's. */
#include "sim/world/table/table_inside.h"

#include "sim/world/link_op.h"

static struct table_model *model_of(const struct op *op)
{
    return world_parts(op->node->world)->table;
}

static struct table_transaction *transaction_of(struct link *link)
{
    return list_entry(link, struct table_transaction, link);
}

/* ---- The way back --------------------------------------------------------------------------- */

static void end(struct event *event)
{
    struct table_transaction *transaction = (struct table_transaction *)event;

    op_end(&transaction->op, transaction->outcome, transaction->value, NULL,
           &model_of(&transaction->op)->transactions);
}

static void reply(struct table_model *model, struct table_transaction *transaction)
{
    if (transaction->block != NULL)
        pool_give(&model->blocks[transaction->block->size], transaction->block);
    transaction->block = NULL;
    transaction->op.event.fire = end;
    if (!op_is_waited_for(&transaction->op))
        end(&transaction->op.event);
    else if (!link_op_send(model->link, &transaction->op, model->is_cut, &model->spec->way))
        op_lost(&transaction->op, &model->transactions);
}

static void leave(struct table_model *model, struct table_transaction *transaction)
{
    transaction->stage = TABLE_AWAY;
    list_remove(&model->inside, &transaction->inside);
    reply(model, transaction);
}

static void fail(struct table_model *model, struct table_transaction *transaction,
                 enum call_outcome outcome)
{
    transaction->outcome = outcome;
    transaction->value = 0;
    leave(model, transaction);
}

/* ---- A connection --------------------------------------------------------------------------- */

static void start_cores(struct table_model *model);

static bool needs_turn(const struct table_model *model, const struct table_transaction *transaction)
{
    return transaction->block != NULL && model->spec->writers > 0;
}

static void give_turns(struct table_model *model)
{
    while (!model->is_paused && model->turns_taken < model->spec->writers &&
           !list_is_empty(&model->writer_line)) {
        struct table_transaction *next = transaction_of(list_take_first(&model->writer_line));

        model->turns_taken++;
        next->has_turn = true;
        next->stage = TABLE_CORE_LINE;
        list_push_last(&model->core_line, &next->link);
    }
}

static bool is_sqlite_beside(const struct table_model *model)
{
    return model->spec->connections_each > 0 && model->spec->writers > 0;
}

/* Of the node's own, and each of its processes as many; or everybody's. Live a process writes to
 * SQLite over one connection and reads over the others, at least over one. */
static void open_pools(struct table_model *model, const struct node *node, struct table_pool *pools)
{
    uint32_t processes = node->processes != NULL ? node->processor.workers : 1;
    uint32_t each = model->spec->connections_each;

    pools[0].max = each == 0 ? model->spec->connections : each * processes;
    if (!is_sqlite_beside(model))
        return;
    pools[0].max = (each == 1 ? 1 : each - 1) * processes;
    pools[1].max = processes;
}

/* The first where all share one; else by node, and where that is apart by who reads and who
 * writes. */
static struct table_pool *pool_of(struct table_model *model,
                                  const struct table_transaction *transaction)
{
    const struct node *node = transaction->op.node;
    uint32_t at = model->spec->connections_each > 0 ? 2 * node->id : 0;
    bool writes_apart = is_sqlite_beside(model) && transaction->block != NULL;
    struct table_pool *pools = &model->pools[at];

    check(at + 1 < TABLE_POOLS_MAX);
    for (; model->pools_max <= at + 1; model->pools_max++)
        list_init(&model->pools[model->pools_max].line);
    if (pools[0].max == 0)
        open_pools(model, node, pools);
    return &pools[writes_apart];
}

static void admit(struct table_model *model, struct table_pool *pool)
{
    while (!model->is_paused && pool->taken < pool->max && !list_is_empty(&pool->line)) {
        struct table_transaction *next = transaction_of(list_take_first(&pool->line));

        pool->taken++;
        next->slot_ns = table_now(model);
        model->pool_waits++;
        model->pool_wait_ns += next->slot_ns - next->since_ns;
        next->stage = needs_turn(model, next) ? TABLE_TURN : TABLE_CORE_LINE;
        list_push_last(next->stage == TABLE_TURN ? &model->writer_line : &model->core_line,
                       &next->link);
    }
    give_turns(model);
    start_cores(model);
}

static void disconnect(struct table_model *model, struct table_transaction *transaction)
{
    struct table_pool *pool = pool_of(model, transaction);

    meter_add(&model->pool, transaction->slot_ns, table_now(model));
    pool->taken--;
    model->turns_taken -= transaction->has_turn;
    transaction->has_turn = false;
    admit(model, pool);
}

void table_arrive(struct event *event)
{
    struct table_transaction *transaction = (struct table_transaction *)event;
    struct table_model *model = model_of(&transaction->op);
    struct table_pool *pool = pool_of(model, transaction);

    if (model->is_down || transaction->is_turned_away) {
        transaction->outcome = CALL_REFUSED;
        reply(model, transaction);
        return;
    }
    transaction->stage = TABLE_SLOT;
    transaction->since_ns = table_now(model);
    list_push_last(&model->inside, &transaction->inside);
    list_push_last(&pool->line, &transaction->link);
    admit(model, pool);
}

/* Only who stands in line because all connections are taken can be sure that nothing happened. */
void table_time_out(struct event *event)
{
    struct table_transaction *transaction = list_entry(event, struct table_transaction, op.timer);
    struct table_model *model = model_of(&transaction->op);
    struct table_pool *pool = pool_of(model, transaction);

    if (transaction->stage != TABLE_SLOT || pool->taken < pool->max ||
        !op_is_waited_for(&transaction->op)) {
        transaction->time_out(event);
        return;
    }
    list_remove(&pool->line, &transaction->link);
    list_remove(&model->inside, &transaction->inside);
    transaction->stage = TABLE_AWAY;
    if (transaction->block != NULL)
        pool_give(&model->blocks[transaction->block->size], transaction->block);
    op_end(&transaction->op, CALL_REFUSED, 0, NULL, &model->transactions);
}

/* ---- The disk ------------------------------------------------------------------------------- */

static void start_flush(struct table_model *model)
{
    if (model->is_flushing || model->is_paused || list_is_empty(&model->ready))
        return;
    do
        list_push_last(&model->flushing, list_take_first(&model->ready));
    while (model->spec->group_commit && !list_is_empty(&model->ready));
    model->is_flushing = true;
    model->flush_ns = model->spec->commit_ns;
    model->flush_from_ns = table_now(model);
    event_after(model->events, &model->flush, model->flush_ns);
}

static void commit(struct table_model *model, struct table_transaction *transaction)
{
    table_apply(model, transaction);
    table_locks_release(model, transaction);
    disconnect(model, transaction);
    leave(model, transaction);
}

void table_flushed(struct event *event)
{
    struct table_model *model = list_entry(event, struct table_model, flush);

    model->counts.flushes++;
    while (!list_is_empty(&model->flushing))
        commit(model, transaction_of(list_take_first(&model->flushing)));
    model->is_flushing = false;
    start_flush(model);
}

/* ---- The locks ------------------------------------------------------------------------------ */

void table_locked(struct table_model *model, struct table_transaction *transaction)
{
    bool is_refused;

    transaction->stage = TABLE_DISK;
    if (table_locks_take(model, transaction, &is_refused)) {
        if (transaction->block->locks_max > 0) {
            model->lock_waits++;
            model->lock_wait_ns += table_now(model) - transaction->since_ns;
        }
        list_push_last(&model->ready, &transaction->link);
        start_flush(model);
    } else if (!is_refused) {
        transaction->stage = TABLE_LOCK;
    } else {
        table_locks_release(model, transaction);
        disconnect(model, transaction);
        fail(model, transaction, CALL_FAILED);
    }
}

/* ---- The cores ------------------------------------------------------------------------------ */

static void statements_end(struct table_model *model, struct table_transaction *transaction)
{
    if (transaction->is_orphan || (transaction->block != NULL && transaction->block->is_unlawful)) {
        disconnect(model, transaction);
        fail(model, transaction, CALL_FAILED);
    } else if (transaction->block != NULL) {
        table_locked(model, transaction);
        start_cores(model);
    } else {
        table_read_rows(model, transaction);
        disconnect(model, transaction);
        leave(model, transaction);
    }
}

/* What it has computed so far in this turn. */
static void note_computed(struct table_model *model, struct table_transaction *transaction)
{
    uint64_t now_ns = table_now(model);

    meter_add(&model->cores, transaction->since_ns, now_ns);
    transaction->core_ns -= now_ns - transaction->since_ns;
    transaction->since_ns = now_ns;
}

/* Cores that compute and connections that are held are so up to now. */
void table_note_under_way(struct table_model *model)
{
    for (struct link *link = model->inside.head.next; link != &model->inside.head;
         link = link->next) {
        struct table_transaction *each = list_entry(link, struct table_transaction, inside);

        if (each->stage == TABLE_CORE && !model->is_paused)
            note_computed(model, each);
        if (each->stage == TABLE_SLOT)
            continue;
        meter_add(&model->pool, each->slot_ns, table_now(model));
        each->slot_ns = table_now(model);
    }
}

static void turn_ends(struct event *event);

static void run_on(struct table_model *model, struct table_transaction *transaction)
{
    uint64_t turn_ns = transaction->core_ns, quantum_ns = model->spec->quantum_ns;

    if (quantum_ns > 0 && turn_ns > quantum_ns)
        turn_ns = quantum_ns;
    transaction->since_ns = table_now(model);
    transaction->op.event.fire = turn_ends;
    event_after(model->events, &transaction->op.event, turn_ns);
}

static void turn_ends(struct event *event)
{
    struct table_transaction *transaction = (struct table_transaction *)event;
    struct table_model *model = model_of(&transaction->op);

    note_computed(model, transaction);
    if (transaction->core_ns > 0 && list_is_empty(&model->core_line)) {
        run_on(model, transaction);
        return;
    }
    model->cores_taken--;
    if (transaction->core_ns == 0) {
        statements_end(model, transaction);
        return;
    }
    transaction->stage = TABLE_CORE_LINE;
    list_push_last(&model->core_line, &transaction->link);
    start_cores(model);
}

static void start_cores(struct table_model *model)
{
    while (!model->is_paused && model->cores_taken < model->spec->cores &&
           !list_is_empty(&model->core_line)) {
        struct table_transaction *next = transaction_of(list_take_first(&model->core_line));

        model->cores_taken++;
        next->stage = TABLE_CORE;
        if (!next->has_begun)
            next->core_ns = table_cost_ns(model, next);
        next->has_begun = true;
        run_on(model, next);
    }
}

/* ---- Faults --------------------------------------------------------------------------------- */

void table_stand_still(struct table_model *model)
{
    for (struct link *link = model->inside.head.next; link != &model->inside.head;
         link = link->next) {
        struct table_transaction *each = list_entry(link, struct table_transaction, inside);

        if (each->stage != TABLE_CORE)
            continue;
        event_cancel(&each->op.event);
        note_computed(model, each);
    }
    event_cancel(&model->flush);
    if (model->is_flushing)
        model->flush_ns -= table_now(model) - model->flush_from_ns;
}

void table_go_on(struct table_model *model)
{
    for (struct link *link = model->inside.head.next; link != &model->inside.head;
         link = link->next) {
        struct table_transaction *each = list_entry(link, struct table_transaction, inside);

        if (each->stage == TABLE_CORE)
            run_on(model, each);
    }
    model->flush_from_ns = table_now(model);
    if (model->is_flushing)
        event_after(model->events, &model->flush, model->flush_ns);
    for (uint32_t i = 0; i < model->pools_max; i++)
        admit(model, &model->pools[i]);
    start_flush(model);
}

void table_roll_back(struct table_model *model, struct table_transaction *transaction)
{
    switch (transaction->stage) {
    case TABLE_AWAY:
    case TABLE_DISK: /* COMMIT was said. */
        return;
    case TABLE_CORE: /* Noticed at the statements' end. */
        transaction->is_orphan = true;
        return;
    case TABLE_SLOT:
        list_remove(&pool_of(model, transaction)->line, &transaction->link);
        break;
    case TABLE_TURN:
        list_remove(&model->writer_line, &transaction->link);
        disconnect(model, transaction);
        break;
    case TABLE_CORE_LINE:
        if (transaction->has_begun) {
            transaction->is_orphan = true;
            return;
        }
        list_remove(&model->core_line, &transaction->link);
        disconnect(model, transaction);
        break;
    case TABLE_LOCK:
        table_locks_leave(transaction);
        table_locks_release(model, transaction);
        disconnect(model, transaction);
        break;
    }
    fail(model, transaction, CALL_FAILED);
}

/* What a client hears whose transaction the crash took. */
static enum call_outcome outcome_of_crash(const struct table_model *model,
                                          const struct table_transaction *transaction)
{
#ifdef SIM_PLANTED_BUGS
    if (model->bug == TABLE_COMMITS_EARLY && transaction->stage == TABLE_DISK)
        return CALL_OK; /* As if it had been said before the flush. */
#else
    (void)model;
    (void)transaction;
#endif
    return CALL_FAILED;
}

static void lose(struct table_model *model, struct table_transaction *transaction)
{
    event_cancel(&transaction->op.event);
    if (transaction->stage == TABLE_CORE)
        meter_add(&model->cores, transaction->since_ns, table_now(model));
    if (transaction->stage != TABLE_SLOT)
        meter_add(&model->pool, transaction->slot_ns, table_now(model));
    if (transaction->block != NULL)
        table_locks_release(model, transaction);
    fail(model, transaction, outcome_of_crash(model, transaction));
}

void table_lose_all(struct table_model *model)
{
    for (struct link *link = model->inside.head.next; link != &model->inside.head;
         link = link->next) {
        struct table_transaction *each = list_entry(link, struct table_transaction, inside);

        if (each->stage == TABLE_LOCK)
            table_locks_leave(each);
    }
    event_cancel(&model->flush);
    model->is_flushing = false;
    for (uint32_t i = 0; i < model->pools_max; i++)
        list_init(&model->pools[i].line);
    list_init(&model->writer_line);
    list_init(&model->core_line);
    list_init(&model->ready);
    list_init(&model->flushing);
    while (!list_is_empty(&model->inside))
        lose(model, list_entry(list_first(&model->inside), struct table_transaction, inside));
    for (uint32_t i = 0; i < model->pools_max; i++)
        model->pools[i].taken = 0;
    model->turns_taken = model->cores_taken = 0;
}
