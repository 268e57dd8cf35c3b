/* merge.c — Laying one tree over another. */
#include "sim/scenario/yaml/merge.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/scenario/yaml/utf8.h"

enum { POSITION_DIGITS_MAX = 6 };

/* An empty list or map with room for as many entries. Nodes made by merging are bounded by the
 * nodes that were read, so they are not counted. */
static struct node *branch(struct forest *forest, const struct node *like)
{
    struct node *node = arena_take(forest->arena, sizeof *node);

    node->kind = like->kind;
    node->place = like->place;
    node->text = "";
    node->room = like->length;
    node->entries = arena_take(forest->arena, node->room * sizeof *node->entries);
    return node;
}

/* The same, with the same entries. */
static struct node *copy(struct forest *forest, const struct node *like)
{
    struct node *node = branch(forest, like);

    if (like->length > 0)
        memcpy(node->entries, like->entries, like->length * sizeof *like->entries);
    node->length = like->length;
    return node;
}

static bool is_position(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= POSITION_DIGITS_MAX && strspn(text, "0123456789") == length;
}

static bool has_positions(const struct node *over)
{
    if (over->kind != NODE_MAP)
        return false;
    for (uint32_t i = 0; i < over->length; i++) {
        if (!is_position(over->entries[i].key->text))
            return false;
    }
    return over->length > 0;
}

static struct node *merge_list(struct forest *forest, struct node *base, struct node *over)
{
    struct node *merged = copy(forest, base);

    for (uint32_t i = 0; i < over->length; i++) {
        struct entry *entry = &over->entries[i];
        unsigned long position = strtoul(entry->key->text, NULL, 10);

        if (position >= base->length)
            blame(forest->problems, entry->key, NULL,
                  "the list has %u entries, counted from 0: there is no %s",
                  "в списке записей: %u, счёт с 0; %s нет", base->length, entry->key->text);
        else
            merged->entries[position].value =
                tree_merge(forest, merged->entries[position].value, entry->value);
    }
    return merged;
}

static struct node *merge_map(struct forest *forest, struct node *base, struct node *over)
{
    struct node *merged = copy(forest, base);

    for (uint32_t i = 0; i < over->length; i++) {
        struct entry *above = &over->entries[i];
        struct entry *below = node_entry(merged, above->key->text);

        if (below == NULL) {
            node_add(forest, merged, above->key, above->value);
        } else {
            below->key = above->key; /* A slip in it is one of the override. */
            below->value = tree_merge(forest, below->value, above->value);
        }
    }
    return merged;
}

struct node *tree_merge(struct forest *forest, struct node *base, struct node *over)
{
    if (base == NULL || over == NULL)
        return base == NULL ? over : base;
    if (base->kind == NODE_MAP && over->kind == NODE_MAP)
        return merge_map(forest, base, over);
    if (base->kind == NODE_LIST && has_positions(over))
        return merge_list(forest, base, over);
    return over;
}

/* ---- --set ---- */

/* A place within the one line of a --set. */
static struct place place_in(const struct source *source, size_t from, size_t to)
{
    struct place place = {.source = source, .line = 1};

    place.column = 1 + utf8_count(source->bytes, source->bytes + from);
    place.columns = utf8_count(source->bytes + from, source->bytes + to);
    if (place.columns == 0)
        place.columns = 1;
    return place;
}

static struct node *key_node(struct forest *forest, const struct source *source, size_t from,
                             size_t to)
{
    struct node *key = node_new(forest, NODE_SCALAR, place_in(source, from, to));
    char *text = arena_take(forest->arena, to - from + 1);

    memcpy(text, source->bytes + from, to - from);
    if (key != NULL)
        key->text = text;
    return key;
}

/* Wraps the value in its path, from the last segment to the first. */
static struct node *wrap(struct forest *forest, const struct source *source, size_t equals,
                         struct node *value)
{
    size_t end = equals;

    while (value != NULL) {
        size_t from = end;
        struct node *key, *map;

        while (from > 0 && source->bytes[from - 1] != '.')
            from--;
        key = key_node(forest, source, from, end);
        map = node_new(forest, NODE_MAP, place_in(source, 0, equals));
        if (key == NULL || map == NULL)
            return NULL;
        node_add(forest, map, key, value);
        if (from == 0)
            return map;
        value = map;
        end = from - 1;
    }
    return NULL;
}

static bool has_good_path(const struct source *source, size_t equals)
{
    const char *path = source->bytes;
    size_t dots = 0;

    for (size_t i = 0; i < equals; i++) {
        dots += path[i] == '.';
        if (path[i] == '.' && (i == 0 || i + 1 == equals || path[i + 1] == '.'))
            return false;
    }
    return equals > 0 && equals + 1 < source->length && dots < TREE_DEPTH_MAX;
}

struct node *override_parse(struct forest *forest, const struct source *source)
{
    const char *sign = memchr(source->bytes, '=', source->length);
    size_t equals = sign == NULL ? 0 : (size_t)(sign - source->bytes);
    struct node *value;

    if (!has_good_path(source, equals)) {
        problem_at(forest->problems, place_in(source, 0, source->length), NULL,
                   "--set wants PATH=VALUE: services.delivery.replicas=8",
                   "--set ждёт ПУТЬ=ЗНАЧЕНИЕ: services.delivery.replicas=8");
        return NULL;
    }
    value = tree_parse(forest, source, equals + 1);
    return value == NULL ? NULL : wrap(forest, source, equals, value);
}

struct node *tree_without(struct forest *forest, const struct node *map, const char *const *keys)
{
    struct node *rest = branch(forest, map);

    check(map->kind == NODE_MAP);
    for (uint32_t i = 0; i < map->length; i++) {
        const char *const *key = keys;

        while (*key != NULL && strcmp(*key, map->entries[i].key->text) != 0)
            key++;
        if (*key == NULL)
            node_add(forest, rest, map->entries[i].key, map->entries[i].value);
    }
    return rest;
}
