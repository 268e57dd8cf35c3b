/* tree.h — What a file says, before anybody asks what it means.
 *
 *   scalar   text                          lists and maps hold entries in the order of the file;
 *   list     entries: value                every node knows its place, so that a problem found
 *   map      entries: key, value           much later still points at the right word
 *
 * Trees are shared, not copied: a merged tree borrows the branches that it does not change. All
 * trees of one story live in one arena, and their nodes are counted against one limit. */
#ifndef SIM_SCENARIO_TREE_H
#define SIM_SCENARIO_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"
#include "sim/scenario/problems/problems.h"
#include "sim/scenario/yaml/source.h"

enum { TREE_NODES_MAX = 16384, TREE_KEYS_MAX = 1000, TREE_DEPTH_MAX = 64 };

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node;

struct entry {
    struct node *key; /* NULL in a list. */
    struct node *value;
};

struct node {
    enum node_kind kind;
    bool is_quoted; /* A scalar in quotes is text, whatever it looks like. */
    bool is_blamed; /* A problem was reported here: further ones would be echoes. */
    bool is_used;   /* A key that has an effect in one variant at least: bind/idle.h. */
    struct place place;
    const char *text; /* Scalars; ends with a zero and holds no other. "" for the rest. */
    struct entry *entries;
    uint32_t length, room;
};

struct forest { /* All trees of one story. */
    struct arena *arena;
    struct problems *problems;
    uint32_t nodes; /* Planted so far. */
};

/* NULL when the forest is full, after a problem. */
struct node *node_new(struct forest *forest, enum node_kind kind, struct place place);
void node_add(struct forest *forest, struct node *node, struct node *key, struct node *value);

/* The value under a key of a map; NULL when it is absent, or when the node is NULL or no map. */
struct node *node_find(const struct node *map, const char *key);
struct entry *node_entry(const struct node *map, const char *key);

/* The i-th value of a list or a map; NULL beyond the end, or when the node is NULL. */
struct node *node_at(const struct node *node, uint32_t i);

/* `key:` with nothing behind it, `~` or `null`. */
bool node_is_nothing(const struct node *node);

/* "x-anything": a reader's own note, ignored everywhere. */
bool key_is_note(const char *key);

/* Reports a problem at the node, unless one was reported there already. */
__attribute__((format(printf, 4, 6))) __attribute__((format(printf, 5, 6))) void
blame(struct problems *problems, struct node *node, const char *suggestion, const char *en,
      const char *ru, ...);

/* The same for a finished message. */
void blame_say(struct problems *problems, struct node *node, struct text message,
               const char *suggestion);

/* Reads one document: the source's bytes from `from` on. NULL after a problem. Refuses anchors,
 * aliases, tags, duplicate keys, a second document, and what is too deep or too large. */
struct node *tree_parse(struct forest *forest, const struct source *source, size_t from);

#endif
