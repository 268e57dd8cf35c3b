/* options.h — The command line of sim run. */
#ifndef SIM_COMMAND_OPTIONS_H
#define SIM_COMMAND_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/command/places.h"

struct live_options { /* Of --live and --both; NULL: not given. */
    bool is_live, is_both;
    /* Else SIM_REDIS, SIM_MEMCACHED …, SIM_DB; else embedded ones. */
    const char *redis, *memcached, *kafka, *rabbitmq, *db;
    const char *attach; /* Nodes that somebody else has started. */
    const char *run;    /* Their run's name. */
    bool allow_remote, burn;
};

struct options { /* Words are borrowed from argv. */
    struct named_story named;
    const char *variants[SCENARIO_VARIANTS_MAX];
    unsigned variants_max;
    const char *calibration; /* A file that sim calibrate wrote, laid over the scenario; or NULL. */
    bool has_seed;
    uint64_t seed;
    unsigned seeds;         /* At least 1. */
    unsigned threads;       /* 0: one per core. */
    const char *json_path;  /* NULL: none, "-": stdout. */
    const char *html_path;  /* NULL: none. */
    const char *trace_path; /* NULL: none. */
    bool is_quiet, no_color;
    struct live_options live;
    const char *planted;  /* Only in builds with planted bugs; "" is none. */
    bool uses_plain_heap; /* The event queue's oracle. */
};

/* EXIT_AS_EXPECTED, or EXIT_USAGE after it said why on stderr. */
int options_read(struct options *options, int argc, char **argv, struct settings *settings);

/* The command line that repeats the run, with words quoted for a shell where they need it; to be
 * freed. NULL: no memory. */
char *options_repeat(const struct options *options, uint64_t seed);

#endif
