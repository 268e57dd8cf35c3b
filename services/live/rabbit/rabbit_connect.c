/* rabbit_connect.c — A connection to RabbitMQ, logged in, with limits to its patience. */
#include <stdio.h>
#include <string.h>

#include <amqp_tcp_socket.h>

#include "services/live/rabbit/rabbit_inside.h"

enum { FRAME_MAX = 131072, URL_MAX = SETTINGS_TEXT_MAX + 16 };

static struct timeval time_of(int ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* The text is the caller's: the parts point into it. */
static bool read_where(char url[static URL_MAX], const char *where,
                       struct amqp_connection_info *info, char why[static 160])
{
    const char *scheme = strstr(where, "://") == NULL ? "amqp://" : "";
    int length = snprintf(url, URL_MAX, "%s%s", scheme, where);

    if (length > 0 && length < URL_MAX && amqp_parse_url(url, info) == AMQP_STATUS_OK && !info->ssl)
        return true;
    snprintf(why, 160, "RabbitMQ is named as HOST:PORT or amqp://USER:PASSWORD@HOST:PORT/VHOST");
    return false;
}

bool rabbit_is_good(amqp_rpc_reply_t reply, char why[static 160])
{
    const amqp_connection_close_t *connection = reply.reply.decoded;
    const amqp_channel_close_t *channel = reply.reply.decoded;

    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return true;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        snprintf(why, 160, "%.150s", amqp_error_string2(reply.library_error));
        return false;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
            snprintf(why, 160, "%.*s",
                     connection->reply_text.len < 150 ? (int)connection->reply_text.len : 150,
                     (const char *)connection->reply_text.bytes);
        else if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
            snprintf(why, 160, "%.*s",
                     channel->reply_text.len < 150 ? (int)channel->reply_text.len : 150,
                     (const char *)channel->reply_text.bytes);
        else
            snprintf(why, 160, "the broker refuses");
        return false;
    case AMQP_RESPONSE_NONE:
        break;
    }
    snprintf(why, 160, "the broker has hung up");
    return false;
}

/* A heartbeat's unit is the second, and 0 would be none. */
static int heartbeat_s(uint64_t session_ns)
{
    uint64_t s = session_ns / 1000000000;

    return s == 0 ? 1 : s > 3600 ? 3600 : (int)s;
}

static bool log_in(amqp_connection_state_t state, const struct amqp_connection_info *info,
                   uint64_t session_ns, const struct timeval *patience, char why[static 160])
{
    amqp_set_handshake_timeout(state, patience);
    amqp_set_rpc_timeout(state, patience);
    return rabbit_is_good(amqp_login(state, info->vhost, 0, FRAME_MAX, heartbeat_s(session_ns),
                                     AMQP_SASL_METHOD_PLAIN, info->user, info->password),
                          why);
}

amqp_connection_state_t rabbit_connect(const char *where, uint64_t session_ns, int timeout_ms,
                                       void (*tell_fd)(void *context, int fd), void *context,
                                       char why[static 160])
{
    const struct timeval patience = time_of(timeout_ms);
    struct amqp_connection_info info;
    amqp_connection_state_t state;
    amqp_socket_t *socket;
    char url[URL_MAX];
    int status;

    if (!read_where(url, where, &info, why))
        return NULL;
    state = amqp_new_connection();
    socket = state == NULL ? NULL : amqp_tcp_socket_new(state);
    check(socket != NULL);
    status = amqp_socket_open_noblock(socket, info.host, info.port, &patience);
    if (status == AMQP_STATUS_OK && tell_fd != NULL)
        tell_fd(context, amqp_get_sockfd(state));
    if (status != AMQP_STATUS_OK)
        snprintf(why, 160, "%.150s", amqp_error_string2(status));
    else if (log_in(state, &info, session_ns, &patience, why))
        return state;
    if (tell_fd != NULL)
        tell_fd(context, -1);
    amqp_destroy_connection(state);
    return NULL;
}
