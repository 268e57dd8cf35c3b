/* process.h — Starting a program by its argv, never by a shell, so that it cannot outlive us.
 *
 * The child is in a process group of its own (Ctrl-C is ours to handle), asks the kernel to be
 * killed when we die (PR_SET_PDEATHSIG, and looks whether we have died meanwhile), has a pipe as
 * standard input, a pipe as standard output and a log file as standard error. */
#ifndef SIM_LAB_PROCESS_H
#define SIM_LAB_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/lab/message.h"

struct process {
    pid_t pid;     /* 0: not running. */
    int input;     /* We write: its standard input; -1: none. */
    int output;    /* We read: its standard output; -1: closed. */
    int status;    /* Of waitpid, once it has ended. */
    char log[160]; /* The path of its standard error. */
    char name[64];
};

/* argv[0] is a path or is looked for on the PATH. False: errno, nothing was started. */
bool process_start(struct process *process, const char *name, const char *const *argv,
                   const char *log);

/* The first line of its standard output, without its end. False: it ended or deadline_ms passed;
 * why then has the end of its log. */
bool process_wait_line(struct process *process, int deadline_ms, char *line, size_t line_max,
                       struct message *why);

/* Until it says something or ends. False: deadline_ms passed, or *is_interrupted (may be NULL). */
bool process_wait_word(const struct process *process, int deadline_ms,
                       const atomic_bool *is_interrupted);

/* How it ended, and the end of its log. It has been reaped. */
void process_tell_end(struct process *process, struct message *why);

bool process_is_running(struct process *process); /* Reaps it when it has ended. */
void process_signal(struct process *process, int signal_number);

/* SIGTERM, up to deadline_ms for it to go, then SIGKILL; reaped, pipes closed. */
void process_stop(struct process *process, int deadline_ms);
void process_kill(struct process *process); /* SIGKILL at once; reaped. */

#endif
