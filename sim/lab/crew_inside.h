/* crew_inside.h — What a crew keeps: stations, their places, and what moves them.
 *
 *   place   OFF --> BOOTING --boot delay over, started--> STARTING --"ready"--> READY
 *            ^                                          |                   |  |
 *            +---------- ended <-- DRAINING <-- told to go -----------------+  | killed by a fault
 *            +---------- DOWN --its fault is over--> BOOTING                   v
 *                         ^----------------------------------------------------+
 *
 * Seen by crew*.c alone. */
#ifndef SIM_LAB_CREW_INSIDE_H
#define SIM_LAB_CREW_INSIDE_H

#include "services/base/arena.h"
#include "sim/lab/crew.h"
#include "sim/setup/setup.h"

enum { CREW_FAILPOINTS = 10 }; /* Deaths by a failpoint in one run. */

enum place_state {
    PLACE_OFF,
    PLACE_BOOTING,
    PLACE_STARTING,
    PLACE_READY,
    PLACE_DRAINING,
    PLACE_DOWN
};

struct place {
    struct station *station;
    uint32_t replica;
    uint32_t starts; /* How often it has been started. */
    enum place_state state;
    bool was_killed;    /* By us: its end is no casualty. */
    bool has_failpoint; /* It is to kill itself. */
    struct process process;
    struct address address;
    int held;                  /* The socket that holds its port: port.h. */
    struct stats_board *board; /* Of the process that runs now, or ran last; NULL: none yet. */
    char board_path[96];
    uint64_t seen_ns; /* Until when the board told of it when it was last read; the nodes' clock. */
    uint64_t ready_ns;         /* When it last became ready: loop_clock_ns. */
    struct node_stats carried; /* Of the processes before it. */
    struct event *heard;       /* Its standard output has something to say. */
    struct event *boot;        /* Alarm: the boot delay is over. */
};

struct sight {             /* What the autoscaler has seen of a place. */
    uint32_t starts;       /* Of which of its processes. */
    uint64_t at_ns;        /* Until when its board told: loop_clock_ns. */
    uint64_t busy, inside; /* Areas: cores, visits; of the processes before it as well. */
};

struct scaler {        /* The autoscaler of a station, on our own loop. */
    struct fleet port; /* First. */
    struct station *station;
    struct plan plan;
    struct arena arena;
    const struct service_ops *ops;
    void *service;
    uint64_t seen_ns; /* When it last looked, and what it saw. */
    uint64_t seen_let_in;
    struct sight seen[SETTINGS_REPLICAS_MAX];
};

struct station { /* A service, or the balancer before one. */
    struct crew *crew;
    const struct service_spec *spec;
    struct service_spec own_spec; /* Of a balancer: made up, spec points here. */
    struct plan plan;
    bool is_balancer;
    struct station *front; /* The balancer before it; NULL: none. */
    uint32_t index;        /* Of the service in the scenario. */
    struct place *places;
    uint32_t places_max;
    struct stats_level ready, up; /* up: those that drain as well. */
    struct scaler *scaler;
};

struct strike { /* A fault's beginning or end, planned on the loop. */
    struct crew *crew;
    const struct fault_spec *fault;
    bool begins;
    struct event *alarm;
};

struct crew {
    struct loop *loop;
    const struct scenario *scenario;
    const struct lab_options *options;
    struct servers *servers;
    char program[512]; /* sim-node */
    uint64_t origin_ns;
    char token[33]; /* Of this run: nobody else registers with its balancers. */
    struct token_settings tokens[TOKEN_ALGORITHMS];
    struct station *services[SCENARIO_SERVICES_MAX];
    struct station *all; /* Services in their order, then balancers. */
    uint32_t all_max;
    struct timer_live timer;
    struct node_stats own; /* What the autoscalers' timers count. */
    struct strike strikes[2 * SCENARIO_FAULTS_MAX];
    uint32_t strikes_max;
    uint32_t failpoints_left; /* Batchers that are still to be started with it. */
    uint32_t deaths;          /* By faults. */
    uint32_t failpoint_deaths;
    struct message casualty; /* A node that died though nobody killed it. */
};

/* place.c */
bool place_start(struct place *place, struct message *why);      /* -> STARTING */
bool place_wait_ready(struct place *place, struct message *why); /* Before the run: blocking. */
void place_boot(struct place *place, uint64_t delay_ns);
void place_drain(struct place *place);
void place_kill(struct place *place, bool will_be_back);
void place_close(struct place *place, uint64_t until_ns); /* loop_clock_ns: then it is killed. */
void place_read(struct place *place, struct node_stats *stats); /* carried included. */
void station_note_size(struct station *station);

/* crew_scale.c */
bool scaler_open(struct station *station);
void scaler_begin(struct scaler *scaler);
void scaler_close(struct scaler *scaler);

/* crew_faults.c */
void strikes_plan(struct crew *crew);
void strikes_forget(struct crew *crew);

/* crew_settings.c */
bool crew_make_tokens(struct crew *crew); /* False: OpenSSL or the system's chance refused. */
void settings_of_place(const struct place *place, struct node_settings *settings);

#endif
