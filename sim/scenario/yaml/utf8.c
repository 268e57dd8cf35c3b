/* utf8.c — Characters in untrusted bytes.
 *
 * The decoder follows table 3-7 of the Unicode standard ("well-formed UTF-8 byte sequences"): the
 * first byte fixes the length and, for four of them, a narrower range of the second. */
#include "sim/scenario/yaml/utf8.h"

#include <stdio.h>
#include <string.h>

enum { QUOTED_CHARACTERS_MAX = 40 };

static size_t length_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

static bool second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF; /* Else it is overlong. */
    case 0xED:
        return second >= 0x80 && second <= 0x9F; /* Else it is a surrogate. */
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F; /* Else it is above U+10FFFF. */
    default:
        return second >= 0x80 && second <= 0xBF;
    }
}

size_t utf8_step(const char *at, const char *end, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)at;
    size_t length = length_of(bytes[0]);

    if (length == 0 || length > (size_t)(end - at))
        return 0;
    if (length == 1) {
        *code = bytes[0];
        return 1;
    }
    if (!second_fits(bytes[0], bytes[1]))
        return 0;
    *code = bytes[0] & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        *code = (*code << 6) | (bytes[i] & 0x3FU);
    }
    return length;
}

uint32_t utf8_count(const char *at, const char *end)
{
    uint32_t count = 0, code;

    while (at < end) {
        size_t length = utf8_step(at, end, &code);

        at += length == 0 ? 1 : length;
        count++;
    }
    return count;
}

bool utf8_is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x2069) ||
           code == 0xFEFF || code == 0x61C || code == 0xAD;
}

bool utf8_is_safe(const char *text)
{
    const char *end = text + strlen(text);
    uint32_t code;

    while (text < end) {
        size_t length = utf8_step(text, end, &code);

        if (length == 0 || utf8_is_unsafe(code))
            return false;
        text += length;
    }
    return true;
}

/* Writes one character, at most 10 bytes, and says how many bytes of text it was. */
static size_t show_one(const char *at, const char *end, char shown[16])
{
    uint32_t code;
    size_t length = utf8_step(at, end, &code);

    if (length == 0) {
        (void)snprintf(shown, 16, "\\x%02x", (unsigned char)*at);
        return 1;
    }
    if (utf8_is_unsafe(code)) {
        (void)snprintf(shown, 16, "\\u%04x", (unsigned)code);
    } else {
        memcpy(shown, at, length);
        shown[length] = '\0';
    }
    return length;
}

static void show(const char *text, char *buffer, size_t room, size_t characters_max)
{
    static const char ellipsis[] = "…";
    const char *end = text + strlen(text);
    size_t used = 0;

    for (size_t n = 0; text < end; n++) {
        char shown[16];
        size_t length = show_one(text, end, shown);

        if (n == characters_max || used + strlen(shown) + sizeof ellipsis > room) {
            memcpy(buffer + used, ellipsis, sizeof ellipsis - 1);
            used += sizeof ellipsis - 1;
            break;
        }
        memcpy(buffer + used, shown, strlen(shown));
        used += strlen(shown);
        text += length;
    }
    buffer[used] = '\0';
}

void utf8_show(const char *text, char *buffer, size_t room)
{
    show(text, buffer, room, SIZE_MAX);
}

struct quoted quote(const char *text)
{
    struct quoted quoted;

    show(text, quoted.text, sizeof quoted.text, QUOTED_CHARACTERS_MAX);
    return quoted;
}
