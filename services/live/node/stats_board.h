/* stats_board.h — A node's page in a file of its own, written by the node, read by the lab.
 *
 * A copy is guarded by a version that is odd while it is written (a seqlock): the reader tries
 * again, and gives up after a while on a writer that was killed in the middle: then it has the copy
 * before the last. Two copies are kept for that. */
#ifndef SERVICES_LIVE_NODE_STATS_BOARD_H
#define SERVICES_LIVE_NODE_STATS_BOARD_H

#include <stdbool.h>

#include "services/live/node/stats.h"

struct stats_board;

/* The lab makes it, all zeros; NULL and errno when it cannot. */
struct stats_board *stats_board_make(const char *path);
/* The node opens it. path "" gives a board that nobody reads. */
struct stats_board *stats_board_open(const char *path);
void stats_board_close(struct stats_board *board);

void stats_board_write(struct stats_board *board, const struct node_stats *stats);
bool stats_board_read(const struct stats_board *board, struct node_stats *stats);

#endif
