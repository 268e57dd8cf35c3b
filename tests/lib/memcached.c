/* memcached.c — A memcached of the test's own: started, stopped, killed by its pid. */
#include "tests/lib/test.h"

#include "tests/lib/memcached.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "services/live/memcached/memcached_live.h"

enum { TRIES = 1500 }; /* Of 20 ms. */

const char *memcached_missing(void)
{
    if (server_is_installed("memcached"))
        return NULL;
    return "memcached is not installed; `./bootstrap.sh test` installs it, or by hand: "
           "apt install memcached; dnf install memcached; brew install memcached";
}

void memcached_start(struct memcached_server *server)
{
    const char *argv[] = {"memcached",
                          "-s",
                          server->socket,
                          "-a",
                          "0700",
                          "-t",
                          "4",
                          "-m",
                          server->memory,
                          "-o",
                          "slab_automove=0",
                          geteuid() == 0 ? "-u" : NULL,
                          "root",
                          NULL};
    char version[32], why[160] = "";

    server->pid = server_start(server->folder, argv);
    for (int i = 0; i < TRIES; i++) {
        if (memcached_probe(server->socket, version, why))
            return;
        assert_int_equal(waitpid(server->pid, NULL, WNOHANG), 0);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    fail_msg("memcached does not answer: %s", why);
}

void memcached_open(struct memcached_server *server)
{
    *server = (struct memcached_server){.memory = "64"};
    server_make_folder(server->folder);
    snprintf(server->socket, sizeof server->socket, "%s/m", server->folder);
    memcached_start(server);
}

void memcached_signal(const struct memcached_server *server, int signal_number)
{
    server_signal(server->pid, signal_number);
}

void memcached_kill(struct memcached_server *server)
{
    server_kill(&server->pid);
}

void memcached_close(struct memcached_server *server)
{
    memcached_kill(server);
    server_remove_folder(server->folder);
}
