/* server.h — Real servers for tests: started by their argv, ended by their pid.
 *
 * A server has a short folder under /tmp (a socket's path must fit in sun_path), dies on Linux with
 * the test that started it (PR_SET_PDEATHSIG), and writes its output to FOLDER/log. It listens on a
 * unix socket in its folder or on 127.0.0.1, as its argv says. */
#ifndef TESTS_LIB_SERVER_H
#define TESTS_LIB_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

enum { SERVER_FOLDER_MAX = 40 };

/* Is there such a program on the PATH? */
bool server_is_installed(const char *program);

/* "/tmp/simt-XXXXXX", new and empty. */
void server_make_folder(char folder[static SERVER_FOLDER_MAX]);
void server_remove_folder(const char *folder); /* With all that is in it, two levels deep. */

/* argv ends with NULL; argv[0] is looked for on the PATH. Fails the test when there is no process
 * to be had. */
pid_t server_start(const char *folder, const char *const *argv);
/* To such a child. SIGSTOP, to one that is running: its threads all stand still on return, and not
 * some instants later, in which it would still answer. */
void server_signal(pid_t pid, int signal_number);
void server_kill(pid_t *pid); /* SIGKILL, waited for; 0 afterwards. Nothing when it is 0. */

/* ---- Redis ----------------------------------------------------------------------------------- */

struct redis_server {
    pid_t pid; /* 0: not running. */
    char folder[SERVER_FOLDER_MAX];
    char socket[SERVER_FOLDER_MAX + 8]; /* What clients are told: "/tmp/simt-XXXXXX/r". */
};

const char *redis_missing(void); /* The reason to skip, with the cure; NULL: it is installed. */

/* Empty, without persistence. redis_start waits until it answers. */
void redis_open(struct redis_server *redis);
void redis_start(struct redis_server *redis);
void redis_signal(const struct redis_server *redis, int signal_number);
void redis_kill(struct redis_server *redis);
void redis_close(struct redis_server *redis);

#endif
