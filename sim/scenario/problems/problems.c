/* problems.c — Keeping problems, and the line that each one is about.
 *
 * Twenty are kept, all are counted: a reader mends the first few and runs again. The excerpt is
 * cut out when the problem is found:
 *
 *       14 |     servcies:          <- at most EXCERPT_MAX characters around the place
 *          |     ^~~~~~~~           <- `caret` spaces, then `width` marks
 *
 * An unsafe character in the line is shown as one sign, a tab as one blank, so that one character
 * stays one column. */
#include "sim/scenario/problems/problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/problems/problem.h"
#include "sim/scenario/yaml/utf8.h"

enum { EXCERPT_MAX = 80, EXCERPT_BEFORE_MAX = 40 }; /* Characters. */

struct problems *problems_open(void)
{
    return calloc(1, sizeof(struct problems));
}

void problems_close(struct problems *problems)
{
    free(problems);
}

unsigned problems_count(const struct problems *problems)
{
    return problems->count;
}

bool problems_are_full(const struct problems *problems)
{
    return problems->count >= PROBLEMS_KEPT;
}

struct excerpt_pen {
    char *at, *end;
};

static void draw(struct excerpt_pen *pen, const char *bytes, size_t length)
{
    if (length <= (size_t)(pen->end - pen->at)) {
        memcpy(pen->at, bytes, length);
        pen->at += length;
    }
}

static void draw_character(struct excerpt_pen *pen, const char *at, const char *end)
{
    uint32_t code = 0;
    size_t length = utf8_step(at, end, &code);

    if (code == '\t')
        draw(pen, " ", 1);
    else if (length == 0 || utf8_is_unsafe(code))
        draw(pen, "\xEF\xBF\xBD", 3); /* U+FFFD, the replacement character. */
    else
        draw(pen, at, length);
}

/* Cuts the line around the place and notes where the caret goes. */
static void take_excerpt(struct problem *problem, const struct place *place)
{
    size_t length;
    const char *line = source_line(place->source, place->line, &length), *end = line + length;
    uint32_t skip = place->column > EXCERPT_MAX - 10 ? place->column - EXCERPT_BEFORE_MAX : 0;
    uint32_t n = 0, code;
    struct excerpt_pen pen = {problem->excerpt, problem->excerpt + sizeof problem->excerpt - 8};

    if (skip > 0)
        draw(&pen, "…", strlen("…"));
    for (; line < end && n < skip + EXCERPT_MAX; n++) {
        size_t step = utf8_step(line, end, &code);

        if (n >= skip)
            draw_character(&pen, line, end);
        line += step == 0 ? 1 : step;
    }
    if (line < end) {
        pen.end += 4;
        draw(&pen, "…", strlen("…"));
    }
    *pen.at = '\0';
    problem->caret = place->column - 1 - skip + (skip > 0 ? 1 : 0);
    problem->width = place->columns;
    if (place->column - 1 >= n)
        problem->width = 1;
    else if (problem->width > n - (place->column - 1))
        problem->width = n - (place->column - 1);
}

/* Variants share most of their text, so the same slip may be found once in each. */
static bool is_known(const struct problems *problems, struct place place, const char *en)
{
    char file[sizeof problems->kept[0].file];

    utf8_show(place.source->name, file, sizeof file);
    for (unsigned i = 0; i < problems->count && i < PROBLEMS_KEPT; i++) {
        const struct problem *known = &problems->kept[i];

        if (known->line == place.line && known->column == place.column &&
            strcmp(known->file, file) == 0 && strncmp(known->en, en, sizeof known->en - 1) == 0)
            return true;
    }
    return false;
}

static struct problem *problem_new(struct problems *problems, struct place place)
{
    struct problem *problem;

    problems->count++;
    if (problems->count > PROBLEMS_KEPT)
        return NULL;
    problem = &problems->kept[problems->count - 1];
    utf8_show(place.source->name, problem->file, sizeof problem->file);
    problem->line = place.line;
    problem->column = place.column;
    if (place.columns > 0)
        take_excerpt(problem, &place);
    return problem;
}

void problem_say(struct problems *problems, struct place place, struct text message,
                 const char *suggestion)
{
    struct problem *problem;

    if (is_known(problems, place, message.en))
        return;
    problem = problem_new(problems, place);
    if (problem == NULL)
        return;
    (void)snprintf(problem->en, sizeof problem->en, "%s", message.en);
    (void)snprintf(problem->ru, sizeof problem->ru, "%s", message.ru);
    utf8_show(suggestion == NULL ? "" : suggestion, problem->suggestion,
              sizeof problem->suggestion);
}

void problem_at(struct problems *problems, struct place place, const char *suggestion,
                const char *en, const char *ru, ...)
{
    char en_text[sizeof problems->kept[0].en], ru_text[sizeof problems->kept[0].ru];
    va_list arguments;

    va_start(arguments, ru);
    (void)vsnprintf(en_text, sizeof en_text, en, arguments);
    va_end(arguments);
    va_start(arguments, ru);
    (void)vsnprintf(ru_text, sizeof ru_text, ru, arguments);
    va_end(arguments);
    problem_say(problems, place, (struct text){en_text, ru_text}, suggestion);
}
