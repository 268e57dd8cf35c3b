/* utf8.h — Characters in untrusted bytes: stepping through them, and showing them safely.
 *
 * Columns are counted in characters (code points), as libyaml counts them, so that a caret stands
 * under a Cyrillic word. What a terminal could obey (control codes, and the characters that turn
 * the direction of writing) is never shown as it is. */
#ifndef SIM_SCENARIO_UTF8_H
#define SIM_SCENARIO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at `at` and its code; 0 when it is not valid UTF-8 (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF). at < end. */
size_t utf8_step(const char *at, const char *end, uint32_t *code);

/* Whole characters in the bytes; an invalid byte counts as one. */
uint32_t utf8_count(const char *at, const char *end);

/* A code that must not reach a terminal as it is: C0, C1, DEL, bidi controls, zero widths. */
bool utf8_is_unsafe(uint32_t code);

/* No unsafe code, no invalid byte. */
bool utf8_is_safe(const char *text);

/* Copies text into a buffer of `room` bytes (at least 16) with unsafe codes as \u0007 and invalid
 * bytes as \xff, cut with an ellipsis when it does not fit. Always ends with a zero. */
void utf8_show(const char *text, char *buffer, size_t room);

/* A short piece of untrusted text, ready to stand in a message: quote(word).text */
struct quoted {
    char text[176];
};
struct quoted quote(const char *text);

#endif
