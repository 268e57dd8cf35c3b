/* nearest.c — The word that was probably meant.
 *
 * A suggestion is made only when it is near: one slip in a short word, two in a middling one, a
 * third of the letters in a long one. A wrong suggestion is worse than none. */
#include "sim/scenario/problems/nearest.h"

#include <string.h>

enum { WORD_MAX = 64, FAR = 1000 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

unsigned word_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1]; /* The row before last, the last one, this one. */
    size_t a_length = strlen(a), b_length = strlen(b);

    if (a_length >= WORD_MAX || b_length >= WORD_MAX)
        return FAR;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = rows[1][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        rows[2][0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            unsigned best = least(rows[1][j] + 1, rows[2][j - 1] + 1);

            best = least(best, rows[1][j - 1] + change);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                best = least(best, rows[0][j - 2] + 1);
            rows[2][j] = best;
        }
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
    }
    return rows[1][b_length];
}

struct nearest nearest_to(const char *word)
{
    size_t length = strlen(word);
    unsigned allowed = length <= 4 ? 1 : length <= 8 ? 2 : (unsigned)(length / 3);

    return (struct nearest){.word = word, .best = NULL, .distance = allowed + 1};
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    unsigned distance = word_distance(nearest->word, candidate);

    if (distance < nearest->distance && distance < strlen(candidate)) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
