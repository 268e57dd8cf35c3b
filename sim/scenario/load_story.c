/* load_story.c — From a file to a bound story; reads like the data flow in load_story.h.
 *
 *   tree_load        the file, laid over its parents
 *   lay_overlay      what a machine was found to be like, laid over both
 *   lay_overrides    all --set, in order: an edit of that tree, variants included
 *   bind_variants    a copy of the rest with each variant laid over it, and once more what --set
 *                    says, bound by the table
 *
 * The arena is sized for the worst that the limits allow (measured in tests/scenario): the limit
 * on nodes bounds the trees, the limits on variants and overrides bound how often they are copied.
 */
#include "sim/scenario/load_story.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/engine/sha256.h"
#include "sim/scenario/bind/bind.h"
#include "sim/scenario/bind/idle.h"
#include "sim/scenario/yaml/extends.h"
#include "sim/scenario/yaml/merge.h"
#include "sim/scenario/yaml/utf8.h"

enum { ARENA_BYTES = 56 * 1024 * 1024, OVERRIDES_MAX = 64 };

struct loader {
    struct arena arena;
    struct forest forest;
    struct lineage lineage;
    const struct source *overlay; /* NULL: none. */
    struct node *last;            /* What is laid over each variant: the overlay, or NULL. */
    const struct source *overrides[OVERRIDES_MAX];
    size_t overrides_max;
    struct node *set; /* All of them as one tree; NULL: none. */
    struct idles idles;
};

/* Laid over the scenario for its numbers, so what makes a scenario of it is not an overlay's. */
static void judge_config(struct problems *problems, struct node *over)
{
    static const char *const strange[] = {"extends", "variants", "name"};

    if (over->kind != NODE_MAP)
        blame(problems, over, NULL, "a configuration is a mapping of keys: network: {…}",
              "конфигурация — это набор ключей: network: {…}");
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct entry *entry = node_entry(over, strange[i]);

        if (entry != NULL)
            blame(problems, entry->key, NULL,
                  "a configuration that is laid over a scenario has no \"%s\"",
                  "в конфигурации, которая ложится поверх сценария, нет «%s»", strange[i]);
    }
}

static struct node *lay_overlay(struct loader *loader, struct node *root, const char *path,
                                bool is_last)
{
    struct forest *forest = &loader->forest;
    struct node *over = NULL;

    if (path == NULL)
        return root;
    loader->overlay = source_read(&loader->arena, path, forest->problems);
    if (loader->overlay != NULL)
        over = tree_parse(forest, loader->overlay, 0);
    if (over != NULL)
        judge_config(forest->problems, over);
    if (root == NULL || over == NULL || over->is_blamed)
        return root;
    loader->last = is_last ? over : NULL;
    return tree_merge(forest, root, over);
}

static struct node *lay_overrides(struct loader *loader, struct node *root,
                                  const char *const *overrides, size_t overrides_max)
{
    static const struct source set = {.name = "--set", .bytes = ""};

    if (overrides_max > OVERRIDES_MAX)
        problem_at(loader->forest.problems, (struct place){.source = &set, .line = 1, .column = 1},
                   NULL, "more than %d overrides", "больше %d поправок", OVERRIDES_MAX);
    for (size_t i = 0; i < overrides_max && i < OVERRIDES_MAX; i++) {
        const struct source *source =
            source_text(&loader->arena, "--set", overrides[i], loader->forest.problems);
        struct node *over = source == NULL ? NULL : override_parse(&loader->forest, source);

        loader->set = tree_merge(&loader->forest, loader->set, over);
        loader->overrides[loader->overrides_max++] = source;
    }
    return root == NULL ? NULL : tree_merge(&loader->forest, root, loader->set);
}

/* ---- Variants ---- */

/* A seed of its own would give a variant other arrivals, and nothing could be compared. */
static void judge_overlay(struct problems *problems, const struct node *overlay)
{
    static const char *const fixed[] = {"version", "name", "seed", "extends", "variants"};

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        struct entry *entry = node_entry(overlay, fixed[i]);

        if (entry != NULL)
            blame(problems, entry->key, NULL, "a variant cannot change \"%s\"",
                  "вариант не может менять «%s»", fixed[i]);
    }
}

static void name_scenario(struct scenario *scenario, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    size_t length = strcspn(name, ".");

    if (scenario->name[0] != '\0')
        return;
    if (length >= NAME_MAX_BYTES)
        length = NAME_MAX_BYTES - 1;
    for (size_t i = 0; i < length; i++) {
        bool is_plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
                        (name[i] >= '0' && name[i] <= '9') || name[i] == '-';

        scenario->name[i] = is_plain ? name[i] : '_';
    }
    scenario->name[length] = '\0';
}

static void bind_tree(struct loader *loader, struct node *root, struct story *story)
{
    struct scenario *scenario = &story->variants[story->variants_max++];
    struct binder binder = {.scenario = scenario,
                            .arena = &loader->arena,
                            .problems = loader->forest.problems,
                            .idles = &loader->idles};

    if (loader->last != NULL)
        root = tree_merge(&loader->forest, root, loader->last);
    binder.root = root;
    bind_group(&binder, &variant_group, NULL, scenario);
    bind_scenario(&binder);
    name_scenario(scenario, story->path);
}

/* What a variant says about itself; all else in it are overrides. */
static const char *const heads[] = {"title", "expect", NULL};

static struct node *head_of(struct loader *loader, struct node *overlay)
{
    struct node *head = arena_take(&loader->arena, sizeof *head);

    head->kind = NODE_MAP;
    head->place = overlay->place;
    head->text = "";
    for (size_t i = 0; heads[i] != NULL; i++) {
        struct entry *entry = node_entry(overlay, heads[i]);

        if (entry != NULL)
            node_add(&loader->forest, head, entry->key, entry->value);
    }
    return head;
}

/* The command line has the last word: over what the variant says, too, as far as --set does not
 * speak of just this variant. */
static struct node *lay_set(struct loader *loader, struct node *root, const char *variant)
{
    static const char *const own[] = {"variants", NULL};
    struct forest *forest = &loader->forest;
    struct node *variants, *apart;

    if (loader->set == NULL)
        return root;
    root = tree_merge(forest, root, tree_without(forest, loader->set, own));
    variants = node_find(loader->set, "variants");
    apart = variants == NULL ? NULL : node_find(variants, variant);
    if (apart == NULL || apart->kind != NODE_MAP)
        return root;
    return tree_merge(forest, root, tree_without(forest, apart, heads));
}

static void bind_variant(struct loader *loader, struct node *base, struct entry *variant,
                         struct story *story)
{
    struct problems *problems = loader->forest.problems;
    struct node *overlay = variant->value, *root = base;
    struct scenario *scenario = &story->variants[story->variants_max];
    struct binder binder = {.scenario = scenario,
                            .arena = &loader->arena,
                            .problems = problems,
                            .root = base,
                            .currency = "RUB"};

    if (overlay->kind == NODE_MAP) {
        judge_overlay(problems, overlay);
        root = tree_merge(&loader->forest, base, tree_without(&loader->forest, overlay, heads));
    } else if (!node_is_nothing(overlay)) {
        blame(problems, overlay, NULL, "a variant is a mapping of overrides: {expect: pass}",
              "вариант — это набор поправок: {expect: pass}");
    }
    root = lay_set(loader, root, variant->key->text);
    bind_tree(loader, root, story);
    if (overlay->kind == NODE_MAP)
        bind_group(&binder, &variant_group, head_of(loader, overlay), scenario);
    (void)snprintf(scenario->variant, sizeof scenario->variant, "%s", variant->key->text);
}

static bool is_variant_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    return name[0] != '\0' && strlen(name) < NAME_MAX_BYTES &&
           strspn(name, letters) == strlen(name);
}

/* How many variants there are; 0 after a slip. */
static uint32_t count_variants(struct problems *problems, struct node *variants)
{
    uint32_t count = 0;

    if (variants->kind != NODE_MAP) {
        blame(problems, variants, NULL, "variants are mappings by name: {wide: {…}}",
              "варианты — это наборы ключей по именам: {wide: {…}}");
        return 0;
    }
    for (uint32_t i = 0; i < variants->length; i++) {
        struct node *word = variants->entries[i].key;

        if (key_is_note(word->text))
            continue;
        if (!is_variant_name(word->text))
            blame(problems, word, NULL,
                  "a variant's name is up to 47 Latin letters, digits, _ or -",
                  "имя варианта — до 47 латинских букв, цифр, _ или -");
        if (count == SCENARIO_VARIANTS_MAX) {
            blame(problems, word, NULL, "too many variants: at most %d",
                  "слишком много вариантов: не больше %d", SCENARIO_VARIANTS_MAX);
            break;
        }
        count++;
    }
    return count;
}

static void bind_variants(struct loader *loader, struct node *root, struct story *story)
{
    static const char *const own[] = {"variants", NULL};
    struct node *variants = node_find(root, "variants"), *base = root;
    uint32_t count = variants == NULL ? 0 : count_variants(loader->forest.problems, variants);

    if (variants != NULL)
        base = tree_without(&loader->forest, root, own);
    story->variants =
        arena_take(&loader->arena, (count == 0 ? 1 : count) * sizeof *story->variants);
    if (count == 0) {
        bind_tree(loader, base, story);
        return;
    }
    for (uint32_t i = 0; i < variants->length && story->variants_max < count; i++) {
        if (!key_is_note(variants->entries[i].key->text))
            bind_variant(loader, base, &variants->entries[i], story);
    }
}

/* ---- The whole ---- */

/* The digest of the digests of all inputs: the child, its parents, the overlay, the overrides. */
static void digest(const struct loader *loader, char hex[65])
{
    char all[(EXTENDS_MAX + 1 + 1 + OVERRIDES_MAX) * 64];
    size_t used = 0;

    for (unsigned i = 0; i < loader->lineage.length; i++, used += 64) {
        const struct source *source = loader->lineage.sources[i];

        sha256_hex(source->bytes, source->length, hex);
        memcpy(all + used, hex, 64);
    }
    if (loader->overlay != NULL) {
        sha256_hex(loader->overlay->bytes, loader->overlay->length, hex);
        memcpy(all + used, hex, 64);
        used += 64;
    }
    for (size_t i = 0; i < loader->overrides_max; i++, used += 64) {
        sha256_hex(loader->overrides[i]->bytes, loader->overrides[i]->length, hex);
        memcpy(all + used, hex, 64);
    }
    sha256_hex(all, used, hex);
}

static struct loader *loader_open(struct problems *problems, const struct source *start)
{
    struct loader *loader = calloc(1, sizeof *loader);
    struct place place = {.source = start, .line = 1, .column = 1};

    if (loader == NULL || !arena_open(&loader->arena, ARENA_BYTES)) {
        problem_at(problems, place, NULL, "out of memory", "не хватило памяти");
        free(loader);
        return NULL;
    }
    loader->forest = (struct forest){.arena = &loader->arena, .problems = problems};
    return loader;
}

static bool read_story(struct loader *loader, struct story *story,
                       const struct story_source *source)
{
    struct problems *problems = loader->forest.problems;
    struct node *root = tree_load(&loader->forest, source->path, &loader->lineage);

    root = lay_overlay(loader, root, source->overlay, source->overlay_is_last);
    root = lay_overrides(loader, root, source->overrides, source->overrides_max);
    if (root != NULL && root->kind == NODE_MAP && loader->lineage.length > 0)
        bind_variants(loader, root, story);
    idles_blame(&loader->idles, problems);
    if (problems_count(problems) > 0)
        return false;
    story->path = loader->lineage.sources[0]->name;
    digest(loader, story->sha256);
    return true;
}

bool story_load_from(struct story *story, const struct story_source *source,
                     struct problems *problems)
{
    const struct source start = {.name = source->path, .bytes = "", .length = 0};
    struct loader *loader = loader_open(problems, &start);

    *story = (struct story){.path = source->path, .memory = loader};
    if (loader != NULL && read_story(loader, story, source))
        return true;
    story_close(story);
    return false;
}

bool story_load(struct story *story, const char *path, const char *const *overrides,
                size_t overrides_max, struct problems *problems)
{
    const struct story_source source = {
        .path = path, .overrides = overrides, .overrides_max = overrides_max};

    return story_load_from(story, &source, problems);
}

void story_close(struct story *story)
{
    struct loader *loader = story->memory;

    if (loader != NULL)
        arena_close(&loader->arena);
    free(loader);
    *story = (struct story){0};
}
