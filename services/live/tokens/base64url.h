/* base64url.h — Bytes as letters that a URL and a header bear (RFC 4648, section 5), read strictly.
 *
 * Without padding, as JWS wants it (RFC 7515, section 2). A text is refused when a letter is none
 * of the 64, when it has a length that no bytes have, or when bits are set that no byte takes: then
 * there is one text for any bytes, and nobody can say the same in two ways. */
#ifndef SERVICES_LIVE_TOKENS_BASE64URL_H
#define SERVICES_LIVE_TOKENS_BASE64URL_H

#include "services/live/http/http.h"

/* How long the text of so many bytes is. */
static inline size_t base64url_length(size_t bytes)
{
    return bytes / 3 * 4 + (bytes % 3 == 0 ? 0 : bytes % 3 + 1);
}

/* base64url_length(length) letters, no end mark; returns how many. */
size_t base64url_write(char *text, const void *bytes, size_t length);

/* At most max bytes; *length is how many. False: it is none, or longer. */
bool base64url_read(void *bytes, size_t max, size_t *length, struct span text);

#endif
