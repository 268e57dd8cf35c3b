/* say.c — The words and the numbers of a line: one row per formula, both languages.
 *
 * Symbols are those of the blackboard and the same in both languages; numbers have the reader's
 * decimal point and units. Digits are written by hand, because printf would follow LC_NUMERIC. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/theory/theory_inside.h"

struct row {
    const char *key; /* In JSON. */
    struct text label;
    const char *symbols; /* Both sides; NULL: the numbers say it all. */
};

static const struct row rows[THEORY_WHATS] = {
    [THEORY_ARRIVALS] = {"arrivals", {"arrivals", "приход"}, "λ"},
    [THEORY_LIMIT] = {"limit",
                      {"let through by the limit", "прошло через предел"},
                      "limit + burst / t"},
    [THEORY_WORK] = {"work", {"work per request", "работа на запрос"}, "E[S]"},
    [THEORY_CAPACITY] = {"capacity", {"capacity", "пропускная способность"}, "μ = c / E[S]"},
    [THEORY_OFFERED] = {"offered", {"offered, erlangs", "нагрузка, эрланги"}, "a = λ E[S]"},
    [THEORY_UTILIZATION] = {"utilization", {"utilisation", "загрузка"}, "ρ = λ E[S] / c"},
    [THEORY_WAIT_CHANCE] = {"wait_chance",
                            {"chance to wait (Erlang C)", "вероятность ждать (Эрланг C)"},
                            "C(c, a)"},
    [THEORY_WAIT] = {"wait",
                     {"wait for a core", "ожидание ядра"},
                     "Wq = C E[S] / (c (1 − ρ)) × (Ca² + Cs²) / 2"},
    [THEORY_WAIT_REGULAR] = {"wait_regular",
                             {"wait for a core", "ожидание ядра"},
                             "Wq = C E[S] / (c (1 − ρ)) × (Ca² + Cs²) / 2 × g"},
    [THEORY_WAIT_FINITE] = {"wait_finite",
                            {"wait, finite line", "ожидание, конечная очередь"},
                            "Wq = C E[S] / (c (1 − ρ)) × (Ca² + Cs²) / 2 × k"},
    [THEORY_WAIT_TWO] = {"wait_two_choices",
                         {"wait, best of two", "ожидание, лучшая из двух"},
                         "Wq = E[S] (ρ² + ρ⁶ + ρ¹⁴ + …)"},
    [THEORY_BACKLOG] = {"backlog", {"backlog at the end", "очередь к концу"}, "(λ − μ) t"},
    [THEORY_FILL] = {"fill",
                     {"the places are taken after", "места заняты через"},
                     "places / (λ − μ)"},
    [THEORY_LINE_WAIT] = {"line_wait",
                          {"the last in line waits", "последний в очереди ждёт"},
                          "backlog / μ"},
    [THEORY_SHED] = {"shed", {"shed when full", "отброшено при полной очереди"}, "1 − 1/ρ"},
    [THEORY_SHED_FULL] = {"shed_full",
                          {"shed, finite line", "отброшено, конечная очередь"},
                          "P(full), M/M/c/K"},
    [THEORY_DRAIN] = {"drain", {"time to drain", "очередь уйдёт за"}, "backlog / (μ − λ)"},
    [THEORY_REPLICAS] = {"replicas",
                         {"replicas, HPA in steady state", "реплики, HPA в покое"},
                         "n"},
    [THEORY_THREADS] = {"threads", {"workers held", "занято исполнителей"}, "ρ = λ W / workers"},
    [THEORY_PLACES] = {"places", {"places held", "занято мест"}, "ρ = λ W / in_flight"},
    [THEORY_STRAGGLERS] = {"stragglers", {"each straggler", "каждая отстающая"}, "ρ = λᵢ E[S] / c"},
    [THEORY_LOCK] = {"lock", {"its lock", "её замок"}, "ρ = λ adds hold"},
    [THEORY_HOPS] = {"hops", {"network", "сеть"}, "hops × latency"},
    [THEORY_HANDSHAKE] = {"handshake",
                          {"a connection per request", "соединение на каждый запрос"},
                          "handshake"},
    [THEORY_TRAFFIC] = {"traffic", {"traffic", "трафик"}, "λ E[B]"},
    [THEORY_RESPONSE] = {"response", {"response", "время ответа"}, "W"},
    [THEORY_P99] = {"p99", {"p99", "p99"}, NULL},
    [THEORY_LITTLE] = {"in_system", {"in the system (Little)", "в системе (Литтл)"}, "L = λ W"},
    [THEORY_HIT_TTL] = {"hit_ttl",
                        {"cache hits, TTL", "попадания в кеш, TTL"},
                        "h = Σ pᵢ λᵢT / (1 + λᵢT)"},
    [THEORY_HIT_LRU] = {"hit_lru",
                        {"cache hits, LRU (Che)", "попадания в кеш, LRU (Че)"},
                        "h = Σ pᵢ (1 − exp(−λᵢ Tc))"},
    [THEORY_HIT_FIRST] = {"hit_first",
                          {"cache hits, first asks miss", "попадания, мимо только первые"},
                          "h = 1 − first / asks"},
    [THEORY_MISSES] = {"misses", {"what goes past the cache", "мимо кеша"}, "λ (1 − h)"},
    [THEORY_REFILLS] = {"refills",
                        {"reads per expiry, hottest", "чтений на истечение, топ"},
                        "1 + λ p₁ D"},
    [THEORY_REFILLS_REPLICAS] = {"refills_single_flight",
                                 {"reads per expiry, hottest", "чтений на истечение, топ"},
                                 "min(replicas, 1 + λ p₁ D)"},
    [THEORY_REFILLS_LEASE] = {"refills_lease",
                              {"reads per expiry, hottest", "чтений на истечение, топ"},
                              "one lease"},
    [THEORY_REFILLS_EARLY] = {"refills_early",
                              {"reads per expiry, early", "чтений на истечение, заранее"},
                              "e^(1/β)"},
    [THEORY_STORE] = {"store", {"its one thread", "её один поток"}, "ρ = λ E[S]"},
    [THEORY_STORE_THREADS] = {"store_threads",
                              {"its threads, a line each", "её потоки, у каждого своя очередь"},
                              "ρ = λ E[S] / c"},
    [THEORY_TABLE_RATE] = {"table_rate", {"reads + writes", "чтения + записи"}, "λ"},
    [THEORY_TABLE_CORES] = {"table_cores", {"cores", "ядра"}, "ρ = λ E[S] / c"},
    [THEORY_TABLE_POOL] = {"table_pool", {"connections", "соединения"}, "ρ = λ E[held] / n"},
    [THEORY_TABLE_FLUSHES] = {"table_flushes",
                              {"disk, group commit", "диск, общий сброс"},
                              "ρ = λf e^λf / (1 + λf e^λf)"},
    [THEORY_TABLE_COMMITS] = {"table_commits", {"disk", "диск"}, "ρ = λ f"},
    [THEORY_TABLE_ROW] = {"table_row", {"hottest row", "самая горячая строка"}, "ρ = λ p₁ commit"},
    [THEORY_TABLE_WRITERS] = {"table_writers",
                              {"those who write, in turn", "пишущие, по очереди"},
                              "ρ = λ E[turn] / n"},
    [THEORY_TABLE_CEILING] = {"table_ceiling", {"ceiling", "потолок"}, "μ"},
    [THEORY_TABLE_LATE] = {"table_late",
                           {"done when nobody waits", "готово, когда не ждут"},
                           "1 − e^(−held / slack)"},
    [THEORY_LOG_RATE] = {"log_rate", {"records", "записи"}, "λ"},
    [THEORY_LOG_HOT] = {"log_hot", {"hottest partition", "самая горячая партиция"}, NULL},
    [THEORY_LOG_PROCESS] = {"log_process", {"the queue's process", "процесс очереди"}, NULL},
    [THEORY_LOG_PARTITION] = {"log_partition", {"its leader", "её лидер"}, NULL},
    [THEORY_BATCH_TIME] = {"batch_time",
                           {"a batch takes", "пачка занимает"},
                           "T = trips + CPU + rows + commit"},
    [THEORY_BATCH_CAPACITY] = {"batch_capacity",
                               {"capacity", "пропускная способность"},
                               "μ = n batch / T"},
    [THEORY_BATCH_UTILIZATION] = {"batch_utilization", {"utilisation", "загрузка"}, "ρ = λ / μ"},
    [THEORY_LAG] = {"lag", {"lag at the end", "отставание к концу"}, "(λ − μ) t"},
    [THEORY_LAG_DRAIN] = {"lag_drain", {"time to drain", "отставание уйдёт за"}, "lag / (μ − λ)"},
    [THEORY_TOKENS_VERIFY] = {"tokens_verify",
                              {"signatures, of one core", "подписи, доля ядра"},
                              "ρ = λ E[verify]"},
    [THEORY_TOKENS_LOOKUPS] = {"tokens_lookups",
                               {"look-ups in the store", "запросы к хранилищу"},
                               "λ"},
    [THEORY_TOKENS_REFRESH] = {"tokens_refresh", {"refreshes", "обновления"}, "N / TTL"},
    [THEORY_EXPOSURE_MEAN] = {"exposure_mean",
                              {"a thief stays in, mean", "вор внутри, в среднем"},
                              "TTL / 2"},
    [THEORY_EXPOSURE_LEEWAY] = {"exposure_mean_leeway",
                                {"a thief stays in, mean", "вор внутри, в среднем"},
                                "TTL / 2 + leeway"},
    [THEORY_EXPOSURE_MOST] = {"exposure_most",
                              {"a thief stays in, at most", "вор внутри, не дольше"},
                              NULL},
    [THEORY_COMMISSION] = {"commission",
                           {"commission per order", "комиссия с заказа"},
                           "share × basket"},
    [THEORY_DELIVERY_FEE] = {"delivery_fee",
                             {"delivery fee", "плата за доставку"},
                             "(fee + km × distance) × (1 + surge)"},
    [THEORY_LISTING] = {"listing",
                        {"listing, per order", "подписка, на заказ"},
                        "restaurants × month / λ"},
    [THEORY_ADS] = {"ads", {"ads, per order", "реклама, на заказ"}, "menus / orders × view"},
    [THEORY_PREMIUM] = {"premium",
                        {"premium, per order", "премиум, на заказ"},
                        "months / λ + share × order"},
    [THEORY_COURIER] = {"courier", {"courier", "курьер"}, "trip + km × distance + surge"},
    [THEORY_PAYMENT] = {"payment", {"payment", "платёж"}, "share × paid"},
    [THEORY_CONTRIBUTION] = {"contribution",
                             {"contribution per order", "маржа заказа"},
                             "income − costs"},
};

static const char *const unit_keys[THEORY_UNITS] = {
    [THEORY_MS] = "ms",       [THEORY_RATE] = "per_s",         [THEORY_SHARE] = "share",
    [THEORY_COUNT] = "count", [THEORY_RATIO] = "ratio",        [THEORY_MONEY] = "minor_units",
    [THEORY_KIB] = "kib",     [THEORY_KIB_RATE] = "kib_per_s",
};

const struct text *theory_label(enum theory_what what)
{
    return &rows[what].label;
}

const char *theory_key(enum theory_what what)
{
    return rows[what].key;
}

const char *theory_unit_key(enum theory_unit unit)
{
    return unit_keys[unit];
}

/* ---- Numbers -------------------------------------------------------------------------------- */

struct shown {
    double value;
    const char *en, *ru; /* The unit behind it. */
};

static struct shown shown_ms(double ms)
{
    static const struct shown scales[] = {{1e3, "\u00a0µs", "\u00a0мкс"},
                                          {1, "\u00a0ms", "\u00a0мс"},
                                          {1e-3, "\u00a0s", "\u00a0с"},
                                          {1 / 60e3, "\u00a0min", "\u00a0мин"}};
    unsigned scale = 0;

    if (ms <= 0 || (ms >= 999.5 && ms < 600e3))
        scale = 2;
    else if (ms >= 0.9995)
        scale = ms < 999.5 ? 1 : 3;
    return (struct shown){ms * scales[scale].value, scales[scale].en, scales[scale].ru};
}

static struct shown shown_kib(double kib, bool is_rate)
{
    static const struct shown scales[][2] = {
        {{1, "\u00a0KiB", "\u00a0КиБ"}, {1, "\u00a0KiB/s", "\u00a0КиБ/с"}},
        {{0x1p-10, "\u00a0MiB", "\u00a0МиБ"}, {0x1p-10, "\u00a0MiB/s", "\u00a0МиБ/с"}},
        {{0x1p-20, "\u00a0GiB", "\u00a0ГиБ"}, {0x1p-20, "\u00a0GiB/s", "\u00a0ГиБ/с"}}};
    unsigned scale = 0;

    while (scale < 2 && kib * scales[scale][0].value >= 1023.5)
        scale++;
    return (struct shown){kib * scales[scale][is_rate].value, scales[scale][is_rate].en,
                          scales[scale][is_rate].ru};
}

static struct shown shown_of(struct theory_number number)
{
    switch (number.unit) {
    case THEORY_MS:
        return shown_ms(number.value);
    case THEORY_RATE:
        return (struct shown){number.value, "/s", "/с"};
    case THEORY_SHARE:
        return (struct shown){number.value * 100, "%", "\u00a0%"};
    case THEORY_KIB:
    case THEORY_KIB_RATE:
        return shown_kib(number.value, number.unit == THEORY_KIB_RATE);
    case THEORY_MONEY:
        return (struct shown){number.value / 100, "", ""};
    case THEORY_COUNT:
    case THEORY_RATIO:
    case THEORY_UNITS:
        break;
    }
    return (struct shown){number.value, "", ""};
}

static unsigned decimals_of(enum theory_unit unit, double value)
{
    if (unit == THEORY_RATIO)
        return value < 0.0995 ? 3 : 2;
    if (unit == THEORY_COUNT && value >= 10)
        return 0;
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

/* What is more than nothing never reads 0. */
static bool is_tiny(struct shown shown, unsigned decimals)
{
    return shown.value > 0 && shown.value * pow(10, decimals) < 0.5;
}

/* 1234567 as 1,234,567, backwards into the end of `text`; returns where it starts. */
static char *put_whole(char *end, uint64_t whole, const char *group)
{
    size_t length = strlen(group);
    unsigned digits = 0;

    do {
        if (digits > 0 && digits % 3 == 0)
            memcpy(end -= length, group, length);
        *--end = (char)('0' + whole % 10);
        digits++;
    } while ((whole /= 10) > 0);
    return end;
}

static void put_plain(char *text, size_t size, bool is_russian, double value, unsigned decimals)
{
    static const unsigned powers[] = {1, 10, 100, 1000};
    uint64_t places = (uint64_t)(fmin(value, 1e15) * powers[decimals] + 0.5);
    char whole[64], part[16] = "";
    char *start;

    for (; decimals > 0 && places % 10 == 0; decimals--)
        places /= 10;
    whole[sizeof whole - 1] = '\0';
    start =
        put_whole(whole + sizeof whole - 1, places / powers[decimals], is_russian ? "\u00a0" : ",");
    if (decimals > 0)
        snprintf(part, sizeof part, "%c%0*u", is_russian ? ',' : '.', (int)decimals,
                 (unsigned)(places % powers[decimals]));
    snprintf(text, size, "%s%s", start, part);
}

void theory_put_number(char *text, size_t size, const char *lang, struct theory_number number)
{
    bool is_russian = strcmp(lang, "ru") == 0;
    struct shown shown =
        shown_of((struct theory_number){.unit = number.unit, .value = fabs(number.value)});
    char digits[80];
    unsigned decimals;
    bool is_small;

    if (!isfinite(number.value)) {
        snprintf(text, size, "%s", isinf(number.value) ? "∞" : "—");
        return;
    }
    decimals = decimals_of(number.unit, shown.value);
    is_small = is_tiny(shown, decimals);
    put_plain(digits, sizeof digits, is_russian,
              is_small ? pow(10, -(double)decimals) : shown.value, decimals);
    snprintf(text, size, "%s%s%s%s", is_small ? "<" : "", number.value < 0 ? "−" : "", digits,
             is_russian ? shown.ru : shown.en);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static size_t append(char *text, size_t size, size_t at, const char *more)
{
    size_t length = strlen(more);

    if (at + length >= size)
        return at;
    memcpy(text + at, more, length + 1);
    return at + length;
}

/* The formula with each %s replaced by its number. */
static size_t fill(char *text, size_t size, size_t at, const char *lang,
                   const struct theory_line *line)
{
    char number[96], letter[2] = "";
    uint32_t n = 0;

    for (const char *c = line->numbers; *c != '\0'; c++) {
        if (c[0] == '%' && c[1] == 's') {
            check(n < line->of_max);
            theory_put_number(number, sizeof number, lang, line->of[n++]);
            at = append(text, size, at, number);
            c++;
            continue;
        }
        letter[0] = *c;
        at = append(text, size, at, letter);
    }
    check(n == line->of_max);
    return at;
}

void theory_put_formula(char *text, size_t size, const char *lang, const struct theory_line *line)
{
    const char *symbols = rows[line->what].symbols;
    char value[96];
    size_t at = 0; /* Numbers that begin with a comma only name what the symbols mean. */

    text[0] = '\0';
    if (symbols != NULL)
        at = append(text, size, at, symbols);
    if (symbols != NULL && line->numbers[0] != ',')
        at = append(text, size, at, " = ");
    if (line->numbers[0] != '\0')
        at = fill(text, size, at, lang, line);
    if (line->numbers[0] != '\0')
        at = append(text, size, at, line->numbers[0] == ',' ? ": " : " = ");
    theory_put_number(value, sizeof value, lang, line->value);
    append(text, size, at, value);
}

/* ---- Saying --------------------------------------------------------------------------------- */

void say(struct work *work, enum theory_what what, const char *service, struct theory_number value,
         const char *numbers)
{
    struct theory *theory = work->theory;
    struct theory_line *lines =
        realloc(theory->lines, (theory->lines_max + 1) * sizeof *theory->lines);
    struct theory_line *line;

    if (lines == NULL) { /* The lines that there are stay good; theory_open gives up. */
        work->is_out_of_memory = true;
        return;
    }
    theory->lines = lines;
    line = &lines[theory->lines_max++];
    *line = (struct theory_line){
        .what = what, .phase = work->phase, .service = service, .verb = "", .value = value};
    snprintf(line->numbers, sizeof line->numbers, "%s", numbers);
}

static struct theory_line *last(struct work *work)
{
    return work->is_out_of_memory ? NULL : &work->theory->lines[work->theory->lines_max - 1];
}

void say_with(struct work *work, struct theory_number number)
{
    struct theory_line *line = last(work);

    if (line == NULL)
        return;
    check(line->of_max < THEORY_NUMBERS_MAX);
    line->of[line->of_max++] = number;
}

void say_verb(struct work *work, const char *verb)
{
    if (last(work) != NULL)
        last(work)->verb = verb;
}

void say_more(struct work *work, const char *numbers)
{
    struct theory_line *line = last(work);

    if (line != NULL)
        append(line->numbers, sizeof line->numbers, strlen(line->numbers), numbers);
}
