/* Stories: An operator, or a package manager, keeps this agent's hands off. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

#define HOUR_MS UINT64_C(3600000)

static void manage_packages(struct story *s, bool changing)
{
    struct event event = {.kind = EVENT_HOST,
        .host = {.packages_known = true, .packages_changing = changing, .package_manager = "dpkg"}};

    story_step(s, &event);
}

static void test_a_hold_is_told_and_ends_by_time(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    assert_int_equal(s.told[NOTICE_HOLD_SET], 1);
    assert_non_null(strstr(s.last.detail, "ann holds it until "));
    assert_non_null(strstr(s.last.detail, ": new disks"));
    assert_true(story_did(&s, ACTION_SAVE));
    story_wait(&s, HOUR_MS - 6000);
    assert_int_equal(s.told[NOTICE_HOLD_OVER], 0);
    story_wait(&s, 12000);
    assert_int_equal(s.told[NOTICE_HOLD_OVER], 1);
    assert_string_equal(s.last.detail, "the hold is over");
}

static void test_nothing_is_started_on_hold_and_all_at_once_afterwards(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_string_equal(s.last.why, "it is dead and would be started now, but it is on hold");
    assert_non_null(strstr(s.last.detail, "ann holds it"));
    story_wait(&s, HOUR_MS - 6000);
    assert_int_equal(story_done(&s), 0);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    story_wait(&s, 12000);
    assert_int_equal(s.starts, 1); /* systemd would have started it itself long ago */
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
}

static void test_resume_ends_a_hold_at_once(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    story_crash(&s);
    story_wait(&s, 2000);
    assert_int_equal(story_done(&s), 0);
    story_operator(&s, OPERATOR_RESUME, 0);
    assert_int_equal(s.told[NOTICE_HOLD_OVER], 1);
    assert_int_equal(s.restarts, 1);
}

static const struct notice *recorded(const struct story *s, const char *why)
{
    for (size_t i = 0; i < s->actions.count; i++)
        if (s->actions.items[i].kind == ACTION_RECORD && !strcmp(s->actions.items[i].notice.why, why))
            return &s->actions.items[i].notice;
    fail_msg("not recorded: %s", why);
    return NULL;
}

/* Told is the first; the next ones and the end are no news, but who looks later must find whose they were. */
static void test_who_replaces_a_hold_and_who_ends_it_is_written_down(void **context)
{
    const struct notice *record;
    char incident[RMQ_INCIDENT_ID_MAX];
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    strcpy(incident, s.last.incident);
    story_operator(&s, OPERATOR_HOLD, 2 * HOUR_MS);
    record = recorded(&s, "another hold takes its place");
    assert_string_equal(record->incident, incident);
    assert_non_null(strstr(record->detail, "ann holds it until "));
    assert_int_equal(s.told[NOTICE_HOLD_SET], 1);
    story_operator(&s, OPERATOR_RESUME, 0);
    record = recorded(&s, "somebody has ended the hold");
    assert_string_equal(record->incident, incident);
    assert_string_equal(record->detail, "ended by ann");
    assert_int_equal(s.told[NOTICE_HOLD_OVER], 1);
}

static void test_a_hold_survives_this_agent(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(story_done(&s), 0);
    story_reincarnate(&s); /* in the middle of the incident, too */
    story_crash(&s);
    story_wait(&s, HOUR_MS / 2);
    assert_int_equal(story_done(&s), 0);
    story_wait(&s, HOUR_MS / 2 + 6000);
    assert_int_equal(s.starts, 1);
}

static void test_a_hold_that_ended_while_no_agent_was_there_is_over(void **context)
{
    struct core_snapshot snapshot;
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    core_snapshot(&s.core, &snapshot, s.now_ms, 1700000000000 + (int64_t)s.now_ms);
    s.now_ms = 5000; /* the machine was off for two hours, and its own clock began anew */
    core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
    core_restore(&s.core, &snapshot, s.now_ms, snapshot.hold.until_wall_ms + (int64_t)HOUR_MS);
    assert_false(s.core.hold.active);
    story_crash(&s);
    assert_int_equal(s.starts + s.restarts, 1);
}

/* The machine comes up with a clock that nobody has set yet. */
static void test_a_hold_does_not_last_longer_for_a_clock_that_was_set_back(void **context)
{
    struct core_snapshot snapshot;
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    core_snapshot(&s.core, &snapshot, s.now_ms, story_wall_ms(&s));
    s.now_ms = 5000;
    core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
    core_restore(&s.core, &snapshot, s.now_ms, 0);
    story_crash(&s);
    story_wait(&s, HOUR_MS - 60000);
    assert_int_equal(story_done(&s), 0);
    story_wait(&s, 70000);
    assert_false(s.core.hold.active);
    assert_int_equal(s.starts, 1);
}

static void test_a_hold_that_has_ended_already_is_none(void **context)
{
    struct event event = {.kind = EVENT_OPERATOR, .operator= {.kind = OPERATOR_HOLD} };
    struct story s;

    (void)context;
    story_begin(&s);
    story_step(&s, &event);
    assert_int_equal(s.told[NOTICE_HOLD_SET], 0);
    assert_false(s.core.hold.active);
}

static void test_a_hold_by_nobody_in_particular(void **context)
{
    struct event event = {.kind = EVENT_OPERATOR, .operator= {.kind = OPERATOR_HOLD} };
    struct story s;

    (void)context;
    story_begin(&s);
    event.operator.until_wall_ms = INT64_MAX / 2;
    story_step(&s, &event);
    assert_non_null(strstr(s.last.detail, "somebody holds it"));
}

static void test_a_hang_on_hold_is_told_and_left_alone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.mute_lease = true;
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_LEASING);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS); /* in the last moment */
    story_lease(&s, LEASE_GRANTED, "");
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.why, "it is on hold"));
    assert_int_equal(s.lease_releases, 1);
    story_hang(&s, 120);
    assert_int_equal(story_done(&s), 0);
}

static void test_a_kill_that_was_sent_is_finished_on_hold_too(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_others_agree(&s);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    story_crash(&s);
    assert_int_equal(s.restarts, 1); /* half a restart helps nobody */
}

static void test_the_next_start_of_a_loop_waits_for_the_end_of_a_hold(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    story_wait(&s, HOUR_MS - 6000);
    assert_int_equal(s.starts + s.restarts, 1);
    story_wait(&s, 60000);
    assert_int_equal(s.starts + s.restarts, 2);
}

static void test_a_package_manager_at_work_is_not_disturbed(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    manage_packages(&s, true);
    assert_int_equal(s.told[NOTICE_HOLD_SET], 0); /* no word about every upgrade */
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_string_equal(s.last.detail, "a package manager is at work (dpkg); next try in 10 s");
    for (int i = 0; i < 60; i++) {
        story_wait(&s, 5000);
        manage_packages(&s, true);
    }
    assert_int_equal(story_done(&s), 0);
    manage_packages(&s, false);
    assert_int_equal(s.starts, 1);
}

static void test_an_old_word_on_package_managers_does_not_count(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    manage_packages(&s, true);
    story_crash(&s);
    story_wait(&s, 59000);
    assert_int_equal(story_done(&s), 0);
    story_wait(&s, 10000); /* whoever samples it has gone silent */
    assert_int_equal(s.starts, 1);
}

static void give_up(struct story *s)
{
    struct policy policy = story_policy();

    policy.max_restarts = 1;
    story_begin(s);
    story_configure(s, policy);
    story_crash(s);
    story_die_while_starting(s);
    story_job(s, true);
    story_unit(s, UNIT_INACTIVE, "dead", "exit-code");
    assert_int_equal(s->core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s->restarts, 1);
    assert_int_equal(s->stops, 1);
}

static void test_an_operator_has_a_node_tried_again_that_was_given_up(void **context)
{
    struct story s;

    (void)context;
    give_up(&s);
    story_operator(&s, OPERATOR_RESUME, 0);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    assert_int_equal(s.starts, 1);
    story_boot(&s);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_a_retry_that_systemd_refuses_is_no_operators_stop(void **context)
{
    struct story s;

    (void)context;
    give_up(&s);
    story_operator(&s, OPERATOR_RESUME, 0);
    story_refuse(&s, "no answer from systemd");
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(s.told[NOTICE_STOPPED], 0);
    story_wait(&s, 2 * HOUR_MS);
    assert_in_range(s.starts, 2, 9);
}

static void test_a_given_up_node_on_hold_is_not_retried(void **context)
{
    struct story s;

    (void)context;
    give_up(&s);
    story_operator(&s, OPERATOR_HOLD, 24 * HOUR_MS);
    story_wait(&s, 23 * HOUR_MS);
    assert_int_equal(s.starts, 0);
    manage_packages(&s, true);
    story_operator(&s, OPERATOR_RESUME, 0); /* that hold is not the operator's to end */
    assert_int_equal(s.starts, 0);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
}

static void test_who_knows_of_an_incident_is_written_down(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_operator(&s, OPERATOR_ACK, 0);
    assert_int_equal(s.actions.items[0].kind, ACTION_RECORD);
    assert_string_equal(s.actions.items[0].notice.detail, "acknowledged by ann");
}

/* Killed, it could not be started again. */
static void test_a_masked_unit_that_hangs_is_left_alone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    strcpy(s.unit.load_state, "masked");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_hang(&s, 3);
    story_others_agree(&s);
    story_hang(&s, 30);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.detail, "the unit is masked"));
    assert_int_equal(story_done(&s) + s.lease_asks, 0);
    story_operator(&s, OPERATOR_HOLD, HOUR_MS);
    story_step(&s, &(struct event){.kind = EVENT_UNIT_LOST}); /* who knows what it is now */
    story_operator(&s, OPERATOR_RESUME, 0);
    assert_string_equal(s.last.detail, "the hold is over");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_masked_unit_that_hangs_is_left_alone),
        cmocka_unit_test(test_a_hold_is_told_and_ends_by_time),
        cmocka_unit_test(test_nothing_is_started_on_hold_and_all_at_once_afterwards),
        cmocka_unit_test(test_resume_ends_a_hold_at_once),
        cmocka_unit_test(test_who_replaces_a_hold_and_who_ends_it_is_written_down),
        cmocka_unit_test(test_a_hold_survives_this_agent),
        cmocka_unit_test(test_a_hold_that_ended_while_no_agent_was_there_is_over),
        cmocka_unit_test(test_a_hold_does_not_last_longer_for_a_clock_that_was_set_back),
        cmocka_unit_test(test_a_hold_that_has_ended_already_is_none),
        cmocka_unit_test(test_a_hold_by_nobody_in_particular),
        cmocka_unit_test(test_a_hang_on_hold_is_told_and_left_alone),
        cmocka_unit_test(test_a_kill_that_was_sent_is_finished_on_hold_too),
        cmocka_unit_test(test_the_next_start_of_a_loop_waits_for_the_end_of_a_hold),
        cmocka_unit_test(test_a_package_manager_at_work_is_not_disturbed),
        cmocka_unit_test(test_an_old_word_on_package_managers_does_not_count),
        cmocka_unit_test(test_an_operator_has_a_node_tried_again_that_was_given_up),
        cmocka_unit_test(test_a_retry_that_systemd_refuses_is_no_operators_stop),
        cmocka_unit_test(test_a_given_up_node_on_hold_is_not_retried),
        cmocka_unit_test(test_who_knows_of_an_incident_is_written_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
