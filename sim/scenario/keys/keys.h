/* keys.h — The table of all keys: what may be written, where it goes, and what it means.
 *
 * One row per key. From the rows come the binder (bind.c), the JSON Schema (keys_schema.c), the
 * answer to `sim help KEY` (keys_help.c) and the page scenarios/README.md (keys_reference.c). To
 * add a key, add a field to scenario.h and a row to the table of its group; nothing else.
 *
 * Defaults and ranges are written as a user would write them and go through the same reading. */
#ifndef SIM_SCENARIO_KEYS_H
#define SIM_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/scenario/scenario.h"

enum key_type {
    KEY_DURATION,        /* uint64_t ns */
    KEY_RATE,            /* double, per second */
    KEY_SIZE,            /* uint64_t or uint32_t bytes */
    KEY_SHARE,           /* double */
    KEY_DISTANCE,        /* uint32_t metres */
    KEY_MONEY,           /* int64_t minor units */
    KEY_COUNT,           /* uint64_t, uint32_t or uint8_t */
    KEY_NUMBER,          /* double */
    KEY_BOOL,            /* bool */
    KEY_WORD,            /* An enum, or a uint8_t */
    KEY_NAME,            /* char[NAME_MAX_BYTES] */
    KEY_TEXT,            /* struct text */
    KEY_CURRENCY,        /* char[4] */
    KEY_DURATION_DIST,   /* struct dist of ns */
    KEY_MONEY_DIST,      /* struct dist of minor units */
    KEY_DURATION_POINTS, /* struct draft_dist: points and points_max */
    KEY_MONEY_POINTS,
    KEY_SERVICE,    /* uint32_t, index into services */
    KEY_TARGET,     /* char[NAME_MAX_BYTES]: what a fault hits */
    KEY_SIGNAL,     /* double: count, rate or share, as the signal asks */
    KEY_THRESHOLDS, /* struct threshold[] */
    KEY_GROUP,      /* A mapping, bound into a struct at the offset */
    KEY_LIST,       /* A list of such mappings, into an array */
    KEY_NAMED,      /* A mapping of names to such mappings, into an array */
    KEY_FILE,       /* extends: taken out before anything is bound */
    KEY_VARIANTS    /* variants: likewise */
};

struct word {
    const char *text;
    int value;
    const char *en, *ru; /* What it means. */
};

struct binder;
struct node;
struct group;

struct key {
    const char *name;
    enum key_type type;
    size_t offset, size;       /* Of the field, in the group's struct. */
    const char *fallback;      /* The default, as it would be written; NULL: see the help. */
    const char *least, *most;  /* The range, both ends in it; NULL: open. */
    const struct word *words;  /* KEY_WORD; ends with a NULL text. */
    const struct group *group; /* KEY_GROUP, KEY_LIST, KEY_NAMED. */
    size_t count_offset;       /* KEY_LIST, KEY_NAMED, KEY_THRESHOLDS: a uint32_t beside it. */
    uint32_t items_max;        /* The same. */
    uint32_t kinds;            /* Service kinds that have this key, as bits; 0: all. */
    const char *en, *ru;       /* One line of help. */
};

struct group { /* The keys of one mapping. */
    const char *name;
    const struct key *keys;
    size_t keys_max;
    size_t size;       /* Of its struct, where it stands in a list. */
    const char *brief; /* The key that a bare scalar in the mapping's place stands for, or NULL. */
    /* Judges and completes what several keys say together. node is NULL when nothing is written. */
    void (*finish)(struct binder *binder, struct node *node, void *into);
};

#define KEY_AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS_OF(table) .keys = (table), .keys_max = sizeof(table) / sizeof((table)[0])

extern const struct group root_group;    /* A scenario. */
extern const struct group variant_group; /* What a variant says beside its overrides. */
extern const struct group load_group, service_group, memory_group, sharing_group;
extern const struct group balancer_group, network_group, store_group, queue_group, table_group;
extern const struct group prices_group, fault_group;
extern const struct group auth_group, load_auth_group, tokens_group;
extern const struct group duration_dist_group, money_dist_group;

/* A distribution as it is written; bind_dist.c makes a struct dist of it. */
struct draft_dist {
    enum dist_kind kind;
    int64_t mean; /* Nanoseconds or minor units. */
    double cv, alpha, spread;
    uint32_t stages;
    struct dist_point *points;
    size_t points_max;
};

const struct key *group_key(const struct group *group, const char *name);

/* What a type is called, an example of it, and the pattern of its text (NULL: none). */
struct type_facts {
    const char *en, *ru;
    const char *example;
    const char *pattern; /* ECMA 262, for the schema. */
};
const struct type_facts *type_facts(enum key_type type);

/* What sim says about its keys. lang: "en" or "ru". */
void keys_schema(FILE *out);
void keys_reference(FILE *out);

/* key: "duration", "services.replicas", "replicas" … every key that fits is told; NULL or "":
 * an overview. False, and the nearest word is proposed, when there is none. */
bool keys_help(FILE *out, const char *key, const char *lang);

#endif
