/* table_model.c — The port, from open to close, and what can befall the server.
 *
 * A write is copied when it is asked, into a block of the smallest size that holds it; a reader
 * needs none. When the blocks that would do are all in use the write is refused, as when a server
 * is out of memory for one more transaction. */
#include "sim/world/table/table_inside.h"

#include <string.h>

#include "sim/world/link_op.h"

static const uint32_t block_ops[TABLE_BLOCK_SIZES] = {1, 16, 256, TABLE_OPS_MAX};
static const uint32_t blocks_max[TABLE_BLOCK_SIZES] = {1 << 17, 1 << 16, 1 << 13, 1 << 10};

enum { FLUSH_PLACE = 0xfffffe, WARM_PLACE = 0xffffff }; /* In tags: no node's id. */

/* ---- The port ------------------------------------------------------------------------------- */

static size_t block_bytes(uint32_t ops_max)
{
    return sizeof(struct table_block) +
           ops_max * (sizeof(struct table_op) + sizeof(struct table_lock *) + sizeof(uint16_t));
}

/* A block with its arrays behind it. NULL: none is free. */
static struct table_block *take_block(struct table_model *model, uint32_t ops_max)
{
    for (uint32_t size = 0; size < TABLE_BLOCK_SIZES; size++) {
        struct table_block *block =
            block_ops[size] < ops_max ? NULL : pool_take(&model->blocks[size]);

        if (block == NULL)
            continue;
        block->size = size;
        block->ops_max = ops_max;
        block->ops = (struct table_op *)(void *)(block + 1);
        block->locks = (struct table_lock **)(void *)(block->ops + block_ops[size]);
        block->order = (uint16_t *)(void *)(block->locks + block_ops[size]);
        return block;
    }
    return NULL;
}

static struct table_block *copy(struct table_model *model, const struct table_op *ops,
                                uint32_t ops_max)
{
    struct table_block *block = take_block(model, ops_max);

    if (block == NULL)
        return NULL;
    memcpy(block->ops, ops, ops_max * sizeof *ops);
    block->statements = 0;
    block->is_unlawful = false;
    for (uint32_t i = 0; i < ops_max; i++) {
        check(ops[i].table > 0 && ops[i].table < TABLE_KINDS);
        block->statements |= table_statement_bit(&ops[i]);
        block->is_unlawful |= table_is_unlawful(&ops[i]);
    }
    table_locks_plan(block);
    return block;
}

static struct table_transaction *begin(struct table *table, struct call *call, uint64_t timeout_ns)
{
    struct node *node = node_of(table, table);
    struct table_model *model = world_parts(node->world)->table;
    struct table_transaction *transaction = world_take_record(node->world, &model->transactions);

    model->is_used = true;
    transaction->stage = TABLE_AWAY;
    transaction->is_turned_away = model->transactions.taken > TABLE_TRANSACTIONS_MAX / 4 * 3;
    transaction->has_begun = transaction->is_orphan = false;
    transaction->has_turn = false;
    transaction->block = NULL;
    transaction->outcome = CALL_FAILED;
    transaction->value = 0;
    transaction->op.event.fire = table_arrive;
    transaction->op.event.tag = TAG_TABLE | node->id;
    op_begin(&transaction->op, node, call, OP_TABLE, timeout_ns);
    transaction->time_out = transaction->op.timer.fire;
    transaction->op.timer.fire = table_time_out;
    return transaction;
}

static void send(struct table_model *model, struct table_transaction *transaction)
{
    if (!link_op_send(model->link, &transaction->op, model->is_cut, &model->spec->way)) {
        if (transaction->block != NULL)
            pool_give(&model->blocks[transaction->block->size], transaction->block);
        op_lost(&transaction->op, &model->transactions);
    }
}

static void read(struct table *table, struct call *call, enum table_read how, uint8_t of,
                 uint64_t a, uint64_t b, uint64_t timeout_ns)
{
    struct table_transaction *transaction = begin(table, call, timeout_ns);

    check(of > 0 && of < TABLE_KINDS);
    transaction->how = how;
    transaction->of = of;
    transaction->a = a;
    transaction->b = b;
    send(world_parts(node_of(table, table)->world)->table, transaction);
}

static void write(struct table *table, struct call *call, const struct table_op *ops,
                  uint32_t ops_max, uint64_t timeout_ns)
{
    struct table_model *model = world_parts(node_of(table, table)->world)->table;
    struct table_transaction *transaction = begin(table, call, timeout_ns);

    if (!transaction->is_turned_away)
        transaction->block = copy(model, ops, ops_max);
    if (transaction->block == NULL)
        transaction->is_turned_away = true;
    send(model, transaction);
}

const struct table_ops table_model_ops = {.read = read, .write = write};

/* ---- From open to close --------------------------------------------------------------------- */

static void warm(struct event *event)
{
    struct table_model *model = list_entry(event, struct table_model, warm);

    model->counts = (struct table_result){0};
    model->pool_wait_ns = model->pool_waits = 0;
    model->lock_wait_ns = model->lock_waits = 0;
    table_locks_warm(model);
}

static void init_lists(struct table_model *model)
{
    list_init(&model->inside);
    list_init(&model->writer_line);
    list_init(&model->core_line);
    list_init(&model->ready);
    list_init(&model->flushing);
    list_init(&model->idle_locks);
}

struct table_model *table_model_open(const struct model_setup *with, const struct table_spec *spec)
{
    struct table_model *model = arena_take(with->arena, sizeof *model);

    model->events = with->events;
    model->link = with->link;
    model->spec = spec;
    model->warmup_ns = with->warmup_ns;
    pool_init(&model->transactions, with->arena, sizeof(struct table_transaction),
              TABLE_TRANSACTIONS_MAX);
    for (uint32_t size = 0; size < TABLE_BLOCK_SIZES; size++)
        pool_init(&model->blocks[size], with->arena, block_bytes(block_ops[size]),
                  blocks_max[size]);
    pool_init(&model->lock_records, with->arena, sizeof(struct table_lock), TABLE_LOCKS_MAX);
    init_lists(model);
    model->pools = arena_take(with->arena, TABLE_POOLS_MAX * sizeof *model->pools);
    model->pools_max = 0;
    table_rows_init(model, with->arena);
    model->flush = (struct event){.fire = table_flushed, .tag = TAG_TABLE | FLUSH_PLACE};
    model->warm = (struct event){.fire = warm, .tag = TAG_TABLE | WARM_PLACE};
    if (with->warmup_ns > 0)
        event_at(model->events, &model->warm, with->warmup_ns);
    return model;
}

void table_model_index(struct table_model *model, enum schema_table table, bool has_index)
{
    model->has_index[table] = has_index;
}

/* Of all pools that somebody has used. */
static double connections_of(const struct table_model *model)
{
    uint32_t connections = 0;

    for (uint32_t i = 0; i < model->pools_max; i++)
        connections += model->pools[i].max;
    return connections;
}

/* Zeros included; 0 when nobody came. */
static double mean_ms(uint64_t sum_ns, uint64_t n)
{
    return n == 0 ? 0 : (double)sum_ns / (double)n / 1e6;
}

void table_model_close(struct table_model *model, struct table_result *result)
{
    const struct table_spec *spec = model->spec;
    uint64_t from_ns = model->warmup_ns, end_ns = table_now(model);
    double hottest_ns = (double)table_locks_hottest_ns(model);
    double connections = connections_of(model);

    table_note_under_way(model);
    *result = model->counts;
    result->is_used = model->is_used;
    result->utilization = meter_mean(&model->cores, spec->cores, from_ns, end_ns);
    result->utilization_peak = meter_peak(&model->cores, spec->cores, from_ns, end_ns);
    result->pool_utilization = meter_mean(&model->pool, connections, from_ns, end_ns);
    result->pool_utilization_peak = meter_peak(&model->pool, connections, from_ns, end_ns);
    result->lock_wait_mean_ms = mean_ms(model->lock_wait_ns, model->lock_waits);
    result->pool_wait_mean_ms = mean_ms(model->pool_wait_ns, model->pool_waits);
    if (end_ns > from_ns)
        result->hottest_row_busy = hottest_ns / (double)(end_ns - from_ns);
}

/* ---- Faults --------------------------------------------------------------------------------- */

void table_model_crash(struct table_model *model)
{
    model->is_down = true;
    model->is_paused = false;
    table_lose_all(model);
}

void table_model_restart(struct table_model *model)
{
    model->is_down = false;
}

void table_model_pause(struct table_model *model)
{
    if (model->is_paused || model->is_down)
        return;
    model->is_paused = true;
    table_stand_still(model);
}

void table_model_resume(struct table_model *model)
{
    if (!model->is_paused)
        return; /* It crashed meanwhile. */
    model->is_paused = false;
    table_go_on(model);
}

void table_model_cut(struct table_model *model, bool is_cut)
{
    model->is_cut = is_cut;
}

void table_model_node_died(struct table_model *model, const struct node *node)
{
    struct link *link = model->inside.head.next;

    while (link != &model->inside.head) {
        struct table_transaction *each = list_entry(link, struct table_transaction, inside);

        if (each->op.node == node && each->op.epoch != node->epoch)
            table_roll_back(model, each);
        /* What it let go of may have ended others too: then from the start. */
        link = each->stage == TABLE_AWAY ? model->inside.head.next : link->next;
    }
}

/* ---- For the invariants --------------------------------------------------------------------- */

bool table_model_row(const struct table_model *model, enum schema_table table, uint64_t a,
                     uint64_t b, int64_t *value)
{
    const uint64_t *found = map_find(&model->rows[table], a, b);

    if (found != NULL && value != NULL)
        *value = (int64_t)*found;
    return found != NULL;
}

uint64_t table_model_rows(const struct table_model *model, enum schema_table table)
{
    return model->rows[table].length;
}

bool table_model_next(const struct table_model *model, enum schema_table table, size_t *cursor,
                      struct table_row *row)
{
    const struct map_slot *slot = map_next(&model->rows[table], cursor);

    if (slot != NULL)
        *row = (struct table_row){.a = slot->a, .b = slot->b, .value = (int64_t)slot->value};
    return slot != NULL;
}

void table_model_plant(struct table_model *model, enum table_bug bug)
{
    model->bug = bug;
}
