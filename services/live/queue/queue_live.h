/* queue_live.h — The queue port on Kafka: librdkafka, its events on our loop; or, as the settings
 * say, on RabbitMQ: librabbitmq on a thread of its own (services/live/rabbit).
 *
 * Topics are "sim-{run}-likes" and so on; a record is JSON (wire.h). Its key is ask.key in decimal
 * digits, and librdkafka's murmur2_random (Java's hash) chooses the partition by it, so that one
 * key's records keep their order. Delivery reports and fetched messages come through an eventfd;
 * no thread of librdkafka ever calls us.
 *
 * put completes with its delivery report: CALL_OK when acknowledged as `acks` says, CALL_FAILED
 * and CALL_TIMEOUT when it may be in the log all the same, or get there within ten seconds;
 * CALL_REFUSED when it is not and will not be, also when 65536 are on their way. The producer is
 * idempotent on a real broker with acks all, and not on the embedded one, which would lose records
 * (findings: it has no sequence check); there a lost acknowledgement makes a record twice.
 *
 * take answers records of one partition in offset order, at most 4096. A partition that is
 * assigned is read from the offset in SQL (TABLE_OFFSETS, through `offsets`) and not from Kafka's:
 * rows and offset were one transaction there. Offsets that retention has dropped are counted as
 * gaps, records below one that this process was given before as redelivered. While the group is
 * sharing out, a take is CALL_FAILED after 100 ms; so are those that wait when partitions are
 * given back, or when the connection to the last broker breaks. commit is Kafka's own, for those
 * who watch the lag from outside, and never goes back.
 *
 * record.put_ns is the message's timestamp, a wall clock's, in milliseconds, as time of this
 * process's run. A group's session lasts 6 s on the embedded broker, session_ns elsewhere (at
 * least 6 s, by default 45); rebalance_ns is a broker's own setting and is not used.
 *
 * On RabbitMQ topics are durable queues of the same names in the default exchange, a record is the
 * same JSON, persistent, and put_ns is a header of it. put completes with the broker's confirm
 * (acks none: when it has left); it waits for a connection until its timeout, and is CALL_FAILED
 * when the one that it went by breaks. take has up to `prefetch` deliveries to answer from.
 *
 * Statistics: queue_batches are the producer's, of which something was acknowledged; records in
 * TOPIC_DEAD are in queue_put and queue_dead, and not in log_put and log_end; queue_committed
 * counts records (RabbitMQ: queue_batches are the broker's confirms, log_put[0] all puts but dead
 * letters); queue_rebalances is how often this member was given partitions, or none. */
#ifndef SERVICES_LIVE_QUEUE_QUEUE_LIVE_H
#define SERVICES_LIVE_QUEUE_QUEUE_LIVE_H

#include "services/live/loop/loop.h"
#include "services/live/node/settings.h"
#include "services/port/queue.h"
#include "services/port/schema.h"
#include "services/port/table.h"

enum { QUEUE_EMBEDDED_SESSION_MS = 6000 };

struct node_stats;
struct queue_live;

/* Producer and consumer are made on first use. offsets: where consumers' offsets are kept; NULL:
 * Kafka's. NULL with the reason when librdkafka refuses the settings. */
struct queue_live *queue_live_open(struct loop *loop, const struct queue_settings *settings,
                                   const char *run, struct table *offsets, struct node_stats *stats,
                                   char why[static 160]);

/* Before the loop runs, for who will put: makes the producer now and asks the brokers who they are,
 * blocking for up to timeout_ms, so that the first record does not wait for it. */
void queue_live_greet(struct queue_live *queue, int timeout_ms);

/* Blocks: leaves the group, for up to a second; waits up to a second for what was put. Calls that
 * are pending never end, save those whose end the loop knows of, if it runs on. */
void queue_live_close(struct queue_live *queue);
struct queue *queue_live_port(struct queue_live *queue);

/* ---- For the lab: blocking --------------------------------------------------------------------*/

/* Fills the number of brokers when they answer within timeout_ms. False: why not, in librdkafka's
 * words. */
bool queue_probe(const char *brokers, int timeout_ms, unsigned *brokers_max, char why[static 160]);

/* Makes the run's topics (on a real broker; the embedded one has made its own) and waits until
 * their leaders are known. */
bool queue_make_topics(const struct queue_settings *settings, const char *run,
                       char why[static 160]);
bool queue_drop_topics(const struct queue_settings *settings, const char *run,
                       char why[static 160]);

/* Where each partition of a topic ends: ends[partitions]. */
bool queue_read_ends(const struct queue_settings *settings, const char *run,
                     enum schema_topic topic, uint64_t *ends, char why[static 160]);

#endif
