/* rabbit.h — One rabbitmq-server of the test program's own: started as the lab starts it, in a
 * folder under /tmp, on 127.0.0.1; it dies with the test. */
#ifndef TESTS_LIB_RABBIT_H
#define TESTS_LIB_RABBIT_H

#include <stddef.h>

/* What this machine lacks, and the cure; NULL: nothing. */
const char *test_rabbit_missing(void);

void test_rabbit_begin(void);
void test_rabbit_end(void);

void test_rabbit_where(char *text, size_t text_max); /* "127.0.0.1:PORT" */
void test_rabbit_signal(int signal_number);
void test_rabbit_crash(void);   /* SIGKILL. */
void test_rabbit_restart(void); /* With what is on its disk; waits until it answers. */

#endif
