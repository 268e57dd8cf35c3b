/* lab_inside.h — One live run from within: the driver, its figures, its evidence.
 *
 *     lab.c        the order of things
 *     drive.c      clients on the live ports; seconds; draining
 *     forge.c      tokens with a flaw, for those who try them
 *     attached.c   nodes that somebody else has started: a clean beginning, a quiet end
 *     close.c      what the nodes have counted, into the result
 *     evidence.c   rows and counters, fetched for the audit */
#ifndef SIM_LAB_LAB_INSIDE_H
#define SIM_LAB_LAB_INSIDE_H

#include "services/base/map.h"
#include "services/live/node/peer_live.h"
#include "sim/audit/audit.h"
#include "sim/lab/crew.h"

enum { LAB_STATIONS_MAX = 2 * SCENARIO_SERVICES_MAX };

struct rows { /* Of one table, fetched. */
    struct evidence_row *all;
    size_t length, room;
    bool is_out_of_memory;
};

struct proofs { /* What the audit is shown. */
    struct rows tables[TABLE_KINDS];
    struct map shown;                   /* (post, 0) -> the number. */
    uint64_t dead_letters, dead_before; /* In the broker: in the end, and before the run. */
};

struct store_mark { /* What the store had counted at an instant. */
    bool is_read;
    struct store_figures figures;
    uint64_t at_ns; /* loop_clock_ns */
};

struct lab {
    const struct scenario *scenario;
    const struct lab_options *options;
    struct result *result;
    struct lab_report *report;
    struct servers servers;
    struct crew *crew; /* NULL: attached to nodes that somebody else has started. */

    struct loop loop;
    struct timer_live timer;
    struct peer_live *peer;
    struct wallet *wallet; /* The tokens that people and thieves hold. */
    struct node_stats own; /* What our own ports count. */
    struct arena arena;
    struct clients *loads;
    struct clients_ears ears;
    struct measure measure;
    struct audit audit;
    struct histogram send_lag; /* First tries, behind their instants. */

    struct event *second, *watch, *warm;
    uint64_t seconds, lag_max, in_hand_max;
    uint32_t empty_looks; /* In a row, at a work queue. */
    uint64_t offered_before, ok_before, failed_before;

    struct crew_figures at_warm[LAB_STATIONS_MAX], at_end[LAB_STATIONS_MAX];
    uint64_t warm_ns, end_ns;                   /* When these were read: loop_clock_ns. */
    uint64_t queue_max[LAB_STATIONS_MAX];       /* The longest line that a second ended with. */
    struct crew_figures last[LAB_STATIONS_MAX]; /* A second ago, for peaks. */
    double peaks[LAB_STATIONS_MAX];
    struct store_mark store_start, store_warm, store_end;

    struct message died; /* A server of ours that ended by itself, and how; "": none. */

    struct proofs proofs;
};

/* drive.c */
bool drive_open(struct lab *lab, struct message *trouble);
void drive_run(struct lab *lab);   /* Until the load's end, a limit, or an interruption. */
bool drive_drain(struct lab *lab); /* True when everybody has an answer and the log is empty. */
void drive_close(struct lab *lab);

/* forge.c */
bool drive_forge(struct lab *lab, struct message *trouble);

/* attached.c: only where crew is NULL. */
enum lab_end attached_begin(struct lab *lab, struct message *trouble);
void attached_note_lag(struct lab *lab); /* At the load's end; before that nobody looks. */
void attached_settle(struct lab *lab);

/* close.c */
void read_figures(struct lab *lab, struct crew_figures *figures);
void read_store(struct lab *lab, struct store_mark *mark); /* Blocking. */
void close_figures(struct lab *lab);
void close_counters(struct lab *lab); /* When the nodes have stopped: of the whole run. */
void close_dead_letters(struct lab *lab, uint64_t letters); /* The same; letters: of this run. */

/* evidence.c */
bool proofs_fetch(struct lab *lab, struct message *why);
void proofs_free(struct lab *lab);
extern const struct evidence_ops evidence_lab_ops; /* context: struct proofs * */

/* What is among the dead letters now. */
bool dead_letters_read(struct lab *lab, uint64_t *letters, char why[static 160]);

/* Where the consumers of a topic's log stand in SQL, all partitions: *behind records. */
bool log_read_lag(struct lab *lab, uint64_t *behind, char why[static 160]);

#endif
