/* A line by rank, held to a line that is sorted anew each time. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "services/base/ranks.h"

enum { PEOPLE = 64, STEPS = 20000 };

struct person {
    struct link link;
    uint32_t rank;
    unsigned came; /* 0: not here. */
};

static struct ranks line;
static struct person people[PEOPLE];

static int setup(void **state)
{
    (void)state;
    ranks_init(&line);
    for (unsigned i = 0; i < PEOPLE; i++)
        people[i] = (struct person){.rank = i % RANKS_MAX};
    return 0;
}

static void comes(struct person *person, unsigned when)
{
    person->came = when;
    ranks_push(&line, &person->link, person->rank);
}

static struct person *who(struct link *link)
{
    struct person *person = link == NULL ? NULL : list_entry(link, struct person, link);

    if (person != NULL)
        person->came = 0;
    return person;
}

/* The one that should be next; of those of the lowest rank the last, if is_last. */
static struct person *expected(bool is_last)
{
    struct person *best = NULL;

    for (struct person *p = people; p < people + PEOPLE; p++) {
        if (p->came == 0)
            continue;
        if (best == NULL || (is_last ? p->rank < best->rank : p->rank > best->rank) ||
            (p->rank == best->rank && (is_last ? p->came > best->came : p->came < best->came)))
            best = p;
    }
    return best;
}

static void the_urgent_overtake_and_equals_keep_their_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++)
        comes(&people[i], i + 1);
    for (unsigned i = 0; i < 30; i++) {
        struct person *next = expected(false);

        assert_ptr_equal(who(ranks_take_first(&line)), next);
    }
    assert_true(ranks_are_empty(&line));
    assert_null(ranks_take_first(&line));
}

static void the_last_of_the_least_urgent_gives_way_and_nobody_to_his_like(void **state)
{
    (void)state;
    comes(&people[13], 1); /* Rank 3. */
    comes(&people[23], 2); /* Rank 3. */
    comes(&people[7], 3);
    assert_null(ranks_take_below(&line, 3));
    assert_ptr_equal(who(ranks_take_below(&line, 4)), &people[23]);
    assert_ptr_equal(who(ranks_take_below(&line, 9)), &people[13]);
    assert_null(ranks_take_below(&line, 7));
    assert_ptr_equal(who(ranks_take_below(&line, 8)), &people[7]);
    assert_null(ranks_take_below(&line, 9));
}

static void any_coming_and_going_is_as_if_the_line_were_sorted_each_time(void **state)
{
    uint64_t chance = 1;

    (void)state;
    for (unsigned i = 1; i <= STEPS; i++) {
        struct person *person, *next;

        chance = chance * 6364136223846793005u + 1442695040888963407u;
        person = &people[chance >> 58];
        if (person->came == 0) {
            comes(person, i);
        } else if (chance >> 40 & 1) {
            next = expected(false);
            assert_ptr_equal(who(ranks_take_first(&line)), next);
        } else if (chance >> 41 & 1) {
            ranks_remove(&line, &person->link, person->rank);
            person->came = 0;
        } else {
            next = expected(true);
            next = next->rank < person->rank ? next : NULL;
            assert_ptr_equal(who(ranks_take_below(&line, person->rank)), next);
        }
    }
}

static void a_priority_from_afar_is_a_rank_that_there_is(void **state)
{
    (void)state;
    assert_int_equal(rank_of(0), 0);
    assert_int_equal(rank_of(9), 9);
    assert_int_equal(rank_of(255), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_urgent_overtake_and_equals_keep_their_order, setup),
        cmocka_unit_test_setup(the_last_of_the_least_urgent_gives_way_and_nobody_to_his_like,
                               setup),
        cmocka_unit_test_setup(any_coming_and_going_is_as_if_the_line_were_sorted_each_time, setup),
        cmocka_unit_test(a_priority_from_afar_is_a_rank_that_there_is),
    };
    return cmocka_run_group_tests_name("ranks", tests, NULL, NULL);
}
