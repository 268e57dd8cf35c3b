/* extends.c — A file and the files that it is laid over.
 *
 * The rule for a parent's path: relative, and when all links are followed the file lies in the
 * folder above the scenario's own, or anywhere below that. So scenarios/spike.yaml may extend
 * config/cloud.yaml beside it, and a scenario that somebody sent reads nothing but what stands
 * around it. Parents go up four times at most, and a file that comes round to itself is a slip. */
#define _GNU_SOURCE /* realpath under -std=c11. */
#include "sim/scenario/yaml/extends.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario/yaml/merge.h"
#include "sim/scenario/yaml/utf8.h"

/* The folder's length in a path: "a/b.yaml" -> 2, "b.yaml" -> 0. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Whether the file lies below the folder above the scenario's, all links followed. A file that is
 * not there is not outside: opening it will say what is wrong. */
static bool is_near(const char *scenario, const char *file)
{
    char real_folder[PATH_MAX], real_file[PATH_MAX];
    size_t length;

    if (realpath(scenario, real_folder) == NULL)
        return false;
    if (realpath(file, real_file) == NULL)
        return true;
    real_folder[folder_length(real_folder) - 1] = '\0'; /* The scenario's folder … */
    length = folder_length(real_folder); /* … and the one above it, with its slash. */
    return strncmp(real_folder, real_file, length) == 0;
}

/* The parent's path as seen from here; NULL after a slip. */
static char *parent_path(struct forest *forest, const struct lineage *lineage, struct node *extends)
{
    const struct source *child = lineage->sources[lineage->length - 1];
    size_t length = folder_length(child->name);
    size_t room = length + strlen(extends->text) + 1;
    char *path = arena_take(forest->arena, room);

    (void)snprintf(path, room, "%.*s%s", (int)length, child->name, extends->text);
    if (extends->kind != NODE_SCALAR || node_is_nothing(extends) ||
        strlen(extends->text) >= PATH_MAX)
        blame(forest->problems, extends, NULL, "extends is the path of one file: base.yaml",
              "extends — путь к одному файлу: base.yaml");
    else if (extends->text[0] == '/' || !is_near(lineage->sources[0]->name, path))
        blame(forest->problems, extends, NULL,
              "a parent's path is relative and stays below the folder above the scenario's",
              "путь к родителю относительный и не выходит из папки над папкой сценария");
    return extends->is_blamed ? NULL : path;
}

static bool is_in_lineage(const struct lineage *lineage, const char *path)
{
    char ours[PATH_MAX], theirs[PATH_MAX];

    if (realpath(path, ours) == NULL)
        return false;
    for (unsigned i = 0; i < lineage->length; i++) {
        if (realpath(lineage->sources[i]->name, theirs) != NULL && strcmp(ours, theirs) == 0)
            return true;
    }
    return false;
}

static struct node *read_one(struct forest *forest, const char *path, struct lineage *lineage)
{
    const struct source *source = source_read(forest->arena, path, forest->problems);
    struct node *root;

    if (source == NULL)
        return NULL;
    lineage->sources[lineage->length++] = source;
    root = tree_parse(forest, source, 0);
    if (root != NULL && root->kind != NODE_MAP) {
        blame(forest->problems, root, NULL, "a scenario is a mapping of keys: duration: 60s",
              "сценарий — это набор ключей: duration: 60s");
        return NULL;
    }
    return root;
}

static bool may_extend(struct forest *forest, const struct lineage *lineage, struct node *extends,
                       const char *path)
{
    if (access(path, F_OK) != 0)
        blame(forest->problems, extends, NULL,
              "there is no such file: \"%s\"; the path starts at the folder of this file",
              "такого файла нет: «%s»; путь начинается в папке этого файла", quote(path).text);
    else if (is_in_lineage(lineage, path))
        blame(forest->problems, extends, NULL, "\"%s\" extends itself in a circle",
              "«%s» расширяет сам себя по кругу", quote(extends->text).text);
    else if (lineage->length > EXTENDS_MAX)
        blame(forest->problems, extends, NULL, "more than %d parents above each other",
              "больше %d родителей друг над другом", EXTENDS_MAX);
    return !extends->is_blamed;
}

struct node *tree_load(struct forest *forest, const char *path, struct lineage *lineage)
{
    static const char *const own[] = {"extends", NULL};
    struct node *extends, *parent, *root = read_one(forest, path, lineage);
    char *above;

    extends = node_find(root, "extends");
    if (extends == NULL)
        return root;
    above = parent_path(forest, lineage, extends);
    if (above == NULL || !may_extend(forest, lineage, extends, above))
        return NULL;
    parent = tree_load(forest, above, lineage);
    return parent == NULL ? NULL : tree_merge(forest, parent, tree_without(forest, root, own));
}
