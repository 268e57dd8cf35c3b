/* What calibration makes of a read: a time, or none. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "services/live/table/database.h"
#include "sim/lab/calibrate_inside.h"

static char folder[] = "/tmp/sim-test-reads-XXXXXX";
static struct table_settings settings;

static double read_once(void)
{
    char why[160] = "";
    struct database *database = database_open(&settings, why);
    double took_us;

    if (database == NULL)
        fail_msg("%s", why);
    took_us = calibrate_read(database, TABLE_COUNT, TABLE_LIKES, 1);
    database_close(database);
    return took_us;
}

static void a_read_that_failed_took_no_time(void **state)
{
    char why[160] = "";

    (void)state;
    assert_true(database_make(&settings, 10, why));
    assert_true(read_once() > 0);
    assert_true(database_drop(&settings, why));
    assert_int_equal(fclose(fopen(settings.database, "w")), 0);
    assert_true(isnan(read_once())); /* There is no table. */
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    settings.connections = 1;
    settings.is_indexed = true;
    snprintf(settings.database, sizeof settings.database, "%s/test.db", folder);
    return 0;
}

static int teardown(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_read_that_failed_took_no_time, setup, teardown),
    };

    return cmocka_run_group_tests_name("calibration of reads", tests, NULL, NULL);
}
