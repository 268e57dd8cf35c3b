/* tree.c — Planting nodes and finding them again.
 *
 * A map is searched from its first key to its last: maps have a dozen keys, and a file with more
 * than TREE_KEYS_MAX in one of them is refused, so nobody can make the search slow. */
#include "sim/scenario/yaml/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct node *node_new(struct forest *forest, enum node_kind kind, struct place place)
{
    struct node *node;

    if (forest->nodes >= TREE_NODES_MAX) {
        problem_at(forest->problems, place, NULL, "the scenario is too large: over %d values",
                   "сценарий слишком велик: больше %d значений", TREE_NODES_MAX);
        return NULL;
    }
    forest->nodes++;
    node = arena_take(forest->arena, sizeof *node);
    node->kind = kind;
    node->place = place;
    node->text = "";
    return node;
}

void node_add(struct forest *forest, struct node *node, struct node *key, struct node *value)
{
    if (node->length == node->room) {
        uint32_t room = node->room == 0 ? 4 : node->room * 2;
        struct entry *entries = arena_take(forest->arena, room * sizeof *entries);

        if (node->length > 0)
            memcpy(entries, node->entries, node->length * sizeof *entries);
        node->entries = entries;
        node->room = room;
    }
    node->entries[node->length++] = (struct entry){key, value};
}

struct entry *node_entry(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->length; i++) {
        if (strcmp(map->entries[i].key->text, key) == 0)
            return &map->entries[i];
    }
    return NULL;
}

struct node *node_find(const struct node *map, const char *key)
{
    struct entry *entry = node_entry(map, key);

    return entry == NULL ? NULL : entry->value;
}

struct node *node_at(const struct node *node, uint32_t i)
{
    return node == NULL || i >= node->length ? NULL : node->entries[i].value;
}

bool node_is_nothing(const struct node *node)
{
    return node->kind == NODE_SCALAR && !node->is_quoted &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
            strcmp(node->text, "null") == 0);
}

bool key_is_note(const char *key)
{
    return strncmp(key, "x-", 2) == 0;
}

void blame_say(struct problems *problems, struct node *node, struct text message,
               const char *suggestion)
{
    if (!node->is_blamed)
        problem_say(problems, node->place, message, suggestion);
    node->is_blamed = true;
}

void blame(struct problems *problems, struct node *node, const char *suggestion, const char *en,
           const char *ru, ...)
{
    char en_text[320], ru_text[480];
    va_list arguments;

    va_start(arguments, ru);
    (void)vsnprintf(en_text, sizeof en_text, en, arguments);
    va_end(arguments);
    va_start(arguments, ru);
    (void)vsnprintf(ru_text, sizeof ru_text, ru, arguments);
    va_end(arguments);
    blame_say(problems, node, (struct text){en_text, ru_text}, suggestion);
}
