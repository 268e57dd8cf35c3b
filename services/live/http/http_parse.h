/* http_parse.h — A strict, incremental parser of HTTP/1.1 messages: no I/O, no allocation.
 *
 * It is handed the bytes that there are so far, always from the message's beginning, and says
 * whether the message is whole. It keeps offsets and never pointers, so the bytes may move between
 * two calls. Each byte is searched once for the end of its line and looked at once when the line
 * is whole, however small the pieces are in which it comes: a client that sends a byte at a time
 * costs no more than one that sends all at once.
 *
 * What is not plain is refused, because two readers who understand a message differently are how
 * requests are smuggled (RFC 9112, section 11.2):
 *
 *   400  bare LF or CR, control bytes, obs-fold, a space before the colon, a target that does not
 *        begin with '/', no Host or two (1.1), two Content-Lengths or one that is no number,
 *        Content-Length beside Transfer-Encoding, Transfer-Encoding in HTTP/1.0
 *   411  Transfer-Encoding: chunked     413  a body over body_max     417  Expect
 *   431  a head over head_max           501  a method beyond the six, another coding, Upgrade
 *   505  a version that is not 1.0 or 1.1
 *
 * An answer must have a Content-Length (204 and 304 apart), since nothing else says where it ends
 * on a connection that stays; 1xx is refused: sim asks for none. */
#ifndef SERVICES_LIVE_HTTP_HTTP_PARSE_H
#define SERVICES_LIVE_HTTP_HTTP_PARSE_H

#include "services/live/http/http.h"

enum http_verdict {
    HTTP_MORE, /* It is fine so far. */
    HTTP_DONE, /* Head and body are whole: head_length + body_length bytes; more may follow. */
    HTTP_BAD   /* status says why, for a request as what to answer. Final. */
};

struct http_place { /* Bytes of the message. */
    uint32_t from, length;
};

struct http_parse {
    uint32_t head_max, body_max;
    bool is_answer;

    /* What has been found. The head's once head_length > 0, which may be long before the end. */
    unsigned status; /* Of an answer; of HTTP_BAD. */
    enum http_method method;
    bool is_old;      /* HTTP/1.0 */
    bool keeps_alive; /* The connection may be used again. */
    struct http_place target;
    struct http_place headers; /* All header lines, each with its CRLF. */
    uint32_t head_length;      /* With the empty line; 0: not whole yet. */
    uint32_t body_length;

    /* The parser's own. */
    uint32_t line;     /* Where the line that is coming begins. */
    uint32_t searched; /* No end of it before here. */
    uint64_t length;   /* Content-Length as sent. */
    uint8_t hosts;
    bool has_length, has_coding, is_chunked, has_expect, has_upgrade, says_close, says_keep;
};

void http_parse_begin(struct http_parse *parse, bool is_answer, uint32_t head_max,
                      uint32_t body_max);

/* bytes: the message from its first byte, `length` of them by now. Not after HTTP_BAD. */
enum http_verdict http_parse(struct http_parse *parse, const char *bytes, uint32_t length);

/* The next header of `head`, which is shortened by it; false: there is none. */
bool http_header_next(struct span *head, struct span *name, struct span *value);

bool span_is(struct span span, const char *text);          /* The same bytes. */
bool span_is_named(struct span span, const char *name);    /* In any case. */
bool span_read_number(struct span span, uint64_t *number); /* Digits alone, at most 2^64 - 1. */

#endif
