/* stage_expect.c — One expectation per verb: hears the line, checks it, replies.
 *
 * Each is a handful of lines over stage_hear() and stage_reply(); what a stage is stands in
 * stage.h. */
#include "tests/lib/test.h"
#include "tests/lib/stage.h"

struct line *expect_answer(struct stage *stage, const struct visit *visit,
                           enum call_outcome outcome, int64_t value)
{
    struct line *line = stage_hear(stage, LINE_ANSWER);

    assert_ptr_equal(line->visit, visit);
    assert_int_equal(line->outcome, outcome);
    if (outcome == CALL_OK)
        assert_int_equal(line->value, value);
    return line;
}

struct line *expect_stage(struct stage *stage, const struct visit *visit, enum visit_stage at)
{
    struct line *line = stage_hear(stage, LINE_STAGE);

    assert_ptr_equal(line->visit, visit);
    assert_string_equal(visit_stage_name((enum visit_stage)line->n), visit_stage_name(at));
    return line;
}

struct line *expect_sleep(struct stage *stage, uint64_t *delay_ns)
{
    struct line *line = stage_hear(stage, LINE_SLEEP);

    if (delay_ns != NULL)
        *delay_ns = line->delay_ns;
    stage_reply(stage, line, CALL_OK, 0);
    return line;
}

static struct line *expect_work(struct stage *stage, enum line_kind kind)
{
    struct line *line = stage_hear(stage, kind);

    stage_reply(stage, line, CALL_OK, 0);
    return line;
}

struct line *expect_cpu(struct stage *stage)
{
    return expect_work(stage, LINE_CPU);
}

struct line *expect_native(struct stage *stage)
{
    return expect_work(stage, LINE_NATIVE);
}

struct line *expect_block(struct stage *stage)
{
    return expect_work(stage, LINE_BLOCK);
}

struct line *expect_peer(struct stage *stage, uint32_t target, enum call_outcome outcome,
                         int64_t value)
{
    struct line *line = stage_hear(stage, LINE_PEER);

    assert_int_equal(line->target, target);
    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_store_get(struct stage *stage, uint64_t key, enum call_outcome outcome,
                              int64_t value)
{
    struct line *line = stage_hear(stage, LINE_STORE_GET);

    assert_int_equal(line->a, key);
    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_store_set(struct stage *stage, uint64_t key, int64_t value,
                              enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_STORE_SET);

    assert_int_equal(line->a, key);
    assert_int_equal(line->value, value);
    stage_reply(stage, line, outcome, 0);
    return line;
}

struct line *expect_store_set_new(struct stage *stage, uint64_t key, enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_STORE_SET_NEW);

    assert_int_equal(line->a, key);
    stage_reply(stage, line, outcome, 0);
    return line;
}

struct line *expect_store_add(struct stage *stage, uint64_t key, int64_t delta,
                              enum call_outcome outcome, int64_t value)
{
    struct line *line = stage_hear(stage, LINE_STORE_ADD);

    assert_int_equal(line->a, key);
    assert_int_equal(line->value, delta);
    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_store_expire(struct stage *stage, uint64_t key, uint64_t ttl_ns,
                                 enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_STORE_EXPIRE);

    assert_int_equal(line->a, key);
    assert_int_equal(line->ttl_ns, ttl_ns);
    stage_reply(stage, line, outcome, 0);
    return line;
}

struct line *expect_store_add_if_new(struct stage *stage, uint64_t set, uint64_t member,
                                     int64_t delta, enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_STORE_ADD_IF_NEW);

    assert_int_equal(line->a, set);
    assert_int_equal(line->b, member);
    assert_int_equal(line->value, delta);
    stage_reply(stage, line, outcome, 1);
    return line;
}

struct line *expect_put(struct stage *stage, uint32_t topic, enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_PUT);

    assert_int_equal(line->target, topic);
    stage_reply(stage, line, outcome, 0);
    return line;
}

struct line *expect_take(struct stage *stage, const struct record *records, uint32_t n)
{
    struct line *line = stage_hear(stage, LINE_TAKE);

    assert_true(n <= line->n);
    line->call->span = records;
    stage_reply(stage, line, n > 0 ? CALL_OK : CALL_ABSENT, n);
    return line;
}

struct line *expect_take_failing(struct stage *stage, enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_TAKE);

    stage_reply(stage, line, outcome, 0);
    return line;
}

struct line *expect_commit(struct stage *stage, uint32_t partition, uint64_t next_offset,
                           enum call_outcome outcome)
{
    struct line *line = stage_hear(stage, LINE_COMMIT);

    assert_int_equal(line->n, partition);
    assert_int_equal(line->a, next_offset);
    stage_reply(stage, line, outcome, 0);
    return line;
}

static struct line *expect_table_read(struct stage *stage, enum table_read how, uint8_t table,
                                      uint64_t a)
{
    struct line *line = stage_hear(stage, LINE_TABLE_READ);

    assert_int_equal(line->how, how);
    assert_int_equal(line->table, table);
    assert_int_equal(line->a, a);
    return line;
}

struct line *expect_table_row(struct stage *stage, uint8_t table, uint64_t a,
                              enum call_outcome outcome, int64_t value)
{
    struct line *line = expect_table_read(stage, TABLE_ROW, table, a);

    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_table_count(struct stage *stage, uint8_t table, uint64_t a,
                                enum call_outcome outcome, int64_t value)
{
    struct line *line = expect_table_read(stage, TABLE_COUNT, table, a);

    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_table_write(struct stage *stage, uint32_t n_ops, enum call_outcome outcome,
                                int64_t value)
{
    struct line *line = stage_hear(stage, LINE_TABLE_WRITE);

    assert_int_equal(line->n, n_ops);
    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_resize(struct stage *stage, uint32_t replicas)
{
    struct line *line = stage_hear(stage, LINE_RESIZE);

    assert_int_equal(line->target, replicas);
    return line;
}

struct line *expect_issue(struct stage *stage, uint64_t token, const struct token_claims *claims)
{
    struct line *line = stage_hear(stage, LINE_ISSUE);

    line->call->span = claims;
    stage_reply(stage, line, claims != NULL ? CALL_OK : CALL_FAILED, (int64_t)token);
    return line;
}

struct line *expect_verify(struct stage *stage, uint64_t token, enum token_part part,
                           const struct token_claims *claims, enum token_flaw flaw)
{
    struct line *line = stage_hear(stage, LINE_VERIFY);

    assert_int_equal(line->a, token);
    assert_int_equal(line->part, part);
    line->call->span = claims;
    stage_reply(stage, line, claims != NULL ? CALL_OK : CALL_ABSENT, flaw);
    return line;
}

struct line *expect_drop(struct stage *stage, uint64_t token)
{
    struct line *line = stage_hear(stage, LINE_DROP);

    assert_int_equal(line->a, token);
    return line;
}

struct line *expect_memory_add(struct stage *stage, uint32_t slot, uint64_t adds,
                               enum call_outcome outcome, int64_t value)
{
    struct line *line = stage_hear(stage, LINE_MEMORY_ADD);

    assert_int_equal(line->a, slot);
    assert_int_equal(line->b, adds);
    stage_reply(stage, line, outcome, value);
    return line;
}

struct line *expect_memory_read(struct stage *stage, uint32_t slot, enum call_outcome outcome,
                                int64_t value)
{
    struct line *line = stage_hear(stage, LINE_MEMORY_READ);

    assert_int_equal(line->a, slot);
    stage_reply(stage, line, outcome, value);
    return line;
}
