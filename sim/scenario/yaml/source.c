/* source.c — Reading what may be anything.
 *
 * A scenario may be named by somebody else (a classroom's shared folder, a bug report), so a path
 * may be a pipe that never ends or a device that never says no. It is opened without waiting, must
 * be a regular file, and no more than the limit is read even if it grows meanwhile. */
#define _GNU_SOURCE /* O_CLOEXEC, fstat under -std=c11. */
#include "sim/scenario/yaml/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/scenario/problems/problems.h"
#include "sim/scenario/yaml/utf8.h"

static struct place whole(const struct source *source)
{
    return (struct place){.source = source, .line = 1, .column = 1, .columns = 0};
}

/* The bytes of the line break at `at`; 0 when there is none. */
static size_t line_break(const char *at, const char *end)
{
    size_t left = (size_t)(end - at);

    if (left == 0)
        return 0;
    if (at[0] == '\n')
        return 1;
    if (at[0] == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (left >= 2 && memcmp(at, "\xC2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(at, "\xE2\x80\xA8", 3) == 0 || memcmp(at, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

const char *source_line(const struct source *source, uint32_t line, size_t *length)
{
    const char *at = source->bytes, *end = source->bytes + source->length, *start;

    for (uint32_t n = 1; n < line && at < end; n++) {
        while (at < end && line_break(at, end) == 0)
            at++;
        at += line_break(at, end);
    }
    for (start = at; at < end && line_break(at, end) == 0;)
        at++;
    *length = (size_t)(at - start);
    return start;
}

static struct place place_of(const struct source *source, const char *at)
{
    struct place place = {.source = source, .line = 1, .column = 1, .columns = 1};
    const char *start = source->bytes, *end = source->bytes + source->length;

    for (const char *walk = start; walk < at;) {
        size_t length = line_break(walk, end);

        walk += length == 0 ? 1 : length;
        if (length > 0) {
            place.line++;
            start = walk;
        }
    }
    place.column += utf8_count(start, at);
    return place;
}

struct place source_end(const struct source *source)
{
    const char *end = source->bytes + source->length;

    while (end > source->bytes && (unsigned char)end[-1] <= ' ')
        end--;
    return place_of(source, end);
}

static bool is_control(uint32_t code)
{
    if (code == '\t' || code == '\n' || code == '\r' || code == 0x85)
        return false;
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0xFFFE || code == 0xFFFF;
}

/* False, and a problem at the first bad byte, unless all is UTF-8 text. */
static bool bytes_are_text(const struct source *source, struct problems *problems)
{
    const char *at = source->bytes, *end = source->bytes + source->length;
    uint32_t code;

    while (at < end) {
        size_t length = utf8_step(at, end, &code);

        if (length == 0) {
            problem_at(problems, place_of(source, at), NULL,
                       "byte 0x%02x is not valid UTF-8; save the file as UTF-8",
                       "байт 0x%02x не UTF-8; сохраните файл в UTF-8", (unsigned char)*at);
            return false;
        }
        if (is_control(code)) {
            problem_at(problems, place_of(source, at), NULL,
                       "control character U+%04X is not allowed",
                       "управляющий символ U+%04X не допускается", (unsigned)code);
            return false;
        }
        at += length;
    }
    return true;
}

static void skip_byte_order_mark(struct source *source)
{
    if (source->length >= 3 && memcmp(source->bytes, "\xEF\xBB\xBF", 3) == 0) {
        source->bytes += 3;
        source->length -= 3;
    }
}

static const char *copy_text(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    char *copy = arena_take(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

static struct text reason(int error)
{
    if (error == ENOENT)
        return (struct text){"there is no such file; sim list names the scenarios that there are",
                             "такого файла нет; какие сценарии есть, скажет sim list"};
    if (error == EACCES || error == EPERM)
        return (struct text){"reading it is not allowed", "нет прав на чтение"};
    return (struct text){"the system cannot read it", "система не может это прочесть"};
}

static struct source *source_new(struct arena *arena, const char *name)
{
    struct source *source = arena_take(arena, sizeof *source);

    source->name = copy_text(arena, name);
    source->bytes = "";
    return source;
}

/* Reads at most length bytes. False on an error of the system. */
static bool read_all(int file, char *bytes, size_t length, size_t *got)
{
    *got = 0;
    while (*got < length) {
        ssize_t n = read(file, bytes + *got, length - *got);

        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            *got += (size_t)n;
    }
    return true;
}

static struct text not_regular(mode_t mode)
{
    if (S_ISDIR(mode))
        return (struct text){"this is a folder, not a file", "это папка, а не файл"};
    if (S_ISFIFO(mode))
        return (struct text){"this is a pipe, not a file", "это канал, а не файл"};
    return (struct text){"this is a device or a socket, not a file",
                         "это устройство или сокет, а не файл"};
}

/* Regular and not too long, or a problem. */
static bool is_readable(int file, const struct source *source, size_t *length,
                        struct problems *problems)
{
    struct stat facts;

    if (fstat(file, &facts) != 0) {
        problem_say(problems, whole(source), reason(errno), NULL);
        return false;
    }
    if (!S_ISREG(facts.st_mode)) {
        problem_say(problems, whole(source), not_regular(facts.st_mode), NULL);
        return false;
    }
    if (facts.st_size > SOURCE_BYTES_MAX) {
        problem_at(problems, whole(source), NULL,
                   "the file has %lld bytes; a scenario has at most 1 MiB",
                   "в файле %lld байт; сценарий не больше 1 МиБ", (long long)facts.st_size);
        return false;
    }
    *length = (size_t)facts.st_size;
    return true;
}

static bool fill(int file, struct source *source, struct arena *arena, struct problems *problems)
{
    size_t length;
    char *bytes;

    if (!is_readable(file, source, &length, problems))
        return false;
    bytes = arena_take(arena, length + 1);
    if (!read_all(file, bytes, length, &source->length)) {
        problem_say(problems, whole(source), reason(errno), NULL);
        return false;
    }
    source->bytes = bytes;
    skip_byte_order_mark(source);
    return bytes_are_text(source, problems);
}

const struct source *source_read(struct arena *arena, const char *path, struct problems *problems)
{
    struct source *source = source_new(arena, path);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool is_good;

    if (file < 0) {
        problem_say(problems, whole(source), reason(errno), NULL);
        return NULL;
    }
    is_good = fill(file, source, arena, problems);
    (void)close(file);
    return is_good ? source : NULL;
}

const struct source *source_text(struct arena *arena, const char *name, const char *text,
                                 struct problems *problems)
{
    struct source *source = source_new(arena, name);

    if (strlen(text) > SOURCE_TEXT_MAX) {
        problem_at(problems, whole(source), NULL, "longer than %d bytes", "длиннее %d байт",
                   SOURCE_TEXT_MAX);
        return NULL;
    }
    source->bytes = copy_text(arena, text);
    source->length = strlen(text);
    return bytes_are_text(source, problems) ? source : NULL;
}
