/* store_inside.h — The parts of the live store; for services/live/store alone.
 *
 *   store_live.c         the port: what is asked, its timer, how it ends
 *   store_connection.c   the one connection: made, lost, made again
 *   store_words.c        what is asked as the words of a command, and the answer as a number
 *   store_address.c      "HOST:PORT" or "/path"
 *   store_lab.c          the blocking side
 *
 * A command is a record of the pool from its submit until Redis has answered it or its connection
 * is gone: hiredis holds a pointer to it for so long, whether or not anybody still waits. */
#ifndef SERVICES_LIVE_STORE_STORE_INSIDE_H
#define SERVICES_LIVE_STORE_STORE_INSIDE_H

#include <stdbool.h>

#include "services/base/arena.h"
#include "services/base/pool.h"
#include "services/live/store/store_address.h"
#include "services/live/store/store_live.h"

struct event;
struct lookup;
struct redisAsyncContext;
struct redisContext;
struct redisReply;

enum {
    STORE_OUT_MAX = 16384, /* Commands that Redis has not answered. */
    STORE_KEY_BYTES = 64,
    STORE_DIGEST_BYTES = 41,
    STORE_WORDS_MAX = 8
};
/* hiredis moves all that it has not written yet after each write: 64 MiB would take it seconds. */
#define STORE_OUT_BYTES_MAX (UINT64_C(16) << 20)

/* ---- store_words.c --------------------------------------------------------------------------- */

enum store_script_name { SCRIPT_ADD, SCRIPT_ADD_IF_NEW, STORE_SCRIPTS };

struct store_script {
    char digest[STORE_DIGEST_BYTES]; /* "": this connection's Redis has not told it yet. */
    bool is_asked_for;
};

struct store_words {
    int length;
    const char *words[STORE_WORDS_MAX];
    size_t sizes[STORE_WORDS_MAX];
    size_t bytes; /* All of them, and what goes between them on the wire at most. */
    char keys[2][STORE_KEY_BYTES];
    char numbers[2][24];
};

struct store_text { /* A value, ready to send; grows to the largest that there was. */
    char *bytes;
    size_t size;
};

extern const char *const store_script_sources[STORE_SCRIPTS];

bool store_verb_has_script(enum store_verb verb, enum store_script_name *name);

/* The words borrow from scripts and text. A script whose digest is not known is sent itself. */
void store_words_make(struct store_words *words, const char *run, const struct store_asked *asked,
                      const struct store_script *scripts, struct store_text *text);

/* False: Redis does not know the script; nothing has happened. */
bool store_words_read(const struct store_asked *asked, const struct redisReply *reply,
                      enum call_outcome *outcome, int64_t *value);

/* The number at the head of a value: all of it, or up to a ':'. */
bool store_number_read(const char *text, int64_t *value);

/* ---- store_live.c, store_connection.c -------------------------------------------------------- */

struct store_command {
    void *free;          /* The pool's, while it is free. */
    struct event *alarm; /* Made when it is first needed, kept with the record. */
    struct call *call;   /* NULL: nobody waits, or no longer. */
    bool is_given_up;    /* It timed out. */
    struct store_live *store;
    uint64_t asked_ns;
    uint64_t bytes; /* On the wire. */
    struct store_asked asked;
};

struct store_live {
    struct store port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    char run[STORE_RUN_BYTES];
    struct arena arena;
    struct pool commands;
    uint64_t out_bytes;
    struct store_text text;

    struct store_address address;
    struct redisAsyncContext *context; /* NULL: none, it frees itself. */
    bool is_connected;
    bool is_first; /* No connection has come about or failed yet: commands wait for it. */
    bool is_closing;
    uint32_t connections;  /* That came about. */
    uint64_t backoff_ns;   /* Until the next try. */
    uint64_t heard_ns;     /* When an answer came, or the first that is due was asked. */
    struct event *retry;   /* Time to connect again. */
    struct event *silence; /* Time to see whether it still answers. */
    struct lookup *lookup; /* Under way, for the next try; NULL: none. */
    uint32_t lookups;      /* That were begun. */
    struct store_script scripts[STORE_SCRIPTS];
};

void store_connect(struct store_live *store);
void store_disconnect(struct store_live *store); /* For good. */

/* Commands are taken. */
bool store_is_admitting(const struct store_live *store);

/* False: it did not go out. */
bool store_send(struct store_live *store, struct store_command *command,
                const struct store_words *words);
void store_load_script(struct store_live *store, enum store_script_name name);

/* The connection has an answer for the command, or (NULL) never will. */
void store_command_answered(struct store_command *command, const struct redisReply *reply);

#endif
