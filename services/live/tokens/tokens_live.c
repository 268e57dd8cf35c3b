/* tokens_live.c — Asks for a token, or about one: the text, the work, and its time on a core.
 *
 *     issue, verify --done at once--> work --cpu, as long as it took--> told
 */
#define _GNU_SOURCE
#include "services/live/tokens/tokens_live.h"

#include <stdlib.h>

#include "services/base/list.h"
#include "services/live/node/stats.h"
#include "services/live/tokens/jwt.h"
#include "services/live/tokens/session_id.h"

struct work {         /* One question. */
    struct call call; /* First: what the processor tells. */
    struct link link; /* Spare. */
    struct tokens_live *tokens;
    struct call *asker;
    bool is_issue;
    enum call_outcome outcome;
    int64_t value;
    struct token_claims claims;
    uint64_t begun_ns; /* The thread's clock. */
};

struct tokens_live {
    struct tokens port; /* First. */
    struct loop *loop;
    struct tokens_live_config config;
    struct token_keys *keys; /* NULL: nothing is signed. */
    struct list spare;
};

/* Both clocks at this moment: the loop's own stands still during a step. */
static struct jwt_clock clock_of(const struct tokens_live *tokens)
{
    return jwt_clock_at(loop_clock_ns() - tokens->loop->origin_ns);
}

/* ---- A question's way ------------------------------------------------------------------------ */

/* What was made has been told to nobody. */
static void give_up(struct work *work)
{
    if (work->is_issue && work->outcome == CALL_OK)
        wallet_drop(work->tokens->config.wallet, (uint64_t)work->value);
    work->outcome = work->call.outcome;
    work->value = 0;
}

static void work_told(struct call *call)
{
    struct work *work = (struct work *)call;
    struct call *asker = work->asker;
    struct token_claims claims = work->claims; /* Lent until done returns; the work is not. */

    if (call->outcome != CALL_OK) /* It gave way to somebody more urgent. */
        give_up(work);
    list_push_first(&work->tokens->spare, &work->link);
    asker->span = work->outcome == CALL_OK ? &claims : NULL;
    call_complete(asker, work->outcome, work->value);
}

static struct work *work_begin(struct tokens_live *tokens, struct call *asker)
{
    struct link *link = list_take_first(&tokens->spare);
    struct work *work = link != NULL ? list_entry(link, struct work, link) : malloc(sizeof *work);

    check(work != NULL);
    *work = (struct work){.call.done = work_told,
                          .call.priority = asker->priority,
                          .tokens = tokens,
                          .asker = asker,
                          .outcome = CALL_FAILED,
                          .begun_ns = loop_thread_clock_ns()};
    return work;
}

static void work_end(struct work *work)
{
    struct tokens_live *tokens = work->tokens;
    uint64_t took_ns = loop_thread_clock_ns() - work->begun_ns;

    call_begin(&work->call);
    if (!tokens->config.is_burnt) {
        cpu_live_run_as(tokens->config.cpu, &work->call, took_ns, STATS_TOKENS);
        return;
    }
    stats_waited(tokens->config.stats, STATS_TOKENS, took_ns);
    loop_finish(tokens->loop, &work->call, CALL_OK, 0);
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* The session's id: that of the token that is renewed, or a new one. */
static bool find_session(const struct tokens_live *tokens, const struct token_order *order,
                         char fresh[static SESSION_ID_LENGTH], struct span *session,
                         struct token_claims *claims)
{
    const struct jwt_clock clock = clock_of(tokens);

    if (order->renews != 0)
        return wallet_find(tokens->config.wallet, order->renews, TOKEN_SESSION, session) &&
               session_id_read(claims, *session, clock) == TOKEN_SOUND;
    *session = (struct span){fresh, SESSION_ID_LENGTH};
    claims->user = order->user;
    claims->expires_ns = (int64_t)(loop_now_ns(tokens->loop) + order->session_ns);
    return session_id_make(fresh, claims, clock);
}

static void make(struct work *work, const struct token_order *order)
{
    const struct tokens_live *tokens = work->tokens;
    char fresh[SESSION_ID_LENGTH], kept[SESSION_ID_LENGTH], text[TOKEN_BYTES_MAX];
    struct span session, access = {text, 0};
    uint64_t now_ns = loop_now_ns(tokens->loop);

    if (!find_session(tokens, order, fresh, &session, &work->claims))
        return;
    for (size_t i = 0; i < SESSION_ID_LENGTH; i++) /* The wallet may move what it lends. */
        kept[i] = session.bytes[i];
    session.bytes = kept;
    work->claims.user = order->user;
    work->claims.audience = order->audience;
    work->claims.not_before_ns = (int64_t)now_ns;
    work->claims.expires_ns = (int64_t)(now_ns + order->lifetime_ns);
    if (order->is_signed && tokens->keys != NULL)
        access.length = jwt_write(text, tokens->keys, &work->claims, clock_of(tokens));
    if (order->is_signed && access.length == 0)
        return;
    work->outcome = CALL_OK;
    work->value =
        (int64_t)wallet_keep(tokens->config.wallet, order->is_signed ? access : session, session);
}

static void issue(struct tokens *port, struct call *call, const struct token_order *order)
{
    struct work *work = work_begin((struct tokens_live *)port, call);

    work->is_issue = true;
    make(work, order);
    work_end(work);
}

/* ---- Checking -------------------------------------------------------------------------------- */

static enum token_flaw look(const struct tokens_live *tokens, struct token_claims *claims,
                            uint64_t token, enum token_part part)
{
    struct span text;

    if (!wallet_find(tokens->config.wallet, token, part, &text))
        return TOKEN_MALFORMED;
    if (part == TOKEN_SESSION)
        return session_id_read(claims, text, clock_of(tokens));
    return tokens->keys == NULL ? TOKEN_MALFORMED
                                : jwt_read(claims, tokens->keys, text, clock_of(tokens));
}

static void verify(struct tokens *port, struct call *call, uint64_t token, enum token_part part)
{
    struct tokens_live *tokens = (struct tokens_live *)port;
    struct work *work = work_begin(tokens, call);
    enum token_flaw flaw = look(tokens, &work->claims, token, part);

    work->outcome = flaw == TOKEN_SOUND ? CALL_OK : CALL_ABSENT;
    work->value = flaw;
    work_end(work);
}

static void drop(struct tokens *port, uint64_t token)
{
    wallet_drop(((struct tokens_live *)port)->config.wallet, token);
}

static const struct tokens_ops tokens_live_ops = {.issue = issue, .verify = verify, .drop = drop};

/* ---- From open to close ---------------------------------------------------------------------- */

struct tokens_live *tokens_live_open(struct loop *loop, const struct tokens_live_config *config)
{
    struct tokens_live *tokens = calloc(1, sizeof *tokens);

    check(tokens != NULL);
    tokens->port.ops = &tokens_live_ops;
    tokens->loop = loop;
    tokens->config = *config;
    list_init(&tokens->spare);
    if (config->settings->length > 0) {
        tokens->keys = token_keys_open(config->settings);
        if (tokens->keys == NULL) {
            free(tokens);
            return NULL;
        }
    }
    return tokens;
}

void tokens_live_close(struct tokens_live *tokens)
{
    struct link *link;

    while ((link = list_take_first(&tokens->spare)) != NULL)
        free(list_entry(link, struct work, link));
    if (tokens->keys != NULL)
        token_keys_close(tokens->keys);
    free(tokens);
}

struct tokens *tokens_live_port(struct tokens_live *tokens)
{
    return &tokens->port;
}
