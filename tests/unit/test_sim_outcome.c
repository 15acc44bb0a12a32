/* What a scenario came to, in one sentence; and whether that is more than chance away from another. */
#include "cmocka_all.h"
#include "sim/sim.h"

static void assert_described(const struct sim_outcome *outcome, const char *wanted)
{
    char text[1024];

    sim_outcome_describe(outcome, text, sizeof(text));
    assert_string_equal(text, wanted);
}

static struct sim_outcome hang(void)
{
    return (struct sim_outcome){
        .kills = 1,
        .acted = {8300, 8300, 8300},
        .disturbed = true,
        .serve = {13400, 13400, 13400},
        .recovered = {23500, 23500, 23500},
        .calm = true,
    };
}

static void test_what_was_done(void **state)
{
    struct sim_outcome outcome = hang();

    (void)state;
    assert_described(&outcome,
        "kills a hung broker and starts it after 8.3 s; all serve after 13 s; recovery told after "
        "24 s");
    outcome.starts = 3;
    outcome.acted = (struct sim_moment){20, 20, 20};
    outcome.gave_up = (struct sim_moment){46000, 46000, 46000};
    outcome.serve.ms = outcome.recovered.ms = 0;
    outcome.calm = false;
    assert_described(&outcome,
        "kills a hung broker and starts it; starts a dead broker 3 times, first at once; gives up "
        "after 46 s, retries slowly; not all serve any more; it is not over when the scenario "
        "ends");
}

static void test_what_was_not_done(void **state)
{
    struct sim_outcome outcome = {.disturbed = true,
        .serve = {61000, 61000, 61000},
        .released = true,
        .calm = true,
        .held = "no majority"};

    (void)state;
    assert_described(&outcome, "held: no majority; all serve after 1 min 1 s, as the scenario ends the hang");
    outcome = (struct sim_outcome){
        .calm = true, .told_count = 3, .told = {NOTICE_STOPPED, NOTICE_HOLD_SET, NOTICE_ISOLATED}};
    assert_described(&outcome, "does nothing but tell: stopped, isolated; all serve all the time");
    outcome.told_count = 0;
    assert_described(&outcome, "does nothing; all serve all the time");
}

static void test_chance_widens_and_does_not_differ(void **state)
{
    struct sim_outcome outcome = hang(), other = hang(), third = hang();

    (void)state;
    assert_false(sim_outcome_differs(&outcome, &other));
    other.acted.ms = 6700;
    sim_outcome_widen(&outcome, &other);
    assert_described(&outcome,
        "kills a hung broker and starts it after 8.3 s (6.7 s to 8.3 s); all serve after 13 s; "
        "recovery told after 24 s");
    third.acted = (struct sim_moment){7000, 7000, 7000};
    assert_false(sim_outcome_differs(&outcome, &third));
    third.acted = (struct sim_moment){9000, 9000, 9000};
    assert_true(sim_outcome_differs(&outcome, &third));
    third = outcome;
    third.kills = 2;
    assert_true(sim_outcome_differs(&outcome, &third));
    third = outcome;
    third.gave_up = (struct sim_moment){1, 1, 1};
    assert_true(sim_outcome_differs(&outcome, &third));
    /* What must never happen counts in whatever run it does. */
    third.violated = true;
    third.result.invariant = "quorum";
    sim_outcome_widen(&outcome, &third);
    assert_true(outcome.violated);
    assert_string_equal(outcome.result.invariant, "quorum");
}

static void test_other_dice_other_story(void **state)
{
    const struct sim_options story = {0}, dice = {.dice = 42};
    struct sim_outcome a, b;

    (void)state;
    assert_int_equal(sim_run_scenario("hang", NULL, &story, &a), 0);
    assert_int_equal(sim_run_scenario("hang", NULL, &dice, &b), 0);
    assert_int_not_equal(a.serve.ms, b.serve.ms);
    assert_int_equal(a.kills, 1);
    assert_int_equal(b.kills, 1);
    assert_true(a.calm && b.calm && !a.violated && a.disturbed && !a.released);
    assert_in_range(a.recovered.ms, a.serve.ms, a.end_ms);
    assert_true(sim_run_scenario("nonsense", NULL, &story, NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_done),
        cmocka_unit_test(test_what_was_not_done),
        cmocka_unit_test(test_chance_widens_and_does_not_differ),
        cmocka_unit_test(test_other_dice_other_story),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
