/* test_timely.c — What the kernel says about what is asked of it. */
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/lab/timely.h"

/* The smallest that anybody asks for; every reader asks for the kernel's default meanwhile. */
static int32_t target_us(void)
{
    int32_t target = -1;
    int fd = open("/dev/cpu_dma_latency", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, &target, sizeof target), sizeof target);
    close(fd);
    return target;
}

static void the_kernel_is_asked_for_none_for_as_long_as_it_is_held(void **state)
{
    int awake;

    (void)state;
    if (access("/dev/cpu_dma_latency", R_OK | W_OK) != 0) {
        puts("*** SKIPPED: /dev/cpu_dma_latency is not ours to open ***");
        skip();
    }
    awake = timely_keep_awake();
    assert_true(awake >= 0);
    assert_int_equal(target_us(), 0);
    assert_true((fcntl(awake, F_GETFD) & FD_CLOEXEC) != 0); /* Servers and nodes do not keep it. */
    timely_let_sleep(
        awake); /* Whether it is over then depends on the live runs beside this test. */
    timely_let_sleep(-1);
}

static void the_driver_goes_first_and_what_it_starts_does_not(void **state)
{
    int status;
    pid_t child;

    (void)state;
    if (!timely_go_first()) {
        assert_int_equal(errno, EPERM);
        puts("*** SKIPPED: we may not go first ***");
        skip();
    }
    assert_int_equal(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_FIFO);
    child = fork();
    if (child == 0)
        _exit(sched_getscheduler(0));
    timely_line_up();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SCHED_OTHER);
    assert_int_equal(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_asked_for_none_for_as_long_as_it_is_held),
        cmocka_unit_test(the_driver_goes_first_and_what_it_starts_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
