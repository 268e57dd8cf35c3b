/* test_list.c — The queue whose links live in what waits. */
#include "tests/lib/test.h"

#include "services/base/list.h"

struct guest {
    int number;
    struct link link;
};

static int number_of(struct link *link)
{
    return list_entry(link, struct guest, link)->number;
}

static void first_in_is_first_out(void **state)
{
    struct guest guests[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct list list;

    (void)state;
    list_init(&list);
    for (int i = 0; i < 3; i++)
        list_push_last(&list, &guests[i].link);
    assert_int_equal(list.length, 3);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(number_of(list_take_first(&list)), i);
    assert_true(list_is_empty(&list));
}

static void taking_from_the_end_serves_the_last_first(void **state)
{
    struct guest guests[2] = {{.number = 1}, {.number = 2}};
    struct list list;

    (void)state;
    list_init(&list);
    list_push_last(&list, &guests[0].link);
    list_push_last(&list, &guests[1].link);
    assert_int_equal(number_of(list_take_last(&list)), 2);
    assert_int_equal(number_of(list_take_last(&list)), 1);
}

static void all_are_taken_in_their_order(void **state)
{
    struct guest guests[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct list list, taken;

    (void)state;
    list_init(&list);
    list_take_all(&list, &taken);
    assert_true(list_is_empty(&taken));
    for (int i = 0; i < 3; i++)
        list_push_last(&list, &guests[i].link);
    list_take_all(&list, &taken);
    assert_true(list_is_empty(&list));
    assert_null(list_last(&list));
    assert_int_equal(number_of(list_last(&taken)), 3);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(number_of(list_take_first(&taken)), i);
    list_push_last(&list, &guests[0].link);
    assert_int_equal(number_of(list_take_last(&list)), 1);
}

static void one_may_leave_from_the_middle(void **state)
{
    struct guest guests[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct list list;

    (void)state;
    list_init(&list);
    for (int i = 0; i < 3; i++)
        list_push_last(&list, &guests[i].link);
    list_remove(&list, &guests[1].link);
    assert_null(guests[1].link.next);
    assert_int_equal(number_of(list_take_first(&list)), 1);
    assert_int_equal(number_of(list_take_first(&list)), 3);
}

static void one_may_be_put_before_all_or_before_another(void **state)
{
    struct guest guests[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct list list;

    (void)state;
    list_init(&list);
    list_push_last(&list, &guests[2].link);
    list_push_first(&list, &guests[0].link);
    list_push_before(&list, &guests[2].link, &guests[1].link);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(number_of(list_take_first(&list)), i);
}

static void an_empty_list_gives_nobody(void **state)
{
    struct list list;

    (void)state;
    list_init(&list);
    assert_null(list_first(&list));
    assert_null(list_take_first(&list));
    assert_null(list_take_last(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_is_first_out),
        cmocka_unit_test(taking_from_the_end_serves_the_last_first),
        cmocka_unit_test(all_are_taken_in_their_order),
        cmocka_unit_test(one_may_leave_from_the_middle),
        cmocka_unit_test(one_may_be_put_before_all_or_before_another),
        cmocka_unit_test(an_empty_list_gives_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
