/* problems_print.c — Problems as a reader sees them, in the order of the file.
 *
 *   scenarios/spike.yaml:14:5: error: unknown key "servcies"; did you mean "services"?
 *     14 |     servcies:
 *        |     ^~~~~~~~
 */
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/problems/problem.h"

static bool comes_before(const struct problem *a, const struct problem *b)
{
    if (strcmp(a->file, b->file) != 0)
        return false; /* Files stay in the order in which they were read. */
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* By insertion: stable, and twenty at most. */
static void sort(const struct problem **sorted, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        const struct problem *moving = sorted[i];
        unsigned j = i;

        for (; j > 0 && comes_before(moving, sorted[j - 1]); j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = moving;
    }
}

static void print_excerpt(const struct problem *problem, FILE *out)
{
    int margin = snprintf(NULL, 0, "%u", problem->line);

    if (problem->excerpt[0] == '\0')
        return;
    (void)fprintf(out, "  %u | %s\n  %*s | ", problem->line, problem->excerpt, margin, "");
    for (uint32_t i = 0; i < problem->caret; i++)
        (void)fputc(' ', out);
    (void)fputc('^', out);
    for (uint32_t i = 1; i < problem->width; i++)
        (void)fputc('~', out);
    (void)fputc('\n', out);
}

static void print_one(const struct problem *problem, FILE *out, bool is_russian)
{
    (void)fprintf(out, "%s:%u:%u: %s: %s", problem->file, problem->line, problem->column,
                  is_russian ? "ошибка" : "error", is_russian ? problem->ru : problem->en);
    if (problem->suggestion[0] != '\0')
        (void)fprintf(out, is_russian ? "; может быть, «%s»?" : "; did you mean \"%s\"?",
                      problem->suggestion);
    (void)fputc('\n', out);
    print_excerpt(problem, out);
}

void problems_print(const struct problems *problems, FILE *out, const char *lang)
{
    const struct problem *sorted[PROBLEMS_KEPT];
    unsigned n = problems->count < PROBLEMS_KEPT ? problems->count : PROBLEMS_KEPT;
    bool is_russian = strcmp(lang, "ru") == 0;

    for (unsigned i = 0; i < n; i++)
        sorted[i] = &problems->kept[i];
    sort(sorted, n);
    for (unsigned i = 0; i < n; i++)
        print_one(sorted[i], out, is_russian);
    if (problems->count > n)
        (void)fprintf(out, is_russian ? "… и ещё %u\n" : "… and %u more\n", problems->count - n);
}
