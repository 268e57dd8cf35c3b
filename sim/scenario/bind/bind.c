/* bind.c — Walking a tree along the table of keys.
 *
 *   for each entry of the mapping:   is it a key of this group?  else: did you mean …?
 *   for each key of the group:       bind what is written there, or its default
 *   at the end:                      the group's own finish
 *
 * Services are named before anything is bound, so that load and steps may point at each of them
 * from anywhere in the file. */
#include "sim/scenario/bind/bind.h"

#include <stdio.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/yaml/utf8.h"

static void *field(void *into, size_t offset)
{
    return (unsigned char *)into + offset;
}

/* `rate:5/s` is one word to YAML. */
static bool lacks_blank(const struct group *group, const char *text)
{
    size_t length = strcspn(text, ":");

    for (size_t i = 0; i < group->keys_max && text[length] == ':'; i++) {
        if (strlen(group->keys[i].name) == length &&
            strncmp(group->keys[i].name, text, length) == 0)
            return true;
    }
    return false;
}

static void unknown_key(struct binder *binder, const struct group *group, struct node *word)
{
    struct nearest nearest = nearest_to(word->text);

    if (lacks_blank(group, word->text)) {
        blame(binder->problems, word, NULL, "a blank is missing behind the colon: %.*s: …",
              "после двоеточия нужен пробел: %.*s: …", (int)strcspn(word->text, ":"), word->text);
        return;
    }
    for (size_t i = 0; i < group->keys_max && !problems_are_full(binder->problems); i++)
        nearest_offer(&nearest, group->keys[i].name);
    blame(binder->problems, word, nearest.best, "unknown key \"%s\"", "неизвестный ключ «%s»",
          quote(word->text).text);
}

static void judge_keys(struct binder *binder, const struct group *group, struct node *map)
{
    for (uint32_t i = 0; i < map->length; i++) {
        struct node *word = map->entries[i].key;

        if (!key_is_note(word->text) && group_key(group, word->text) == NULL)
            unknown_key(binder, group, word);
    }
}

static void bind_list(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    unsigned char *items = field(into, key->offset);
    uint32_t *count = field(into, key->count_offset);
    bool is_brief = node != NULL && node->kind == NODE_SCALAR && key->group->brief != NULL;
    uint32_t length = node == NULL ? 0 : is_brief ? 1 : node->length;

    *count = 0;
    if (node == NULL || node->is_blamed)
        return;
    if (node->kind != NODE_LIST && !is_brief) {
        blame_type(binder, key, node);
        return;
    }
    if (length > key->items_max) {
        blame(binder->problems, node->entries[key->items_max].value, NULL,
              "too many entries: %s has at most %u", "слишком много: в %s не больше %u записей",
              key->name, key->items_max);
        length = key->items_max;
    }
    for (; *count < length; (*count)++)
        bind_group(binder, key->group, is_brief ? node : node->entries[*count].value,
                   items + *count * key->group->size);
}

/* The count and the names are there already: see name_services(). */
static void bind_named(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    unsigned char *items = field(into, key->offset);
    uint32_t count = *(uint32_t *)field(into, key->count_offset), bound = 0;

    if (node == NULL)
        return;
    if (node->kind != NODE_MAP) {
        blame_type(binder, key, node);
        return;
    }
    for (uint32_t i = 0; i < node->length && bound < count; i++) {
        if (!key_is_note(node->entries[i].key->text))
            bind_group(binder, key->group, node->entries[i].value,
                       items + bound++ * key->group->size);
    }
}

static void bind_key(struct binder *binder, const struct key *key, struct node *node, void *into)
{
    switch (key->type) {
    case KEY_GROUP:
        bind_group(binder, key->group, node, field(into, key->offset));
        break;
    case KEY_LIST:
        bind_list(binder, key, node, into);
        break;
    case KEY_NAMED:
        bind_named(binder, key, node, into);
        break;
    case KEY_THRESHOLDS:
        bind_thresholds(binder, key, node, into);
        break;
    case KEY_FILE:
    case KEY_VARIANTS:
        break; /* Dealt with before anything is bound: load_story.c. */
    case KEY_DURATION_POINTS:
    case KEY_MONEY_POINTS:
        bind_points(binder, key, node, into);
        break;
    case KEY_DURATION:
    case KEY_RATE:
    case KEY_SIZE:
    case KEY_SHARE:
    case KEY_DISTANCE:
    case KEY_MONEY:
    case KEY_COUNT:
    case KEY_NUMBER:
    case KEY_BOOL:
    case KEY_WORD:
    case KEY_NAME:
    case KEY_TEXT:
    case KEY_CURRENCY:
    case KEY_DURATION_DIST:
    case KEY_MONEY_DIST:
    case KEY_SERVICE:
    case KEY_TARGET:
    case KEY_SIGNAL:
        bind_value(binder, key, node, field(into, key->offset));
        break;
    }
}

/* Which value a key takes: the one under it, or a bare scalar in the mapping's place. */
static struct node *value_of(const struct group *group, const struct key *key, struct node *node)
{
    if (node == NULL || node->kind == NODE_LIST)
        return NULL;
    if (node->kind == NODE_MAP)
        return node_find(node, key->name);
    return group->brief != NULL && strcmp(group->brief, key->name) == 0 ? node : NULL;
}

void bind_group(struct binder *binder, const struct group *group, struct node *node, void *into)
{
    bool is_written =
        node != NULL && !node_is_nothing(node) && (node->kind == NODE_MAP || !node->is_blamed);

    if (is_written && node->kind == NODE_MAP)
        judge_keys(binder, group, node);
    else if (is_written && (node->kind == NODE_LIST || group->brief == NULL))
        blame(binder->problems, node, NULL, "a mapping is wanted here: {%s%s}",
              "здесь нужен набор ключей: {%s%s}", group->keys_max == 0 ? "" : group->keys[0].name,
              group->keys_max == 0 ? "" : ": …");
    for (size_t i = 0; i < group->keys_max; i++) {
        const struct key *key = &group->keys[i];

        bind_key(binder, key, is_written ? value_of(group, key, node) : NULL, into);
    }
    if (group->finish != NULL)
        group->finish(binder, node, into);
}

/* ---- Services are named first ---- */

uint32_t service_named(const struct binder *binder, const char *name)
{
    uint32_t i = 0;

    while (i < binder->scenario->services_max &&
           strcmp(binder->scenario->services[i].name, name) != 0)
        i++;
    return i;
}

void blame_service(struct binder *binder, struct node *node, const char *name)
{
    struct nearest nearest = nearest_to(name);

    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        nearest_offer(&nearest, binder->scenario->services[i].name);
    blame(binder->problems, node, nearest.best, "there is no service \"%s\"", "нет сервиса «%s»",
          quote(name).text);
}

static bool is_service_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strlen(name);

    return length > 0 && length < SERVICE_NAME_MAX_BYTES && strchr(letters, name[0]) != NULL &&
           strspn(name, others) == length;
}

static bool is_taken(const char *name)
{
    static const char *const taken[] = {"store", "queue", "table", "balancer", "network"};

    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(name, taken[i]) == 0)
            return true;
    }
    return false;
}

static void name_services(struct binder *binder)
{
    struct node *services = node_find(binder->root, "services");
    struct scenario *scenario = binder->scenario;

    for (uint32_t i = 0; services != NULL && services->kind == NODE_MAP && i < services->length;
         i++) {
        struct node *word = services->entries[i].key;

        if (key_is_note(word->text))
            continue;
        if (scenario->services_max == SCENARIO_SERVICES_MAX) {
            blame(binder->problems, word, NULL, "too many services: at most %d",
                  "слишком много сервисов: не больше %d", SCENARIO_SERVICES_MAX);
            return;
        }
        if (!is_service_name(word->text))
            blame(binder->problems, word, NULL,
                  "a service's name is a Latin letter and up to 37 more letters, digits, _ or -",
                  "имя сервиса — латинская буква и до 37 букв, цифр, _ или -");
        else if (is_taken(word->text))
            blame(binder->problems, word, NULL, "the name \"%s\" is taken", "имя «%s» занято",
                  word->text);
        (void)snprintf(scenario->services[scenario->services_max++].name, NAME_MAX_BYTES, "%s",
                       word->text);
    }
}

void bind_scenario(struct binder *binder)
{
    struct node *currency = node_find(node_find(binder->root, "prices"), "currency");

    check(binder->root->kind == NODE_MAP);
    binder->currency = currency != NULL && is_currency(currency->text) ? currency->text : "RUB";
    name_services(binder);
    bind_group(binder, &root_group, binder->root, binder->scenario);
}
