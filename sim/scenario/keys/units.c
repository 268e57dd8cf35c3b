/* units.c — Amounts as people write them.
 *
 *   "1.2k/s"  ->  digits 12, one decimal place  ->  suffix "k/s": times 1000, per 1  ->  1200
 *
 * The value is digits * times / (10^places * per), in 128 bits: 18 digits times the largest unit
 * cannot overflow them. Whole kinds must come out whole. Durations may chain several such terms,
 * each of a smaller unit than the one before. */
#include "sim/scenario/keys/units.h"

#include <stdio.h>
#include <string.h>

#include "sim/scenario/problems/nearest.h"

enum { DIGITS_MAX = 18 };

__extension__ typedef unsigned __int128 wide;

struct suffix {
    const char *text;
    uint64_t times, per;
};

static const struct suffix durations[] = {
    {"ns", 1, 1},
    {"us", 1000, 1},
    {"µs", 1000, 1}, /* U+00B5, the micro sign. */
    {"μs", 1000, 1}, /* U+03BC, the Greek letter. */
    {"ms", 1000 * 1000, 1},
    {"s", 1000 * 1000 * 1000, 1},
    {"m", 60ULL * 1000 * 1000 * 1000, 1},
    {"h", 3600ULL * 1000 * 1000 * 1000, 1},
    {"d", 86400ULL * 1000 * 1000 * 1000, 1},
    {NULL, 0, 0},
};
static const struct suffix rates[] = {
    {"/s", 1, 1},     {"k/s", 1000, 1},     {"M/s", 1000 * 1000, 1},
    {"/m", 1, 60},    {"k/m", 1000, 60},    {"M/m", 1000 * 1000, 60},
    {"/h", 1, 3600},  {"k/h", 1000, 3600},  {"M/h", 1000 * 1000, 3600},
    {"/d", 1, 86400}, {"k/d", 1000, 86400}, {"M/d", 1000 * 1000, 86400},
    {NULL, 0, 0},
};
static const struct suffix sizes[] = {
    {"B", 1, 1},
    {"KiB", 1024, 1},
    {"MiB", 1024 * 1024, 1},
    {"GiB", 1024ULL * 1024 * 1024, 1},
    {"TiB", 1024ULL * 1024 * 1024 * 1024, 1},
    {"kB", 1000, 1},
    {"MB", 1000 * 1000, 1},
    {"GB", 1000ULL * 1000 * 1000, 1},
    {NULL, 0, 0},
};
static const struct suffix distances[] = {{"m", 1, 1}, {"km", 1000, 1}, {NULL, 0, 0}};
static const struct suffix shares[] = {{"%", 1, 100}, {NULL, 0, 0}};
static const struct suffix counts[] = {
    {"", 1, 1},   {"k", 1000, 1}, {"M", 1000 * 1000, 1}, {"G", 1000ULL * 1000 * 1000, 1},
    {NULL, 0, 0},
};
static const struct suffix plain[] = {{"", 1, 1}, {NULL, 0, 0}};

struct unit_facts {
    const struct suffix *suffixes; /* NULL: the currency is the suffix. */
    bool is_whole;
    const char *usual; /* The unit to propose when nothing else is known. */
    const char *en, *ru;
};

static const struct unit_facts facts[] = {
    [UNIT_DURATION] = {durations, true, "ms", "a duration has a unit: ns, us, ms, s, m, h, d",
                       "у длительности должна быть единица: ns, us, ms, s, m, h, d"},
    [UNIT_RATE] = {rates, false, "/s", "a rate has a unit: /s, k/s, M/s, /m, /h",
                   "у частоты должна быть единица: /s, k/s, M/s, /m, /h"},
    [UNIT_SIZE] = {sizes, true, "MiB", "a size has a unit: B, KiB, MiB, GiB, kB, MB, GB",
                   "у размера должна быть единица: B, KiB, MiB, GiB, kB, MB, GB"},
    [UNIT_SHARE] = {shares, false, "%", "a share is written in percent",
                    "доля пишется в процентах"},
    [UNIT_DISTANCE] = {distances, true, "km", "a distance has a unit: m, km",
                       "у расстояния должна быть единица: m, km"},
    [UNIT_MONEY] = {NULL, true, " RUB", "money has a currency", "у денег должна быть валюта"},
    [UNIT_COUNT] = {counts, true, "", "a count is a whole number; k, M and G may follow it",
                    "количество — целое число; за ним может стоять k, M или G"},
    [UNIT_NUMBER] = {plain, false, "", "a plain number is wanted here", "здесь нужно число"},
};

/* ---- Reading ---- */

struct decimal {
    bool is_negative;
    uint64_t digits;
    unsigned places; /* Of the digits stand behind the point. */
};

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static bool set_slip(struct amount_slip *slip, const char *en, const char *ru)
{
    slip->en = en;
    slip->ru = ru;
    return false;
}

/* Digits with at most one point, behind and before which stands a digit. */
static bool read_decimal(const char **at, struct decimal *decimal, struct amount_slip *slip)
{
    const char *text = *at;
    unsigned n = 0;
    bool is_behind = false;

    *decimal = (struct decimal){0};
    if (!is_digit(*text))
        return set_slip(slip, "this is not a number", "это не число");
    for (; is_digit(*text) || (*text == '.' && !is_behind && is_digit(text[1])); text++) {
        if (*text == '.') {
            is_behind = true;
            continue;
        }
        if (decimal->digits > 0 || *text != '0')
            n++;
        if (n > DIGITS_MAX)
            return set_slip(slip, "more than 18 digits", "больше 18 цифр");
        decimal->digits = decimal->digits * 10 + (uint64_t)(*text - '0');
        decimal->places += is_behind ? 1 : 0;
        if (decimal->places > DIGITS_MAX)
            return set_slip(slip, "more than 18 decimals", "больше 18 знаков после точки");
    }
    *at = text;
    return true;
}

static wide power_of_ten(unsigned n)
{
    wide power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

/* Adds one term, with its suffix, to the amount; which must stay whole and in range. */
static bool add_term(const struct decimal *decimal, const struct suffix *suffix, bool is_whole,
                     struct amount *amount, struct amount_slip *slip)
{
    wide over = (wide)decimal->digits * suffix->times;
    wide under = power_of_ten(decimal->places) * suffix->per;

    amount->real += (double)over / (double)under;
    if (!is_whole)
        return true;
    if (over % under != 0)
        return set_slip(slip, "finer than the smallest unit there is",
                        "точнее, чем наименьшая единица");
    if (over / under > (wide)(INT64_MAX - amount->whole))
        return set_slip(slip, "too large a number", "слишком большое число");
    amount->whole += (int64_t)(over / under);
    return true;
}

/* The stretch up to the next digit is the suffix; blanks around it do not count. */
static const char *read_suffix(const char *at, char *suffix, size_t room)
{
    size_t length = 0;

    while (*at == ' ')
        at++;
    while (*at != '\0' && !is_digit(*at)) {
        if (length + 1 < room)
            suffix[length++] = *at;
        at++;
    }
    while (length > 0 && suffix[length - 1] == ' ')
        length--;
    suffix[length] = '\0';
    return at;
}

static const struct suffix *find_suffix(const struct suffix *suffixes, const char *text)
{
    for (; suffixes->text != NULL; suffixes++) {
        if (strcmp(suffixes->text, text) == 0)
            return suffixes;
    }
    return NULL;
}

bool is_currency(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3 && text[3] == '\0';
}

static const struct suffix *suffix_for(const struct amount_kind *kind, const char *text)
{
    static const struct suffix hundredths = {"", 100, 1};

    if (kind->unit == UNIT_MONEY && is_currency(text))
        return kind->currency == NULL || strcmp(text, kind->currency) == 0 ? &hundredths : NULL;
    if (kind->unit == UNIT_MONEY)
        return NULL;
    return find_suffix(facts[kind->unit].suffixes, text);
}

/* ---- Advice ---- */

size_t amount_unit_at(const char *text)
{
    return strspn(text, "+-0123456789.");
}

/* What people write instead, and no edit distance finds. */
static const char *everyday_unit(enum unit unit, const char *written)
{
    static const struct {
        enum unit unit;
        const char *written, *meant;
    } words[] = {
        {UNIT_DURATION, "min", "m"},     {UNIT_DURATION, "mins", "m"},
        {UNIT_DURATION, "minutes", "m"}, {UNIT_DURATION, "sec", "s"},
        {UNIT_DURATION, "secs", "s"},    {UNIT_DURATION, "seconds", "s"},
        {UNIT_DURATION, "msec", "ms"},   {UNIT_DURATION, "hour", "h"},
        {UNIT_DURATION, "hours", "h"},   {UNIT_DURATION, "days", "d"},
        {UNIT_DURATION, "minute", "m"},  {UNIT_DURATION, "second", "s"},
        {UNIT_DURATION, "millis", "ms"}, {UNIT_DURATION, "day", "d"},
        {UNIT_DURATION, "µs", "us"},     {UNIT_DURATION, "мкс", "us"},
        {UNIT_DURATION, "сек", "s"},     {UNIT_DURATION, "мин.", "m"},
        {UNIT_DURATION, "час", "h"},     {UNIT_RATE, "в секунду", "/s"},
        {UNIT_DURATION, "с", "s"},       {UNIT_DURATION, "мс", "ms"},
        {UNIT_DURATION, "мин", "m"},     {UNIT_DURATION, "ч", "h"},
        {UNIT_RATE, "rps", "/s"},        {UNIT_RATE, "qps", "/s"},
        {UNIT_RATE, "/sec", "/s"},       {UNIT_RATE, "/min", "/m"},
        {UNIT_RATE, "K/s", "k/s"},       {UNIT_COUNT, "K", "k"},
        {UNIT_SIZE, "K", "KiB"},         {UNIT_SIZE, "M", "MiB"},
        {UNIT_SIZE, "G", "GiB"},         {UNIT_RATE, "", "/s"},
        {UNIT_RATE, "k", "k/s"},         {UNIT_RATE, "M", "M/s"},
        {UNIT_DISTANCE, "км", "km"},     {UNIT_DISTANCE, "м", "m"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].unit == unit && strcmp(words[i].written, written) == 0)
            return words[i].meant;
    }
    return NULL;
}

/* The unit that was probably meant: the nearest to what is there, else that of `like`. */
static const char *likely_unit(const struct amount_kind *kind, const char *written)
{
    const char *everyday = everyday_unit(kind->unit, written);
    const struct suffix *suffix = facts[kind->unit].suffixes;
    struct nearest nearest = nearest_to(written);

    if (everyday != NULL)
        return everyday;
    for (; written[0] != '\0' && suffix != NULL && suffix->text != NULL; suffix++)
        nearest_offer(&nearest, suffix->text);
    if (nearest.best != NULL)
        return nearest.best;
    if (kind->unit == UNIT_MONEY || written[0] != '\0' || kind->like == NULL ||
        (kind->unit == UNIT_SIZE && kind->like[0] == '0'))
        return facts[kind->unit].usual;
    return kind->like + amount_unit_at(kind->like);
}

/* `0.25` where a share is wanted is a quarter: 25%. */
static bool advise_percent(const char *number, size_t length, char advice[80])
{
    struct decimal decimal;
    struct amount_slip ignored;
    char copy[32];
    const char *at = copy;

    if (length >= sizeof copy)
        return false;
    memcpy(copy, number, length);
    copy[length] = '\0';
    if (!read_decimal(&at, &decimal, &ignored) || decimal.places < 1 || decimal.places > 6 ||
        decimal.digits == 0 || decimal.digits > power_of_ten(decimal.places))
        return false;
    (void)snprintf(advice, 80, "%.10g%%",
                   (double)decimal.digits * 100.0 / (double)power_of_ten(decimal.places));
    return true;
}

static void advise(const char *text, const struct amount_kind *kind, const char *written,
                   struct amount_slip *slip)
{
    size_t length = amount_unit_at(text);

    if (length == 0 || length > 40)
        return;
    if (kind->unit == UNIT_SHARE && written[0] == '\0' &&
        advise_percent(text, length, slip->advice))
        return;
    if (kind->unit == UNIT_MONEY && kind->currency != NULL)
        (void)snprintf(slip->advice, sizeof slip->advice, "%.*s %s", (int)length, text,
                       kind->currency);
    else if (strcmp(likely_unit(kind, written), written) != 0)
        (void)snprintf(slip->advice, sizeof slip->advice, "%.*s%s", (int)length, text,
                       likely_unit(kind, written));
}

/* A decimal comma, as half of the world writes it. */
static bool advise_point(const char *text, struct amount_slip *slip)
{
    const char *comma = strchr(text, ',');

    if (comma == NULL || comma == text || !is_digit(comma[-1]) || !is_digit(comma[1]) ||
        strlen(text) >= sizeof slip->advice)
        return false;
    (void)snprintf(slip->advice, sizeof slip->advice, "%s", text);
    slip->advice[comma - text] = '.';
    set_slip(slip, "decimals stand behind a point, not a comma",
             "дробная часть отделяется точкой, а не запятой");
    return true;
}

/* ---- The whole amount ---- */

static bool read_terms(const char *text, const struct amount_kind *kind, struct amount *amount,
                       struct amount_slip *slip)
{
    const struct unit_facts *unit = &facts[kind->unit];
    uint64_t last_times = UINT64_MAX;
    const char *at = text;

    do {
        struct decimal decimal;
        const struct suffix *suffix;
        char written[24];

        if (!read_decimal(&at, &decimal, slip))
            return false;
        at = read_suffix(at, written, sizeof written);
        suffix = suffix_for(kind, written);
        if (suffix == NULL) {
            if ((written[0] == 'e' || written[0] == 'E') && written[1] == '\0')
                return set_slip(slip, "numbers are written without an exponent",
                                "числа пишутся без показателя степени");
            if (at[0] == '\0' && last_times == UINT64_MAX)
                advise(text, kind, written, slip);
            if (kind->unit == UNIT_MONEY && is_currency(written))
                return set_slip(slip, "a scenario has one currency: see prices.currency",
                                "у сценария одна валюта: см. prices.currency");
            return set_slip(slip, unit->en, unit->ru);
        }
        if (suffix->times >= last_times)
            return set_slip(slip, "larger units come first, each once: 1m30s",
                            "сначала крупные единицы, каждая один раз: 1m30s");
        if (!add_term(&decimal, suffix, unit->is_whole, amount, slip))
            return kind->unit == UNIT_COUNT && decimal.places > 0
                       ? set_slip(slip, unit->en, unit->ru)
                       : false;
        last_times = suffix->times;
    } while (*at != '\0' && kind->unit == UNIT_DURATION);
    return *at == '\0' || set_slip(slip, unit->en, unit->ru);
}

bool amount_read(const char *text, const struct amount_kind *kind, struct amount *amount,
                 struct amount_slip *slip)
{
    bool is_negative = text[0] == '-';

    *amount = (struct amount){0};
    *slip = (struct amount_slip){0};
    if (advise_point(text, slip))
        return false;
    if (!read_terms(text + (is_negative ? 1 : 0), kind, amount, slip))
        return false;
    if (is_negative) {
        amount->whole = -amount->whole;
        amount->real = -amount->real;
    }
    return true;
}
