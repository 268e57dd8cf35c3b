/* wire.h — An ask as an HTTP request, an answer as JSON, a record of the log as JSON; and back.
 *
 * The API is documented in openapi.yaml beside this file. In short:
 *
 *   POST   /posts/{key}/likes          {"user": 7}                              like
 *   DELETE /posts/{key}/likes?user=7                                            unlike
 *   GET    /posts/{key}/likes?user=7                                            count
 *   GET    /restaurants/{key}/menu?user=7                                       menu
 *   POST   /orders                     {"restaurant":1,"user":7,"zone":3,"amount":120000}
 *                                      Idempotency-Key: id                      order
 *   GET    /orders/{id}?user=7                                                  track
 *   POST   /call/{key}                 {"user": 7}                              custom
 *   GET    /healthz
 *
 * Headers for every one of them, all optional: X-Attempt, X-Priority, X-Deadline-Us (microseconds
 * left, so that clocks need not agree), X-Request-Id (ask.id where the URL does not hold it). A
 * body is filled with spaces up to ask.bytes.
 *
 *   outcome    CALL_OK 200   _ABSENT 200 or 404   _TIMEOUT 504   _SHED 503   _REFUSED 502
 *              _FAILED 500
 *
 * CALL_ABSENT is an answer: a like that was there already is 200 {"new":false}; an order that
 * nobody knows is 404. The value is in the body under the verb's own word ("likes", "status" …). */
#ifndef SERVICES_LIVE_HTTP_WIRE_H
#define SERVICES_LIVE_HTTP_WIRE_H

#include "services/live/http/http.h"
#include "services/port/ask.h"

enum { WIRE_ASK_MAX = 1024, WIRE_ANSWER_MAX = 256, WIRE_RECORD_MAX = 320 };

/* The request's text into `text` (without its filler: its length in bytes is added to
 * Content-Length, and is *filler). Returns its length. */
size_t wire_write_ask(char text[static WIRE_ASK_MAX], const struct ask *ask,
                      const struct address *to, uint64_t now_ns, uint32_t *filler);

enum wire_verdict {
    WIRE_ASK,        /* It is one of ours. */
    WIRE_NOT_FOUND,  /* 404 */
    WIRE_NOT_METHOD, /* 405 */
    WIRE_MALFORMED   /* 400: why names what is wrong, for the answer's body. */
};
enum wire_verdict wire_read_ask(struct ask *ask, const struct http_request *request,
                                uint64_t now_ns, const char **why);

/* The status, and the JSON into `text`; returns the JSON's length. */
size_t wire_write_answer(char text[static WIRE_ANSWER_MAX], const struct ask *ask,
                         enum call_outcome outcome, int64_t value, unsigned *status);

/* What an exchange that ended means to who asked. */
enum call_outcome wire_read_answer(const struct ask *ask, const struct http_exchange *exchange,
                                   int64_t *value);

/* A record of the log: every field of the ask but the deadline, which is over by then. */
size_t wire_write_record(char text[static WIRE_RECORD_MAX], const struct ask *ask);
bool wire_read_record(struct ask *ask, struct span text); /* False: it is none of ours. */

#endif
