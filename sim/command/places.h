/* places.h — Where scenarios are: the path as given, else by name among those that are shipped. */
#ifndef SIM_COMMAND_PLACES_H
#define SIM_COMMAND_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* Folders with scenarios, in the order in which they are looked at: $SIM_SCENARIOS, ./scenarios,
 * PREFIX/share/sim/scenarios beside the program. Writes the i-th into path; false beyond. */
bool places_folder(unsigned i, char *path, size_t path_bytes);

/* The file that a word names: itself if it is there, else NAME.yaml in one of the folders, else
 * itself again (whoever opens it will say what is wrong). */
void places_find(const char *word, char *path, size_t path_bytes);

#endif
