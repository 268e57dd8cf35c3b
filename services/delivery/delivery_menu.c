/* delivery_menu.c — What does this restaurant cook? From the cache, else from the table.
 *
 *   CPU --menu_cache--> CACHE --hit------------------------------------------------> answer
 *    |                   ^ | miss, failed or slow; or a hit that is due early          ^
 *    | no cache          | +-- another fills it here --> FILLER --it tells us ---------+
 *    |                   | v                                                           |
 *    |                   | LEASE --another has it: PAUSE, or what the hit was ---------+
 *    v                   +----------------------------+                                |
 *   TABLE <----------------+ ours, or no leases                                        |
 *    +-- ok, or no such row --> BUILD: refill the cache, tell those who wait ----------+
 *    +-- anything else: tell those who wait the same, or what the hit was ------------+
 *
 * Not drawn: who gives way to somebody more urgent, before its first work or before BUILD, answers
 * CALL_SHED, or what the hit was, and tells those who wait for it the same.
 *
 * A slow cache counts as a miss: waiting longer for the cheap answer than the dear one takes would
 * make the cache a second point of failure. Nobody waits for the refill.
 *
 * Three cures for the stampede, when a popular menu expires and all who miss it read its rows:
 *
 *   single flight  within one replica; of N replicas N may read. Those who wait share the filler's
 *                  fate, failure included; were the next in line to try again instead, a table that
 *                  times out would be asked once per waiter, one timeout after the other
 *   lease          across replicas: who sets the menu's lease refills it, the others look at the
 *                  cache again every few milliseconds, until the lease is over (R. Nishtala and
 *                  others, "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1). A filler that
 *                  dies costs the others the lease's time, and nothing else
 *   early          before it expires: menu_value.h. Who refills early and has no lease has its
 *                  answer already */
#include "services/delivery/delivery_flow.h"
#include "services/delivery/menu_value.h"

static const uint64_t look_again_ns = 5000000;

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
    menu->began_ns = timer_now_ns(delivery->ports.timer);
    table_read(delivery->ports.table, &menu->flow.call, TABLE_ROW, TABLE_MENUS, menu_key(menu), 0,
               delivery->config.table_timeout_ns);
}

/* ---- Its end -------------------------------------------------------------------------------- */

/* The menu is no longer being filled before the first is told, so that nobody joins a line that is
 * being served: an answer may let the next visit in. */
static void menu_tell_waiting(struct menu *menu, enum call_outcome outcome)
{
    struct link *link;

    map_drop(&menu->flow.delivery->filling, menu_key(menu), 0);
    while ((link = list_take_first(&menu->waiting)) != NULL)
        menu_answer(list_entry(link, struct menu, link), outcome, menu->version);
}

/* A lease that has run out may be another's by now. */
static void menu_end(struct menu *menu, enum call_outcome outcome)
{
    const struct delivery *delivery = menu->flow.delivery;

    if (timer_now_ns(delivery->ports.timer) < menu->lease_ends_ns)
        store_expire(delivery->ports.store, NULL, store_key(SPACE_LEASE, menu_key(menu)), 0,
                     delivery->config.store_timeout_ns);
    if (menu->is_filler)
        menu_tell_waiting(menu, outcome);
    menu_answer(menu, outcome, menu->version);
}

/* ---- Who refills ---------------------------------------------------------------------------- */

static void menu_ask_lease(struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;

    menu->state = MENU_LEASE;
    menu->lease_ends_ns = timer_now_ns(delivery->ports.timer) + delivery->config.menu_lease_ns;
    store_set_new(delivery->ports.store, &menu->flow.call, store_key(SPACE_LEASE, menu_key(menu)),
                  1, sizeof(uint64_t), delivery->config.menu_lease_ns,
                  delivery->config.store_timeout_ns);
}

/* Nobody else of this replica fills it, or it does not matter here. */
static void menu_refill(struct menu *menu)
{
    if (menu->flow.delivery->config.menu_lease_ns > 0)
        menu_ask_lease(menu);
    else
        menu_read_table(menu);
}

static void menu_become_filler(struct menu *menu, uint64_t *filler)
{
    *filler = (uint64_t)(uintptr_t)menu;
    menu->is_filler = true;
    list_init(&menu->waiting);
    menu_refill(menu);
}

/* The cache had nothing, or what will soon be gone. */
static void menu_fill(struct menu *menu)
{
    struct delivery *delivery = menu->flow.delivery;
    uint64_t *filler;
    bool is_first = true;

    if (!delivery->config.single_flight || menu->is_filler) {
        menu_refill(menu);
        return;
    }
    filler = map_put(&delivery->filling, menu_key(menu), 0, &is_first);
    if (is_first) {
        menu_become_filler(menu, filler);
    } else if (menu->is_early) {
        menu_end(menu, CALL_OK);
    } else {
        menu->state = MENU_FILLER;
        list_push_last(&((struct menu *)(uintptr_t)*filler)->waiting, &menu->link);
    }
}

/* CALL_ABSENT: another refills. Whatever else is wrong with the store keeps nobody from the
 * rows. */
static void menu_after_lease(struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;
    uint64_t now_ns = timer_now_ns(delivery->ports.timer);

    if (menu->flow.call.outcome != CALL_OK)
        menu->lease_ends_ns = 0;
    if (menu->flow.call.outcome != CALL_ABSENT) {
        menu_read_table(menu);
    } else if (menu->is_early) {
        menu_end(menu, CALL_OK);
    } else if (now_ns - menu->missed_ns >= delivery->config.menu_lease_ns) {
        menu_read_table(menu);
    } else {
        menu->state = MENU_PAUSE;
        timer_sleep(delivery->ports.timer, &menu->flow.call, look_again_ns);
    }
}

/* ---- A hit ---------------------------------------------------------------------------------- */

static void menu_miss(struct menu *menu)
{
    if (menu->missed_ns == 0)
        menu->missed_ns = timer_now_ns(menu->flow.delivery->ports.timer);
    menu_fill(menu);
}

/* An early one of these refills it; the others have what they came for. */
static void menu_hit(struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;
    struct menu_value value = menu_value_unpack(menu->flow.call.value);

    if (delivery->config.menu_early <= 0) {
        menu->version = menu->flow.call.value;
        menu_end(menu, CALL_OK);
        return;
    }
    menu->version = value.version;
    menu->is_early =
        !menu->is_filler &&
        menu_value_is_due(&value, timer_now_ns(delivery->ports.timer), delivery->config.menu_early,
                          dice_exponential(delivery->ports.dice));
    if (menu->is_early)
        menu_miss(menu);
    else
        menu_end(menu, CALL_OK);
}

/* ---- The rows ------------------------------------------------------------------------------- */

/* Rows are there: they become a menu, which takes the processor longer than all else. */
static void menu_build(struct menu *menu)
{
    const struct call *call = &menu->flow.call;

    menu->version = call->outcome == CALL_OK ? call->value : 0;
    menu->state = MENU_BUILD;
    delivery_work(&menu->flow, &menu->flow.delivery->config.work_read);
}

static int64_t menu_packed(const struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;
    uint64_t now_ns = timer_now_ns(delivery->ports.timer);

    if (delivery->config.menu_early <= 0)
        return menu->version;
    return menu_value_pack(&(struct menu_value){.version = menu->version,
                                                .expires_ns = now_ns + delivery->config.menu_ttl_ns,
                                                .recompute_ns = now_ns - menu->began_ns});
}

static void menu_built(struct menu *menu)
{
    const struct delivery *delivery = menu->flow.delivery;
    const struct delivery_config *config = &delivery->config;

    if (config->menu_cache)
        store_set(delivery->ports.store, NULL, store_key(SPACE_MENU, menu_key(menu)),
                  menu_packed(menu), config->menu_bytes, config->menu_ttl_ns,
                  config->store_timeout_ns);
    menu_end(menu, CALL_OK);
}

/* The whole life of a menu's reader: each case says what has just ended and what comes next. */
static void menu_step(struct call *call)
{
    struct menu *menu = (struct menu *)call;

    switch (menu->state) {
    case MENU_CPU:
        if (call->outcome != CALL_OK)
            menu_answer(menu, call->outcome, 0);
        else if (menu->flow.delivery->config.menu_cache)
            menu_read_cache(menu);
        else
            menu_read_table(menu);
        return;
    case MENU_CACHE:
        if (call->outcome == CALL_OK)
            menu_hit(menu);
        else
            menu_miss(menu);
        return;
    case MENU_LEASE:
        menu_after_lease(menu);
        return;
    case MENU_PAUSE:
        menu_read_cache(menu);
        return;
    case MENU_TABLE:
        if (call_is_served(call->outcome))
            menu_build(menu);
        else
            menu_end(menu, menu->is_early ? CALL_OK : call->outcome);
        return;
    case MENU_BUILD:
        if (call->outcome == CALL_OK)
            menu_built(menu);
        else
            menu_end(menu, menu->is_early ? CALL_OK : call->outcome);
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
