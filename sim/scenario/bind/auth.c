/* auth.c — Gateways: whom they stand before; loads: who holds a token. */
#include "sim/scenario/bind/auth.h"

#include "sim/scenario/bind/bind.h"
#include "sim/scenario/bind/cross.h"
#include "sim/scenario/bind/idle.h"
#include "sim/scenario/problems/problems.h"

/* A denylist that is none cannot be asked. */
void finish_auth(struct binder *binder, struct node *node, void *into)
{
    struct auth_spec *auth = into;

    if (node != NULL)
        idle_in_auth(binder, node);
    if (auth->kind != AUTH_JWT_DENYLIST)
        auth->accepts_without_store = false;
}

void finish_load_auth(struct binder *binder, struct node *node, void *into)
{
    struct load_auth_spec *auth = into;

    if (node == NULL || node->is_blamed || node->kind != NODE_MAP)
        return;
    if (node_find(node, "as") == NULL)
        auth->as = LOAD_PEOPLE;
    idle_in_load_auth(binder, node);
    if (auth->logout + auth->stolen > 1)
        blame(binder->problems, node, NULL,
              "logout and stolen are shares of the same logins: "
              "at most 100%% together",
              "logout и stolen — доли одних и тех же входов: вместе не больше 100%%");
}

/* ---- Who stands before whom ---- */

static bool is_gateway(const struct binder *binder, uint32_t i)
{
    return binder->scenario->services[i].kind == KIND_GATEWAY;
}

static bool says_whom(const struct binder *binder, uint32_t gateway)
{
    return node_find(cross_service_node(binder, gateway), "to") != NULL;
}

uint32_t gateway_target(const struct binder *binder, uint32_t gateway)
{
    const struct scenario *scenario = binder->scenario;
    uint32_t found = scenario->services_max, many = 0;

    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (i != gateway && scenario->services[i].kind != KIND_BATCHER) {
            found = i;
            many++;
        }
    return many == 1 ? found : scenario->services_max;
}

static uint32_t target_of(const struct binder *binder, uint32_t gateway)
{
    return says_whom(binder, gateway) ? binder->scenario->services[gateway].behind
                                      : gateway_target(binder, gateway);
}

uint32_t gateway_before(const struct binder *binder, uint32_t service)
{
    uint32_t found = binder->scenario->services_max, many = 0;

    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        if (is_gateway(binder, i) && target_of(binder, i) == service) {
            found = i;
            many++;
        }
    return many == 1 ? found : binder->scenario->services_max;
}

static void judge_gateway(struct binder *binder, uint32_t i)
{
    struct service_spec *gateway = &binder->scenario->services[i];
    struct node *node = cross_service_node(binder, i);
    uint32_t target = target_of(binder, i);

    if (target == binder->scenario->services_max) {
        blame(binder->problems, node, NULL,
              "a gateway stands before a service; say which: to: NAME",
              "шлюз стоит перед сервисом; укажите, перед каким: to: ИМЯ");
        return;
    }
    gateway->behind = target;
    if (binder->scenario->services[target].kind == KIND_BATCHER)
        blame(binder->problems, node_find(node, "to"), NULL, "a batcher answers nobody",
              "batcher никому не отвечает");
}

void judge_gateways(struct binder *binder)
{
    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        if (is_gateway(binder, i))
            judge_gateway(binder, i);
}

/* ---- Who holds a token ---- */

void judge_load_auth(struct binder *binder)
{
    struct node *loads = node_find(binder->root, "load");

    for (uint32_t i = 0; i < binder->scenario->loads_max; i++) {
        const struct load_spec *load = &binder->scenario->loads[i];
        struct node *auth = node_find(node_at(loads, i), "auth");

        if (load->auth.as == LOAD_NOBODY || auth == NULL || auth->is_blamed ||
            binder->scenario->services_max == 0)
            continue;
        if (!is_gateway(binder, load->service))
            blame(binder->problems, auth, NULL,
                  "nobody asks for a token there: auth goes with a load that asks a gateway",
                  "там токена не спрашивают: auth нужен нагрузке, которая идёт в gateway");
        else if (load->auth.as == LOAD_FORGER && load->arrivals == ARRIVALS_CLOSED)
            blame(binder->problems, auth, NULL,
                  "a forger waits for no answer: it goes with open arrivals, rate: 20/s",
                  "взломщик ответа не ждёт: ему нужен открытый поток, rate: 20/s");
    }
}
