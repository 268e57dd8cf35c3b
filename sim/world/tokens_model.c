/* tokens_model.c — The tokens port: entries made, found again, and judged by form alone.
 *
 * What comes of it is known when it is asked; the answer comes when the processor has spent the
 * time, and what it points to stays in the list for longer than any such work takes. */
#include "sim/world/world_inside.h"

/* A place is not used again while somebody may still be told of it. */
static const int64_t grace_ns = INT64_C(60000000000);
static const int64_t hour_ns = INT64_C(3600000000000);

static uint64_t handle_of(const struct tokens_model *model, const struct token_entry *entry)
{
    return (uint64_t)(entry->uses & 0x3fffff) << 32 | (uint64_t)(entry - model->all + 1);
}

/* NULL: the place has another token by now. */
static const struct token_entry *entry_of(const struct tokens_model *model, uint64_t token)
{
    uint32_t place = (uint32_t)token - 1;

    check(place < model->length); /* Nobody makes one up but a forger. */
    return handle_of(model, &model->all[place]) == token ? &model->all[place] : NULL;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static struct token_entry *take_place(struct tokens_model *model, uint64_t now_ns)
{
    struct token_entry *oldest = &model->all[model->next];

    if (model->length > 0 && oldest->session.expires_ns + grace_ns <= (int64_t)now_ns) {
        model->next = (model->next + 1) % model->length;
        return oldest;
    }
    if (model->length == TOKENS_MAX)
        return NULL;
    arena_touch(model->arena, sizeof *oldest);
    return &model->all[model->length++];
}

/* Its own, or that of the token that is renewed. */
static struct token_claims session_for(struct tokens_model *model, const struct token_order *order,
                                       uint64_t now_ns)
{
    const struct token_entry *renewed = NULL;

    if (order->renews != 0)
        renewed = entry_of(model, order->renews);
    if (renewed != NULL)
        return renewed->session;
    return (struct token_claims){.user = order->user,
                                 .session = dice_next(&model->dice) >> 8 | 1,
                                 .proof = (int64_t)(dice_next(&model->dice) >> 1),
                                 .expires_ns = (int64_t)(now_ns + order->session_ns)};
}

static void fill(struct token_entry *entry, const struct token_order *order,
                 const struct token_claims *session, uint64_t now_ns)
{
    entry->session = *session;
    entry->access = *session;
    entry->access.user = order->user;
    entry->access.audience = order->audience;
    entry->access.not_before_ns = (int64_t)now_ns;
    entry->access.expires_ns = (int64_t)(now_ns + order->lifetime_ns);
    entry->is_signed = order->is_signed;
    entry->uses++;
}

static void issue(struct tokens *tokens, struct call *call, const struct token_order *order)
{
    struct node *node = node_of(tokens, tokens);
    struct tokens_model *model = &node->world->tokens;
    enum auth_algorithm algorithm = node->group->spec->auth.algorithm;
    uint64_t now_ns = events_now_ns(model->events), work_ns = model->spec->session_ns;
    struct token_claims session = session_for(model, order, now_ns);
    struct token_entry *entry = take_place(model, now_ns);

    if (entry == NULL) {
        node->world->is_out_of_memory = true;
        return;
    }
    fill(entry, order, &session, now_ns);
    entry->algorithm = (uint8_t)algorithm;
    if (order->is_signed)
        work_ns += model->spec->sign_ns[algorithm];
    processor_run(node, call, OP_TOKENS, work_ns,
                  (struct end){CALL_OK, (int64_t)handle_of(model, entry), &entry->access});
}

/* ---- Checking -------------------------------------------------------------------------------- */

struct verdict {
    enum token_flaw flaw;
    const struct token_claims *claims;
    bool is_checked; /* The signature was looked at. */
};

/* Ours and signed, but of another time or for another audience. */
static const struct token_claims *misissued(struct tokens_model *model, enum token_flaw flaw,
                                            uint32_t audience)
{
    int64_t now_ns = (int64_t)events_now_ns(model->events);
    struct token_claims *claims = &model->forged[flaw];

    *claims = (struct token_claims){.user = 1,
                                    .session = 1,
                                    .audience = audience,
                                    .not_before_ns = now_ns - hour_ns,
                                    .expires_ns = now_ns + hour_ns};
    if (flaw == TOKEN_WRONG_AUDIENCE)
        claims->audience = ~audience;
    else if (flaw == TOKEN_NOT_YET)
        claims->not_before_ns = now_ns + 2 * hour_ns;
    else
        claims->expires_ns = now_ns - hour_ns;
    return claims;
}

static struct verdict judge_forged(struct tokens_model *model, enum token_flaw flaw,
                                   enum token_part part, uint32_t audience)
{
    if (part == TOKEN_SESSION) /* None of them has a session's form. */
        return (struct verdict){flaw == TOKEN_OVERSIZED ? flaw : TOKEN_MALFORMED, NULL, false};
    if (flaw <= TOKEN_BAD_SIGNATURE)
        return (struct verdict){flaw, NULL, flaw == TOKEN_BAD_SIGNATURE};
    return (struct verdict){TOKEN_SOUND, misissued(model, flaw, audience), true};
}

static struct verdict judge(struct tokens_model *model, const struct node *node, uint64_t token,
                            enum token_part part)
{
    const struct auth_spec *auth = &node->group->spec->auth;
    const struct token_entry *entry;

    if ((token & TOKEN_FORGED) != 0)
        return judge_forged(model, (enum token_flaw)(token & 0xff), part,
                            node->group->plan.gateway.audience);
    entry = entry_of(model, token);
    if (entry == NULL) {
        model->over.audience = node->group->plan.gateway.audience;
        return (struct verdict){TOKEN_SOUND, &model->over, part == TOKEN_ACCESS};
    }
    if (part == TOKEN_ACCESS && !entry->is_signed)
        return (struct verdict){TOKEN_MALFORMED, NULL, false};
    if (part == TOKEN_ACCESS && entry->algorithm != (uint8_t)auth->algorithm)
        return (struct verdict){TOKEN_ALG_CONFUSED, NULL, false};
    if (part == TOKEN_SESSION)
        return (struct verdict){TOKEN_SOUND, &entry->session, false};
    return (struct verdict){TOKEN_SOUND, &entry->access, true};
}

#ifdef SIM_PLANTED_BUGS
static void outlive(struct tokens_model *model, struct verdict *verdict)
{
    if (!model->never_expire || verdict->claims == NULL || !verdict->is_checked)
        return;
    model->forged[0] = *verdict->claims;
    model->forged[0].expires_ns = INT64_MAX;
    verdict->claims = &model->forged[0];
}
#else
static void outlive(struct tokens_model *model, struct verdict *verdict)
{
    (void)model;
    (void)verdict;
}
#endif

static void verify(struct tokens *tokens, struct call *call, uint64_t token, enum token_part part)
{
    struct node *node = node_of(tokens, tokens);
    struct tokens_model *model = &node->world->tokens;
    enum auth_algorithm algorithm = node->group->spec->auth.algorithm;
    struct verdict verdict = judge(model, node, token, part);
    uint64_t work_ns =
        verdict.is_checked ? model->spec->verify_ns[algorithm] : model->spec->session_ns;

    outlive(model, &verdict);
    processor_run(node, call, OP_TOKENS, work_ns,
                  (struct end){verdict.flaw == TOKEN_SOUND ? CALL_OK : CALL_ABSENT, verdict.flaw,
                               verdict.claims});
}

/* Its place is used again at its turn, if it has not been yet. */
static void drop(struct tokens *tokens, uint64_t token)
{
    struct tokens_model *model = &node_of(tokens, tokens)->world->tokens;

    if (entry_of(model, token) != NULL)
        model->all[(uint32_t)token - 1].session.expires_ns = INT64_MIN;
}

const struct tokens_ops tokens_model_ops = {.issue = issue, .verify = verify, .drop = drop};

void tokens_model_open(struct tokens_model *model, const struct model_setup *with,
                       const struct tokens_spec *spec)
{
    *model = (struct tokens_model){
        .spec = spec,
        .events = with->events,
        .arena = with->arena,
        .all = arena_take_untouched(with->arena, sizeof(struct token_entry) * TOKENS_MAX),
        .over = {.session = 1, .expires_ns = INT64_MIN}};
    dice_init(&model->dice, with->seed, "tokens");
}
