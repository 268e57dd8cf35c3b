/* process.c — fork, a few calls that are safe between fork and exec, exec; pipes; waiting.
 *
 * The child learns of a failed exec by itself: it writes errno to a pipe that closes when exec
 * succeeds, so process_start tells "no such program" from a program that ended at once. */
#define _GNU_SOURCE
#include "sim/lab/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { LOOK_MS = 50, LOG_END = 300 };

struct pipes {
    int input[2], output[2], trouble[2]; /* Read end, write end. */
    int log;
};

static void close_all(struct pipes *pipes)
{
    int *all[] = {&pipes->input[0],   &pipes->input[1],   &pipes->output[0], &pipes->output[1],
                  &pipes->trouble[0], &pipes->trouble[1], &pipes->log};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i] >= 0) {
            close(*all[i]);
            *all[i] = -1;
        }
}

static bool open_all(struct pipes *pipes, const char *log)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, -1};
    pipes->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (pipes->log >= 0 && pipe2(pipes->input, O_CLOEXEC) == 0 &&
        pipe2(pipes->output, O_CLOEXEC) == 0 && pipe2(pipes->trouble, O_CLOEXEC) == 0)
        return true;
    close_all(pipes);
    return false;
}

/* In the child: only calls that are safe after fork. A parent that died before prctl would leave us
 * alone for ever, so we look. */
static void become(const struct pipes *pipes, const char *const *argv, pid_t parent)
{
    sigset_t none;
    int trouble;

#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (dup2(pipes->input[0], STDIN_FILENO) >= 0 && dup2(pipes->output[1], STDOUT_FILENO) >= 0 &&
        dup2(pipes->log, STDERR_FILENO) >= 0)
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    trouble = errno;
    if (write(pipes->trouble[1], &trouble, sizeof trouble) < 0)
        _exit(126);
    _exit(127);
}

/* 0 when the child runs its program; else why it does not. */
static int trouble_of(int fd)
{
    int trouble = 0;
    ssize_t got;

    do
        got = read(fd, &trouble, sizeof trouble);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof trouble ? trouble : 0;
}

bool process_start(struct process *process, const char *name, const char *const *argv,
                   const char *log)
{
    pid_t parent = getpid();
    struct pipes pipes;
    int trouble;

    *process = (struct process){.input = -1, .output = -1};
    snprintf(process->name, sizeof process->name, "%s", name);
    snprintf(process->log, sizeof process->log, "%s", log);
    if (!open_all(&pipes, log))
        return false;
    process->pid = fork();
    if (process->pid == 0)
        become(&pipes, argv, parent);
    if (process->pid < 0) {
        close_all(&pipes);
        process->pid = 0;
        return false;
    }
    close(pipes.trouble[1]);
    pipes.trouble[1] = -1;
    trouble = trouble_of(pipes.trouble[0]);
    if (trouble != 0) {
        waitpid(process->pid, NULL, 0);
        process->pid = 0;
    } else {
        process->input = pipes.input[1];
        process->output = pipes.output[0];
        pipes.input[1] = pipes.output[0] = -1;
    }
    close_all(&pipes);
    errno = trouble;
    return trouble == 0;
}

/* ---- Its first line -------------------------------------------------------------------------- */

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct log_end { /* ": the last words", or "". */
    char text[LOG_END + 3];
};

/* As far as it fits, on one line. */
static struct log_end read_log_end(const struct process *process)
{
    struct log_end found = {": "};
    char *words = found.text + 2;
    FILE *log = fopen(process->log, "r");
    long end;
    size_t length;

    if (log == NULL)
        return (struct log_end){""};
    fseek(log, 0, SEEK_END);
    end = ftell(log);
    fseek(log, end > LOG_END ? end - LOG_END : 0, SEEK_SET);
    length = fread(words, 1, LOG_END, log);
    fclose(log);
    while (length > 0 && (words[length - 1] == '\n' || words[length - 1] == ' '))
        length--;
    words[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (words[i] == '\n')
            words[i] = ' ';
    return length > 0 ? found : (struct log_end){""};
}

void process_tell_end(struct process *process, struct message *why)
{
    const struct log_end log = read_log_end(process);

    if (WIFSIGNALED(process->status))
        message_say(why, "%s was ended by signal %d%s", "процесс %s завершён сигналом %d%s",
                    process->name, WTERMSIG(process->status), log.text);
    else
        message_say(why, "%s ended with code %d%s", "процесс %s завершился с кодом %d%s",
                    process->name, WEXITSTATUS(process->status), log.text);
}

bool process_wait_word(const struct process *process, int deadline_ms,
                       const atomic_bool *is_interrupted)
{
    int64_t until_ms = clock_ms() + deadline_ms;

    while (clock_ms() < until_ms && (is_interrupted == NULL || !atomic_load(is_interrupted))) {
        struct pollfd wait = {.fd = process->output, .events = POLLIN};

        if (poll(&wait, 1, LOOK_MS) > 0)
            return true;
    }
    return false;
}

bool process_wait_line(struct process *process, int deadline_ms, char *line, size_t line_max,
                       struct message *why)
{
    int64_t until_ms = clock_ms() + deadline_ms;
    size_t length = 0;

    for (;;) {
        struct pollfd wait = {.fd = process->output, .events = POLLIN};
        int64_t left_ms = until_ms - clock_ms();
        char byte;
        ssize_t got;

        if (left_ms <= 0)
            return message_say(why, "%s was not ready in time%s",
                               "процесс %s не успел запуститься%s", process->name,
                               read_log_end(process).text);
        if (poll(&wait, 1, (int)left_ms) <= 0)
            continue;
        got = read(process->output, &byte, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return message_say(why, "%s ended before it was ready%s",
                               "процесс %s завершился, не успев запуститься%s", process->name,
                               read_log_end(process).text);
        if (byte == '\n')
            break;
        if (length + 1 < line_max)
            line[length++] = byte;
    }
    line[length] = '\0';
    return true;
}

/* ---- Its end --------------------------------------------------------------------------------- */

static void forget(struct process *process)
{
    if (process->input >= 0)
        close(process->input);
    if (process->output >= 0)
        close(process->output);
    process->input = process->output = -1;
    process->pid = 0;
}

bool process_is_running(struct process *process)
{
    if (process->pid > 0 && waitpid(process->pid, &process->status, WNOHANG) == process->pid)
        forget(process);
    return process->pid > 0;
}

/* A stop is for what it has forked as well, which is in its group; all else it passes on itself. */
void process_signal(struct process *process, int signal_number)
{
    bool is_for_all = signal_number == SIGSTOP || signal_number == SIGCONT;

    if (process->pid > 0)
        kill(is_for_all ? -process->pid : process->pid, signal_number);
}

void process_stop(struct process *process, int deadline_ms)
{
    int64_t until_ms = clock_ms() + deadline_ms;
    const struct timespec moment = {.tv_nsec = 2000000};

    process_signal(process, SIGTERM);
    process_signal(process, SIGCONT); /* One that is stopped could not hear it. */
    while (process_is_running(process) && clock_ms() < until_ms)
        nanosleep(&moment, NULL);
    process_kill(process);
}

void process_kill(struct process *process)
{
    if (process->pid <= 0)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
        ;
    forget(process);
}
