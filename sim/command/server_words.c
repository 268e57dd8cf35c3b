/* server_words.c — "--redis HOST:PORT" and "--redis=HOST:PORT" are the same. */
#include "sim/command/server_words.h"

#include <string.h>

/* The value of `name` at argv[*place]; NULL: it is another word, or has no value. */
static const char *value_of(const char *name, int argc, char **argv, int *place)
{
    const char *word = argv[*place];
    size_t length = strlen(name);

    if (strncmp(word, name, length) != 0)
        return NULL;
    if (word[length] == '=')
        return word + length + 1;
    return word[length] == '\0' && *place + 1 < argc ? argv[++*place] : NULL;
}

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
        const char *value = value_of(rows[i].name, argc, argv, place);

        if (value != NULL) {
            *rows[i].to = value;
            return true;
        }
    }
    return false;
}
