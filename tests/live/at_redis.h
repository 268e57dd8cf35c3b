/* at_redis.h — What tests of the live store share: the operator's client, and patience. */
#ifndef TESTS_LIVE_AT_REDIS_H
#define TESTS_LIVE_AT_REDIS_H

#include "tests/lib/port_rig.h"

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "services/live/store/store_inside.h"
#include "services/port/schema.h"
#include "tests/lib/server.h"

static const uint64_t likers = (uint64_t)SPACE_LIKERS << 56 | 1;
static const uint64_t count = (uint64_t)SPACE_COUNT << 56 | 1;

static inline struct store_live *inside_of(struct rig *rig)
{
    return (struct store_live *)rig->ports.store;
}

/* A store of its own on the rig's loop, beside the rig's. */
static inline struct store_live *open_beside(struct rig *rig, const char *server)
{
    struct store_live *store = store_live_open(&rig->loop, server, "rig", &rig->stats);

    assert_non_null(store);
    return store;
}

/* What redis-cli would say; integers and strings as text. */
static inline void operate(struct rig *rig, char *answer, size_t answer_max, const char *command)
{
    redisContext *context = redisConnectUnix(rig_redis(rig)->socket);
    redisReply *reply;

    assert_non_null(context);
    assert_int_equal(context->err, 0);
    reply = redisCommand(context, command);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_INTEGER)
        snprintf(answer, answer_max, "%lld", reply->integer);
    else
        snprintf(answer, answer_max, "%s", reply->str == NULL ? "(nil)" : reply->str);
    freeReplyObject(reply);
    redisFree(context);
}

static inline void assert_says(struct rig *rig, const char *command, const char *expected)
{
    char answer[4096];

    operate(rig, answer, sizeof answer, command);
    assert_string_equal(answer, expected);
}

/* Asks until it is served. */
static inline void wait_until_served(struct rig *rig)
{
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;
    struct rig_question q;

    do {
        rig_pass(rig, MS(10));
        store_get(rig->ports.store, rig_ask(rig, &q), count, MS(500));
        rig_wait(&q);
    } while (q.call.outcome != CALL_OK && q.call.outcome != CALL_ABSENT &&
             rig_now_ns(rig) < limit_ns);
    assert_true(q.call.outcome == CALL_OK || q.call.outcome == CALL_ABSENT);
}

#endif
