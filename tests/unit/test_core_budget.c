/* The numbers of the restart budget: what is left in a window, and how long the pauses are. */
#include "cmocka_all.h"
#include "core/budget.h"

static const struct policy policy = {
    .max_restarts = 3,
    .restart_window_ms = 600000,
    .backoff_ms = 5000,
    .backoff_max_ms = 120000,
    .give_up_retry_ms = 600000,
    .give_up_retry_max_ms = 7200000,
};

static void test_a_window_has_max_restarts_and_no_more(void **state)
{
    struct budget budget = {0};

    (void)state;
    for (uint32_t i = 0; i < policy.max_restarts; i++) {
        assert_true(budget_left(&budget, &policy, 1000 + i));
        budget_spend(&budget, 1000 + i);
    }
    assert_false(budget_left(&budget, &policy, 1003));
}

static void test_a_restart_is_forgotten_when_its_window_is_over(void **state)
{
    struct budget budget = {0};

    (void)state;
    for (uint32_t i = 0; i < policy.max_restarts; i++)
        budget_spend(&budget, 1000);
    assert_false(budget_left(&budget, &policy, 1000 + policy.restart_window_ms - 1));
    assert_true(budget_left(&budget, &policy, 1000 + policy.restart_window_ms));
}

static void test_who_has_given_up_has_nothing_left(void **state)
{
    const struct budget budget = {.give_ups = 1};

    (void)state;
    assert_false(budget_left(&budget, &policy, 1000));
}

static void test_the_pause_before_the_second_start_is_the_shortest_and_then_doubles(void **state)
{
    struct budget budget = {0};

    (void)state;
    budget_spend(&budget, 1000);
    assert_int_equal(budget_backoff_ms(&budget, &policy, 1000), 5000);
    budget_spend(&budget, 1001);
    assert_int_equal(budget_backoff_ms(&budget, &policy, 1001), 10000);
    for (int i = 0; i < 10; i++)
        budget_spend(&budget, 1002);
    assert_int_equal(budget_backoff_ms(&budget, &policy, 1002), policy.backoff_max_ms);
}

static void test_the_pause_between_slow_retries_doubles_up_to_its_limit(void **state)
{
    struct budget budget = {.give_ups = 1};

    (void)state;
    assert_int_equal(budget_give_up_pause_ms(&budget, &policy), 600000);
    budget.give_ups = 2;
    assert_int_equal(budget_give_up_pause_ms(&budget, &policy), 1200000);
    budget.give_ups = 20;
    assert_int_equal(budget_give_up_pause_ms(&budget, &policy), policy.give_up_retry_max_ms);
}

static void test_the_oldest_restart_makes_room_for_the_newest(void **state)
{
    struct budget budget = {0};

    (void)state;
    for (uint64_t i = 0; i < RMQ_RESTARTS_MAX + 5; i++)
        budget_spend(&budget, 1000 + i);
    assert_int_equal(budget.count, RMQ_RESTARTS_MAX);
    assert_int_equal(budget.restarts_ms[RMQ_RESTARTS_MAX - 1], 1000 + RMQ_RESTARTS_MAX + 4);
}

/* A limit that could never be reached would mean restarts without end. */
static void test_the_greatest_limits_of_the_configuration_are_reached(void **state)
{
    struct policy greatest = policy;
    struct budget budget = {0};

    (void)state;
    greatest.max_restarts = RMQ_RESTARTS_MAX;
    greatest.max_cluster_restarts = RMQ_CLUSTER_RESTARTS_MAX;
    for (uint32_t i = 0; i < greatest.max_restarts; i++) {
        assert_true(budget_left(&budget, &greatest, 1000));
        budget_spend(&budget, 1000);
    }
    assert_false(budget_left(&budget, &greatest, 1000));
    budget.count = 0;
    for (uint32_t i = 0; i < greatest.max_cluster_restarts; i++) {
        assert_int_equal(budget_cluster_used(&budget, &greatest, 1000), i);
        budget_note_peer(&budget, 1000);
    }
    budget_note_peer(&budget, 1000);
    assert_int_equal(budget_cluster_used(&budget, &greatest, 1000), greatest.max_cluster_restarts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_window_has_max_restarts_and_no_more),
        cmocka_unit_test(test_a_restart_is_forgotten_when_its_window_is_over),
        cmocka_unit_test(test_who_has_given_up_has_nothing_left),
        cmocka_unit_test(test_the_pause_before_the_second_start_is_the_shortest_and_then_doubles),
        cmocka_unit_test(test_the_pause_between_slow_retries_doubles_up_to_its_limit),
        cmocka_unit_test(test_the_oldest_restart_makes_room_for_the_newest),
        cmocka_unit_test(test_the_greatest_limits_of_the_configuration_are_reached),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
