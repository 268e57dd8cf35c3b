/* stats_board.c — Two copies in a mapped file, written in turn, each behind a version.
 *
 *     write n:   copy n % 2:   version = 2n - 1,   the words,   version = 2n
 *     read:      of the copies with an even version the later one; the words; the version again
 *
 * While one copy is written the other is whole, so a reader has no need to wait: it goes on only
 * when a writer has lapped it. A writer that is killed in the middle leaves an odd version behind,
 * and its follower writes that copy anew. The words are atomic one by one, as a seqlock in C11 must
 * have them (Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012);
 * a torn mixture of them is what the version is there to tell. */
#define _GNU_SOURCE
#include "services/live/node/stats_board.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "services/base/check.h"

enum { WORDS = sizeof(struct node_stats) / sizeof(uint64_t), TRIES_MAX = 1000 };

static_assert(sizeof(struct node_stats) % sizeof(uint64_t) == 0, "copied word by word");

struct copy {
    _Atomic uint64_t version;
    _Atomic uint64_t words[WORDS];
};

struct page {
    struct copy copies[2];
};

struct stats_board {
    struct page *page; /* NULL: nobody reads. */
    uint64_t written;
};

/* Closes fd. NULL: errno. */
static struct page *map_file(int fd)
{
    void *page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

/* How many writes were finished before us. */
static uint64_t writes_in(struct page *page)
{
    uint64_t latest = 0;

    for (int i = 0; i < 2; i++) {
        uint64_t version = atomic_load(&page->copies[i].version);

        if (version % 2 == 0 && version > latest)
            latest = version;
    }
    return latest / 2;
}

static struct stats_board *open_board(int fd)
{
    struct stats_board *board;
    struct page *page = map_file(fd);

    if (page == NULL)
        return NULL;
    board = malloc(sizeof *board);
    check(board != NULL);
    *board = (struct stats_board){.page = page, .written = writes_in(page)};
    return board;
}

struct stats_board *stats_board_make(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return NULL;
    if (ftruncate(fd, sizeof(struct page)) != 0) {
        close(fd);
        return NULL;
    }
    return open_board(fd);
}

struct stats_board *stats_board_open(const char *path)
{
    int fd;

    if (path[0] == '\0')
        return calloc(1, sizeof(struct stats_board));
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (lseek(fd, 0, SEEK_END) < (off_t)sizeof(struct page)) { /* Of another build, or none. */
        close(fd);
        errno = EINVAL;
        return NULL;
    }
    return open_board(fd);
}

struct stats_board *stats_board_share(void)
{
    void *page =
        mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct stats_board *board;

    if (page == MAP_FAILED)
        return NULL;
    board = calloc(1, sizeof *board);
    check(board != NULL);
    board->page = page;
    return board;
}

void stats_board_close(struct stats_board *board)
{
    if (board->page != NULL)
        munmap(board->page, sizeof(struct page));
    free(board);
}

/* Each word is released and acquired: who has read one of this turn also reads its odd version. */
void stats_board_write(struct stats_board *board, const struct node_stats *stats)
{
    uint64_t turn = ++board->written;
    struct copy *copy;

    if (board->page == NULL)
        return;
    copy = &board->page->copies[turn % 2];
    atomic_store_explicit(&copy->version, 2 * turn - 1, memory_order_relaxed);
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word;

        memcpy(&word, (const char *)stats + i * sizeof word, sizeof word);
        atomic_store_explicit(&copy->words[i], word, memory_order_release);
    }
    atomic_store_explicit(&copy->version, 2 * turn, memory_order_release);
}

static bool read_copy(struct copy *copy, uint64_t version, struct node_stats *stats)
{
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word = atomic_load_explicit(&copy->words[i], memory_order_acquire);

        memcpy((char *)stats + i * sizeof word, &word, sizeof word);
    }
    return atomic_load_explicit(&copy->version, memory_order_relaxed) == version;
}

bool stats_board_read(const struct stats_board *board, struct node_stats *stats)
{
    if (board->page == NULL)
        return false;
    for (int i = 0; i < TRIES_MAX; i++) {
        uint64_t latest = 2 * writes_in(board->page);

        if (latest == 0)
            return false;
        if (read_copy(&board->page->copies[latest / 2 % 2], latest, stats))
            return true;
    }
    return false;
}
