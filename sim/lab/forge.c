/* forge.c — What the forgers of a scenario show: real tokens, each with a real flaw. */
#include "services/live/tokens/jwt.h"
#include "services/live/tokens/wallet.h"
#include "sim/lab/lab_inside.h"
#include "sim/setup/setup.h"

/* The gateway that forgers ask; NULL: there are none. */
static const struct service_spec *forged_gateway(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->loads_max; i++)
        if (scenario->loads[i].auth.as == LOAD_FORGER)
            return &scenario->services[scenario->loads[i].service];
    return NULL;
}

/* The gateway's own key, since some flaws are of tokens that it might have made; where it has none,
 * any key: the forger's tokens are then no sessions' ids, and that is their flaw. */
static struct token_keys *forger_keys(const struct lab *lab, const struct service_spec *gateway)
{
    struct token_settings settings = {0};
    enum token_algorithm algorithm = settings_algorithm(gateway);
    bool is_made;

    if (!settings_sign(gateway))
        is_made = token_settings_make(&settings, TOKEN_HS256);
    else if (lab->crew != NULL)
        is_made = (settings = *crew_tokens(lab->crew, algorithm)).length > 0;
    else
        is_made = lab->options->token != NULL &&
                  token_settings_derive(&settings, algorithm, lab->options->token);
    return is_made ? token_keys_open(&settings) : NULL;
}

/* Before the run: an RSA signature takes a millisecond. */
bool drive_forge(struct lab *lab, struct message *trouble)
{
    const struct service_spec *gateway = forged_gateway(lab->scenario);
    uint64_t now_ns = loop_now_ns(&lab->loop);
    struct token_keys *keys;
    char text[FORGED_BYTES_MAX];

    if (gateway == NULL || gateway->kind != KIND_GATEWAY)
        return true;
    keys = forger_keys(lab, gateway);
    if (keys == NULL)
        return message_say(
            trouble, "there is no key to forge tokens with; is SIM_TOKEN set as for the gateway?",
            "нет ключа, чтобы подделывать токены; тот ли SIM_TOKEN, что у шлюза?");
    for (enum token_flaw flaw = TOKEN_MALFORMED; flaw <= TOKEN_EXPIRED; flaw++) {
        size_t length = jwt_forge(text, keys, flaw, setup_service(gateway).gateway.audience,
                                  jwt_clock_at(now_ns), now_ns);

        wallet_forge(lab->wallet, flaw, (struct span){text, length});
    }
    token_keys_close(keys);
    return true;
}
