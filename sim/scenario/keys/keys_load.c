/* keys_load.c — The keys of one entry of load: who asks. */
#include "sim/scenario/bind/idle.h"
#include "sim/scenario/bind/finish.h"
#include "sim/scenario/keys/keys.h"
#include "services/port/ask.h"

static const struct word verbs[] = {
    {"call", VERB_CALL, "Run the steps of a custom service.", "Шаги сервиса custom."},
    {"like", VERB_LIKE, "Like a post.", "Поставить лайк."},
    {"unlike", VERB_UNLIKE, "Take a like back.", "Снять лайк."},
    {"count", VERB_COUNT, "How many likes has a post?", "Сколько лайков у поста?"},
    {"menu", VERB_MENU, "A restaurant's menu.", "Меню ресторана."},
    {"order", VERB_ORDER, "Order a meal, once.", "Заказать еду, один раз."},
    {"track", VERB_TRACK, "Where is my order?", "Где мой заказ?"},
    {0},
};

static const struct word arrivals[] = {
    {"poisson", ARRIVALS_POISSON, "Open: independent people.", "Открытый поток: люди независимы."},
    {"constant", ARRIVALS_CONSTANT, "Open: evenly spaced.",
     "Открытый поток: через равные промежутки."},
    {"closed", ARRIVALS_CLOSED, "A fixed number of users, each waiting for its answer.",
     "Постоянное число пользователей, каждый ждёт ответа."},
    {0},
};

static const struct key phase_keys[] = {
    {"at", KEY_DURATION, KEY_AT(struct phase, at_ns), .fallback = "0s", .least = "0s", .most = "1h",
     .en = "From when on.", .ru = "С какого момента."},
    {"rate", KEY_RATE, KEY_AT(struct phase, rate), .least = "0/s", .most = "10M/s",
     .en = "Requests per second.", .ru = "Запросов в секунду."},
    {"ramp", KEY_DURATION, KEY_AT(struct phase, ramp_ns), .fallback = "0s", .least = "0s",
     .most = "1h", .en = "How long the rate takes to get there, in a straight line.",
     .ru = "За сколько частота дорастает, по прямой."},
};
static const struct group phase_group = {"phase", KEYS_OF(phase_keys), .size = sizeof(struct phase),
                                         .brief = "rate"};

static const struct word keys_dists[] = {
    {"zipf", KEYS_ZIPF, "A few are asked for most of the time.", "Чаще всего нужны немногие."},
    {"uniform", KEYS_UNIFORM, "All alike.", "Все одинаково."},
    {"constant", KEYS_CONSTANT, "Always the same one: a hot key.",
     "Всегда один и тот же: горячий ключ."},
    {0},
};
/* 0.99 is the exponent of YCSB's zipfian requests (Cooper, SoCC 2010). */
static const struct key keys_keys[] = {
    {"dist", KEY_WORD, KEY_AT(struct keys_spec, dist), .words = keys_dists, .fallback = "zipf",
     .en = "How popular the keys are.", .ru = "Насколько популярны ключи."},
    {"s", KEY_NUMBER, KEY_AT(struct keys_spec, s), .fallback = "0.99", .least = "0", .most = "5",
     .en = "Zipf's exponent; 0 is uniform.", .ru = "Показатель Ципфа; 0 — равномерно."},
    {"n", KEY_COUNT, KEY_AT(struct keys_spec, n), .fallback = "10k", .least = "1", .most = "1G",
     .en = "How many keys there are.", .ru = "Сколько всего ключей."},
};
static const struct group keys_group = {"keys", KEYS_OF(keys_keys), .finish = finish_keys};

static const struct word jitters[] = {
    {"none", JITTER_NONE, "All wait equally long.", "Все ждут одинаково."},
    {"full", JITTER_FULL, "Anything from nothing to the backoff.", "От нуля до всей паузы."},
    {"equal", JITTER_EQUAL, "Half of the backoff, and chance for the rest.",
     "Половина паузы, остальное — случай."},
    {0},
};
/* Full jitter, and a budget: Brooker, "Timeouts, retries, and backoff with jitter" (AWS). */
static const struct key retry_keys[] = {
    {"attempts", KEY_COUNT, KEY_AT(struct retry_spec, attempts), .fallback = "1", .least = "1",
     .most = "100", .en = "Tries in all; 1 is no retry.", .ru = "Всего попыток; 1 — без повторов."},
    {"backoff", KEY_DURATION, KEY_AT(struct retry_spec, backoff_ns), .fallback = "100ms",
     .least = "0s", .most = "1h", .en = "Pause before the second try; doubles each time.",
     .ru = "Пауза перед второй попыткой; каждый раз удваивается."},
    {"backoff_max", KEY_DURATION, KEY_AT(struct retry_spec, backoff_max_ns), .fallback = "10s",
     .least = "0s", .most = "1h", .en = "The longest pause.", .ru = "Самая долгая пауза."},
    {"jitter", KEY_WORD, KEY_AT(struct retry_spec, jitter), .words = jitters, .fallback = "full",
     .en = "Chance in the pause, so that clients do not come back together.",
     .ru = "Случайность паузы, чтобы клиенты не возвращались разом."},
    {"budget", KEY_SHARE, KEY_AT(struct retry_spec, budget), .fallback = "100%", .least = "0%",
     .most = "100%", .en = "Retries allowed per first try, a token bucket; 100% is no limit.",
     .ru = "Повторов на одну первую попытку (ведро токенов); 100% — без предела."},
};
static const struct group retry_group = {"retry", KEYS_OF(retry_keys)};

static const struct key load_keys[] = {
    {"name", KEY_NAME, KEY_AT(struct load_spec, name),
     .en = "Names its stream of chance; by default verb/position.",
     .ru = "Имя потока случайных чисел; по умолчанию глагол/номер."},
    {"verb", KEY_WORD, KEY_AT(struct load_spec, verb), .words = verbs, .fallback = "call",
     .en = "What is asked.", .ru = "Что спрашивают."},
    {"to", KEY_SERVICE, KEY_AT(struct load_spec, service),
     .en = "Which service; by default the only one that knows the verb.",
     .ru = "Какой сервис; по умолчанию единственный, который знает глагол."},
    {"arrivals", KEY_WORD, KEY_AT(struct load_spec, arrivals), .words = arrivals,
     .fallback = "poisson", .en = "How requests come.", .ru = "Как приходят запросы."},
    {"rate", KEY_LIST, KEY_AT(struct load_spec, phases), .group = &phase_group,
     .count_offset = offsetof(struct load_spec, phases_max), .items_max = SCENARIO_PHASES_MAX,
     .en = "Open arrivals: a rate, or phases in order from 0s on.",
     .ru = "Открытый поток: частота или её фазы по порядку, начиная с 0s."},
    {"users", KEY_COUNT, KEY_AT(struct load_spec, users), .least = "1", .most = "1M",
     .en = "Closed arrivals: how many users there are.",
     .ru = "Замкнутый поток: сколько пользователей."},
    {"think", KEY_DURATION_DIST, KEY_AT(struct load_spec, think), .fallback = "1s", .least = "0s",
     .most = "1h", .en = "Closed arrivals: pause between an answer and the next.",
     .ru = "Замкнутый поток: пауза между ответом и следующим запросом."},
    {"keys", KEY_GROUP, KEY_AT(struct load_spec, keys), .group = &keys_group,
     .en = "What is asked about: posts, restaurants.", .ru = "О чём спрашивают: посты, рестораны."},
    {"people", KEY_COUNT, KEY_AT(struct load_spec, people), .fallback = "100k", .least = "1",
     .most = "10G", .en = "How many people there are; who asks is drawn evenly.",
     .ru = "Сколько всего людей; кто спрашивает, решает случай."},
    {"zones", KEY_COUNT, KEY_AT(struct load_spec, zones), .fallback = "1", .least = "1",
     .most = "256", .en = "Delivery areas, drawn evenly.", .ru = "Районы доставки, поровну."},
    {"amount", KEY_MONEY_DIST, KEY_AT(struct load_spec, amount), .fallback = "900.00 RUB",
     .least = "0 RUB", .most = "1000000 RUB", .en = "The basket of an order.",
     .ru = "Сумма заказа."},
    {"poison", KEY_SHARE, KEY_AT(struct load_spec, poison), .fallback = "0%", .least = "0%",
     .most = "100%",
     .en = "Orders that break a constraint of the table, now and for ever: as if of a client of "
           "another version. One that was acknowledged ends in the dead letters; what it would "
           "have brought is lost by an error.",
     .ru = "Заказы, которые нарушают ограничение таблицы, сейчас и всегда: как от клиента другой "
           "версии. Подтверждённый окажется среди мёртвых писем; что он принёс бы, упущено из-за "
           "ошибки."},
    {"bytes", KEY_SIZE, KEY_AT(struct load_spec, bytes), .fallback = "512B", .least = "0B",
     .most = "16MiB", .en = "Size of a request's body.", .ru = "Размер тела запроса."},
    {"priority", KEY_COUNT, KEY_AT(struct load_spec, priority), .fallback = "0", .least = "0",
     .most = "9", .en = "Higher is served first where services.*.line is by priority.",
     .ru = "Больший обслуживается раньше, где services.*.line — priority."},
    {"patience", KEY_DURATION, KEY_AT(struct load_spec, patience_ns), .fallback = "0s",
     .least = "0s", .most = "1h", .en = "An answer after it is late, and no success; 0s: never.",
     .ru = "Ответ позже этого — опоздавший, не успех; 0s — никогда."},
    {"timeout", KEY_DURATION, KEY_AT(struct load_spec, timeout_ns), .fallback = "0s", .least = "0s",
     .most = "1h", .en = "For one try, after which the client hangs up; 0s: it never does.",
     .ru = "На одну попытку, потом клиент обрывает запрос; 0s — никогда."},
    {"passes_deadline", KEY_BOOL, KEY_AT(struct load_spec, passes_deadline), .fallback = "no",
     .en = "Tells the services when the patience ends, so that they can stop working for nobody.",
     .ru = "Сообщает сервисам, когда терпение кончится, чтобы те не работали впустую."},
    {"retry", KEY_GROUP, KEY_AT(struct load_spec, retry), .group = &retry_group,
     .en = "What a client does after a failure.", .ru = "Что делает клиент после отказа."},
    {"auth", KEY_GROUP, KEY_AT(struct load_spec, auth), .group = &load_auth_group,
     .en = "What those who ask a gateway hold in their hands.",
     .ru = "Что в руках у тех, кто идёт через шлюз."},
};
const struct group load_group = {"load", KEYS_OF(load_keys), .size = sizeof(struct load_spec),
                                 .finish = finish_load};
