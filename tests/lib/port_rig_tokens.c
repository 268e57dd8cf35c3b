/* port_rig_tokens.c — Two worlds of tokens. */
#include "tests/lib/port_rig_tokens.h"

#include <stdlib.h>

#include "services/live/tokens/jwt.h"
#include "services/live/tokens/tokens_live.h"
#include "sim/world/world_inside.h"

static const struct cpu_spec one_core = {.cores = 1, .speed = 1, .queue = 1000};

/* ---- Virtual --------------------------------------------------------------------------------- */

struct virtual_tokens {
    struct rig_machine *machine;
    struct service_spec spec;
    struct tokens_spec costs;
};

static void virtual_open(struct rig *rig)
{
    struct virtual_tokens *own = calloc(1, sizeof *own);

    assert_non_null(own);
    rig_virtual_open(rig, NULL, NULL, NULL);
    own->machine = rig_machine_open(rig, 0);
    rig->own = own;
}

static void virtual_close(struct rig *rig)
{
    struct virtual_tokens *own = rig->own;

    rig_machine_close(own->machine);
    rig_virtual_close(rig);
    free(own);
}

static void virtual_tokens(struct rig *rig, enum token_algorithm algorithm)
{
    struct virtual_tokens *own = rig->own;
    struct world *world = rig->fixture->world;
    struct node *node = &rig->fixture->nodes[0];

    rig_machine_set(own->machine, node, &one_core, 1000);
    own->spec = *node->group->spec;
    own->spec.auth = (struct auth_spec){.algorithm = (enum auth_algorithm)algorithm,
                                        .session_ns = SECONDS(3600)};
    own->costs = (struct tokens_spec){.sign_ns = {US(2), US(730), US(53)},
                                      .verify_ns = {US(5), US(30), US(147)},
                                      .session_ns = US(1)};
    node->group->spec = &own->spec;
    node->group->plan.gateway.audience = RIG_AUDIENCE;
    node->tokens.ops = &tokens_model_ops;
    tokens_model_open(&world->tokens, &rig->fixture->setup, &own->costs);
    rig->ports.tokens = &node->tokens;
    rig->ports.cpu = &node->cpu;
}

const struct rig_world rig_tokens_virtual = {
    .name = "tokens, virtual", .open = virtual_open, .close = virtual_close};

/* ---- Live ------------------------------------------------------------------------------------ */

struct live_tokens {
    struct wallet *wallet;
    struct cpu_live *cpu;
    struct tokens_live *tokens;
};

static void live_open(struct rig *rig)
{
    struct live_tokens *own = calloc(1, sizeof *own);

    assert_non_null(own);
    rig_live_open(rig);
    own->wallet = wallet_open(RIG_TOKENS_MAX);
    own->cpu = cpu_live_open(&rig->loop, &one_core, &rig->stats);
    rig->own = own;
}

static void live_close(struct rig *rig)
{
    struct live_tokens *own = rig->own;

    if (own->tokens != NULL)
        tokens_live_close(own->tokens);
    cpu_live_close(own->cpu);
    wallet_close(own->wallet);
    free(own);
    rig_live_close(rig);
}

static void forge_all(struct rig *rig, const struct token_settings *settings)
{
    struct live_tokens *own = rig->own;
    struct token_keys *keys = token_keys_open(settings);
    uint64_t now_ns = rig_now_ns(rig);
    char text[FORGED_BYTES_MAX];

    for (enum token_flaw flaw = TOKEN_MALFORMED; flaw <= TOKEN_EXPIRED; flaw++) {
        size_t length = jwt_forge(text, keys, flaw, RIG_AUDIENCE, jwt_clock_at(now_ns), now_ns);

        wallet_forge(own->wallet, flaw, (struct span){text, length});
    }
    token_keys_close(keys);
}

static void live_tokens(struct rig *rig, enum token_algorithm algorithm)
{
    struct live_tokens *own = rig->own;
    struct token_settings settings;
    struct tokens_live_config config = {
        .settings = &settings, .wallet = own->wallet, .cpu = own->cpu, .stats = &rig->stats};

    assert_true(token_settings_make(&settings, algorithm));
    own->tokens = tokens_live_open(&rig->loop, &config);
    assert_non_null(own->tokens);
    forge_all(rig, &settings);
    rig->ports.tokens = tokens_live_port(own->tokens);
    rig->ports.cpu = cpu_live_port(own->cpu);
}

const struct rig_world rig_tokens_live = {
    .name = "tokens, OpenSSL", .open = live_open, .close = live_close};

void rig_tokens(struct rig *rig, enum token_algorithm algorithm)
{
    if (rig->fixture != NULL)
        virtual_tokens(rig, algorithm);
    else
        live_tokens(rig, algorithm);
}
