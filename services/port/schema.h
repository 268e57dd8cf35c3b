/* schema.h — The names that services share, as in life they share a schema.
 *
 * A service never includes another service; what the likes service writes to the log and the
 * batcher reads from it, both read here. */
#ifndef SERVICES_PORT_SCHEMA_H
#define SERVICES_PORT_SCHEMA_H

#include <stdint.h>

enum schema_table {
    TABLE_LIKES = 1, /* likes(user_id, post_id, created_at): a = post, b = user, value = when;
                        unique (user_id, post_id). */
    TABLE_COUNTERS,  /* like_counters(post_id, n): a = post, b = 0, value = n. */
    TABLE_MENUS,     /* menus(restaurant_id, version): a = restaurant, b = 0. */
    TABLE_ORDERS,    /* orders(id, amount): a = order id (the idempotency key), b = 0,
                        value = amount in minor units. */
    TABLE_CHARGES,   /* charges(order_id, amount): a = order id, b = 0; one per order. */
    TABLE_TRIPS,     /* trips(order_id, courier): a = order id, b = 0, value = trip. */
    TABLE_OFFSETS,   /* offsets(topic, partition, next): a = topic, b = partition, value = next. */
    TABLE_CUSTOM,    /* rows(id): a = key, b = 0. */
    TABLE_KINDS
};

/* An order's amount, and a charge's, is 0 … ORDER_AMOUNT_MAX minor units: a constraint of both
 * tables. A transaction that would write another is refused whole, now and whenever it comes
 * again; so an order for more that has been put into the queue is a poison record. */
#define ORDER_AMOUNT_MAX INT64_C(1000000000000)

enum schema_space {
    SPACE_COUNT = 1, /* Likes shown for a post. */
    SPACE_LIKERS,    /* Set: who likes a post. */
    SPACE_MENU,      /* A menu, ready to send. */
    SPACE_ORDER,     /* An order's status. */
    SPACE_LEASE,     /* Who is filling a key now. */
    SPACE_CUSTOM,
    SPACE_SESSION, /* A session: the proof that its token must show. */
    SPACE_DENIED,  /* A session whose signed tokens are accepted no more. */
    SPACE_KINDS
};

enum schema_topic {
    TOPIC_LIKES = 1, /* Keyed by post. */
    TOPIC_ORDERS,    /* Keyed by area. */
    TOPIC_DEAD,      /* Records that could not be handled after all attempts. */
    TOPIC_CUSTOM,
    TOPIC_KINDS
};

enum order_status { ORDER_UNKNOWN, ORDER_ACCEPTED, ORDER_PLACED, ORDER_DISPATCHED };

#endif
