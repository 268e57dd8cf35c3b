/* gil.c — Who holds the interpreter's lock, who waits, and when the holder is asked to drop it. */
#include "sim/world/gil.h"

#include "sim/world/world_inside.h"

void gil_init(struct gil *gil, uint64_t interval_ns)
{
    *gil = (struct gil){.interval_ns = interval_ns};
    list_init(&gil->waiting);
}

void gil_reset(struct gil *gil)
{
    gil_init(gil, gil->interval_ns);
}

uint64_t gil_asks_ns(uint64_t since_ns, uint64_t switched_ns, uint64_t interval_ns)
{
    uint64_t periods = 0; /* That were over, or under way, when it changed hands. */

    if (switched_ns > since_ns)
        periods = (switched_ns - since_ns + interval_ns - 1) / interval_ns;
    return since_ns + (periods + 1) * interval_ns;
}

static void note_waiter(struct gil *gil, const struct task *task)
{
    uint64_t asks_ns = gil_asks_ns(task->since_ns, gil->switched_ns, gil->interval_ns);

    if (asks_ns < gil->asks_ns)
        gil->asks_ns = asks_ns;
}

uint64_t gil_asked_ns(struct gil *gil, uint64_t until_ns)
{
    struct link *link;

    if (gil->waiting.length == 0 || until_ns < gil->switched_ns + gil->interval_ns)
        return UINT64_MAX;
    if (gil->asks_ns == 0) {
        gil->asks_ns = UINT64_MAX;
        for (link = gil->waiting.head.next; link != &gil->waiting.head; link = link->next)
            note_waiter(gil, list_entry(link, struct task, link));
    }
    return gil->asks_ns;
}

static void change_hands(struct gil *gil, struct task *task, uint64_t now_ns)
{
    gil->holder = task;
    gil->switched_ns = now_ns;
    gil->asks_ns = 0;
}

bool gil_enter(struct gil *gil, struct task *task, uint64_t now_ns)
{
    if (gil->holder == NULL) {
        change_hands(gil, task, now_ns);
        return true;
    }
    task->since_ns = now_ns;
    list_push_last(&gil->waiting, &task->link);
    if (gil->asks_ns > 0)
        note_waiter(gil, task);
    return false;
}

struct task *gil_leave(struct gil *gil, uint64_t now_ns)
{
    struct link *first = list_take_first(&gil->waiting);

    gil->holder = NULL;
    if (first == NULL)
        return NULL;
    change_hands(gil, list_entry(first, struct task, link), now_ns);
    return gil->holder;
}
