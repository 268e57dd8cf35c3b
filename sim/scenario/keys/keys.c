/* keys.c — The keys of a scenario's first level, and what types are called.
 *
 * The other tables stand beside the things that they describe: keys_load.c, keys_service.c,
 * keys_world.c. A default that is a fact of the world carries its source. */
#include "sim/scenario/keys/keys.h"

#include <string.h>

#include "sim/scenario/bind/finish.h"

static const struct key limit_keys[] = {
    {"events", KEY_COUNT, KEY_AT(struct limits_spec, events), .fallback = "2G", .least = "1k",
     .most = "1000G",
     .en = "Events, and steps of threads in memory, after which a run stops unfinished.",
     .ru = "Событий и шагов потоков в памяти, после которых прогон обрывается."},
    {"wall", KEY_DURATION, KEY_AT(struct limits_spec, wall_ns), .fallback = "10m", .least = "1s",
     .most = "24h", .en = "Real time, after which a run stops unfinished.",
     .ru = "Настоящее время, после которого прогон обрывается."},
    {"memory", KEY_SIZE, KEY_AT(struct limits_spec, memory), .fallback = "4GiB", .least = "64MiB",
     .most = "1TiB", .en = "Memory that one run may take, and the results of all of them.",
     .ru = "Память, которую может занять один прогон, а также результаты всех."},
};
static const struct group limits_group = {"limits", KEYS_OF(limit_keys)};

static const struct word versions[] = {
    {"1", 1, "The only one so far.", "Пока единственная."},
    {0},
};

static const struct key root_keys[] = {
    {"version", KEY_WORD, .words = versions, .fallback = "1", .en = "Version of the file's format.",
     .ru = "Версия формата файла."},
    {"extends", KEY_FILE,
     .en = "A file that this one is laid over: a relative path, near the scenario.",
     .ru = "Файл, поверх которого ложится этот: относительный путь, рядом со сценарием."},
    {"name", KEY_NAME, KEY_AT(struct scenario, name),
     .en = "A short name; by default that of the file.",
     .ru = "Короткое имя; по умолчанию — имя файла."},
    {"title", KEY_TEXT, KEY_AT(struct scenario, title), .en = "One line for the top of a report.",
     .ru = "Одна строка для начала отчёта."},
    {"question", KEY_TEXT, KEY_AT(struct scenario, question),
     .en = "The interview question that the scenario answers.",
     .ru = "Вопрос собеседования, на который отвечает сценарий."},
    {"seed", KEY_COUNT, KEY_AT(struct scenario, seed), .fallback = "42", .least = "0",
     .most = "999999999999999999", .en = "Where chance begins; the same seed gives the same run.",
     .ru = "Начало случайности: одно и то же зерно даёт один и тот же прогон."},
    {"duration", KEY_DURATION, KEY_AT(struct scenario, duration_ns), .fallback = "60s",
     .least = "1ms", .most = "1h", .en = "How long requests arrive, in virtual time.",
     .ru = "Сколько времени приходят запросы (виртуального времени)."},
    {"warmup", KEY_DURATION, KEY_AT(struct scenario, warmup_ns), .fallback = "0s", .least = "0s",
     .most = "1h",
     .en = "The first part of the duration, left out of every figure but those of counters in "
           "memory.",
     .ru = "Начало прогона, которое не входит ни в один показатель, кроме счётчиков в памяти."},
    {"drain", KEY_DURATION, KEY_AT(struct scenario, drain_ns), .fallback = "30s", .least = "0s",
     .most = "1h", .en = "How long the run goes on after the last arrival, to finish the work.",
     .ru = "Сколько прогон длится после последнего запроса, чтобы доделать начатое."},
    {"limits", KEY_GROUP, KEY_AT(struct scenario, limits), .group = &limits_group,
     .en = "Where a run stops unfinished.", .ru = "Когда прогон обрывается."},
    {"services", KEY_NAMED, KEY_AT(struct scenario, services), .group = &service_group,
     .count_offset = offsetof(struct scenario, services_max), .items_max = SCENARIO_SERVICES_MAX,
     .en = "The services under study, by name.", .ru = "Изучаемые сервисы, по именам."},
    {"load", KEY_LIST, KEY_AT(struct scenario, loads), .group = &load_group,
     .count_offset = offsetof(struct scenario, loads_max), .items_max = SCENARIO_LOADS_MAX,
     .en = "Who asks, what, and how often.", .ru = "Кто, что и как часто спрашивает."},
    {"balancer", KEY_GROUP, KEY_AT(struct scenario, balancer), .group = &balancer_group,
     .en = "What spreads requests over the replicas of a service.",
     .ru = "Что распределяет запросы по репликам сервиса."},
    {"network", KEY_GROUP, KEY_AT(struct scenario, network), .group = &network_group,
     .en = "Every link between client, balancer and services.",
     .ru = "Каждая линия между клиентом, балансировщиком и сервисами."},
    {"store", KEY_GROUP, KEY_AT(struct scenario, store), .group = &store_group,
     .en = "The key-value store: one Redis, or one memcached.",
     .ru = "Хранилище «ключ — значение»: один Redis или один memcached."},
    {"queue", KEY_GROUP, KEY_AT(struct scenario, queue), .group = &queue_group,
     .en = "The log, as Kafka.", .ru = "Журнал сообщений: Kafka."},
    {"table", KEY_GROUP, KEY_AT(struct scenario, table), .group = &table_group,
     .en = "The database, as one SQL server.", .ru = "База данных: один SQL-сервер."},
    {"memory", KEY_GROUP, KEY_AT(struct scenario, memory), .group = &sharing_group,
     .en = "What it costs threads to share memory: the machine's part of services.*.memory.",
     .ru = "Чего стоит потокам общая память: то в services.*.memory, что зависит от машины."},
    {"tokens", KEY_GROUP, KEY_AT(struct scenario, tokens), .group = &tokens_group,
     .en = "What it costs a gateway to sign and to check.",
     .ru = "Чего стоит шлюзу подписать и проверить."},
    {"prices", KEY_GROUP, KEY_AT(struct scenario, prices), .group = &prices_group,
     .en = "What an order earns and what servers cost.",
     .ru = "Что приносит заказ и чего стоят серверы."},
    {"faults", KEY_LIST, KEY_AT(struct scenario, faults), .group = &fault_group,
     .count_offset = offsetof(struct scenario, faults_max), .items_max = SCENARIO_FAULTS_MAX,
     .en = "What breaks, and when.", .ru = "Что и когда ломается."},
    {"thresholds", KEY_THRESHOLDS, KEY_AT(struct scenario, thresholds),
     .count_offset = offsetof(struct scenario, thresholds_max),
     .items_max = SCENARIO_THRESHOLDS_MAX,
     .en = "What must hold for the run to pass: METRIC < BOUND.",
     .ru = "Что должно выполняться, чтобы прогон был зачтён: ПОКАЗАТЕЛЬ < ГРАНИЦА."},
    {"variants", KEY_VARIANTS, .items_max = SCENARIO_VARIANTS_MAX,
     .en = "Other designs by name: overrides that are run on the same arrivals, side by side.",
     .ru = "Другие решения по именам: поправки, прогоняемые на тех же запросах, бок о бок."},
};
const struct group root_group = {"scenario", KEYS_OF(root_keys), .finish = finish_scenario};

static const struct word expectations[] = {
    {"nothing", EXPECT_NOTHING, "Nothing is promised.", "Ничего не обещано."},
    {"pass", EXPECT_PASS, "All thresholds hold.", "Все пороги выполнены."},
    {"fail", EXPECT_FAIL, "At least one threshold breaks.", "Хотя бы один порог нарушен."},
    {0},
};
static const struct key variant_keys[] = {
    {"title", KEY_TEXT, KEY_AT(struct scenario, variant_title), .en = "One line about this design.",
     .ru = "Одна строка об этом решении."},
    {"expect", KEY_WORD, KEY_AT(struct scenario, expect), .words = expectations,
     .fallback = "nothing", .en = "How the thresholds should end; a test holds it to that.",
     .ru = "Чем должны кончиться пороги; тест это проверяет."},
};
const struct group variant_group = {"variant", KEYS_OF(variant_keys)};

const struct key *group_key(const struct group *group, const char *name)
{
    for (size_t i = 0; i < group->keys_max; i++) {
        if (strcmp(group->keys[i].name, name) == 0)
            return &group->keys[i];
    }
    return NULL;
}

#define DECIMAL "[0-9]+(\\.[0-9]+)?"
#define DURATION "^(" DECIMAL " ?(ns|us|µs|μs|ms|s|m|h|d) ?)+$"
#define MONEY "^-?" DECIMAL " ?[A-Z]{3}$"

const struct type_facts *type_facts(enum key_type type)
{
    static const struct type_facts facts[] = {
        [KEY_DURATION] = {"duration", "длительность", "300ms", DURATION},
        [KEY_RATE] = {"rate", "частота", "1.2k/s", "^" DECIMAL " ?[kM]?/[smhd]$"},
        [KEY_SIZE] = {"size", "размер", "64MiB", "^" DECIMAL " ?(B|KiB|MiB|GiB|TiB|kB|MB|GB)$"},
        [KEY_SHARE] = {"share", "доля", "25%", "^" DECIMAL " ?%$"},
        [KEY_DISTANCE] = {"distance", "расстояние", "2.5km", "^" DECIMAL " ?k?m$"},
        [KEY_MONEY] = {"money", "деньги", "149.00 RUB", MONEY},
        [KEY_COUNT] = {"count", "количество", "10k", "^" DECIMAL " ?[kMG]?$"},
        [KEY_NUMBER] = {"number", "число", "1.1", "^-?" DECIMAL "$"},
        [KEY_BOOL] = {"yes or no", "да или нет", "yes", NULL},
        [KEY_WORD] = {"word", "слово", NULL, NULL},
        [KEY_NAME] = {"name", "имя", "lunch-spike", "^[A-Za-z0-9][A-Za-z0-9_/-]{0,46}$"},
        [KEY_TEXT] = {"text", "текст", "{en: \"Hello\", ru: \"Привет\"}", NULL},
        [KEY_CURRENCY] = {"currency", "валюта", "RUB", "^[A-Z]{3}$"},
        [KEY_DURATION_DIST] = {"distribution of durations", "распределение длительностей",
                               "{dist: exponential, mean: 5ms}", DURATION},
        [KEY_MONEY_DIST] = {"distribution of money", "распределение сумм",
                            "{dist: lognormal, mean: 900.00 RUB, cv: 0.5}", MONEY},
        [KEY_DURATION_POINTS] = {"values with weights", "значения с весами",
                                 "[[1ms, 9], [20ms, 1]]", DURATION},
        [KEY_MONEY_POINTS] = {"values with weights", "значения с весами",
                              "[[500.00 RUB, 3], [2500.00 RUB, 1]]", MONEY},
        [KEY_SERVICE] = {"service", "сервис", "delivery", "^[A-Za-z][A-Za-z0-9_-]{0,37}$"},
        [KEY_TARGET] = {"target", "цель", "delivery/2", "^[A-Za-z][A-Za-z0-9_/-]{0,46}$"},
        [KEY_SIGNAL] = {"share, rate or count", "доля, частота или количество", "70%",
                        "^" DECIMAL " ?(%|[kM]?/[smhd]|[kMG])?$"},
        [KEY_THRESHOLDS] = {"list of thresholds", "список порогов", "[latency.p99 < 300ms]",
                            "^[a-zA-Z0-9_.-]+ *(<|<=|>|>=) *-?[0-9].*$"},
        [KEY_GROUP] = {"mapping", "набор ключей", "{…}", NULL},
        [KEY_LIST] = {"list of mappings", "список наборов ключей", "[{…}]", NULL},
        [KEY_NAMED] = {"mappings by name", "наборы ключей по именам", "{name: {…}}", NULL},
        [KEY_FILE] = {"file", "файл", "base.yaml", NULL},
        [KEY_VARIANTS] = {"overrides by name", "поправки по именам",
                          "{wide: {services: {delivery: {replicas: 8}}, expect: pass}}", NULL},
    };

    return &facts[type];
}
