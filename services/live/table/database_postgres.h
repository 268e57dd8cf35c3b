/* database_postgres.h — The parts of the PostgreSQL engine; for services/live/table alone.
 *
 * database_postgres.c is the connection and what is asked over it; database_postgres_write.c a
 * transaction; database_postgres_lab.c what the lab wants of a server. */
#ifndef SERVICES_LIVE_TABLE_DATABASE_POSTGRES_H
#define SERVICES_LIVE_TABLE_DATABASE_POSTGRES_H

#include <libpq-fe.h>

#include "services/live/table/database_inside.h"

enum postgres_statement {
    POSTGRES_LOCK, /* Where there is no unique index. */
    POSTGRES_DELETE,
    POSTGRES_INSERT,
    POSTGRES_INSERT_LOOKING,
    POSTGRES_SET,
    POSTGRES_RAISE,
    POSTGRES_ADD,
    POSTGRES_SET_LOOKING,
    POSTGRES_RAISE_LOOKING,
    POSTGRES_ADD_LOOKING,
    POSTGRES_ROW,
    POSTGRES_COUNT,
    POSTGRES_STATEMENTS
};

enum postgres_end {
    POSTGRES_OK,
    POSTGRES_ERROR, /* sqlstate says which; the connection is good. */
    POSTGRES_BROKEN
};

/* int8[] as it travels: five words of four bytes, then a length and a value each. */
struct postgres_array {
    uint32_t length;
    uint8_t bytes[20 + 12 * TABLE_OPS_MAX];
};

struct postgres_place { /* An operation, to be sorted by its key. */
    uint64_t a, b;
    uint32_t table, index;
};

struct postgres_work { /* What a transaction is worked out in. */
    struct postgres_place places[TABLE_OPS_MAX];
    uint32_t before[TABLE_OPS_MAX]; /* 1 + the operation before it with the same key; 0: none. */
    int64_t values[TABLE_OPS_MAX];  /* To be written; of a TALLY: what is to be added. */
    int8_t changed[TABLE_OPS_MAX];  /* +1: inserted, -1: deleted. */
    struct postgres_array a, b, v;
};

struct postgres {
    struct database base; /* First. */
    PGconn *link;
    bool is_broken, is_indexed;
    uint32_t session_timeout_ms; /* The statement_timeout that reads have been given. */
    uint64_t until_ns;           /* CLOCK_MONOTONIC: nobody waits longer for the server. */
    char sqlstate[6];            /* Of the last POSTGRES_ERROR. */
    bool is_prepared[POSTGRES_STATEMENTS][TABLE_KINDS];
    struct postgres_work work;
};

/* NULL with the reason. In no schema yet. */
struct postgres *postgres_connect(const char *url, char why[static 160]);
void postgres_close(struct postgres *postgres);

/* What the server or libpq said last, on one line and without the password. */
void postgres_why(const struct postgres *postgres, char why[static 160]);

/* One text of any number of statements. *result may be NULL: nobody wants the last one's. */
enum postgres_end postgres_say(struct postgres *postgres, const char *text, PGresult **result);

/* A prepared statement; what it gives back is binary. */
enum postgres_end postgres_run(struct postgres *postgres, enum postgres_statement which,
                               uint32_t table, PGresult **result);

enum database_end postgres_write(struct database *database, const struct table_op *ops,
                                 uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed);

uint64_t postgres_number(const PGresult *result, int row, int column);

/* An array of the work, filled from its beginning. */
void postgres_array_start(struct postgres_array *array);
void postgres_array_add(struct postgres_array *array, uint64_t value);

bool postgres_each(struct database *database, const struct database_each *each,
                   char why[static 160]);
bool postgres_probe(const char *database, char version[static 64], char why[static 160]);
bool postgres_make(const struct table_settings *settings, uint64_t likes_rows,
                   char why[static 160]);
bool postgres_drop(const struct table_settings *settings, char why[static 160]);

#endif
