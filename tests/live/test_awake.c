/* test_awake.c — What the kernel says about the wake-up latency that is asked of it. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/lab/awake.h"

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
    awake = awake_hold();
    assert_true(awake >= 0);
    assert_int_equal(target_us(), 0);
    assert_true((fcntl(awake, F_GETFD) & FD_CLOEXEC) != 0); /* Servers and nodes do not keep it. */
    awake_let_go(awake); /* Whether it is over then depends on the live runs beside this test. */
    awake_let_go(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_asked_for_none_for_as_long_as_it_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
