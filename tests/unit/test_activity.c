#include "cmocka_all.h"

#include "base/activity.h"

#include <errno.h>
#include <string.h>

static void test_on_time_until_the_limit_has_passed(void **state)
{
    struct activity_list list = {0};
    int slot = activity_add(&list, "probe", 100, 1000);

    (void)state;
    assert_true(slot >= 0);
    assert_null(activity_overdue(&list, 1100));
    assert_non_null(activity_overdue(&list, 1101));
    activity_completed(&list, slot, 1101);
    assert_null(activity_overdue(&list, 1201));
    assert_non_null(activity_overdue(&list, 1202));
}

static void test_most_overdue_is_named(void **state)
{
    struct activity_list list = {0};

    (void)state;
    activity_add(&list, "slow", 1000, 0);
    activity_add(&list, "fast", 10, 500);
    activity_add(&list, "late", 100, 400);
    assert_null(activity_overdue(&list, 500));
    assert_string_equal(activity_overdue(&list, 600)->name, "late"); /* 100 over; fast: 90 */
    activity_set_max_silence(&list, 2, 5000);
    assert_string_equal(activity_overdue(&list, 600)->name, "fast");
    assert_string_equal(activity_overdue(&list, 5000)->name, "fast");
}

static void test_removed_is_forgotten_and_its_slot_used_again(void **state)
{
    struct activity_list list = {0};
    int slot = activity_add(&list, "gone", 10, 0);

    (void)state;
    activity_remove(&list, slot);
    assert_null(activity_overdue(&list, 1000));
    activity_completed(&list, slot, 5);
    assert_false(list.items[slot].used);
    assert_int_equal(activity_add(&list, "new", 10, 1000), slot);
}

static void test_bounds(void **state)
{
    struct activity_list list = {0};
    char name[200];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (int i = 0; i < ACTIVITIES_MAX; i++)
        assert_int_equal(activity_add(&list, name, 10, 0), i);
    assert_int_equal(activity_add(&list, name, 10, 0), -ENOSPC);
    assert_int_equal(strlen(list.items[0].name), sizeof(list.items[0].name) - 1);
    activity_remove(&list, -1);
    activity_remove(&list, ACTIVITIES_MAX);
    activity_completed(&list, -1, 99);
    activity_completed(&list, ACTIVITIES_MAX, 99);
    activity_set_max_silence(&list, -ENOSPC, 99);
    for (int i = 0; i < ACTIVITIES_MAX; i++)
        assert_true(list.items[i].used && list.items[i].completed_ms == 0);
}

static void test_forgive_counts_all_as_completed(void **state)
{
    struct activity_list list = {0};

    (void)state;
    activity_add(&list, "a", 10, 0);
    activity_add(&list, "b", 20, 0);
    assert_non_null(activity_overdue(&list, 1000));
    activity_forgive(&list, 1000);
    assert_null(activity_overdue(&list, 1010));
    assert_string_equal(activity_overdue(&list, 1011)->name, "a");
}

static void test_completion_from_the_future_is_on_time(void **state)
{
    struct activity_list list = {0};

    (void)state;
    activity_add(&list, "a", 0, 1000);
    assert_null(activity_overdue(&list, 999));
    assert_null(activity_overdue(&list, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_time_until_the_limit_has_passed),
        cmocka_unit_test(test_most_overdue_is_named),
        cmocka_unit_test(test_removed_is_forgotten_and_its_slot_used_again),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_forgive_counts_all_as_completed),
        cmocka_unit_test(test_completion_from_the_future_is_on_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
