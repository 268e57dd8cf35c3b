/* link_op.h — One leg of an op's way between its node and a server that stands apart. */
#ifndef SIM_WORLD_LINK_OP_H
#define SIM_WORLD_LINK_OP_H

#include "sim/world/link.h"
#include "sim/world/op.h"

/* Asks for op->event, whose fire is set, when the message arrives. is_cut: the server's own cable
 * is out. False: it never will; the caller ends the op with op_lost. */
static inline bool link_op_send(struct link_model *link, struct op *op, bool is_cut,
                                const struct way *way)
{
    return !is_cut && !op->node->is_cut && link_send(link, &op->event, way, 0);
}

#endif
