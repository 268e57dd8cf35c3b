/* memcached.h — A memcached of the test's own, on a unix socket in a short folder. */
#ifndef TESTS_LIB_MEMCACHED_H
#define TESTS_LIB_MEMCACHED_H

#include "tests/lib/server.h"

struct memcached_server {
    pid_t pid; /* 0: not running. */
    char folder[SERVER_FOLDER_MAX];
    char socket[SERVER_FOLDER_MAX + 8]; /* What clients are told: "/tmp/simt-XXXXXX/m". */
    const char *memory;                 /* -m; "64" after memcached_open. */
};

const char *memcached_missing(void); /* The reason to skip, with the cure; NULL: it is installed. */

/* Empty. memcached_start waits until it answers. */
void memcached_open(struct memcached_server *server);
void memcached_start(struct memcached_server *server);
void memcached_signal(const struct memcached_server *server, int signal_number);
void memcached_kill(struct memcached_server *server);
void memcached_close(struct memcached_server *server);

#endif
