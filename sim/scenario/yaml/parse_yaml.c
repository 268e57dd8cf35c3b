/* parse_yaml.c — From libyaml's events to a tree with places.
 *
 *   bytes -> scanner (libyaml) -> event -> [refuse | open | close | hang a scalar] -> tree
 *
 * libyaml hands out one event at a time, so depth and size are judged while the tree grows, and a
 * file of 200,000 open brackets ends at the sixty-fifth. Anchors and aliases are refused because
 * nine lines of them stand for a billion nodes, tags because a scenario has no use for types other
 * than ours. After such a slip reading goes on, to find the others too; after one that libyaml
 * itself reports it cannot. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "sim/scenario/yaml/tree.h"
#include "sim/scenario/yaml/utf8.h"

struct parse {
    yaml_parser_t yaml;
    struct forest *forest;
    const struct source *source;
    uint32_t shift;                    /* Characters before the first one that libyaml sees. */
    struct node *open[TREE_DEPTH_MAX]; /* Lists and maps whose end has not come. */
    struct node *key[TREE_DEPTH_MAX];  /* In a map: the key that waits for its value. */
    uint32_t depth;
    uint32_t documents;
    struct node *root;
    bool is_over;    /* Nothing more is read, */
    bool has_failed; /* because of a slip after which reading on makes no sense. */
};

static struct place place_from(const struct parse *parse, yaml_mark_t start, yaml_mark_t end)
{
    struct place place = {.source = parse->source, .columns = 1};
    size_t shift = start.line == 0 ? parse->shift : 0;

    place.line = (uint32_t)start.line + 1;
    place.column = (uint32_t)(start.column + shift) + 1;
    if (end.line == start.line && end.column > start.column)
        place.columns = (uint32_t)(end.column - start.column);
    return place;
}

static struct place place_of(const struct parse *parse, const yaml_event_t *event)
{
    return place_from(parse, event->start_mark, event->end_mark);
}

static void give_up(struct parse *parse, struct place place, const char *en, const char *ru)
{
    problem_say(parse->forest->problems, place, (struct text){en, ru}, NULL);
    parse->is_over = parse->has_failed = true;
}

/* What libyaml says most often: what it mostly means, and all of it in Russian. */
static const struct saying {
    const char *message, *hint_en, *ru;
} sayings[] = {
    {"mapping values are not allowed in this context", " (a colon is out of place)",
     "двоеточие здесь не на месте"},
    {"found character that cannot start any token", " (indent with spaces, not tabs)",
     "с этого знака ничего не начинается (отступы делают пробелами, а не табуляцией)"},
    {"did not find expected key", "", "здесь ждали ключ"},
    {"could not find expected ':'", "", "после ключа ждали двоеточие"},
    {"did not find expected '-' indicator", "", "здесь ждали «-»"},
    {"did not find expected ',' or ']'", "", "здесь ждали «,» или «]»"},
    {"did not find expected ',' or '}'", "", "здесь ждали «,» или «}»"},
    {"did not find expected node content", "", "здесь ждали значение"},
    {"found unexpected end of stream", " (a quotation mark is not closed)",
     "файл оборвался посреди строки: не закрыта кавычка"},
    {"found unknown escape character", "", "неизвестная последовательность после «\\»"},
};

/* The rest stays in English. */
static struct saying saying_of(const char *message)
{
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++) {
        if (strcmp(sayings[i].message, message) == 0)
            return sayings[i];
    }
    return (struct saying){message, "", message};
}

static void yaml_slip(struct parse *parse)
{
    const yaml_parser_t *yaml = &parse->yaml;
    struct saying saying = saying_of(yaml->problem == NULL ? "out of memory" : yaml->problem);
    struct place place = place_from(parse, yaml->problem_mark, yaml->problem_mark);
    struct place end = source_end(parse->source);
    char en[160], ru[240];

    (void)snprintf(en, sizeof en, "this is not YAML: %s%s", saying.message, saying.hint_en);
    (void)snprintf(ru, sizeof ru, "это не YAML: %s", saying.ru);
    give_up(parse, place.line > end.line ? end : place, en, ru);
}

/* Hangs a node where it belongs: at the root, in a list, as a key or under one. */
static void hang(struct parse *parse, struct node *node)
{
    struct node *parent = parse->depth == 0 ? NULL : parse->open[parse->depth - 1];
    struct node **key = parse->depth == 0 ? NULL : &parse->key[parse->depth - 1];

    if (parent == NULL) {
        parse->root = node;
    } else if (parent->kind == NODE_LIST) {
        node_add(parse->forest, parent, NULL, node);
    } else if (*key == NULL) {
        *key = node;
    } else {
        node_add(parse->forest, parent, *key, node);
        *key = NULL;
    }
}

static bool awaits_key(const struct parse *parse)
{
    return parse->depth > 0 && parse->open[parse->depth - 1]->kind == NODE_MAP &&
           parse->key[parse->depth - 1] == NULL;
}

static struct node *plant(struct parse *parse, enum node_kind kind, const yaml_event_t *event)
{
    struct node *node = node_new(parse->forest, kind, place_of(parse, event));

    if (node == NULL)
        parse->is_over = parse->has_failed = true;
    return node;
}

static void refuse_decoration(struct parse *parse, struct node *node, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor != NULL)
        blame(parse->forest->problems, node, NULL,
              "anchors (&%s) are not allowed; write the value out",
              "якоря (&%s) не допускаются; запишите значение целиком",
              quote((const char *)anchor).text);
    if (tag != NULL)
        blame(parse->forest->problems, node, NULL, "tags (%s) are not allowed",
              "теги (%s) не допускаются", quote((const char *)tag).text);
}

/* A key must be a word, new in its map, and not one too many. */
static void judge_key(struct parse *parse, struct node *key)
{
    struct problems *problems = parse->forest->problems;
    const struct node *map = parse->open[parse->depth - 1];
    struct entry *twin = node_entry(map, key->text);

    if (twin != NULL)
        blame(problems, key, NULL, "duplicate key \"%s\"; it is also on line %u",
              "повторный ключ «%s»; он уже есть в строке %u", quote(key->text).text,
              twin->key->place.line);
    if (map->length >= TREE_KEYS_MAX)
        give_up(parse, key->place, "over 1000 keys in one mapping", "больше 1000 ключей подряд");
}

static const char *scalar_text(struct parse *parse, struct node *node, const yaml_event_t *event)
{
    size_t length = event->data.scalar.length;
    char *text;

    if (memchr(event->data.scalar.value, 0, length) != NULL) {
        blame(parse->forest->problems, node, NULL, "text with a zero byte in it",
              "текст с нулевым байтом внутри");
        return "";
    }
    text = arena_take(parse->forest->arena, length + 1);
    memcpy(text, event->data.scalar.value, length);
    return text;
}

static void on_scalar(struct parse *parse, const yaml_event_t *event)
{
    struct node *node = plant(parse, NODE_SCALAR, event);

    if (node == NULL)
        return;
    refuse_decoration(parse, node, event->data.scalar.anchor, event->data.scalar.tag);
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = scalar_text(parse, node, event);
    if (awaits_key(parse))
        judge_key(parse, node);
    hang(parse, node);
}

static void on_alias(struct parse *parse, const yaml_event_t *event)
{
    struct node *node = plant(parse, NODE_SCALAR, event);

    if (node == NULL)
        return;
    blame(parse->forest->problems, node, NULL, "aliases (*%s) are not allowed; write it out",
          "ссылки (*%s) не допускаются; запишите целиком",
          quote((const char *)event->data.alias.anchor).text);
    hang(parse, node);
}

static void on_open(struct parse *parse, enum node_kind kind, const yaml_event_t *event)
{
    struct node *node;

    if (parse->depth == TREE_DEPTH_MAX) {
        give_up(parse, place_of(parse, event), "nested deeper than 64 levels",
                "вложенность глубже 64 уровней");
        return;
    }
    node = plant(parse, kind, event);
    if (node == NULL)
        return;
    if (kind == NODE_LIST)
        refuse_decoration(parse, node, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
    else
        refuse_decoration(parse, node, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
    if (awaits_key(parse))
        blame(parse->forest->problems, node, NULL, "a key must be a plain word",
              "ключ должен быть словом");
    hang(parse, node);
    parse->open[parse->depth] = node;
    parse->key[parse->depth] = NULL;
    parse->depth++;
}

static void on_close(struct parse *parse, const yaml_event_t *event)
{
    struct node *node = parse->open[--parse->depth];
    uint32_t shift = node->place.line == 1 ? parse->shift : 0;

    if (event->end_mark.line + 1 == node->place.line &&
        event->end_mark.column + shift >= node->place.column)
        node->place.columns = (uint32_t)event->end_mark.column + shift + 1 - node->place.column;
}

static void on_document(struct parse *parse, const yaml_event_t *event)
{
    if (parse->documents++ > 0)
        give_up(parse, place_of(parse, event), "a second document; a scenario is one",
                "второй документ; сценарий — это один документ");
    else if (event->data.document_start.tag_directives.start !=
             event->data.document_start.tag_directives.end)
        give_up(parse, place_of(parse, event), "%TAG is not allowed", "%TAG не допускается");
}

static void on_event(struct parse *parse, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        on_scalar(parse, event);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(parse, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_open(parse, NODE_LIST, event);
        break;
    case YAML_MAPPING_START_EVENT:
        on_open(parse, NODE_MAP, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(parse, event);
        break;
    case YAML_DOCUMENT_START_EVENT:
        on_document(parse, event);
        break;
    case YAML_STREAM_END_EVENT:
        parse->is_over = true;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

static void read_events(struct parse *parse)
{
    while (!parse->is_over) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parse->yaml, &event)) {
            yaml_slip(parse);
            return;
        }
        on_event(parse, &event);
        yaml_event_delete(&event);
    }
}

struct node *tree_parse(struct forest *forest, const struct source *source, size_t from)
{
    struct parse parse = {.forest = forest, .source = source};
    struct place start = {.source = source, .line = 1, .column = 1, .columns = 0};

    parse.shift = utf8_count(source->bytes, source->bytes + from);
    if (!yaml_parser_initialize(&parse.yaml)) {
        give_up(&parse, start, "out of memory", "не хватило памяти");
        return NULL;
    }
    yaml_parser_set_encoding(&parse.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parse.yaml, (const unsigned char *)source->bytes + from,
                                 source->length - from);
    read_events(&parse);
    yaml_parser_delete(&parse.yaml);
    if (parse.root == NULL && !parse.has_failed)
        give_up(&parse, start, "there is nothing in it", "здесь пусто");
    return parse.has_failed ? NULL : parse.root;
}
