/* versions.h — The libraries that the live ports stand on: what this program runs with, which is
 * not always what it was built with. */
#ifndef SERVICES_LIVE_VERSIONS_H
#define SERVICES_LIVE_VERSIONS_H

#include <stddef.h>

struct library {
    const char *name;
    char version[32];
};

enum { LIBRARIES = 5 };

/* libevent, librdkafka, SQLite, libpq, libmemcached. */
void library_versions(struct library libraries[static LIBRARIES]);

#endif
