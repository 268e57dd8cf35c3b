/* audit_likes.c — An acknowledged like is in the table, exactly once, and the counters say so.
 *
 *   nobody likes who never asked; a counter row equals the rows that it counts;
 *   acknowledged <= shown <= attempted, where the design says so
 *
 * Who likes and unlikes is owed the row that his last word asks for. It is his last word when it
 * was asked after every other had been answered, and nothing of his went without an answer: that
 * might be done at any time. Workers of a queue without partitions may do two words the other way
 * round; how often that was left standing is reported (out_of_order), and not forbidden.
 *
 * Where a design promises less (an answer from the store alone may be lost), the loss is measured
 * and reported, not forbidden. While records are still in the log nothing can be said: a run that
 * has not drained counts as undrained, and its losses as unknown.
 *
 * The rows are walked once and marked on the facts, then the facts are judged: a real table is
 * asked one question instead of one per like. */
#include "sim/audit/audit_inside.h"

/* What is known of one (post, user). */
enum like_fact {
    LIKE_TRIED = 1,
    LIKE_TOLD = 2, /* The client was told that it is there. */
    UNLIKE_TRIED = 4,
    LIKE_IN_TABLE = 8,    /* Set at the end. */
    LAST_IS_UNLIKE = 16,  /* Of the words that were answered. */
    IS_UNORDERED = 32,    /* The last word was asked while another had no answer. */
    IS_DOUBTFUL = 64,     /* A word went without an answer, or was said twice. */
    WORD_IS_OPEN = 1 << 8 /* Counts, from here up: words without an answer. */
};

struct post_fact { /* Of one post that somebody asked about; made at the end. */
    uint64_t told, tried, rows;
    int64_t counted; /* In its counter row. */
    bool has_counter;
};

/* Likes that a counter takes leave no rows behind: they are no facts. */
static bool is_word(const struct audit *audit, const struct request *request)
{
    const struct load_spec *load = request->clients == NULL ? NULL : request->clients->spec;

    return (request->ask.verb == VERB_LIKE || request->ask.verb == VERB_UNLIKE) &&
           (load == NULL || audit_leads_to(audit->scenario, load->service, KIND_LIKES));
}

static uint64_t *facts_of(struct audit *audit, const struct request *request)
{
    return map_put(&audit->likes, request->ask.key, request->ask.user, NULL);
}

void audit_likes_offered(struct audit *audit, const struct request *request)
{
    uint64_t *facts;

    if (!is_word(audit, request))
        return;
    facts = facts_of(audit, request);
    *facts |= request->ask.verb == VERB_UNLIKE ? UNLIKE_TRIED : LIKE_TRIED;
    *facts &= ~(uint64_t)IS_UNORDERED;
    *facts |= *facts >= WORD_IS_OPEN ? IS_UNORDERED : 0;
    *facts += WORD_IS_OPEN;
}

void audit_likes_finished(struct audit *audit, const struct request *request,
                          enum call_outcome outcome)
{
    uint64_t *facts;

    if (!is_word(audit, request))
        return;
    facts = facts_of(audit, request);
    *facts -= WORD_IS_OPEN;
    if (!call_is_served(outcome) || request->ask.attempt > 0)
        *facts |= IS_DOUBTFUL;
    *facts &= ~(uint64_t)LAST_IS_UNLIKE;
    if (request->ask.verb == VERB_UNLIKE)
        *facts |= LAST_IS_UNLIKE;
    else if (call_is_served(outcome))
        *facts |= LIKE_TOLD;
}

/* ---- What the designs promise ---------------------------------------------------------------- */

static const struct service_spec *likes_service_of(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind == KIND_LIKES)
            return &scenario->services[i];
    return NULL;
}

/* What was answered from the store alone may be lost in a crash; the design says so. */
static bool promises_to_keep(const struct scenario *scenario, const struct service_spec *likes)
{
    bool is_sync = likes->design == DESIGN_TABLE || likes->design == DESIGN_INDEXED ||
                   likes->design == DESIGN_CACHED;

    return is_sync || (likes->ack != ACK_STORE && audit_log_keeps(scenario));
}

/* With a log behind it the store counts each like in one step, or in two that only trouble parts. A
 * call that found no answer may have counted all the same, and a store that forgets, or that is
 * full and may not, counts too little. cached moves the counter apart from the row, and may be one
 * off. */
static bool shows_exactly(const struct audit *audit, const struct evidence *evidence,
                          const struct service_spec *likes)
{
    const struct scenario *scenario = audit->scenario;
    const struct result *result = audit->result;
    bool has_log = likes->design == DESIGN_QUEUED || likes->design == DESIGN_BATCHED;

    return has_log && scenario->faults_max == 0 && scenario->network.loss == 0 &&
           result->requests.failed[FAILURE_TIMEOUT] == 0 &&
           result->requests.failed[FAILURE_ERROR] == 0 && !evidence->has_store_evicted &&
           (scenario->store.eviction != EVICTION_NONE || scenario->store.memory == 0);
}

/* ---- Gathering ------------------------------------------------------------------------------- */

static struct post_fact *post_of(const struct map *posts, uint64_t post)
{
    const uint64_t *known = map_find(posts, post, 0);

    return known == NULL ? NULL : (struct post_fact *)(uintptr_t)*known;
}

/* Adds up per post what clients know. */
static void gather_posts(struct audit *audit, struct map *posts)
{
    const struct map_slot *slot;
    size_t cursor = 0;

    while ((slot = map_next(&audit->likes, &cursor)) != NULL) {
        bool is_new;
        uint64_t *known = map_put(posts, slot->a, 0, &is_new);
        struct post_fact *post;

        if (is_new)
            *known = (uint64_t)(uintptr_t)arena_take(audit->arena, sizeof *post);
        post = (struct post_fact *)(uintptr_t)*known;
        post->told += (slot->value & LIKE_TOLD) && !(slot->value & UNLIKE_TRIED);
        post->tried++;
    }
}

static void gather_row(struct audit *audit, const struct map *posts, const struct evidence_row *row)
{
    struct post_fact *post = post_of(posts, row->a);
    uint64_t *facts = map_find(&audit->likes, row->a, row->b);

    if (post == NULL) /* Nobody asked about it: it was there before the run. */
        return;
    post->rows++;
    if (facts == NULL)
        audit_break(audit, "nobody likes who never asked", "post %llu, user %llu",
                    (unsigned long long)row->a, (unsigned long long)row->b);
    else if (*facts & LIKE_IN_TABLE)
        audit_break(audit, "a like is in the table once", "post %llu, user %llu",
                    (unsigned long long)row->a, (unsigned long long)row->b);
    else
        *facts |= LIKE_IN_TABLE;
}

static void gather_rows(struct audit *audit, const struct evidence *evidence, struct map *posts)
{
    struct evidence_row row;
    size_t cursor = 0;

    while (evidence->ops->next(evidence->context, TABLE_LIKES, &cursor, &row))
        gather_row(audit, posts, &row);
    cursor = 0;
    while (evidence->ops->next(evidence->context, TABLE_COUNTERS, &cursor, &row)) {
        struct post_fact *post = post_of(posts, row.a);

        if (post == NULL)
            continue;
        post->counted += row.value;
        post->has_counter = true;
    }
}

/* ---- Judging --------------------------------------------------------------------------------- */

static bool is_out_of_order(uint64_t facts)
{
    bool is_known = facts < WORD_IS_OPEN && !(facts & (IS_UNORDERED | IS_DOUBTFUL));

    return is_known && facts & UNLIKE_TRIED &&
           ((facts & LIKE_IN_TABLE) != 0) == ((facts & LAST_IS_UNLIKE) != 0);
}

static void check_like(struct audit *audit, const struct map_slot *slot, bool must_be_kept)
{
    struct likes_result *likes = &audit->result->likes;
    bool is_there = slot->value & LIKE_IN_TABLE;

    audit->result->invariants_checked++;
    likes->acknowledged += (slot->value & LIKE_TOLD) != 0;
    likes->in_table += is_there;
    likes->out_of_order += must_be_kept && is_out_of_order(slot->value);
    if (is_there && !(slot->value & LIKE_TRIED))
        audit_break(audit, "nobody likes who never asked", "post %llu, user %llu",
                    (unsigned long long)slot->a, (unsigned long long)slot->b);
    if (is_there || !(slot->value & LIKE_TOLD) || slot->value & UNLIKE_TRIED)
        return;
    likes->lost++;
    if (must_be_kept)
        audit_break(audit, "an acknowledged like is in the table", "post %llu, user %llu",
                    (unsigned long long)slot->a, (unsigned long long)slot->b);
}

/* How far the number shown is off, and, where the design says how far it may be, its bounds. */
static void check_shown(struct audit *audit, const struct evidence *evidence,
                        const struct map_slot *slot, bool is_exact)
{
    const struct post_fact *post = (const struct post_fact *)(uintptr_t)slot->value;
    int64_t shown, off;

    if (!evidence->ops->shown(evidence->context, slot->a, &shown))
        return;
    off = shown - (int64_t)post->rows;
    audit->result->invariants_checked++;
    audit->result->likes.shown_off += (uint64_t)(off < 0 ? -off : off);
    if (!is_exact)
        return;
    if ((shown < (int64_t)post->told && !evidence->has_store_missed) ||
        shown > (int64_t)post->tried)
        audit_break(audit, "acknowledged <= shown <= attempted", "post %llu: %llu <= %lld <= %llu",
                    (unsigned long long)slot->a, (unsigned long long)post->told, (long long)shown,
                    (unsigned long long)post->tried);
}

static void check_counter(struct audit *audit, const struct map_slot *slot)
{
    const struct post_fact *post = (const struct post_fact *)(uintptr_t)slot->value;

    if (!post->has_counter)
        return;
    audit->result->invariants_checked++;
    if (post->counted != (int64_t)post->rows)
        audit_break(audit, "a like is counted exactly once", "post %llu: counter %lld, rows %llu",
                    (unsigned long long)slot->a, (long long)post->counted,
                    (unsigned long long)post->rows);
}

void audit_likes_end(struct audit *audit, const struct evidence *evidence, bool has_drained)
{
    const struct service_spec *likes = likes_service_of(audit->scenario);
    const struct map_slot *slot;
    struct map posts;
    bool must_be_kept, is_exact;
    size_t cursor = 0;

    if (likes == NULL)
        return;
    audit->result->likes.undrained = !has_drained;
    if (!has_drained)
        return;
    must_be_kept = promises_to_keep(audit->scenario, likes);
    is_exact = shows_exactly(audit, evidence, likes);
    map_init(&posts, audit->arena, 64);
    gather_posts(audit, &posts);
    gather_rows(audit, evidence, &posts);
    while ((slot = map_next(&audit->likes, &cursor)) != NULL)
        check_like(audit, slot, must_be_kept);
    for (cursor = 0; (slot = map_next(&posts, &cursor)) != NULL;) {
        check_shown(audit, evidence, slot, is_exact);
        check_counter(audit, slot);
    }
}
