/* bind_value.c — One value: read by its type, held to its range, stored in its field. */
#include <stdio.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/scenario/bind/bind.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/yaml/utf8.h"

enum { TEXT_BYTES_MAX = 1000 }; /* Each variant has its own copy. */

void blame_type(struct binder *binder, const struct key *key, struct node *node)
{
    const struct type_facts *facts = type_facts(key->type);
    char en[160], ru[240];

    (void)snprintf(en, sizeof en, "%s wants another type: %s, for example %s", key->name, facts->en,
                   facts->example);
    (void)snprintf(ru, sizeof ru, "%s: нужен другой тип: %s, например %s", key->name, facts->ru,
                   facts->example);
    blame_say(binder->problems, node, (struct text){en, ru}, NULL);
}

const char *bind_text_of(struct binder *binder, const struct key *key, struct node *node)
{
    if (node->is_blamed)
        return NULL;
    if (node->kind != NODE_SCALAR) {
        if (key->words != NULL)
            blame(binder->problems, node, key->words[0].text, "%s: a single word is wanted here",
                  "%s: здесь нужно одно слово", key->name);
        else
            blame_type(binder, key, node);
        return NULL;
    }
    if (node_is_nothing(node)) {
        blame(binder->problems, node, key->fallback, "%s: nothing is written here",
              "%s: здесь ничего не написано", key->name);
        return NULL;
    }
    return node->text;
}

/* ---- Amounts ---- */

/* A limit as it is shown: money in the scenario's own currency. */
static void show_limit(const struct binder *binder, enum unit unit, const char *limit,
                       char shown[48])
{
    if (unit == UNIT_MONEY)
        (void)snprintf(shown, 48, "%.*s %s", (int)amount_unit_at(limit), limit, binder->currency);
    else
        (void)snprintf(shown, 48, "%s", limit);
}

static bool is_below(enum unit unit, const struct amount *a, const struct amount *b)
{
    bool is_real = unit == UNIT_RATE || unit == UNIT_SHARE || unit == UNIT_NUMBER;

    return is_real ? a->real < b->real : a->whole < b->whole;
}

static struct amount limit_of(const char *text, enum unit unit)
{
    struct amount_kind kind = {.unit = unit};
    struct amount_slip slip;
    struct amount amount;

    check(amount_read(text, &kind, &amount, &slip)); /* The table itself is wrong. */
    return amount;
}

static bool is_in_range(struct binder *binder, const struct key *key, enum unit unit,
                        struct node *node, const struct amount *amount)
{
    char shown[48];

    if (key->least != NULL) {
        struct amount least = limit_of(key->least, unit);

        show_limit(binder, unit, key->least, shown);
        if (is_below(unit, amount, &least)) {
            blame(binder->problems, node, NULL, "%s is too small: at least %s",
                  "%s: слишком мало, не меньше %s", key->name, shown);
            return false;
        }
    }
    if (key->most != NULL) {
        struct amount most = limit_of(key->most, unit);

        show_limit(binder, unit, key->most, shown);
        if (is_below(unit, &most, amount)) {
            blame(binder->problems, node, NULL, "%s is too large: at most %s",
                  "%s: слишком много, не больше %s", key->name, shown);
            return false;
        }
    }
    return true;
}

void blame_amount(struct binder *binder, const char *name, struct node *node,
                  const struct amount_slip *slip)
{
    struct quoted text = quote(node->text);
    const char *colon = name[0] == '\0' ? "" : ": ";
    char en[320], ru[480];

    (void)snprintf(en, sizeof en, "\"%s%s%s\": %s", name, colon, text.text, slip->en);
    (void)snprintf(ru, sizeof ru, "«%s%s%s»: %s", name, colon, text.text, slip->ru);
    blame_say(binder->problems, node, (struct text){en, ru},
              slip->advice[0] == '\0' ? NULL : slip->advice);
}

bool bind_amount(struct binder *binder, const struct key *key, enum unit unit, struct node *node,
                 struct amount *amount)
{
    struct amount_kind kind = {.unit = unit, .currency = binder->currency, .like = key->fallback};
    const char *text = bind_text_of(binder, key, node);
    struct amount_slip slip;

    if (text == NULL)
        return false;
    if (!amount_read(text, &kind, amount, &slip)) {
        blame_amount(binder, key->name, node, &slip);
        return false;
    }
    return is_in_range(binder, key, unit, node, amount);
}

static void store_whole(const struct key *key, int64_t whole, void *into)
{
    if (key->size == sizeof(uint8_t))
        *(uint8_t *)into = (uint8_t)whole;
    else if (key->size == sizeof(uint32_t))
        *(uint32_t *)into = (uint32_t)whole;
    else
        *(int64_t *)into = whole;
}

static void bind_whole(struct binder *binder, const struct key *key, enum unit unit,
                       struct node *node, void *into)
{
    struct amount amount;

    if (bind_amount(binder, key, unit, node, &amount))
        store_whole(key, amount.whole, into);
}

static void bind_real(struct binder *binder, const struct key *key, enum unit unit,
                      struct node *node, void *into)
{
    struct amount amount;

    if (bind_amount(binder, key, unit, node, &amount))
        *(double *)into = amount.real;
}

/* Which kind of amount it is follows from its shape; finish_autoscale() holds it to the signal. */
static void bind_signal(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    bool is_share = strchr(node->text, '%') != NULL, is_rate = strchr(node->text, '/') != NULL;

    bind_real(binder, key, is_share ? UNIT_SHARE : is_rate ? UNIT_RATE : UNIT_COUNT, node, into);
}

/* ---- Words ---- */

/* The words of YAML 1.1. */
static void bind_bool(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    const char *text = bind_text_of(binder, key, node);
    struct nearest nearest = nearest_to(text == NULL ? "" : text);

    for (size_t i = 0; text != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *(bool *)into = i % 2 == 1;
            return;
        }
        nearest_offer(&nearest, words[i]);
    }
    if (text != NULL)
        blame(binder->problems, node, nearest.best, "%s is yes or no, not \"%s\"",
              "%s — это yes или no, а не «%s»", key->name, quote(text).text);
}

/* "a, b or c", as far as it fits. */
static void list_words(const struct word *words, char *list, size_t room)
{
    size_t used = 0;

    list[0] = '\0';
    for (; words->text != NULL && used + strlen(words->text) + 2 < room; words++) {
        int n = snprintf(list + used, room - used, "%s%s", used == 0 ? "" : ", ", words->text);

        used += (size_t)n;
    }
}

static void unknown_word(struct binder *binder, const struct key *key, struct node *node)
{
    struct nearest nearest = nearest_to(node->text);
    char list[160];

    for (const struct word *word = key->words; word->text != NULL; word++)
        nearest_offer(&nearest, word->text);
    list_words(key->words, list, sizeof list);
    blame(binder->problems, node, nearest.best, "%s is one of %s; not \"%s\"",
          "%s бывает %s, но не «%s»", key->name, list, quote(node->text).text);
}

static void bind_word(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    const char *text = bind_text_of(binder, key, node);

    if (text == NULL)
        return;
    for (const struct word *word = key->words; word->text != NULL; word++) {
        if (strcmp(word->text, text) == 0) {
            if (key->size > 0) /* `version` is only judged. */
                store_whole(key, word->value, into);
            return;
        }
    }
    unknown_word(binder, key, node);
}

/* ---- Names and texts ---- */

static void bind_name(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/";
    const char *text = bind_text_of(binder, key, node);

    if (text == NULL)
        return;
    if (strlen(text) >= NAME_MAX_BYTES || strspn(text, letters) != strlen(text) ||
        strchr("_-/", text[0]) != NULL)
        blame(binder->problems, node, NULL,
              "%s: a name is up to 47 Latin letters, digits, _, - or /",
              "%s: имя — до 47 латинских букв, цифр, _, - или /", key->name);
    else
        memcpy(into, text, strlen(text) + 1);
}

/* One line of text, which may end in line breaks (`>` leaves one): those are cut off. "" after a
 * slip. */
static const char *bind_line(struct binder *binder, const struct key *key, struct node *node)
{
    size_t length = strlen(node->text);
    char *line;

    if (node->is_blamed)
        return "";
    if (node->kind != NODE_SCALAR) {
        blame_type(binder, key, node);
        return "";
    }
    while (length > 0 && node->text[length - 1] == '\n')
        length--;
    if (length > TEXT_BYTES_MAX) {
        blame(binder->problems, node, NULL, "%s: longer than %d bytes", "%s: длиннее %d байт",
              key->name, TEXT_BYTES_MAX);
        return "";
    }
    line = arena_take(binder->arena, length + 1);
    memcpy(line, node->text, length);
    if (!utf8_is_safe(line))
        blame(binder->problems, node, NULL, "%s: one line without control characters is wanted",
              "%s: нужна одна строка без управляющих символов", key->name);
    return line;
}

static void judge_languages(struct binder *binder, struct node *map)
{
    for (uint32_t i = 0; i < map->length; i++) {
        struct node *word = map->entries[i].key;

        if (!key_is_note(word->text) && strcmp(word->text, "en") != 0 &&
            strcmp(word->text, "ru") != 0)
            blame(binder->problems, word, NULL, "a text has en and ru, not \"%s\"",
                  "у текста есть en и ru, а не «%s»", quote(word->text).text);
    }
}

static void bind_text(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    struct text *text = into;
    struct node *en = node_find(node, "en"), *ru = node_find(node, "ru");

    if (node->kind == NODE_MAP)
        judge_languages(binder, node);
    if (node->kind == NODE_SCALAR) {
        text->en = text->ru = bind_line(binder, key, node);
    } else if (en == NULL && ru == NULL) {
        blame_type(binder, key, node);
    } else {
        text->en = bind_line(binder, key, en == NULL ? ru : en);
        text->ru = bind_line(binder, key, ru == NULL ? en : ru);
    }
}

static void bind_currency(struct binder *binder, const struct key *key, struct node *node,
                          void *into)
{
    const char *text = bind_text_of(binder, key, node);

    if (text == NULL)
        return;
    if (!is_currency(text))
        blame(binder->problems, node, NULL, "a currency is three capital letters: RUB",
              "валюта — три заглавные латинские буквы: RUB");
    else
        memcpy(into, text, 4);
}

/* ---- What points at something else ---- */

static void bind_service(struct binder *binder, const struct key *key, struct node *node,
                         void *into)
{
    const char *text = bind_text_of(binder, key, node);
    uint32_t index;

    if (text == NULL)
        return;
    index = service_named(binder, text);
    if (index < binder->scenario->services_max)
        *(uint32_t *)into = index;
    else
        blame_service(binder, node, text);
}

/* Judged in cross.c, when the services are known. */
static void bind_target(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    const char *text = bind_text_of(binder, key, node);

    if (text != NULL)
        (void)snprintf(into, NAME_MAX_BYTES, "%s", text);
}

/* ---- One value ---- */

static void bind_written(struct binder *binder, const struct key *key, struct node *node,
                         void *into)
{
    switch (key->type) {
    case KEY_DURATION:
        bind_whole(binder, key, UNIT_DURATION, node, into);
        break;
    case KEY_SIZE:
        bind_whole(binder, key, UNIT_SIZE, node, into);
        break;
    case KEY_DISTANCE:
        bind_whole(binder, key, UNIT_DISTANCE, node, into);
        break;
    case KEY_MONEY:
        bind_whole(binder, key, UNIT_MONEY, node, into);
        break;
    case KEY_COUNT:
        bind_whole(binder, key, UNIT_COUNT, node, into);
        break;
    case KEY_RATE:
        bind_real(binder, key, UNIT_RATE, node, into);
        break;
    case KEY_SHARE:
        bind_real(binder, key, UNIT_SHARE, node, into);
        break;
    case KEY_NUMBER:
        bind_real(binder, key, UNIT_NUMBER, node, into);
        break;
    case KEY_SIGNAL:
        bind_signal(binder, key, node, into);
        break;
    case KEY_BOOL:
        bind_bool(binder, key, node, into);
        break;
    case KEY_WORD:
        bind_word(binder, key, node, into);
        break;
    case KEY_NAME:
        bind_name(binder, key, node, into);
        break;
    case KEY_TEXT:
        bind_text(binder, key, node, into);
        break;
    case KEY_CURRENCY:
        bind_currency(binder, key, node, into);
        break;
    case KEY_SERVICE:
        bind_service(binder, key, node, into);
        break;
    case KEY_TARGET:
        bind_target(binder, key, node, into);
        break;
    case KEY_DURATION_DIST:
    case KEY_MONEY_DIST:
        bind_dist(binder, key, node, into);
        break;
    case KEY_DURATION_POINTS:
    case KEY_MONEY_POINTS:
    case KEY_THRESHOLDS:
    case KEY_GROUP:
    case KEY_LIST:
    case KEY_NAMED:
    case KEY_FILE:
    case KEY_VARIANTS:
        check(false); /* A container is no single value: bind_key() deals with it. */
    }
}

/* Prices in the table are roubles; in another currency nothing is assumed. */
static bool is_foreign(const struct binder *binder, const struct key *key)
{
    return (key->type == KEY_MONEY || key->type == KEY_MONEY_DIST) &&
           strcmp(binder->currency, "RUB") != 0;
}

static void bind_default(struct binder *binder, const struct key *key, void *into)
{
    struct node fallback = {.kind = NODE_SCALAR, .text = key->fallback};

    if (key->type == KEY_TEXT)
        *(struct text *)into = (struct text){"", ""};
    if (is_foreign(binder, key)) {
        memset(into, 0, key->size); /* A constant distribution of 0 is all zeros, too. */
        return;
    }
    if (key->fallback != NULL)
        bind_written(binder, key, &fallback, into);
    check(!fallback.is_blamed); /* The table itself is wrong. */
}

void bind_value(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    bind_default(binder, key, into);
    if (node != NULL && !node->is_blamed)
        bind_written(binder, key, node, into);
}
