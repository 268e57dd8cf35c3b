/* postgres.h — A throw-away PostgreSQL server for a test.
 *
 * A cluster of its own in a folder under /tmp, on 127.0.0.1 and a port that was free, with the
 * settings that PostgreSQL comes with. It refuses to run as root, so as root it is run as
 * `postgres`, or else `nobody`. It dies with the test. Where PostgreSQL is not installed
 * postgres_open says so, and the test skips what wants it, loudly (exit 77). */
#ifndef TESTS_LIB_POSTGRES_H
#define TESTS_LIB_POSTGRES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct postgres_server {
    char folder[32], programs[96], url[128];
    uint16_t port;
    pid_t pid; /* 0: stopped. */
};

/* Makes the cluster and starts it; returns when it answers. */
bool postgres_open(struct postgres_server *server, char why[static 160]);
void postgres_remove(struct postgres_server *server); /* Stops it and removes the folder. */

void postgres_stop(struct postgres_server *server); /* SIGQUIT: at once, as in a crash. */
void postgres_start(struct postgres_server *server);

/* SIGSTOP for it and all of its backends; or SIGCONT. */
void postgres_freeze(const struct postgres_server *server, bool is_frozen);

/* psql with a text: has it worked? The second returns at once, and its pid is to be waited for. */
bool postgres_tell(const struct postgres_server *server, const char *text);
pid_t postgres_begin_to_tell(const struct postgres_server *server, const char *text);

#endif
