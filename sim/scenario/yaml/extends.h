/* extends.h — A file and the files that it is laid over. */
#ifndef SIM_SCENARIO_EXTENDS_H
#define SIM_SCENARIO_EXTENDS_H

#include "sim/scenario/yaml/tree.h"

enum { EXTENDS_MAX = 4 };

struct lineage { /* The files read, the child first. */
    const struct source *sources[EXTENDS_MAX + 1];
    unsigned length;
};

/* Reads the file and its parents and lays them over each other; `extends` is gone from the result.
 * NULL after a problem. */
struct node *tree_load(struct forest *forest, const char *path, struct lineage *lineage);

#endif
