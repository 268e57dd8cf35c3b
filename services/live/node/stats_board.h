/* stats_board.h — A node's page in a file of its own, written by the node, read by the lab.
 *
 * Two copies are written in turn, each guarded by a version that is odd while it is written (a
 * seqlock). The reader takes the later whole one, and tries again when it was overwritten
 * meanwhile; after a writer that was killed in the middle it has the copy before. A node that is
 * started again on the same board goes on with it, its counts from nought. */
#ifndef SERVICES_LIVE_NODE_STATS_BOARD_H
#define SERVICES_LIVE_NODE_STATS_BOARD_H

#include <stdbool.h>

#include "services/live/node/stats.h"

struct stats_board;

/* The lab makes it, all zeros; NULL and errno when it cannot. */
struct stats_board *stats_board_make(const char *path);
/* One that only the caller and what it forks can see. NULL and errno when there is no memory. */
struct stats_board *stats_board_share(void);
/* The node opens it. path "" gives a board that nobody reads. NULL and errno; EINVAL: the file is
 * no board of this build. */
struct stats_board *stats_board_open(const char *path);
void stats_board_close(struct stats_board *board);

void stats_board_write(struct stats_board *board, const struct node_stats *stats);
/* False: nothing has been written yet. */
bool stats_board_read(const struct stats_board *board, struct node_stats *stats);

#endif
