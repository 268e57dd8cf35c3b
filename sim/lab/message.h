/* message.h — A sentence for whoever runs sim, in the language that they asked for.
 *
 * Both languages are given at once, as two formats over the same arguments. What a library, the
 * kernel, a server or a node says stands in it as it is: sim-node's standard error is a log, and
 * logs are English. So do the reasons (`char why[160]`) of services/live. Most of them are such
 * words; the few that are its own ("neither HOST:PORT nor /path") stand in English at the end of a
 * Russian sentence. It would have to tell them by a code, and leave the words to us. */
#ifndef SIM_LAB_MESSAGE_H
#define SIM_LAB_MESSAGE_H

#include <stdbool.h>

#include "sim/scenario/scenario.h"

enum { MESSAGE_MAX = 640 }; /* The end of a log, and a Russian sentence around it. */

struct message {
    bool is_russian;
    char text[MESSAGE_MAX]; /* "": nothing has been said. */
};

/* Nothing has been said yet. lang: "ru", or English, as is NULL. */
struct message message_in(const char *lang);

/* Always false, so that whoever fails can return it. No argument lies in the message itself. */
__attribute__((format(printf, 2, 4))) __attribute__((format(printf, 3, 4))) bool
message_say(struct message *message, const char *en, const char *ru, ...);

/* Of the two the one that goes into it. */
const char *message_word(const struct message *message, struct text word);

#endif
