/* calibrate_data.c — Redis, and SQL: a command, a row, a commit.
 *
 * A row's cost is the slope between transactions of 1 and of 500 rows. A commit is what is left of
 * one row's transaction (calibrate_commit.c), less that row and a read. Keys are scattered, as
 * those of people are. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>

#include "services/live/store/store_live.h"
#include "services/live/table/table_live.h"
#include "sim/lab/calibrate_inside.h"

enum { ROWS_MAX = 500, READS = 400, SCANS = 25, READ_TIMEOUT_MS = 5000 };

static const uint64_t timeout_ns = 10000000000u, ms_ns = 1000000;

/* ---- The store ------------------------------------------------------------------------------- */

struct value { /* Its size is its key. */
    struct store *store;
    uint32_t bytes;
};

static void set_value(struct probe *probe, struct sample *sample)
{
    const struct value *value = probe->context;

    store_set(value->store, &sample->call, store_key(SPACE_CUSTOM, value->bytes), 1, value->bytes,
              0, timeout_ns);
}

static void get_value(struct probe *probe, struct sample *sample)
{
    const struct value *value = probe->context;

    store_get(value->store, &sample->call, store_key(SPACE_CUSTOM, value->bytes), timeout_ns);
}

bool calibrate_gets(struct calibrator *calibrator, struct store *store, uint32_t bytes,
                    struct calibrated *figures)
{
    struct probe set = {
        .name = {"a set", "set"}, .every_ns = ms_ns, .samples = 5, .ask = set_value};
    struct probe get = {
        .name = {"a get", "get"}, .every_ns = 5 * ms_ns, .samples = 400, .ask = get_value};
    struct value value = {store, bytes};
    struct calibrated ignored;

    set.context = get.context = &value;
    return probe_run(&set, calibrator, &ignored) && probe_run(&get, calibrator, figures);
}

static void get_small(struct burst *burst, struct call *call)
{
    store_get(burst->port, call, store_key(SPACE_CUSTOM, CALIBRATE_SMALL_BYTES), timeout_ns);
}

static bool measure_store(struct calibrator *calibrator, struct store *store)
{
    static struct burst burst;
    struct calibration *to = calibrator->calibration;
    struct probe many = {.name = {"a burst of gets", "много get сразу"},
                         .every_ns = 20 * ms_ns,
                         .samples = 100,
                         .ask = burst_ask,
                         .context = &burst};

    burst = (struct burst){.ask = get_small, .port = store};
    return calibrate_gets(calibrator, store, CALIBRATE_SMALL_BYTES, &to->get) &&
           probe_run(&many, calibrator, &to->gets) &&
           calibrate_gets(calibrator, store, CALIBRATE_LARGE_BYTES, &to->get_large);
}

bool calibrate_store(struct calibrator *calibrator)
{
    struct store_live *store = store_live_open(&calibrator->loop, calibrator->servers.store.server,
                                               calibrator->servers.run, &calibrator->stats);
    bool is_good;

    if (store == NULL)
        return message_say(calibrator->trouble, "Redis: it cannot be asked",
                           "Redis: спросить его не удалось");
    calibrate_step(calibrator, "a Redis call", "вызов Redis");
    is_good = measure_store(calibrator, store_live_port(store));
    store_live_close(store);
    return is_good;
}

/* ---- The table ------------------------------------------------------------------------------- */

struct rows { /* What the next transaction writes. */
    struct table *table;
    uint64_t next;
    uint32_t rows_max;
    struct table_op ops[ROWS_MAX];
};

/* SplitMix64's last steps. */
uint64_t calibrate_key(uint64_t n)
{
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
    return (n ^ (n >> 31)) >> 2;
}

static void write_rows(struct probe *probe, struct sample *sample)
{
    struct rows *rows = probe->context;

    for (uint32_t i = 0; i < rows->rows_max; i++)
        rows->ops[i] = (struct table_op){.verb = TABLE_INSERT,
                                         .table = TABLE_CUSTOM,
                                         .a = calibrate_key(++rows->next),
                                         .value = 1};
    table_write(rows->table, &sample->call, rows->ops, rows->rows_max, timeout_ns);
}

static void read_row(struct probe *probe, struct sample *sample)
{
    const struct rows *rows = probe->context;

    table_read(rows->table, &sample->call, TABLE_ROW, TABLE_CUSTOM,
               calibrate_key(1 + sample->index % rows->next), 0, timeout_ns);
}

static bool write_series(struct calibrator *calibrator, struct rows *rows, uint32_t rows_max,
                         struct probe probe, struct calibrated *figures)
{
    rows->rows_max = rows_max;
    probe.ask = write_rows;
    probe.context = rows;
    return probe_run(&probe, calibrator, figures);
}

static bool measure_table(struct calibrator *calibrator, struct rows *rows)
{
    struct calibration *to = calibrator->calibration;
    struct probe read = {.name = {"a read by key", "чтение по ключу"},
                         .every_ns = 5 * ms_ns,
                         .samples = READS,
                         .ask = read_row,
                         .context = rows};

    return write_series(calibrator, rows, 1,
                        (struct probe){
                            .name = {"a commit", "коммит"}, .every_ns = 8 * ms_ns, .samples = 400},
                        &to->write) &&
           write_series(calibrator, rows, 100,
                        (struct probe){.name = {"a batch of 100", "пачка из 100"},
                                       .every_ns = 20 * ms_ns,
                                       .samples = 100},
                        &to->write_100) &&
           write_series(calibrator, rows, ROWS_MAX,
                        (struct probe){.name = {"a batch of 500", "пачка из 500"},
                                       .every_ns = 50 * ms_ns,
                                       .samples = 80},
                        &to->write_500) &&
           probe_run(&read, calibrator, &to->read);
}

double calibrate_read(struct database *database, enum table_read how, enum schema_table of,
                      uint64_t key)
{
    const struct database_question question = {how, of, key, 0};
    uint64_t begun_ns = loop_clock_ns();
    int64_t value;

    if (database_read(database, &question, READ_TIMEOUT_MS, &value) != DATABASE_OK)
        return NAN;
    return (double)(loop_clock_ns() - begun_ns) * 1e-3;
}

/* Needs as many answers as a probe does. */
static bool measure_reads(struct calibrator *calibrator, struct database *database)
{
    struct calibration *to = calibrator->calibration;
    struct calibrated statement;
    double took_us[READS];

    for (unsigned i = 0; i < READS; i++)
        took_us[i] = calibrate_read(database, TABLE_ROW, TABLE_CUSTOM, calibrate_key(1 + i));
    statement = calibrated_of(took_us, READS);
    to->statement_us = statement.mean;
    for (unsigned i = 0; i < SCANS; i++)
        took_us[i] = calibrate_read(database, TABLE_COUNT, TABLE_LIKES, i);
    to->scan = calibrated_of(took_us, SCANS);
    to->scan_rows = calibrator->scenario->table.likes_rows;
    return (statement.n >= READS / 10 * 9 && to->scan.n >= SCANS / 10 * 9) ||
           message_say(calibrator->trouble, "the database: its rows could not be read",
                       "база данных: её строки не читаются");
}

static bool measure_alone(struct calibrator *calibrator)
{
    char why[160] = "";
    struct database *database = database_open(&calibrator->servers.table, why);
    bool is_good;

    if (database == NULL)
        return message_say(calibrator->trouble, "the database: %s", "база данных: %s", why);
    is_good = measure_reads(calibrator, database);
    database_close(database);
    return is_good;
}

bool calibrate_table(struct calibrator *calibrator)
{
    static struct rows rows; /* Too large for a stack that others share. */
    struct table_settings settings = calibrator->servers.table;
    struct table_live *table;
    char why[160] = "";
    bool is_good;

    calibrate_step(calibrator, "a row, a commit", "строка, коммит");
    if (!calibrate_commit(calibrator))
        return false;
    settings.connections = 2;
    table = table_live_open(&calibrator->loop, &settings, &calibrator->stats, why);
    if (table == NULL)
        return message_say(calibrator->trouble, "the database: %s", "база данных: %s", why);
    memset(&rows, 0, sizeof rows);
    rows.table = table_live_port(table);
    is_good = measure_table(calibrator, &rows) && measure_alone(calibrator);
    table_live_close(table);
    return is_good;
}
