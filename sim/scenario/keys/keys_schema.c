/* keys_schema.c — The table of keys as a JSON Schema, for editors that check while one types.
 *
 *   # yaml-language-server: $schema=scenario.schema.json
 *
 * A group becomes a definition, a key one of its properties. The schema knows shapes, words and
 * units; what several keys say together only sim itself can judge, and nothing is required here,
 * because a file may extend another. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/scenario/keys/keys.h"

enum { GROUPS_MAX = 48 };

struct schema {
    json_t *definitions;
    const struct group *groups[GROUPS_MAX]; /* Already defined. */
    size_t groups_max;
};

static json_t *take(json_t *json) /* Out of memory is nothing that a schema can say. */
{
    check(json != NULL);
    return json;
}

static json_t *type_of(const char *name)
{
    return take(json_pack("{s:s}", "type", name));
}

static json_t *either(json_t *one, json_t *other)
{
    return take(json_pack("{s:[o,o]}", "anyOf", one, other));
}

static json_t *pattern_of(const char *pattern)
{
    return take(json_pack("{s:s, s:s}", "type", "string", "pattern", pattern));
}

static json_t *reference(struct schema *schema, const struct group *group);

static json_t *words(const struct key *key)
{
    json_t *list = take(json_array());
    bool is_number = key->words[0].text[0] >= '0' && key->words[0].text[0] <= '9';

    for (const struct word *word = key->words; word->text != NULL; word++)
        (void)json_array_append_new(
            list, take(is_number ? json_integer(word->value) : json_string(word->text)));
    return take(json_pack("{s:o}", "enum", list));
}

static json_t *text_schema(void)
{
    return either(type_of("string"),
                  take(json_pack("{s:s, s:{s:{s:s}, s:{s:s}}, s:{s:{}}, s:b}", "type", "object",
                                 "properties", "en", "type", "string", "ru", "type", "string",
                                 "patternProperties", "^x-", "additionalProperties", 0)));
}

static json_t *points(const struct type_facts *facts)
{
    json_t *pair = take(json_pack("{s:s, s:[o,o], s:i}", "type", "array", "prefixItems",
                                  pattern_of(facts->pattern), type_of("number"), "minItems", 2));

    return take(json_pack("{s:s, s:o}", "type", "array", "items", pair));
}

/* A list, or the changes to some of its entries by position. */
static json_t *list_schema(struct schema *schema, const struct key *key)
{
    json_t *list = take(json_pack("{s:s, s:o, s:i}", "type", "array", "items",
                                  reference(schema, key->group), "maxItems", (int)key->items_max));
    json_t *changes =
        take(json_pack("{s:s, s:{s:o}, s:b}", "type", "object", "patternProperties", "^[0-9]+$",
                       reference(schema, key->group), "additionalProperties", 0));

    if (key->group->brief == NULL)
        return either(list, changes);
    return take(json_pack("{s:[o,o,o]}", "anyOf", list, changes,
                          pattern_of(type_facts(KEY_RATE)->pattern)));
}

static json_t *named_schema(struct schema *schema, const struct key *key)
{
    return take(json_pack("{s:s, s:{s:{}}, s:o, s:i}", "type", "object", "patternProperties", "^x-",
                          "additionalProperties",
                          either(reference(schema, key->group), type_of("null")), "maxProperties",
                          (int)key->items_max));
}

/* A scenario without what a variant cannot change, and with what it says about itself. */
static json_t *variants_schema(struct schema *schema)
{
    return take(json_pack("{s:s, s:{s:{}}, s:o}", "type", "object", "patternProperties", "^x-",
                          "additionalProperties",
                          either(reference(schema, &variant_group), type_of("null"))));
}

static json_t *amount_schema(const struct key *key)
{
    const struct type_facts *facts = type_facts(key->type);

    if (key->type == KEY_COUNT || key->type == KEY_SIGNAL)
        return either(type_of("integer"), pattern_of(facts->pattern));
    if (key->type == KEY_NUMBER)
        return either(type_of("number"), pattern_of(facts->pattern));
    return pattern_of(facts->pattern);
}

static json_t *value_schema(struct schema *schema, const struct key *key)
{
    switch (key->type) {
    case KEY_DURATION:
    case KEY_RATE:
    case KEY_SIZE:
    case KEY_SHARE:
    case KEY_DISTANCE:
    case KEY_MONEY:
    case KEY_COUNT:
    case KEY_NUMBER:
    case KEY_NAME:
    case KEY_CURRENCY:
    case KEY_SERVICE:
    case KEY_TARGET:
    case KEY_SIGNAL:
        return amount_schema(key);
    case KEY_BOOL:
        return type_of("boolean");
    case KEY_WORD:
        return words(key);
    case KEY_TEXT:
        return text_schema();
    case KEY_DURATION_DIST:
        return either(amount_schema(key), reference(schema, &duration_dist_group));
    case KEY_MONEY_DIST:
        return either(amount_schema(key), reference(schema, &money_dist_group));
    case KEY_DURATION_POINTS:
    case KEY_MONEY_POINTS:
        return points(type_facts(key->type));
    case KEY_THRESHOLDS:
        return take(json_pack("{s:s, s:o, s:i}", "type", "array", "items",
                              pattern_of(type_facts(key->type)->pattern), "maxItems",
                              (int)key->items_max));
    case KEY_GROUP:
        return reference(schema, key->group);
    case KEY_LIST:
        return list_schema(schema, key);
    case KEY_NAMED:
        return named_schema(schema, key);
    case KEY_FILE:
        return type_of("string");
    case KEY_VARIANTS:
        break;
    }
    return variants_schema(schema);
}

static void describe(json_t *value, const struct key *key)
{
    const char *range = key->least == NULL ? "" : " Range: ";
    json_t *text = json_sprintf("%s%s%s%s%s", key->en, range, key->least == NULL ? "" : key->least,
                                key->least == NULL ? "" : " … ",
                                key->least == NULL || key->most == NULL ? "" : key->most);

    (void)json_object_set_new(value, "description", take(text));
    if (key->fallback != NULL)
        (void)json_object_set_new(value, "default", take(json_string(key->fallback)));
}

static void add_keys(struct schema *schema, json_t *properties, const struct group *group)
{
    for (size_t i = 0; i < group->keys_max; i++) {
        json_t *value = value_schema(schema, &group->keys[i]);

        describe(value, &group->keys[i]);
        (void)json_object_set_new(properties, group->keys[i].name, value);
    }
}

static json_t *properties_of(struct schema *schema, const struct group *group)
{
    static const char *const fixed[] = {"version", "name", "seed", "extends", "variants"};
    json_t *properties = take(json_object());

    if (group == &variant_group) {
        json_t *ours = take(json_object());

        add_keys(schema, properties, &root_group);
        for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
            (void)json_object_del(properties, fixed[i]);
        add_keys(schema, ours, group);
        (void)json_object_update(properties, ours);
        json_decref(ours);
    } else {
        add_keys(schema, properties, group);
    }
    return properties;
}

static const struct key *brief_key(const struct group *group)
{
    return group->brief == NULL ? NULL : group_key(group, group->brief);
}

static json_t *define(struct schema *schema, const struct group *group)
{
    json_t *mapping = take(json_pack("{s:s, s:o, s:{s:{}}, s:b}", "type", "object", "properties",
                                     properties_of(schema, group), "patternProperties", "^x-",
                                     "additionalProperties", 0));
    const struct key *brief = brief_key(group);

    return brief == NULL ? mapping : either(mapping, value_schema(schema, brief));
}

/* Defines the group when it is first met: variants hold nearly all of them a second time, and
 * variants hold no variants, so this ends. */
static json_t *reference(struct schema *schema, const struct group *group)
{
    json_t *path = take(json_sprintf("#/$defs/%s", group->name));
    size_t i = 0;

    while (i < schema->groups_max && schema->groups[i] != group)
        i++;
    if (i == schema->groups_max) {
        json_t *definition;

        check(schema->groups_max < GROUPS_MAX);
        schema->groups[schema->groups_max++] = group;
        definition = define(schema, group);
        (void)json_object_set_new(schema->definitions, group->name, definition);
    }
    return take(json_pack("{s:o}", "$ref", path));
}

void keys_schema(FILE *out)
{
    struct schema schema = {.definitions = take(json_object())};
    json_t *root =
        take(json_pack("{s:s, s:s, s:s, s:o, s:{s:{}}, s:b}", "$schema",
                       "https://json-schema.org/draft/2020-12/schema", "title", "A scenario of sim",
                       "type", "object", "properties", properties_of(&schema, &root_group),
                       "patternProperties", "^x-", "additionalProperties", 0));

    (void)json_object_set_new(root, "$defs", schema.definitions);
    (void)json_dumpf(root, out, JSON_INDENT(2));
    (void)fputc('\n', out);
    json_decref(root);
}
