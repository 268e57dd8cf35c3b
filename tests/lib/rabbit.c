/* rabbit.c — The lab's rabbitmq-server, for tests. */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include "tests/lib/rabbit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/lab/servers_rabbitmq.h"

static struct rabbit_server server;
static char folder[] = "/tmp/sim-test-rabbit-XXXXXX";

const char *test_rabbit_missing(void)
{
    char path[512];

    return rabbit_server_find(path, sizeof path)
               ? NULL
               : "no rabbitmq-server: apt install rabbitmq-server";
}

static void wait_for_server(void)
{
    struct message why = message_in("en");
    char version[32];

    if (!rabbit_server_wait(&server, NULL, version, &why))
        fail_msg("%s", why.text);
}

void test_rabbit_begin(void)
{
    struct message why = message_in("en");

    assert_non_null(mkdtemp(folder));
    if (!rabbit_server_start(&server, folder, &why))
        fail_msg("%s", why.text);
    wait_for_server();
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

/* What it was writing may come in between: again, for a second. */
void test_rabbit_end(void)
{
    rabbit_server_kill(&server);
    for (int i = 0; i < 50 && nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0; i++)
        usleep(20000);
}

void test_rabbit_where(char *text, size_t text_max)
{
    rabbit_server_address(&server, text, text_max);
}

void test_rabbit_signal(int signal_number)
{
    process_signal(&server.broker, signal_number);
}

void test_rabbit_crash(void)
{
    rabbit_server_crash(&server);
}

void test_rabbit_restart(void)
{
    struct message why = message_in("en");

    if (!rabbit_server_restart(&server, &why))
        fail_msg("%s", why.text);
    wait_for_server();
}
