/* delivery_menu.c — What does this restaurant cook? From the cache, else from the table.
 *
 *   CPU --menu_cache--> CACHE --hit----------------------------------------------> answer
 *    |                    | miss, failed or slow                                      ^
 *    | no cache           +-- another fills this menu --> FILLER --it tells us -------+
 *    v                    v                                                           |
 *   TABLE <---------------+                                                           |
 *    +-- ok, or no such row --> BUILD: refill the cache, tell those who wait ----------+
 *    +-- anything else: tell those who wait the same ---------------------------------+
 *
 * A slow cache counts as a miss: waiting longer for the cheap answer than the dear one takes would
 * make the cache a second point of failure. Nobody waits for the refill.
 *
 * Single-flight holds within one replica: of N replicas N may read the same row. Those who wait
 * share the filler's fate, failure included; were the next in line to try again instead, a table
 * that times out would be asked once per waiter, one timeout after the other. */
#include "services/delivery/delivery_flow.h"

static uint64_t menu_key(const struct menu *menu)
{
    return menu->flow.visit->ask.key;
}

static void menu_answer(struct menu *menu, enum call_outcome outcome, int64_t version)
{
    uint32_t bytes = outcome == CALL_OK ? menu->flow.delivery->config.menu_bytes : 0;

    delivery_answer(&menu->flow, outcome, version, bytes);
}

static void menu_read_cache(struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;

    menu->state = MENU_CACHE;
    store_get(delivery->ports.store, &menu->flow.call, store_key(SPACE_MENU, menu_key(menu)),
              delivery->config.store_timeout_ns);
}

static void menu_read_table(struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;

    menu->state = MENU_TABLE;
    table_read(delivery->ports.table, &menu->flow.call, TABLE_ROW, TABLE_MENUS, menu_key(menu), 0,
               delivery->config.table_timeout_ns);
}

static void menu_wait_for(struct menu *menu, struct menu *filler)
{
    menu->state = MENU_FILLER;
    list_push_last(&filler->waiting, &menu->link);
}

/* The cache had nothing: read the table, or wait for the one who does. */
static void menu_fill(struct menu *menu)
{
    struct delivery *delivery = menu->flow.delivery;
    uint64_t *filler;
    bool is_first = true;

    if (!delivery->config.single_flight) {
        menu_read_table(menu);
        return;
    }
    filler = map_put(&delivery->filling, menu_key(menu), 0, &is_first);
    if (!is_first) {
        menu_wait_for(menu, (struct menu *)(uintptr_t)*filler);
        return;
    }
    *filler = (uint64_t)(uintptr_t)menu;
    menu->is_filler = true;
    list_init(&menu->waiting);
    menu_read_table(menu);
}

static void menu_refill_cache(const struct menu *menu, int64_t version)
{
    const struct delivery *delivery = menu->flow.delivery;
    const struct delivery_config *config = &delivery->config;

    store_set(delivery->ports.store, NULL, store_key(SPACE_MENU, menu_key(menu)), version,
              config->menu_bytes, config->menu_ttl_ns, config->store_timeout_ns);
}

/* The menu is no longer being filled before the first is told, so that nobody joins a line that is
 * being served: an answer may let the next visit in. */
static void menu_tell_waiting(struct menu *menu, enum call_outcome outcome, int64_t version)
{
    struct link *link;

    map_drop(&menu->flow.delivery->filling, menu_key(menu), 0);
    while ((link = list_take_first(&menu->waiting)) != NULL)
        menu_answer(list_entry(link, struct menu, link), outcome, version);
}

static void menu_end(struct menu *menu, enum call_outcome outcome)
{
    if (menu->is_filler)
        menu_tell_waiting(menu, outcome, menu->version);
    menu_answer(menu, outcome, menu->version);
}

/* Rows are there: they become a menu, which takes the processor longer than all else. */
static void menu_build(struct menu *menu)
{
    const struct call *call = &menu->flow.call;

    menu->version = call->outcome == CALL_OK ? call->value : 0;
    menu->state = MENU_BUILD;
    delivery_work(&menu->flow, &menu->flow.delivery->config.work_read);
}

static void menu_built(struct menu *menu)
{
    if (menu->flow.delivery->config.menu_cache)
        menu_refill_cache(menu, menu->version);
    menu_end(menu, CALL_OK);
}

/* The whole life of a menu's reader: each case says what has just ended and what comes next. */
static void menu_step(struct call *call)
{
    struct menu *menu = (struct menu *)call;

    switch (menu->state) {
    case MENU_CPU:
        if (menu->flow.delivery->config.menu_cache)
            menu_read_cache(menu);
        else
            menu_read_table(menu);
        return;
    case MENU_CACHE:
        if (call->outcome == CALL_OK)
            menu_answer(menu, CALL_OK, call->value);
        else
            menu_fill(menu);
        return;
    case MENU_TABLE:
        if (call->outcome == CALL_OK || call->outcome == CALL_ABSENT)
            menu_build(menu);
        else
            menu_end(menu, call->outcome);
        return;
    case MENU_BUILD:
        menu_built(menu);
        return;
    case MENU_FILLER:
        check(menu->state != MENU_FILLER); /* Its filler ends this wait, and no call. */
        return;
    }
}

void delivery_menu_begin(struct menu *menu)
{
    menu->flow.call.done = menu_step;
    menu->state = MENU_CPU;
    delivery_work(&menu->flow, &menu->flow.delivery->config.work_light);
}
