/* source.h — The bytes that were given, and places in them.
 *
 * A source is a file or one --set. Its bytes are judged before anything reads them: size, valid
 * UTF-8, no control codes. After that a line and a column always mean something. */
#ifndef SIM_SCENARIO_SOURCE_H
#define SIM_SCENARIO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"

enum { SOURCE_BYTES_MAX = 1024 * 1024, SOURCE_TEXT_MAX = 4096 };

struct problems;

struct source {
    const char *name;  /* As it is shown: the path as given, or "--set". Lent by the arena. */
    const char *bytes; /* Lent by the arena; a zero follows them. */
    size_t length;
};

struct place { /* One line, a stretch of characters in it. */
    const struct source *source;
    uint32_t line, column; /* From 1, in characters. */
    uint32_t columns;      /* How long; 0: the place is the whole file. */
};

/* Reads a regular file of at most SOURCE_BYTES_MAX and judges its bytes. NULL after a problem. */
const struct source *source_read(struct arena *arena, const char *path, struct problems *problems);

/* A source from text in memory, at most SOURCE_TEXT_MAX bytes, which is copied. NULL after a
 * problem. */
const struct source *source_text(struct arena *arena, const char *name, const char *text,
                                 struct problems *problems);

/* The bytes of a line, without its break; empty when there is no such line. Lines end as in YAML
 * 1.1: LF, CR, CR LF, NEL, LS, PS. */
const char *source_line(const struct source *source, uint32_t line, size_t *length);

/* Just behind the last line that says something: where a file breaks off. */
struct place source_end(const struct source *source);

#endif
