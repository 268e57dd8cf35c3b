/* The board: a reader sees whole pages, whatever happens to the writer. */
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/live/node/stats_board.h"

static struct node_stats page;
static char path[64];

static void fill(uint64_t value)
{
    uint64_t *words = (uint64_t *)&page;

    for (size_t i = 0; i < sizeof page / sizeof *words; i++)
        words[i] = value;
}

/* The value that all words have. */
static uint64_t only_value(void)
{
    const uint64_t *words = (const uint64_t *)&page;

    for (size_t i = 1; i < sizeof page / sizeof *words; i++)
        assert_int_equal(words[i], words[0]);
    return words[0];
}

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/sim-board-%d", (int)getpid());
    return 0;
}

static int drop_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void a_board_that_nobody_wrote_has_nothing_to_read(void **state)
{
    struct stats_board *board = stats_board_make(path);

    (void)state;
    assert_false(stats_board_read(board, &page));
    stats_board_close(board);
}

static void the_last_page_written_is_the_one_that_is_read(void **state)
{
    struct stats_board *lab = stats_board_make(path), *node = stats_board_open(path);

    (void)state;
    for (uint64_t i = 1; i <= 5; i++) {
        fill(i);
        stats_board_write(node, &page);
        fill(0);
        assert_true(stats_board_read(lab, &page));
        assert_int_equal(only_value(), i);
    }
    stats_board_close(node);
    stats_board_close(lab);
}

static void a_board_without_a_path_takes_everything_and_shows_nothing(void **state)
{
    struct stats_board *board = stats_board_open("");

    (void)state;
    stats_board_write(board, &page);
    assert_false(stats_board_read(board, &page));
    stats_board_close(board);
}

static void a_file_that_is_no_board_is_refused(void **state)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    (void)state;
    assert_int_equal(write(fd, "hello", 5), 5);
    close(fd);
    errno = 0;
    assert_null(stats_board_open(path));
    assert_int_equal(errno, EINVAL);
    unlink(path);
    assert_null(stats_board_open(path));
    assert_int_equal(errno, ENOENT);
}

/* In the child: pages without end, until it is killed. */
static void write_for_ever(void)
{
    struct stats_board *node = stats_board_open(path);

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* Should a claim of the test fail. */
    for (uint64_t i = 1;; i++) {
        fill(i);
        stats_board_write(node, &page);
    }
}

static pid_t start_writer(void)
{
    pid_t writer = fork();

    assert_true(writer >= 0);
    if (writer == 0)
        write_for_ever();
    return writer;
}

static void kill_it(pid_t writer)
{
    int status;

    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, &status, 0), writer);
}

static void wait_for_first_page(const struct stats_board *lab)
{
    while (!stats_board_read(lab, &page))
        usleep(1000);
}

static void
a_page_that_is_read_while_others_are_written_is_whole_and_never_an_older_one(void **state)
{
    struct stats_board *lab = stats_board_make(path);
    pid_t writer = start_writer();
    uint64_t last = 0;

    (void)state;
    wait_for_first_page(lab);
    for (int i = 0; i < 300; i++) {
        if (!stats_board_read(lab, &page)) /* Lapped a thousand times. */
            continue;
        assert_true(only_value() >= last);
        last = only_value();
    }
    assert_true(last > 0);
    kill_it(writer);
    stats_board_close(lab);
}

static void
a_writer_killed_in_the_middle_leaves_the_page_before_and_a_board_to_go_on_with(void **state)
{
    struct stats_board *lab = stats_board_make(path);

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct stats_board *next;
        pid_t writer = start_writer();

        usleep((useconds_t)(i * 37));
        kill_it(writer);
        if (!stats_board_read(lab, &page)) /* Killed before its first page. */
            continue;
        only_value();
        next = stats_board_open(path);
        fill(1000000000 + (uint64_t)i);
        stats_board_write(next, &page);
        assert_true(stats_board_read(lab, &page));
        assert_int_equal(only_value(), 1000000000 + i);
        stats_board_close(next);
    }
    stats_board_close(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_that_nobody_wrote_has_nothing_to_read),
        cmocka_unit_test(the_last_page_written_is_the_one_that_is_read),
        cmocka_unit_test(a_board_without_a_path_takes_everything_and_shows_nothing),
        cmocka_unit_test(a_file_that_is_no_board_is_refused),
        cmocka_unit_test(
            a_page_that_is_read_while_others_are_written_is_whole_and_never_an_older_one),
        cmocka_unit_test(
            a_writer_killed_in_the_middle_leaves_the_page_before_and_a_board_to_go_on_with),
    };

    return cmocka_run_group_tests_name("stats_board", tests, make_path, drop_path);
}
