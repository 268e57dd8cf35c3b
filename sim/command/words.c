/* words.c — Reads and writes single words. */
#include "sim/command/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *words_value(const char *name, int argc, char **argv, int *place)
{
    const char *word = argv[*place];
    size_t length = strlen(name);

    if (strncmp(word, name, length) != 0)
        return NULL;
    if (word[length] == '=')
        return word + length + 1;
    return word[length] == '\0' && *place + 1 < argc ? argv[++*place] : NULL;
}

bool words_number(const char *word, uint64_t max, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(word, &end, 10);
    return errno == 0 && word[0] >= '0' && word[0] <= '9' && *end == '\0' && *number <= max;
}

/* A single quote inside single quotes: they end, it is said with a backslash, they begin again. */
static void put_quoted(FILE *line, const char *word)
{
    putc('\'', line);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", line);
        else
            putc(*word, line);
    putc('\'', line);
}

void words_put(FILE *line, const char *before, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=:%,";

    fputs(before, line);
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
        fputs(word, line);
    else
        put_quoted(line, word);
}
