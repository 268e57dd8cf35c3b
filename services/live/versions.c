/* versions.c — Each library asked for its own version. */
#include "services/live/versions.h"

#include <stdio.h>

#include <event2/event.h>
#include <libmemcached/memcached.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <sqlite3.h>

static void note(struct library *library, const char *name, const char *version)
{
    library->name = name;
    snprintf(library->version, sizeof library->version, "%.31s", version);
}

/* 150020 is 15.20; before version 10 there was a third number, and those are gone. */
static void note_libpq(struct library *library)
{
    int version = PQlibVersion();

    library->name = "libpq";
    snprintf(library->version, sizeof library->version, "%d.%d", version / 10000, version % 10000);
}

void library_versions(struct library libraries[static LIBRARIES])
{
    note(&libraries[0], "libevent", event_get_version());
    note(&libraries[1], "librdkafka", rd_kafka_version_str());
    note(&libraries[2], "SQLite", sqlite3_libversion());
    note_libpq(&libraries[3]);
    note(&libraries[4], "libmemcached", memcached_lib_version());
}
