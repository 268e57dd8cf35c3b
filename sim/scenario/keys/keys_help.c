/* keys_help.c — What `sim help KEY` answers.
 *
 * A key may be asked for by its name ("replicas"), by the end of its path ("retry.attempts") or by
 * the whole of it, with a name, a number or * where the table has any ("services.likes.replicas").
 * Every key that fits is told, then the keys inside it. */
#include <stdio.h>
#include <string.h>

#include "sim/scenario/keys/keys_walk.h"
#include "sim/scenario/keys/metrics.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/yaml/utf8.h"

struct help {
    struct key_visit visit; /* First, so that a visit is its help. */
    FILE *out;
    const char *asked;
    bool is_russian;
    unsigned found;
    char inside[KEY_PATH_MAX]; /* The last key found, whose own keys are listed after it. */
    struct nearest nearest;
    char near[KEY_PATH_MAX]; /* The nearest path so far; a candidate does not outlive its visit. */
};

static const char *say(const struct help *help, const char *en, const char *ru)
{
    return help->is_russian ? ru : en;
}

/* ---- Lines ---- */

enum { PAGE_COLUMNS = 80, NAME_COLUMNS = 27 };

static uint32_t columns_of(const char *text, size_t bytes)
{
    return utf8_count(text, text + bytes);
}

/* Text from column `at` on, broken at blanks; further lines begin at column `indent`. */
static void tell_wrapped(FILE *out, uint32_t at, uint32_t indent, const char *text)
{
    for (bool is_first = true; *text != '\0'; is_first = false) {
        size_t bytes = strcspn(text, " ");
        uint32_t columns = columns_of(text, bytes);

        if (!is_first && at + 1 + columns > PAGE_COLUMNS) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!is_first) {
            (void)fputc(' ', out);
            at++;
        }
        (void)fwrite(text, 1, bytes, out);
        at += columns;
        text += bytes;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

/* A name, and what it means beside it; below it where the name is too long. */
static void tell_entry(FILE *out, uint32_t indent, const char *name, const char *text)
{
    uint32_t after = indent + NAME_COLUMNS, end = indent + columns_of(name, strlen(name));

    (void)fprintf(out, "%*s%s", (int)indent, "", name);
    if (end + 1 > after)
        (void)fprintf(out, "\n%*s", (int)after, "");
    else
        (void)fprintf(out, "%*s", (int)(after - end), "");
    tell_wrapped(out, after, after, text);
}

/* ---- What fits ---- */

/* Segment by segment from the end; * in the path fits any segment. */
static bool path_fits(const char *path, const char *asked)
{
    size_t i = strlen(path), j = strlen(asked);

    while (j > 0) {
        size_t path_end = i, asked_end = j;

        if (i == 0)
            return false;
        while (i > 0 && path[i - 1] != '.')
            i--;
        while (j > 0 && asked[j - 1] != '.')
            j--;
        if (!(path_end - i == 1 && path[i] == '*') &&
            !(path_end - i == asked_end - j && strncmp(path + i, asked + j, path_end - i) == 0))
            return false;
        i -= i > 0;
        j -= j > 0;
    }
    return true;
}

static bool is_inside(const char *path, const char *outer)
{
    size_t length = strlen(outer);

    return length > 0 && strncmp(path, outer, length) == 0 && path[length] == '.';
}

static void tell_range(const struct help *help, const struct key *key)
{
    if (key->fallback != NULL)
        (void)fprintf(help->out, "  %s %s\n", say(help, "default", "по умолчанию"), key->fallback);
    if (key->least != NULL && key->most != NULL)
        (void)fprintf(help->out, "  %s %s … %s\n", say(help, "range", "диапазон"), key->least,
                      key->most);
}

static void tell_words(const struct help *help, const struct key *key)
{
    for (const struct word *word = key->words; word != NULL && word->text != NULL; word++)
        tell_entry(help->out, 2, word->text, say(help, word->en, word->ru));
}

static void tell_key(const struct help *help, const struct key *key, const char *path)
{
    const struct type_facts *facts = type_facts(key->type);

    (void)fprintf(help->out, "%s%s — %s", help->found > 1 ? "\n" : "", path,
                  say(help, facts->en, facts->ru));
    if (facts->example != NULL && key->group == NULL)
        (void)fprintf(help->out, say(help, ", for example %s", ", например %s"), facts->example);
    (void)fputs("\n  ", help->out);
    tell_wrapped(help->out, 2, 2, say(help, key->en, key->ru));
    tell_range(help, key);
    tell_words(help, key);
}

static void offer(struct help *help, const char *candidate)
{
    help->nearest.best = NULL;
    nearest_offer(&help->nearest, candidate);
    if (help->nearest.best != NULL)
        (void)snprintf(help->near, sizeof help->near, "%s", candidate);
}

static void meet(struct key_visit *visit, const struct key *key, const char *path)
{
    struct help *help = (struct help *)visit;

    offer(help, key->name);
    offer(help, path);
    if (is_inside(path, help->inside)) {
        tell_entry(help->out, 4, path + strlen(help->inside) + 1, say(help, key->en, key->ru));
    } else if (path_fits(path, help->asked)) {
        help->found++;
        tell_key(help, key, path);
        (void)snprintf(help->inside, sizeof help->inside, "%s", key->group == NULL ? "" : path);
    }
}

static const char *bound_of(enum unit unit)
{
    switch (unit) {
    case UNIT_DURATION:
        return "300ms";
    case UNIT_RATE:
        return "500/s";
    case UNIT_SHARE:
        return "1%";
    case UNIT_MONEY:
        return "10000 RUB";
    case UNIT_SIZE:
    case UNIT_DISTANCE:
    case UNIT_COUNT:
    case UNIT_NUMBER:
        break;
    }
    return "100";
}

static void tell_metric(struct help *help, const struct metric_word *word, const char *prefix)
{
    char path[KEY_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s%s", prefix, word->name);
    offer(help, path);
    if (!path_fits(path, help->asked))
        return;
    help->found++;
    (void)fprintf(help->out, "%s%s — %s", help->found > 1 ? "\n" : "", path,
                  say(help, "metric of a threshold", "показатель для порога"));
    (void)fprintf(help->out, say(help, ", for example %s < %s", ", например %s < %s"), path,
                  bound_of(word->unit));
    (void)fprintf(help->out, "\n  %s\n", say(help, word->en, word->ru));
}

/* Whoever asks about thresholds wants to know what they may be about. */
static void list_metrics(const struct help *help, const struct metric_word *word,
                         const char *prefix)
{
    for (; word->name != NULL; word++) {
        char path[KEY_PATH_MAX];

        (void)snprintf(path, sizeof path, "%s%s", prefix, word->name);
        tell_entry(help->out, 4, path, say(help, word->en, word->ru));
    }
}

static void overview(FILE *out, bool is_russian)
{
    for (size_t i = 0; i < root_group.keys_max; i++) {
        const struct key *key = &root_group.keys[i];

        tell_entry(out, 2, key->name, is_russian ? key->ru : key->en);
    }
}

bool keys_help(FILE *out, const char *key, const char *lang)
{
    struct help help = {
        .visit = {meet}, .out = out, .asked = key, .is_russian = strcmp(lang, "ru") == 0};

    if (key == NULL || key[0] == '\0') {
        overview(out, help.is_russian);
        return true;
    }
    help.nearest = nearest_to(key);
    keys_walk(&help.visit);
    for (const struct metric_word *word = metrics(); word->name != NULL; word++)
        tell_metric(&help, word, "");
    for (const struct metric_word *word = service_metrics(); word->name != NULL; word++)
        tell_metric(&help, word, "services.*.");
    if (strcmp(key, "thresholds") == 0) {
        list_metrics(&help, metrics(), "");
        list_metrics(&help, service_metrics(), "services.NAME.");
    }
    if (help.found > 0)
        return true;
    (void)fprintf(out, say(&help, "there is no key \"%s\"", "ключа «%s» нет"), quote(key).text);
    if (help.near[0] != '\0')
        (void)fprintf(out, say(&help, "; did you mean \"%s\"?", "; может быть, «%s»?"), help.near);
    (void)fputc('\n', out);
    return false;
}
