/* http_rig.h — A loop, a server on it, and clients that are bare sockets: for the tests of http.
 *
 * Everything is on one thread: who waits for bytes runs the loop meanwhile, for at most WAIT_NS. So
 * a test reads from top to bottom, and waits for what happens instead of for time to pass. */
#ifndef TESTS_LIVE_HTTP_RIG_H
#define TESTS_LIVE_HTTP_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/live/http/http.h"

#define MS UINT64_C(1000000)
#define WAIT_NS (20000 * MS)

enum { RIG_TEXT = 512 * 1024 };

/* What malloc has given out; NULL where no sanitizer counts it. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static inline struct span text_span(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* One short stretch of the loop. */
static inline void rig_turn(struct loop *loop)
{
    loop_enter(loop);
    (void)loop_run(loop, loop_now_ns(loop) + MS / 2);
}

/* Runs the loop until the condition holds, and says whether it did. */
#define rig_until(loop, condition)                                                                 \
    do {                                                                                           \
        uint64_t rig_end = loop_clock_ns() + WAIT_NS;                                              \
        while (!(condition) && loop_clock_ns() < rig_end)                                          \
            rig_turn(loop);                                                                        \
        assert_true(condition);                                                                    \
    } while (0)

static inline int socket_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Without waiting for the server to take it, beyond what the loop does meanwhile. */
static inline void socket_say(struct loop *loop, int fd, const char *bytes, size_t length)
{
    uint64_t end = loop_clock_ns() + WAIT_NS;

    while (length > 0 && loop_clock_ns() < end) {
        ssize_t sent = send(fd, bytes, length, MSG_DONTWAIT);

        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno != EAGAIN) {
            return; /* The other side has closed: what it said before is still to be read. */
        } else {
            rig_turn(loop);
        }
    }
    assert_int_equal(length, 0);
}

static inline void socket_say_text(struct loop *loop, int fd, const char *text)
{
    socket_say(loop, fd, text, strlen(text));
}

/* Reads into `text` until it holds `length` bytes or the other side has closed, and ends it with a
 * zero. Returns how many there are. */
static inline size_t socket_hear(struct loop *loop, int fd, char *text, size_t length)
{
    uint64_t end = loop_clock_ns() + WAIT_NS;
    size_t got = 0;

    while (got < length && loop_clock_ns() < end) {
        ssize_t n = recv(fd, text + got, length - got, MSG_DONTWAIT);

        if (n > 0)
            got += (size_t)n;
        else if (n == 0 || errno != EAGAIN)
            break;
        else
            rig_turn(loop);
    }
    text[got] = '\0';
    return got;
}

/* Everything, until the other side closes: it must. */
static inline size_t socket_hear_all(struct loop *loop, int fd, char text[static RIG_TEXT])
{
    uint64_t begin_ns = loop_clock_ns();
    size_t got = socket_hear(loop, fd, text, RIG_TEXT - 1);

    assert_true(loop_clock_ns() - begin_ns < WAIT_NS);
    return got;
}

#endif
