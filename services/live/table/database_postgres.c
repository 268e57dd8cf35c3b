/* database_postgres.c — One connection to PostgreSQL, and what is asked over it.
 *
 * Nothing here waits without a limit: questions are sent and their answers are awaited with
 * poll(2) until a second after the question's timeout. A server that has said nothing by then is
 * taken for dead, and the connection with it. Inside that limit the server keeps the time itself
 * (statement_timeout, lock_timeout), and a question that runs out of it there costs no connection.
 *
 * All parameters are arrays and travel in binary; a lone key is an array of one. Plans are made
 * once (force_generic_plan) and without sequential scans where an index will do: a table is empty
 * when its statements are prepared, and a plan for an empty table would outlive that. */
#define _GNU_SOURCE
#include "services/live/table/database_postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/live/loop/loop.h"

enum { GRACE_MS = 1000, LINK_TIMEOUT_MS = 5000 };
enum { INT8_ARRAY_OID = 1016, INT8_OID = 20 };

#define NEW_ROWS "unnest($1, $2, $3) AS n (a, b, v)"
#define LOOK                                                                                       \
    "WITH n AS MATERIALIZED (SELECT * FROM " NEW_ROWS "), there AS MATERIALIZED "                  \
    "(SELECT n.a, n.b FROM n JOIN %T AS t ON %M) "

static const char *const patterns[POSTGRES_STATEMENTS] = {
    [POSTGRES_LOCK] = "SELECT pg_advisory_xact_lock(hashint8extended(n.a, n.b)) FROM " NEW_ROWS,
    [POSTGRES_DELETE] = "DELETE FROM %T AS t USING " NEW_ROWS " WHERE %M RETURNING n.a, n.b",
    [POSTGRES_INSERT] =
        "INSERT INTO %T (%K, %V) SELECT %P FROM " NEW_ROWS " ON CONFLICT DO NOTHING RETURNING %K",
    [POSTGRES_INSERT_LOOKING] =
        LOOK "INSERT INTO %T (%K, %V) SELECT %P FROM n WHERE NOT EXISTS "
             "(SELECT 1 FROM there WHERE there.a = n.a AND there.b = n.b) RETURNING %K",
    [POSTGRES_SET] = "INSERT INTO %T AS t (%K, %V) SELECT %P FROM " NEW_ROWS
                     " ON CONFLICT (%K) DO UPDATE SET %V = excluded.%V",
    [POSTGRES_RAISE] = "INSERT INTO %T AS t (%K, %V) SELECT %P FROM " NEW_ROWS
                       " ON CONFLICT (%K) DO UPDATE SET %V = greatest(t.%V, excluded.%V)",
    [POSTGRES_ADD] = "INSERT INTO %T AS t (%K, %V) SELECT %P FROM " NEW_ROWS
                     " ON CONFLICT (%K) DO UPDATE SET %V = t.%V + excluded.%V",
    [POSTGRES_SET_LOOKING] = "UPDATE %T AS t SET %V = n.v FROM " NEW_ROWS " WHERE %M",
    [POSTGRES_RAISE_LOOKING] =
        "UPDATE %T AS t SET %V = greatest(t.%V, n.v) FROM " NEW_ROWS " WHERE %M",
    [POSTGRES_ADD_LOOKING] = "UPDATE %T AS t SET %V = t.%V + n.v FROM " NEW_ROWS " WHERE %M",
    [POSTGRES_ROW] = "SELECT t.%V FROM %T AS t JOIN " NEW_ROWS " ON %M LIMIT 1",
    [POSTGRES_COUNT] = "SELECT count(*) FROM %T AS t JOIN " NEW_ROWS " ON t.",
};
static const struct database_names names = {.a = "n.a", .b = "n.b", .v = "n.v", .of = "t."};

/* ---- Numbers on the wire -------------------------------------------------------------------- */

static void put_bytes(uint8_t *at, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = bytes; i-- > 0; value >>= 8)
        at[i] = (uint8_t)value;
}

void postgres_array_start(struct postgres_array *array)
{
    array->length = 0;
    put_bytes(array->bytes, 1, 4);     /* Dimensions. */
    put_bytes(array->bytes + 4, 0, 4); /* No NULLs. */
    put_bytes(array->bytes + 8, INT8_OID, 4);
    put_bytes(array->bytes + 12, 0, 4); /* Length, when it is known. */
    put_bytes(array->bytes + 16, 1, 4); /* Where it begins. */
}

void postgres_array_add(struct postgres_array *array, uint64_t value)
{
    uint8_t *at = array->bytes + 20 + 12 * array->length;

    check(array->length < TABLE_OPS_MAX);
    put_bytes(at, 8, 4);
    put_bytes(at + 4, value, 8);
    array->length++;
    put_bytes(array->bytes + 12, array->length, 4);
}

uint64_t postgres_number(const PGresult *result, int row, int column)
{
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(result, row, column);
    uint64_t value = 0;

    for (int i = 0; i < PQgetlength(result, row, column); i++)
        value = value << 8 | bytes[i];
    return value;
}

/* ---- Waiting with a limit ------------------------------------------------------------------- */

/* False: the connection broke, or the time is up. */
static bool wait_for(struct postgres *postgres, short events)
{
    struct pollfd link = {.fd = PQsocket(postgres->link), .events = events};
    uint64_t now_ns = loop_clock_ns();
    int left_ms =
        now_ns < postgres->until_ns ? (int)((postgres->until_ns - now_ns) / 1000000) + 1 : 0;
    int ready = poll(&link, 1, left_ms);

    return ready > 0 || (ready < 0 && errno == EINTR);
}

static bool send_all(struct postgres *postgres)
{
    int left;

    while ((left = PQflush(postgres->link)) > 0) {
        if (!wait_for(postgres, POLLIN | POLLOUT) || PQconsumeInput(postgres->link) == 0)
            return false;
    }
    return left == 0;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* The first error's result, else the last; NULL: nothing came. */
static PGresult *receive(struct postgres *postgres)
{
    PGresult *kept = NULL;

    for (;;) {
        PGresult *result;

        while (PQisBusy(postgres->link))
            if (!wait_for(postgres, POLLIN) || PQconsumeInput(postgres->link) == 0) {
                PQclear(kept);
                return NULL;
            }
        result = PQgetResult(postgres->link);
        if (result == NULL)
            return kept;
        if (kept != NULL && !is_good(kept)) {
            PQclear(result);
            continue;
        }
        PQclear(kept);
        kept = result;
    }
}

/* After something has been sent. */
static enum postgres_end end_of(struct postgres *postgres, bool is_sent, PGresult **result)
{
    PGresult *kept = is_sent && send_all(postgres) ? receive(postgres) : NULL;
    const char *sqlstate = kept == NULL ? NULL : PQresultErrorField(kept, PG_DIAG_SQLSTATE);
    bool is_ok = kept != NULL && is_good(kept);

    snprintf(postgres->sqlstate, sizeof postgres->sqlstate, "%.5s",
             sqlstate == NULL ? "" : sqlstate);
    if (result != NULL && is_ok)
        *result = kept;
    else
        PQclear(kept);
    if (is_ok)
        return POSTGRES_OK;
    if (kept == NULL || PQstatus(postgres->link) != CONNECTION_OK)
        postgres->is_broken = true;
    return postgres->is_broken ? POSTGRES_BROKEN : POSTGRES_ERROR;
}

/* ---- Asking --------------------------------------------------------------------------------- */

enum postgres_end postgres_say(struct postgres *postgres, const char *text, PGresult **result)
{
    return end_of(postgres, PQsendQuery(postgres->link, text) == 1, result);
}

static enum postgres_end prepare(struct postgres *postgres, const char *name,
                                 enum postgres_statement which, uint32_t table)
{
    static const Oid types[] = {INT8_ARRAY_OID, INT8_ARRAY_OID, INT8_ARRAY_OID};
    const struct database_table *named = &database_tables[table];
    char text[DATABASE_TEXT_MAX];
    enum postgres_end end;

    database_text(text, patterns[which], named, &names);
    if (which == POSTGRES_COUNT)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s = n.a", named->a);
    end = end_of(postgres, PQsendPrepare(postgres->link, name, text, 3, types) == 1, NULL);
    postgres->is_prepared[which][table] = end == POSTGRES_OK;
    return end;
}

enum postgres_end postgres_run(struct postgres *postgres, enum postgres_statement which,
                               uint32_t table, PGresult **result)
{
    static const int binary[] = {1, 1, 1};
    const struct postgres_work *work = &postgres->work;
    const char *values[] = {(const char *)work->a.bytes, (const char *)work->b.bytes,
                            (const char *)work->v.bytes};
    int length = 20 + 12 * (int)work->a.length;
    int lengths[] = {length, length, length};
    char name[24];

    check(work->a.length > 0 && work->a.length == work->b.length &&
          work->a.length == work->v.length);
    snprintf(name, sizeof name, "sim_%d_%u", (int)which, table);
    if (!postgres->is_prepared[which][table]) {
        enum postgres_end end = prepare(postgres, name, which, table);

        if (end != POSTGRES_OK)
            return end;
    }
    return end_of(postgres,
                  PQsendQueryPrepared(postgres->link, name, 3, values, lengths, binary, 1) == 1,
                  result);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Rounded up, so that it seldom changes: each change is a question more. By no more than half the
 * grace, so that the server gives up before we do. */
static uint32_t rounded(uint32_t timeout_ms)
{
    const uint32_t step_ms = GRACE_MS / 2;
    uint32_t rounded_ms = 64;

    if (timeout_ms > INT32_MAX - step_ms)
        return INT32_MAX;
    if (timeout_ms > step_ms)
        return (timeout_ms + step_ms - 1) / step_ms * step_ms;
    while (rounded_ms < timeout_ms)
        rounded_ms *= 2;
    return rounded_ms;
}

static enum postgres_end set_timeout(struct postgres *postgres, uint32_t timeout_ms)
{
    uint32_t rounded_ms = rounded(timeout_ms);
    enum postgres_end end;
    char text[64];

    if (rounded_ms == postgres->session_timeout_ms)
        return POSTGRES_OK;
    snprintf(text, sizeof text, "SET statement_timeout = %u", rounded_ms);
    end = postgres_say(postgres, text, NULL);
    if (end == POSTGRES_OK)
        postgres->session_timeout_ms = rounded_ms;
    return end;
}

static enum database_end read_row(struct database *database,
                                  const struct database_question *question, uint32_t timeout_ms,
                                  int64_t *value)
{
    struct postgres *postgres = (struct postgres *)database;
    struct postgres_work *work = &postgres->work;
    PGresult *result = NULL;
    enum database_end end = DATABASE_ABSENT;

    postgres->until_ns = loop_clock_ns() + (timeout_ms + UINT64_C(1) * GRACE_MS) * 1000000;
    postgres_array_start(&work->a);
    postgres_array_start(&work->b);
    postgres_array_start(&work->v);
    postgres_array_add(&work->a, question->a);
    postgres_array_add(&work->b, question->b);
    postgres_array_add(&work->v, 0);
    if (set_timeout(postgres, timeout_ms) != POSTGRES_OK ||
        postgres_run(postgres, question->how == TABLE_COUNT ? POSTGRES_COUNT : POSTGRES_ROW,
                     question->of, &result) != POSTGRES_OK)
        return strcmp(postgres->sqlstate, "57014") == 0 ? DATABASE_BUSY : DATABASE_FAILED;
    if (PQntuples(result) == 1) {
        *value = (int64_t)postgres_number(result, 0, 0);
        end = DATABASE_OK;
    }
    PQclear(result);
    return end;
}

/* ---- From open to close --------------------------------------------------------------------- */

/* What the server tells everybody is nobody's business here. */
static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

void postgres_why(const struct postgres *postgres, char why[static 160])
{
    const char *password = postgres->link == NULL ? NULL : PQpass(postgres->link);
    size_t length = password == NULL ? 0 : strlen(password);
    char said[512], *found;

    snprintf(said, sizeof said, "%s", PQerrorMessage(postgres->link));
    while (length > 0 && (found = strstr(said, password)) != NULL) {
        memmove(found + 1, found + length, strlen(found + length) + 1);
        *found = '\a'; /* Not a star: a password may be one. */
    }
    for (char *at = said; *at != '\0'; at++)
        *at = *at == '\a' ? '*' : *at == '\n' ? ' ' : *at;
    snprintf(why, 160, "PostgreSQL: %.140s", said[0] == '\0' ? "no answer" : said);
}

/* libpq's words about a URL that it cannot read would quote it, password and all. */
static bool is_url(const char *url, char why[static 160])
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);

    if (options == NULL)
        snprintf(why, 160,
                 "not a URL that PostgreSQL can read; write "
                 "postgres://user:password@host:5432/database");
    PQconninfoFree(options);
    return options != NULL;
}

struct postgres *postgres_connect(const char *url, char why[static 160])
{
    static const char settings[] =
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";
    static const char *const keys[] = {"connect_timeout", "fallback_application_name", "dbname",
                                       NULL};
    const char *const values[] = {"3", "sim", url, NULL};
    struct postgres *postgres;

    if (!is_url(url, why))
        return NULL;
    postgres = calloc(1, sizeof *postgres);
    check(postgres != NULL);
    postgres->base.engine = &database_postgres;
    postgres->link = PQconnectdbParams(keys, values, 1);
    check(postgres->link != NULL);
    PQsetNoticeProcessor(postgres->link, ignore_notice, NULL);
    postgres->until_ns = loop_clock_ns() + LINK_TIMEOUT_MS * UINT64_C(1000000);
    if (PQstatus(postgres->link) == CONNECTION_OK && PQsetnonblocking(postgres->link, 1) == 0 &&
        postgres_say(postgres, settings, NULL) == POSTGRES_OK)
        return postgres;
    postgres_why(postgres, why);
    postgres_close(postgres);
    return NULL;
}

void postgres_close(struct postgres *postgres)
{
    PQfinish(postgres->link);
    free(postgres);
}

static struct database *open_link(const struct table_settings *settings, char why[static 160])
{
    struct postgres *postgres = postgres_connect(settings->database, why);
    char text[sizeof settings->schema * 2 + 32];
    char *schema;

    if (postgres == NULL)
        return NULL;
    postgres->is_indexed = settings->is_indexed;
    schema = PQescapeIdentifier(postgres->link, settings->schema, strlen(settings->schema));
    snprintf(text, sizeof text, "SET search_path = %s", schema == NULL ? "\"\"" : schema);
    PQfreemem(schema);
    if (postgres_say(postgres, text, NULL) == POSTGRES_OK)
        return &postgres->base;
    postgres_why(postgres, why);
    postgres_close(postgres);
    return NULL;
}

static void close_link(struct database *database)
{
    postgres_close((struct postgres *)database);
}

/* On an idle connection the server speaks to say farewell; or a notice, which is read away. */
static bool is_broken(struct database *database)
{
    struct postgres *postgres = (struct postgres *)database;

    for (int i = 0; i < 8 && !postgres->is_broken; i++) {
        struct pollfd link = {.fd = PQsocket(postgres->link), .events = POLLIN};

        if (poll(&link, 1, 0) <= 0)
            break;
        postgres->is_broken =
            PQconsumeInput(postgres->link) == 0 || PQstatus(postgres->link) != CONNECTION_OK;
    }
    return postgres->is_broken;
}

const struct database_engine database_postgres = {
    .open = open_link,
    .close = close_link,
    .is_broken = is_broken,
    .read = read_row,
    .write = postgres_write,
    .each = postgres_each,
    .probe = postgres_probe,
    .make = postgres_make,
    .drop = postgres_drop,
};
