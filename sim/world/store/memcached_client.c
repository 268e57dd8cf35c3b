/* memcached_client.c — A node's side of memcached: connections that carry one command at a time.
 *
 *   asked -> in line -> on its connection: there, served, back -> ended
 *               ^          |                              |
 *               |          | the next step of add_if_new  | the connection's next in line
 *               |          +------------------------------+
 *
 * memcached gives each connection, when it is accepted, to one of its threads by turns and for good
 * (memcached/thread.c, dispatch_conn_new): its threads share no line, and an idle one helps nobody.
 * A client has as many connections as the server has threads, one on each, and a key always goes
 * over the same one, so that commands on a key keep their order. Different nodes have a key on
 * different threads.
 *
 * As the live client does, a connection drops from its line what nobody waits for any more, and
 * does not go on with a second step whose asker has given up: the counter then is one off. A
 * message that is lost frees its connection at once, as if the client had made another. */
#include "sim/world/store/store_inside.h"

struct store_connection {
    struct list waiting; /* struct store_command */
    uint32_t thread;
    bool is_busy;
};

static struct store_connection *connection_of(struct store_model *model, uint32_t node,
                                              uint64_t key)
{
    uint64_t nth = map_hash(key, 0) % model->threads_max;
    bool is_new;
    uint64_t *place = map_put(&model->connections, node, nth, &is_new);
    struct store_connection *connection;

    if (!is_new)
        return (struct store_connection *)(uintptr_t)*place;
    connection = arena_take(model->arena, sizeof *connection);
    *place = (uint64_t)(uintptr_t)connection;
    *connection = (struct store_connection){.thread = (node + (uint32_t)nth) % model->threads_max};
    list_init(&connection->waiting);
    return connection;
}

static void send_or_lose(struct store_model *model, struct store_command *command)
{
    struct store_connection *connection = command->connection;

    if (store_model_send(model, command))
        return;
    connection->is_busy = false;
    op_lost(&command->op, &model->commands);
}

/* Is there still somebody, or was there never to be anybody? */
static bool is_wanted(const struct store_command *command)
{
    return command->is_for_nobody ? command->op.epoch == command->op.node->epoch
                                  : op_is_waited_for(&command->op);
}

static void carry_next(struct store_model *model, struct store_connection *connection)
{
    struct link *first;

    while (!connection->is_busy && (first = list_take_first(&connection->waiting)) != NULL) {
        struct store_command *command = list_entry(first, struct store_command, link);

        if (is_wanted(command)) {
            connection->is_busy = true;
            send_or_lose(model, command);
        } else {
            op_end(&command->op, CALL_REFUSED, 0, NULL, &model->commands);
        }
    }
}

void memcached_client_ask(struct store_model *model, struct store_command *command)
{
    const struct store_asked *asked = &command->asked;
    uint64_t key = asked->verb == STORE_ADD_IF_NEW ? asked->counter : asked->key;

    command->connection = connection_of(model, command->op.node->id, key);
    command->thread = &model->threads[command->connection->thread];
    command->steps = (struct two_steps){TWO_STEPS_MEMBER, CALL_IDLE, 0};
    list_push_last(&command->connection->waiting, &command->link);
    carry_next(model, command->connection);
}

/* True: it is not over. */
static bool goes_on(struct store_model *model, struct store_command *command)
{
    struct two_steps *steps = &command->steps;

    if (command->asked.verb != STORE_ADD_IF_NEW)
        return false;
    two_steps_answered(steps, command->outcome, command->value);
    if (steps->step != TWO_STEPS_ENDED && is_wanted(command)) {
        send_or_lose(model, command);
        return true;
    }
    command->outcome = steps->outcome;
    command->value = steps->value;
    return false;
}

void memcached_client_answered(struct store_model *model, struct store_command *command)
{
    struct store_connection *connection = command->connection;

    if (!goes_on(model, command)) {
        connection->is_busy = false;
        op_end(&command->op, command->outcome, command->value, NULL, &model->commands);
    }
    carry_next(model, connection);
}

void memcached_client_lost(struct store_model *model, struct store_command *command)
{
    struct store_connection *connection = command->connection;

    connection->is_busy = false;
    op_lost(&command->op, &model->commands);
    carry_next(model, connection);
}
