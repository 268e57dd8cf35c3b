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
 * `user`, `zone` and `amount` (and `key`, where the URL does not hold it) may stand in the query of
 * every one of them, or in its body where it has one; unknown names are ignored, names given twice
 * are refused. likes need their user; an order needs all but its zone. A key has 56 bits, as in the
 * store (STORE_ID_MAX); users and ids have 64.
 *
 * Headers for every one of them, all optional: X-Attempt, X-Priority, X-Deadline-Us (microseconds
 * left, so that clocks need not agree; rounded down), X-Request-Id (ask.id where neither the URL
 * nor Idempotency-Key holds it: a whole number). A body is filled with spaces up to ask.bytes;
 * X-Bytes, ASK_BYTES_MAX at most, says ask.bytes where the body's size does not (its JSON is
 * longer, or it would be over HTTP_BODY_MAX).
 *
 *   outcome    CALL_OK 200   _ABSENT 200 or 404   _TIMEOUT 504   _SHED 503   _REFUSED 502
 *              _FAILED 500
 *
 * CALL_ABSENT is an answer, with "absent":true in its body: a like that was there already is 200
 * {"new":false,"absent":true}; an order that nobody knows is 404 (200 where there is a value to
 * tell: an order that waits in the queue is "accepted"). The value stands under the verb's word:
 *
 *   like     new (true, false for 1, 0)       unlike  removed (true, false)    count  likes
 *   track    status (unknown, accepted, placed, dispatched)                    menu   version
 *   order    order                            call, health  value
 *
 * and beside "error" in the bodies of the other outcomes, where it is not 0. */
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

/* The status, and the JSON into `text`; returns the JSON's length. What http_reply is to put behind
 * it, so that the body has `bytes` in all, is wire_filler(length, bytes). */
size_t wire_write_answer(char text[static WIRE_ANSWER_MAX], const struct ask *ask,
                         enum call_outcome outcome, int64_t value, unsigned *status);

/* 0 when `length` is more; at most so much that the body stays within HTTP_BODY_MAX. A balancer
 * that hands on an answer (bytes: exchange.body.length) thereby gives it the same size again. */
uint32_t wire_filler(size_t length, uint32_t bytes);

/* What an exchange that ended means to who asked. An answer that is none of ours is CALL_FAILED. */
enum call_outcome wire_read_answer(const struct ask *ask, const struct http_exchange *exchange,
                                   int64_t *value);

/* A record of the log: every field of the ask but the deadline, which is over by then. */
size_t wire_write_record(char text[static WIRE_RECORD_MAX], const struct ask *ask);
bool wire_read_record(struct ask *ask, struct span text); /* False: it is none of ours. */

#endif
