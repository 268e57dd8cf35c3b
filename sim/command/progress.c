/* progress.c — One line that moves, or a line now and then. */
#include "sim/command/progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct progress {
    double (*share)(void *context);
    void *context;
    bool is_russian, is_terminal, is_done, has_shown;
    struct timespec began;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ends;
};

double progress_seconds_since(const struct timespec *then)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) * 1e-9;
}

static void show(struct progress *progress)
{
    double share = progress->share(progress->context);
    double past_s = progress_seconds_since(&progress->began);

    if (past_s < 1)
        return;
    progress->has_shown = true;
    fprintf(stderr, "%s", progress->is_terminal ? "\r\033[K" : "");
    if (share > 0.01)
        fprintf(stderr,
                progress->is_russian ? "  %3.0f %%, осталось около %.0f с"
                                     : "  %3.0f%%, about %.0f s left",
                share * 100, past_s / share - past_s);
    else
        fprintf(stderr, progress->is_russian ? "  %3.0f %%" : "  %3.0f%%", share * 100);
    fprintf(stderr, "%s", progress->is_terminal ? "" : "\n");
    fflush(stderr);
}

static void *watch(void *context)
{
    struct progress *progress = context;
    const long pause_ns = progress->is_terminal ? 200000000 : 0;
    const time_t pause_s = progress->is_terminal ? 0 : 10;

    pthread_mutex_lock(&progress->lock);
    while (!progress->is_done) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += pause_s;
        until.tv_nsec += pause_ns;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&progress->ends, &progress->lock, &until);
        if (!progress->is_done)
            show(progress);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

struct progress *progress_open(double (*share)(void *context), void *context, const char *lang)
{
    struct progress *progress = calloc(1, sizeof *progress);

    if (progress == NULL)
        return NULL;
    progress->share = share;
    progress->context = context;
    progress->is_russian = strcmp(lang, "ru") == 0;
    progress->is_terminal = isatty(STDERR_FILENO) != 0;
    clock_gettime(CLOCK_MONOTONIC, &progress->began);
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->ends, NULL);
    if (pthread_create(&progress->thread, NULL, watch, progress) == 0)
        return progress;
    free(progress);
    return NULL;
}

void progress_close(struct progress *progress)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->is_done = true;
    pthread_cond_signal(&progress->ends);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->thread, NULL);
    if (progress->has_shown && progress->is_terminal)
        fprintf(stderr, "\r\033[K");
    pthread_mutex_destroy(&progress->lock);
    pthread_cond_destroy(&progress->ends);
    free(progress);
}
