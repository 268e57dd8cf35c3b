/* server_words.c — "--redis HOST:PORT" and "--redis=HOST:PORT" are the same. */
#include "sim/command/server_words.h"

#include <string.h>

#include "sim/command/words.h"

bool server_words_take(struct live_options *live, int argc, char **argv, int *place)
{
    const struct {
        const char *name;
        const char **to;
    } rows[] = {{"--redis", &live->redis},
                {"--memcached", &live->memcached},
                {"--kafka", &live->kafka},
                {"--rabbitmq", &live->rabbitmq},
                {"--db", &live->db}};

    if (strcmp(argv[*place], "--allow-remote") == 0) {
        live->allow_remote = true;
        return true;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = words_value(rows[i].name, argc, argv, place);

        if (value != NULL) {
            *rows[i].to = value;
            return true;
        }
    }
    return false;
}
