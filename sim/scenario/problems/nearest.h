/* nearest.h — The word that was probably meant. */
#ifndef SIM_SCENARIO_NEAREST_H
#define SIM_SCENARIO_NEAREST_H

#include <stddef.h>

/* Letters to insert, drop, change or swap with their neighbour to make b of a, each stretch being
 * edited once (Damerau-Levenshtein, "optimal string alignment"). Case does not count. Words over
 * 63 bytes are as far apart as can be. */
unsigned word_distance(const char *a, const char *b);

struct nearest { /* Offer the candidates one by one; best is NULL while none is near enough. */
    const char *word;
    const char *best;
    unsigned distance;
};

struct nearest nearest_to(const char *word);
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
