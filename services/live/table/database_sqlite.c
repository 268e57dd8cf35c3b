/* database_sqlite.c — SQL in a file beside us: SQLite, in WAL mode, synchronous=FULL.
 *
 *   write: take the turn (database_turn.c) -> BEGIN IMMEDIATE -> a prepared statement per operation
 *          -> COMMIT (one fsync) -> give the turn
 *
 * Readers see the last commit and wait for nobody. A row of likes costs one walk down one tree:
 * WITHOUT ROWID, and its primary key (post, user) also finds the rows of a post. A statement per
 * row is as fast as many rows in one here, because nothing travels.
 *
 * An update is UPDATE, and INSERT when that has met no row: it needs no unique index, and with one
 * writer nobody comes between. What a COMMIT that fails has left behind is rolled back; only after
 * an error of the disk itself is that not certain, and said so (DATABASE_LOST).
 *
 * database_make writes the rows that were there before without a journal, which a file that nobody
 * else knows can do without, and sets WAL at the end. */
#define _GNU_SOURCE
#include "services/live/table/database_inside.h"

#include <sqlite3.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/live/loop/loop.h"

enum statement {
    INSERT,
    INSERT_LOOKING, /* Where there is no unique index. */
    DELETE,
    SET,
    RAISE,
    ADD,
    ROW,
    COUNT,
    STATEMENTS
};

static const char *const patterns[STATEMENTS] = {
    [INSERT] = "INSERT INTO %T (%K, %V) VALUES (%P) ON CONFLICT DO NOTHING",
    [INSERT_LOOKING] = ("INSERT INTO %T (%K, %V) SELECT %P "
                        "WHERE NOT EXISTS (SELECT 1 FROM %T WHERE %M)"),
    [DELETE] = "DELETE FROM %T WHERE %M",
    [SET] = "UPDATE %T SET %V = ?3 WHERE %M",
    [RAISE] = "UPDATE %T SET %V = max(%V, ?3) WHERE %M",
    [ADD] = "UPDATE %T SET %V = %V + ?3 WHERE %M",
    [ROW] = "SELECT %V FROM %T WHERE %M",
    [COUNT] = "SELECT count(*) FROM %T WHERE ",
};
static const struct database_names names = {.a = "?1", .b = "?2", .v = "?3", .of = ""};

struct sqlite {
    struct database base; /* First. */
    sqlite3 *connection;
    struct database_turn turn;
    bool is_indexed;
    sqlite3_stmt *statements[STATEMENTS][TABLE_KINDS]; /* Prepared when they are first needed. */
};

/* ---- Statements ----------------------------------------------------------------------------- */

static sqlite3_stmt *prepared(struct sqlite *sqlite, enum statement which, uint32_t table)
{
    sqlite3_stmt **statement = &sqlite->statements[which][table];
    const struct database_table *named = &database_tables[table];
    char text[DATABASE_TEXT_MAX];

    if (*statement != NULL)
        return *statement;
    database_text(text, patterns[which], named, &names);
    if (which == COUNT)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s = ?1", named->a);
    if (sqlite3_prepare_v3(sqlite->connection, text, -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) != SQLITE_OK)
        *statement = NULL;
    return *statement;
}

static void bind(sqlite3_stmt *statement, uint64_t a, uint64_t b, int64_t v)
{
    const int64_t values[] = {(int64_t)a, (int64_t)b, v};
    int wanted = sqlite3_bind_parameter_count(statement);

    for (int i = 0; i < wanted && i < 3; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
}

/* A primary result code; *rows: that it changed. */
static int change(struct sqlite *sqlite, enum statement which, const struct table_op *op,
                  int64_t value, int64_t *rows)
{
    sqlite3_stmt *statement = prepared(sqlite, which, op->table);
    int end;

    *rows = 0;
    if (statement == NULL)
        return sqlite3_errcode(sqlite->connection) & 0xff;
    bind(statement, op->a, op->b, value);
    sqlite3_step(statement);
    end = sqlite3_reset(statement);
    if (end == SQLITE_OK)
        *rows = sqlite3_changes(sqlite->connection);
    return end & 0xff;
}

static int say(struct sqlite *sqlite, const char *text)
{
    return sqlite3_exec(sqlite->connection, text, NULL, NULL, NULL) & 0xff;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static enum database_end end_of(int end)
{
    if (end == SQLITE_BUSY || end == SQLITE_LOCKED)
        return DATABASE_BUSY;
    return end == SQLITE_OK || end == SQLITE_ROW || end == SQLITE_DONE ? DATABASE_OK
                                                                       : DATABASE_FAILED;
}

static enum database_end read_row(struct database *database,
                                  const struct database_question *question, uint32_t timeout_ms,
                                  int64_t *value)
{
    struct sqlite *sqlite = (struct sqlite *)database;
    enum statement which = question->how == TABLE_COUNT ? COUNT : ROW;
    sqlite3_stmt *statement;
    int end, reset;

    sqlite3_busy_timeout(sqlite->connection, (int)timeout_ms);
    statement = prepared(sqlite, which, question->of);
    if (statement == NULL)
        return end_of(sqlite3_errcode(sqlite->connection) & 0xff);
    bind(statement, question->a, question->b, 0);
    end = sqlite3_step(statement);
    if (end == SQLITE_ROW)
        *value = sqlite3_column_int64(statement, 0);
    reset = sqlite3_reset(statement) & 0xff;
    return end == SQLITE_DONE ? DATABASE_ABSENT : end_of(reset);
}

/* ---- Writing -------------------------------------------------------------------------------- */

struct work { /* One transaction. */
    struct sqlite *sqlite;
    int64_t changed, tally;
};

static int update(struct work *work, const struct table_op *op)
{
    static const enum statement updates[] = {
        [TABLE_SET] = SET, [TABLE_RAISE] = RAISE, [TABLE_TALLY] = ADD};
    int64_t value = op->verb == TABLE_TALLY ? work->tally : op->value;
    int64_t rows;
    int end = change(work->sqlite, updates[op->verb], op, value, &rows);

    if (end == SQLITE_OK && rows == 0)
        end = change(work->sqlite, INSERT, op, value, &rows);
    if (op->verb == TABLE_TALLY)
        work->tally = 0;
    return end;
}

static int apply(struct work *work, const struct table_op *op)
{
    bool must_look = op->table == TABLE_LIKES && !work->sqlite->is_indexed;
    int64_t rows = 0;
    int end;

    if (op->verb == TABLE_INSERT)
        end = change(work->sqlite, must_look ? INSERT_LOOKING : INSERT, op, op->value, &rows);
    else if (op->verb == TABLE_DELETE)
        end = change(work->sqlite, DELETE, op, op->value, &rows);
    else
        return update(work, op);
    work->changed += rows;
    work->tally += op->verb == TABLE_INSERT ? rows : -rows;
    return end;
}

static enum database_end commit(struct sqlite *sqlite)
{
    int end = say(sqlite, "COMMIT");

    if (end == SQLITE_OK)
        return DATABASE_OK;
    say(sqlite, "ROLLBACK");
    return end == SQLITE_IOERR ? DATABASE_LOST : end_of(end);
}

static enum database_end transact(struct sqlite *sqlite, const struct table_op *ops,
                                  uint32_t ops_max, int64_t *rows_changed)
{
    struct work work = {.sqlite = sqlite};
    int end = say(sqlite, "BEGIN IMMEDIATE");

    if (end != SQLITE_OK)
        return end_of(end);
    for (uint32_t i = 0; i < ops_max && end == SQLITE_OK; i++)
        end = apply(&work, &ops[i]);
    if (end != SQLITE_OK) {
        say(sqlite, "ROLLBACK");
        return end_of(end);
    }
    *rows_changed = work.changed;
    return commit(sqlite);
}

static enum database_end write_rows(struct database *database, const struct table_op *ops,
                                    uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed)
{
    struct sqlite *sqlite = (struct sqlite *)database;
    uint64_t now_ns = loop_clock_ns(), until_ns = now_ns + timeout_ms * UINT64_C(1000000);
    enum database_end end;

    if (!database_turn_take(&sqlite->turn, until_ns))
        return DATABASE_BUSY;
    now_ns = loop_clock_ns();
    /* Who does not know of turns (a shell, a backup) is waited for as well. */
    sqlite3_busy_timeout(sqlite->connection,
                         now_ns < until_ns ? (int)((until_ns - now_ns) / 1000000) : 0);
    end = transact(sqlite, ops, ops_max, rows_changed);
    database_turn_give(&sqlite->turn);
    return end;
}

/* ---- From open to close --------------------------------------------------------------------- */

static void close_file(struct database *database)
{
    struct sqlite *sqlite = (struct sqlite *)database;

    for (uint32_t which = 0; which < STATEMENTS; which++)
        for (uint32_t table = 0; table < TABLE_KINDS; table++)
            sqlite3_finalize(sqlite->statements[which][table]);
    sqlite3_close(sqlite->connection);
    database_turn_close(&sqlite->turn);
    free(sqlite);
}

static bool is_broken(struct database *database)
{
    (void)database;
    return false; /* A file does not hang up. */
}

static struct sqlite *new_sqlite(const struct table_settings *settings)
{
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);

    check(sqlite != NULL);
    sqlite->base.engine = &database_sqlite;
    sqlite->is_indexed = settings->is_indexed;
    sqlite->turn = (struct database_turn){.next = -1, .now = -1};
    return sqlite;
}

static bool connect_file(struct sqlite *sqlite, const char *path, char why[static 160])
{
    if (sqlite3_open_v2(path, &sqlite->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(sqlite->connection, 5000);
        if (say(sqlite, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") == SQLITE_OK)
            return true;
    }
    snprintf(why, 160, "SQLite: %.60s: %.70s", path, sqlite3_errmsg(sqlite->connection));
    return false;
}

static struct database *open_file(const struct table_settings *settings, char why[static 160])
{
    struct sqlite *sqlite = new_sqlite(settings);

    if (!connect_file(sqlite, settings->database, why)) {
        close_file(&sqlite->base);
        return NULL;
    }
    if (!database_turn_open(&sqlite->turn, settings->database)) {
        snprintf(why, 160, "SQLite: no lock file beside %.60s: %.50s", settings->database,
                 strerror(errno));
        close_file(&sqlite->base);
        return NULL;
    }
    return &sqlite->base;
}

/* ---- For the lab ---------------------------------------------------------------------------- */

static bool probe(const char *database, char version[static 64], char why[static 160])
{
    char path[SETTINGS_TEXT_MAX];

    snprintf(path, sizeof path, "%s", database);
    if (access(dirname(path), W_OK) != 0) {
        snprintf(why, 160, "no file can be made in the folder of %.60s: %.40s", database,
                 strerror(errno));
        return false;
    }
    snprintf(version, 64, "SQLite %.40s", sqlite3_libversion());
    return true;
}

static bool make_tables(struct sqlite *sqlite)
{
    for (uint32_t i = 1; i < TABLE_KINDS; i++) {
        const struct database_table *table = &database_tables[i];
        bool has_key = i != TABLE_LIKES || sqlite->is_indexed;
        char text[DATABASE_TEXT_MAX], constraint[DATABASE_CONSTRAINT_MAX];

        database_constraint(constraint, table);
        snprintf(text, sizeof text, "CREATE TABLE %s (%s INTEGER NOT NULL", table->name, table->a);
        if (table->b != NULL)
            snprintf(text + strlen(text), sizeof text - strlen(text), ", %s INTEGER NOT NULL",
                     table->b);
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %s INTEGER NOT NULL%s",
                 table->value, constraint);
        if (has_key)
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     ", PRIMARY KEY (%s%s%s)) WITHOUT ROWID", table->a,
                     table->b == NULL ? "" : ", ", table->b == NULL ? "" : table->b);
        else
            snprintf(text + strlen(text), sizeof text - strlen(text), ")");
        if (say(sqlite, text) != SQLITE_OK)
            return false;
    }
    return true;
}

/* A thousand likes for each old post, in the order of the key. */
static bool fill_likes(struct sqlite *sqlite, uint64_t likes_rows)
{
    struct table_op op = {.table = TABLE_LIKES};
    int64_t rows;

    for (uint64_t i = 0; i < likes_rows; i++) {
        op.a = DATABASE_OLD_KEYS + i / 1000;
        op.b = DATABASE_OLD_KEYS + i % 1000;
        if (change(sqlite, INSERT, &op, 0, &rows) != SQLITE_OK)
            return false;
    }
    return true;
}

static bool make_all(struct sqlite *sqlite, const char *path, uint64_t likes_rows,
                     char why[static 160])
{
    bool is_made =
        say(sqlite, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE") ==
            SQLITE_OK &&
        make_tables(sqlite) && fill_likes(sqlite, likes_rows) &&
        say(sqlite, "COMMIT; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL") == SQLITE_OK;

    if (!is_made)
        snprintf(why, 160, "SQLite: %.60s: %.70s", path, sqlite3_errmsg(sqlite->connection));
    return is_made;
}

static bool make(const struct table_settings *settings, uint64_t likes_rows, char why[static 160])
{
    const char *path = settings->database;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct sqlite *sqlite;
    bool is_made;

    if (file < 0) {
        snprintf(why, 160, "SQLite: cannot make %.60s: %.50s", path,
                 errno == EEXIST ? "it is there already; remove it first" : strerror(errno));
        return false;
    }
    close(file);
    sqlite = new_sqlite(settings);
    is_made = connect_file(sqlite, path, why) && make_all(sqlite, path, likes_rows, why);
    close_file(&sqlite->base);
    if (!is_made)
        unlink(path);
    return is_made;
}

static bool is_sqlite(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char head[16] = "";
    FILE *file = fopen(path, "rbe");
    size_t length;

    if (file == NULL)
        return false;
    length = fread(head, 1, sizeof head, file);
    fclose(file);
    return length == 0 || memcmp(head, magic, sizeof head) == 0;
}

static bool drop(const struct table_settings *settings, char why[static 160])
{
    static const char *const endings[] = {"-wal", "-shm", "-journal", ""};
    char name[SETTINGS_TEXT_MAX + 16];

    if (access(settings->database, F_OK) != 0)
        return true;
    if (!is_sqlite(settings->database)) {
        snprintf(why, 160, "%.80s is no SQLite file; it stays", settings->database);
        return false;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%s%s", settings->database, endings[i]);
        if (unlink(name) != 0 && errno != ENOENT) {
            snprintf(why, 160, "cannot remove %.90s: %.50s", name, strerror(errno));
            return false;
        }
    }
    database_turn_remove(settings->database);
    return true;
}

static bool each_row(struct database *database, const struct database_each *each,
                     char why[static 160])
{
    static const char pattern[] = "SELECT %K, %V FROM %T";
    struct sqlite *sqlite = (struct sqlite *)database;
    const struct database_table *table = &database_tables[each->table];
    int b = table->b == NULL ? -1 : 1, value = table->b == NULL ? 1 : 2;
    char text[DATABASE_TEXT_MAX];
    sqlite3_stmt *rows;

    database_text(text, pattern, table, &names);
    if (each->table == TABLE_LIKES)
        snprintf(text + strlen(text), sizeof text - strlen(text), " WHERE %s < %llu", table->a,
                 (unsigned long long)DATABASE_OLD_KEYS);
    sqlite3_busy_timeout(sqlite->connection, 5000);
    if (sqlite3_prepare_v2(sqlite->connection, text, -1, &rows, NULL) == SQLITE_OK)
        while (sqlite3_step(rows) == SQLITE_ROW &&
               each->row(each->context, (uint64_t)sqlite3_column_int64(rows, 0),
                         b < 0 ? 0 : (uint64_t)sqlite3_column_int64(rows, b),
                         sqlite3_column_int64(rows, value)))
            ;
    if (sqlite3_finalize(rows) == SQLITE_OK && rows != NULL)
        return true;
    snprintf(why, 160, "SQLite: %.20s: %.100s", table->name, sqlite3_errmsg(sqlite->connection));
    return false;
}

const struct database_engine database_sqlite = {
    .open = open_file,
    .close = close_file,
    .is_broken = is_broken,
    .read = read_row,
    .write = write_rows,
    .each = each_row,
    .probe = probe,
    .make = make,
    .drop = drop,
};
