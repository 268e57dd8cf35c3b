/* likes_rows.c — A batch of likes and unlikes as one transaction.
 *
 * Only the last word of a user about a post counts: a like and an unlike in one batch come to the
 * delete alone, which is what the row would be after both. Sorting brings a user's words together
 * with the last one last, and a post's rows together before its TALLY. */
#include "services/batcher/rows.h"

#include <stdbool.h>
#include <stddef.h>

#include "services/port/schema.h"

static bool is_before(const struct record *a, const struct record *b, bool is_log)
{
    if (a->ask.key != b->ask.key)
        return a->ask.key < b->ask.key;
    if (a->ask.user != b->ask.user)
        return a->ask.user < b->ask.user;
    if (!is_log && a->put_ns != b->put_ns)
        return a->put_ns < b->put_ns;
    return a->offset < b->offset;
}

static void swap(const struct record **a, const struct record **b)
{
    const struct record *kept = *a;

    *a = *b;
    *b = kept;
}

static void sift_down(const struct record **heap, uint32_t root, uint32_t n, bool is_log)
{
    uint32_t child;

    while ((child = 2 * root + 1) < n) {
        if (child + 1 < n && is_before(heap[child], heap[child + 1], is_log))
            child++;
        if (!is_before(heap[root], heap[child], is_log))
            return;
        swap(&heap[root], &heap[child]);
        root = child;
    }
}

/* Heapsort: in place, and n log n for any order. No two records are equal, so it need not be
 * stable. */
static void sort(const struct record **heap, uint32_t n, bool is_log)
{
    for (uint32_t root = n / 2; root-- > 0;)
        sift_down(heap, root, n, is_log);
    for (uint32_t end = n; end-- > 1;) {
        swap(&heap[0], &heap[end]);
        sift_down(heap, 0, end, is_log);
    }
}

static uint32_t pick_likes(const struct record *records, uint32_t n, const struct record **likes)
{
    uint32_t length = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (records[i].ask.verb == VERB_LIKE || records[i].ask.verb == VERB_UNLIKE)
            likes[length++] = &records[i];
    }
    return length;
}

static bool is_same_post(const struct record *a, const struct record *next)
{
    return next != NULL && a->ask.key == next->ask.key;
}

static bool is_last_word(const struct record *record, const struct record *next)
{
    return !is_same_post(record, next) || record->ask.user != next->ask.user;
}

/* The time of a like is when it was put, so that it is the same when the batch is done again. */
static struct table_op like_row(const struct record *record)
{
    return (struct table_op){
        .verb = record->ask.verb == VERB_LIKE ? TABLE_INSERT : TABLE_DELETE,
        .table = TABLE_LIKES,
        .a = record->ask.key,
        .b = record->ask.user,
        .value = (int64_t)record->put_ns,
    };
}

uint32_t likes_rows(const struct record *records, uint32_t n, bool is_log,
                    const struct record **sorted, struct table_op *ops)
{
    uint32_t likes = pick_likes(records, n, sorted);
    uint32_t length = 0;

    sort(sorted, likes, is_log);
    for (uint32_t i = 0; i < likes; i++) {
        const struct record *next = i + 1 < likes ? sorted[i + 1] : NULL;

        if (is_last_word(sorted[i], next))
            ops[length++] = like_row(sorted[i]);
        if (!is_same_post(sorted[i], next))
            ops[length++] = (struct table_op){
                .verb = TABLE_TALLY, .table = TABLE_COUNTERS, .a = sorted[i]->ask.key};
    }
    return length;
}
