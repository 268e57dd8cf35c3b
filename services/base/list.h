/* list.h — An intrusive queue, first in, first out.
 *
 * The link lives inside the record that waits, so waiting allocates nothing. A record is on one
 * list at a time. Linked both ways: taking one from the middle (a deadline that ran out) costs
 * the same as taking the first. */
#ifndef SERVICES_BASE_LIST_H
#define SERVICES_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
    struct link *next, *previous; /* NULL, NULL: on no list. */
};

struct list {
    struct link head; /* A ring through this head. */
    uint32_t length;
};

#define list_entry(link_pointer, type, member)                                                     \
    ((type *)(void *)((unsigned char *)(link_pointer)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->head.next = list->head.previous = &list->head;
    list->length = 0;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->length == 0;
}

static inline void list_push_before(struct list *list, struct link *before, struct link *link)
{
    link->next = before;
    link->previous = before->previous;
    before->previous->next = link;
    before->previous = link;
    list->length++;
}

static inline void list_push_last(struct list *list, struct link *link)
{
    list_push_before(list, &list->head, link);
}

static inline void list_push_first(struct list *list, struct link *link)
{
    list_push_before(list, list->head.next, link);
}

static inline void list_remove(struct list *list, struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
    list->length--;
}

/* NULL: empty. */
static inline struct link *list_first(const struct list *list)
{
    return list->length == 0 ? NULL : list->head.next;
}

/* NULL: empty. */
static inline struct link *list_last(const struct list *list)
{
    return list->length == 0 ? NULL : list->head.previous;
}

static inline struct link *list_take_first(struct list *list)
{
    struct link *first = list_first(list);

    if (first != NULL)
        list_remove(list, first);
    return first;
}

static inline struct link *list_take_last(struct list *list)
{
    struct link *last = list_last(list);

    if (last != NULL)
        list_remove(list, last);
    return last;
}

/* Whatever is on `from` is on `to` now, in its order; what `to` was before is forgotten. */
static inline void list_take_all(struct list *from, struct list *to)
{
    list_init(to);
    if (from->length == 0)
        return;
    *to = *from;
    to->head.next->previous = to->head.previous->next = &to->head;
    list_init(from);
}

#endif
