/* audit_rig.h — An audit in a world of lists: a test says what clients were told and what is there
 * in the end, and reads the verdict. For the tests of one file each; a case begins with rig_clear,
 * sets what it wants in the scenario, and then opens. */
#ifndef TESTS_AUDIT_AUDIT_RIG_H
#define TESTS_AUDIT_AUDIT_RIG_H

#include "tests/lib/test.h"

#include <string.h>

#include "sim/audit/audit.h"

enum { RIG_ROWS_MAX = 8 };

struct rig_rows {
    struct evidence_row rows[RIG_ROWS_MAX];
    size_t length;
};

static struct { /* One case's. */
    struct scenario scenario;
    struct result result;
    struct measure measure;
    struct arena arena;
    struct audit audit;
    struct rig_rows tables[TABLE_KINDS];
    struct rig_rows shown; /* a = post, value = the number. */
    bool has_store_missed, has_store_evicted;
    uint64_t dead_letters, now_ns;
} lab;

/* ---- Evidence, and a clock ------------------------------------------------------------------- */

static bool rig_next(void *context, enum schema_table table, size_t *cursor,
                     struct evidence_row *row)
{
    const struct rig_rows *rows = &lab.tables[table];

    (void)context;
    if (*cursor == rows->length)
        return false;
    *row = rows->rows[(*cursor)++];
    return true;
}

static bool rig_shown(void *context, uint64_t post, int64_t *value)
{
    (void)context;
    for (size_t i = 0; i < lab.shown.length; i++)
        if (lab.shown.rows[i].a == post) {
            *value = lab.shown.rows[i].value;
            return true;
        }
    return false;
}

static uint64_t rig_now_ns(struct timer *timer)
{
    (void)timer;
    return lab.now_ns;
}

static const struct evidence_ops rig_evidence_ops = {.next = rig_next, .shown = rig_shown};
static const struct timer_ops rig_timer_ops = {.now_ns = rig_now_ns};
static struct timer rig_timer = {.ops = &rig_timer_ops};

static inline void a_row_lies_in(enum schema_table table, uint64_t a, uint64_t b, int64_t value)
{
    struct rig_rows *rows = &lab.tables[table];

    assert_true(rows->length < RIG_ROWS_MAX);
    rows->rows[rows->length++] = (struct evidence_row){a, b, value};
}

static inline void the_store_shows(uint64_t post, int64_t value)
{
    lab.shown.rows[lab.shown.length++] = (struct evidence_row){post, 0, value};
}

/* ---- From the beginning to the verdict ------------------------------------------------------- */

static inline void rig_clear(void)
{
    memset(&lab, 0, sizeof lab);
    assert_true(arena_open(&lab.arena, audit_bytes()));
}

static inline void rig_open(void)
{
    measure_init(&lab.measure, &lab.scenario, &lab.result);
    audit_init(&lab.audit, &lab.measure, &rig_timer, &lab.arena);
}

static inline int rig_teardown(void **state)
{
    (void)state;
    arena_close(&lab.arena);
    return 0;
}

static inline void rig_end(bool has_drained)
{
    const struct evidence evidence = {.ops = &rig_evidence_ops,
                                      .has_store_missed = lab.has_store_missed,
                                      .has_store_evicted = lab.has_store_evicted,
                                      .dead_letters = lab.dead_letters};

    audit_end(&lab.audit, &evidence, has_drained);
}

/* As many breaks; the first of them has this name. */
static inline void expect_breaks(uint32_t breaks, const char *name)
{
    if (lab.result.invariants_violated != breaks)
        fail_msg("%u breaks; %s: %s", lab.result.invariants_violated, lab.result.breaks[0].name,
                 lab.result.breaks[0].finding);
    if (breaks > 0)
        assert_string_equal(lab.result.breaks[0].name, name);
}

#endif
