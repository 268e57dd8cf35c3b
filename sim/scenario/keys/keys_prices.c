/* keys_prices.c — The keys of what is earned and paid: five streams of income, the costs that
 * follow the orders, and the servers.
 *
 * Each stream is off unless it is written: what it needs has a default of 0. In another currency
 * than RUB no price is assumed at all. */
#include "sim/scenario/bind/finish.h"
#include "sim/scenario/bind/idle.h"
#include "sim/scenario/keys/keys.h"

/* The published tiers of DoorDash: Basic 15 %, Plus 25 %, Premier 30 %; pickup 6 %. */
static const struct key tier_keys[] = {
    {"name", KEY_NAME, KEY_AT(struct tier_spec, name), .en = "What it is called.",
     .ru = "Как он называется."},
    {"share", KEY_SHARE, KEY_AT(struct tier_spec, share), .fallback = "100%", .least = "0%",
     .most = "100%", .en = "Of the restaurants; all tiers together are 100%.",
     .ru = "Доля ресторанов; у всех тарифов вместе 100%."},
    {"commission", KEY_SHARE, KEY_AT(struct tier_spec, commission), .fallback = "25%",
     .least = "0%", .most = "100%", .en = "Of the basket, paid by the restaurant.",
     .ru = "С суммы заказа, платит ресторан."},
    {"subscription", KEY_MONEY, KEY_AT(struct tier_spec, subscription), .fallback = "0 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "Per restaurant and month, for being listed.",
     .ru = "С ресторана в месяц, за место в списке."},
};
static const struct group tier_group = {"tier", KEYS_OF(tier_keys),
                                        .size = sizeof(struct tier_spec)};

/* window: long enough for the count not to be chance (100 orders: ± 10 %), short enough to follow
 * a lunch hour. */
static const struct key surge_keys[] = {
    {"from", KEY_RATE, KEY_AT(struct surge_spec, from), .fallback = "0/s", .least = "0/s",
     .most = "10M/s", .en = "Orders that couriers carry at the ordinary fee; 0/s: no surge.",
     .ru = "Сколько заказов курьеры везут по обычной цене; 0/s — без повышения."},
    {"step", KEY_SHARE, KEY_AT(struct surge_spec, step), .fallback = "25%", .least = "1%",
     .most = "100%", .en = "The fee rises by it for each such share of orders too many.",
     .ru = "На столько растёт плата за каждую такую долю лишних заказов."},
    {"max", KEY_SHARE, KEY_AT(struct surge_spec, most), .fallback = "100%", .least = "0%",
     .most = "500%", .en = "And by no more than this in all.", .ru = "Но не больше, чем на это."},
    {"couriers", KEY_SHARE, KEY_AT(struct surge_spec, couriers), .fallback = "0%", .least = "0%",
     .most = "100%", .en = "Of the rise, passed on to the courier.",
     .ru = "Доля надбавки, которую получает курьер."},
    {"window", KEY_DURATION, KEY_AT(struct surge_spec, window_ns), .fallback = "5s", .least = "1s",
     .most = "1h", .en = "Demand is that of the last whole window.",
     .ru = "Спрос считается за последнее целое окно."},
};
static const struct group surge_group = {"surge", KEYS_OF(surge_keys), .brief = "from",
                                         .finish = finish_surge};

static const struct key distance_keys[] = {
    {"mean", KEY_DISTANCE, KEY_AT(struct prices_spec, distance_m), .fallback = "3km", .least = "0m",
     .most = "100km", .en = "From restaurant to customer, the mean.",
     .ru = "От ресторана до клиента, в среднем."},
    {"spread", KEY_SHARE, KEY_AT(struct prices_spec, distance_spread), .fallback = "50%",
     .least = "0%", .most = "100%", .en = "Evenly, so far to either side of the mean.",
     .ru = "Равномерно, на столько в обе стороны от среднего."},
};
static const struct group distance_group = {"distance", KEYS_OF(distance_keys), .brief = "mean"};

static const struct key ads_keys[] = {
    {"cpm", KEY_MONEY, KEY_AT(struct ads_spec, thousand), .fallback = "0 RUB", .least = "0 RUB",
     .most = "1000000 RUB", .en = "For a thousand menus seen in time, with what is promoted there.",
     .ru = "За тысячу вовремя увиденных меню с продвигаемыми блюдами."},
    {"cpc", KEY_MONEY, KEY_AT(struct ads_spec, click), .fallback = "0 RUB", .least = "0 RUB",
     .most = "1000000 RUB", .en = "For a click on it.", .ru = "За клик."},
    {"clicks", KEY_SHARE, KEY_AT(struct ads_spec, clicks), .fallback = "1%", .least = "0%",
     .most = "100%", .en = "Of the menus seen.", .ru = "Доля увиденных меню, где кликнули."},
};
static const struct group ads_group = {"ads", KEYS_OF(ads_keys), .brief = "cpm"};

static const struct key premium_keys[] = {
    {"share", KEY_SHARE, KEY_AT(struct premium_spec, share), .fallback = "0%", .least = "0%",
     .most = "100%", .en = "Of the customers, who are members; 0%: none.",
     .ru = "Доля клиентов с подпиской; 0% — никого."},
    {"month", KEY_MONEY, KEY_AT(struct premium_spec, month), .fallback = "0 RUB", .least = "0 RUB",
     .most = "1000000 RUB", .en = "Per member and month.", .ru = "С такого клиента в месяц."},
    {"order", KEY_MONEY, KEY_AT(struct premium_spec, order), .fallback = "0 RUB", .least = "0 RUB",
     .most = "1000000 RUB", .en = "Per order of a member, for being served first.",
     .ru = "С заказа такого клиента, за срочность."},
    {"priority", KEY_COUNT, KEY_AT(struct premium_spec, priority), .fallback = "1", .least = "0",
     .most = "9", .en = "Of a member's orders, at least; see services.*.line.",
     .ru = "Приоритет его заказов, не меньше; см. services.*.line."},
    {"analytics_share", KEY_SHARE, KEY_AT(struct premium_spec, analytics), .fallback = "0%",
     .least = "0%", .most = "100%", .en = "Of the restaurants, which pay for analytics.",
     .ru = "Доля ресторанов, которые платят за аналитику."},
    {"analytics", KEY_MONEY, KEY_AT(struct premium_spec, analytics_month), .fallback = "0 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "Per such restaurant and month.",
     .ru = "С такого ресторана в месяц."},
};
static const struct group premium_group = {"premium", KEYS_OF(premium_keys), .brief = "share"};

static const struct key support_keys[] = {
    {"contact", KEY_MONEY, KEY_AT(struct support_spec, contact), .fallback = "0 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "One customer helped by a person.",
     .ru = "Помощь одному клиенту."},
    {"contacts", KEY_SHARE, KEY_AT(struct support_spec, contacts), .fallback = "30%", .least = "0%",
     .most = "100%", .en = "Of the orders that failed or came late.",
     .ru = "Доля сорванных и опоздавших заказов, о которых обращаются."},
};
static const struct group support_group = {"support", KEYS_OF(support_keys), .brief = "contact"};

/* commission: the middle one of the published tiers. payment: 2.9 %, the usual card fee. Fee, trip
 * and machines are round figures of a large city and a public cloud. */
static const struct key price_keys[] = {
    {"currency", KEY_CURRENCY, KEY_AT(struct prices_spec, currency), .fallback = "RUB",
     .en = "Of all money here; with another than RUB, prices not written are 0.",
     .ru = "Валюта всех сумм; если не RUB, незаписанные цены равны 0."},
    {"commission", KEY_SHARE, KEY_AT(struct prices_spec, commission), .fallback = "25%",
     .least = "0%", .most = "100%", .en = "Of the basket, paid by the restaurant.",
     .ru = "С суммы заказа, платит ресторан."},
    {"subscription", KEY_MONEY, KEY_AT(struct prices_spec, subscription), .fallback = "0 RUB",
     .least = "0 RUB", .most = "1000000 RUB",
     .en = "Per restaurant and month of thirty days, for being listed; for the time measured.",
     .ru = "С ресторана в месяц из 30 дней, за место в списке; за время измерения."},
    {"tiers", KEY_LIST, KEY_AT(struct prices_spec, tiers), .group = &tier_group,
     .count_offset = offsetof(struct prices_spec, tiers_max), .items_max = SCENARIO_TIERS_MAX,
     .en = "What restaurants sign up for, instead of one commission and subscription.",
     .ru = "Тарифы ресторанов вместо единых комиссии и подписки."},
    {"delivery_fee", KEY_MONEY, KEY_AT(struct prices_spec, delivery_fee), .fallback = "149.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "Per order, paid by the customer.",
     .ru = "С заказа, платит клиент."},
    {"delivery_km", KEY_MONEY, KEY_AT(struct prices_spec, delivery_km), .fallback = "0 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "And per kilometre.",
     .ru = "И за каждый километр."},
    {"surge", KEY_GROUP, KEY_AT(struct prices_spec, surge), .group = &surge_group,
     .en = "How the delivery fee rises when more is ordered than couriers carry.",
     .ru = "Как растёт плата за доставку, когда заказов больше, чем увезут курьеры."},
    {"courier_trip", KEY_MONEY, KEY_AT(struct prices_spec, courier_trip), .fallback = "120.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "Per trip, paid to the courier.",
     .ru = "За поездку, курьеру."},
    {"courier_km", KEY_MONEY, KEY_AT(struct prices_spec, courier_km), .fallback = "0 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "And per kilometre of each order.",
     .ru = "И за километр каждого заказа."},
    {"distance", KEY_GROUP, .group = &distance_group,
     .en = "How far it is; the same for the same customer and restaurant.",
     .ru = "Далеко ли везти; для тех же клиента и ресторана — одинаково."},
    {"payment", KEY_SHARE, KEY_AT(struct prices_spec, payment), .fallback = "2.9%", .least = "0%",
     .most = "100%", .en = "Of what the customer pays, to the bank.",
     .ru = "С того, что платит клиент, банку."},
    {"ads", KEY_GROUP, KEY_AT(struct prices_spec, ads), .group = &ads_group,
     .en = "Promotion of restaurants and dishes, paid by restaurants.",
     .ru = "Продвижение ресторанов и блюд, платят рестораны."},
    {"premium", KEY_GROUP, KEY_AT(struct prices_spec, premium), .group = &premium_group,
     .en = "Members, whose orders overtake others, and analytics for restaurants.",
     .ru = "Клиенты с подпиской, чьи заказы идут первыми, и аналитика для ресторанов."},
    {"support", KEY_GROUP, KEY_AT(struct prices_spec, support), .group = &support_group,
     .en = "What it costs to help when an order failed or came late.",
     .ru = "Во что обходится помощь, если заказ сорван или опоздал."},
    {"core_hour", KEY_MONEY, KEY_AT(struct prices_spec, core_hour), .fallback = "4.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "One core of a replica, with its memory.",
     .ru = "Одно ядро реплики вместе с памятью."},
    {"store_hour", KEY_MONEY, KEY_AT(struct prices_spec, store_hour), .fallback = "12.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "The store, where it is used.",
     .ru = "Хранилище, если оно нужно."},
    {"queue_hour", KEY_MONEY, KEY_AT(struct prices_spec, queue_hour), .fallback = "45.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "Three brokers, where they are used.",
     .ru = "Три брокера, если они нужны."},
    {"table_hour", KEY_MONEY, KEY_AT(struct prices_spec, table_hour), .fallback = "15.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "The database, without its cores.",
     .ru = "База данных без ядер."},
    {"table_core_hour", KEY_MONEY, KEY_AT(struct prices_spec, table_core_hour),
     .fallback = "6.00 RUB", .least = "0 RUB", .most = "1000000 RUB",
     .en = "One core of the database.", .ru = "Одно ядро базы данных."},
    {"rented", KEY_DURATION, KEY_AT(struct prices_spec, rented_ns), .fallback = "0s", .least = "0s",
     .most = "366d", .en = "Servers are paid for at least so long, as bought for the occasion.",
     .ru = "Серверы оплачиваются не меньше чем за столько: их завели ради этого случая."},
    {"rented_on_demand", KEY_DURATION, KEY_AT(struct prices_spec, on_demand_ns), .fallback = "0s",
     .least = "0s", .most = "366d", .en = "And replicas that an autoscaler adds, so long.",
     .ru = "А реплики, добавленные автоскейлером, — за столько."},
};
const struct group prices_group = {"prices", KEYS_OF(price_keys), .finish = finish_prices};
