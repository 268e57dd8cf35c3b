/* base64url.c — Three bytes are four letters. */
#include "services/live/tokens/base64url.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_write(char *text, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;

    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | from[i];
        for (held += 8; held >= 6; held -= 6)
            text[written++] = letters[bits >> (held - 6) & 63];
    }
    if (held > 0)
        text[written++] = letters[bits << (6 - held) & 63];
    return written;
}

/* 64: it is no letter of ours. */
static uint32_t value_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (uint32_t)(letter - 'A');
    if (letter >= 'a' && letter <= 'z')
        return (uint32_t)(letter - 'a') + 26;
    if (letter >= '0' && letter <= '9')
        return (uint32_t)(letter - '0') + 52;
    return letter == '-' ? 62 : letter == '_' ? 63 : 64;
}

bool base64url_read(void *bytes, size_t max, size_t *length, struct span text)
{
    unsigned char *to = bytes;
    uint32_t bits = 0;
    unsigned held = 0;

    *length = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t value = value_of(text.bytes[i]);

        if (value == 64)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held < 8)
            continue;
        if (*length == max)
            return false;
        held -= 8;
        to[(*length)++] = (unsigned char)(bits >> held);
    }
    return held < 6 && (bits & ((1u << held) - 1)) == 0;
}
