/* What people read: names, numbers and reasons in notices. */
#include "core/describe.h"

#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static const char *crash_with(int32_t code, int32_t status, const char *sub, const char *result)
{
    static struct story s;

    story_begin(&s);
    s.unit.exec_main_code = code;
    s.unit.exec_main_status = status;
    s.unit.sub_state[0] = '\0';
    story_unit(&s, UNIT_FAILED, sub, result);
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    *strchr(s.last.detail, ';') = '\0';
    return s.last.detail;
}

static void test_a_death_names_its_cause(void **context)
{
    (void)context;
    assert_string_equal(crash_with(1, 70, "failed", "exit-code"),
        "the main process ended with exit code 70 (result: exit-code)");
    assert_string_equal(crash_with(2, 9, "failed", "oom-kill"),
        "the main process was ended by signal 9 (SIGKILL) (result: oom-kill)");
    assert_string_equal(crash_with(3, 11, "failed", "core-dump"),
        "the main process was ended by signal 11 (SIGSEGV) and dumped core (result: core-dump)");
    assert_string_equal(crash_with(2, 15, "failed", ""), "the main process was ended by signal 15");
    assert_string_equal(crash_with(0, 0, "failed", "success"), "the unit is failed");
    assert_string_equal(crash_with(0, 0, "", "protocol"), "the unit is dead (result: protocol)");
}

static void test_systemds_words_for_a_unit(void **context)
{
    (void)context;
    assert_string_equal(unit_active_name(UNIT_DEACTIVATING), "deactivating");
    assert_string_equal(unit_active_name((enum unit_active)(UNIT_DEACTIVATING + 1)), "unknown");
}

static void test_an_alarm_brings_its_numbers(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.memory_alarm = true;
    view.resources_known = true;
    view.memory_used_bytes = UINT64_C(3) << 30;
    view.memory_limit_bytes = UINT64_C(5) << 29;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &view);
    assert_string_equal(s.last.detail, "memory: 3.0 GiB used, the limit is 2.5 GiB");
    view.memory_alarm = false;
    view.disk_alarm = true;
    view.disk_free_bytes = UINT64_C(40) << 20;
    view.disk_limit_bytes = UINT64_C(50) << 20;
    story_answer(&s, STORY_LOCAL, &view);
    assert_string_equal(s.last.detail, "disk: free 40.0 MiB, the limit is 50.0 MiB");
    assert_int_equal(s.core.members[0].condition, CONDITION_ALARM);
}

static void test_an_alarm_of_descriptors_brings_its_numbers(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.descriptor_alarm = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &view);
    assert_string_equal(s.last.detail, "file descriptors"); /* they may come later, or never */
    assert_string_equal(s.last.trouble, "descriptor-alarm");
    assert_int_equal(s.last.severity, SEVERITY_WARNING);
    assert_int_equal(s.core.members[0].condition, CONDITION_ALARM);
    view.descriptors_known = true;
    view.descriptors_used = 18000;
    view.descriptors_limit = 20000;
    for (int i = 0; i < 50; i++) {
        story_answer(&s, STORY_LOCAL, &view);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_ALARM], 1);
    view.descriptor_alarm = false;
    view.descriptors_used = 900;
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 1);
    assert_string_equal(s.last.detail, "file descriptors: 900 used, the limit is 20000");
    assert_string_equal(s.last.trouble, "descriptor-alarm");
    assert_int_equal(s.core.members[0].condition, CONDITION_HEALTHY);
    assert_int_equal(story_done(&s) + s.asks, 0);
}

static void test_a_slow_boot_names_those_whom_it_may_wait_for(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 3);
    strcpy(s.unit.status_text, "Startup in progress");
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_wait(&s, 121000);
    assert_int_equal(s.told[NOTICE_SLOW_BOOT], 1);
    assert_string_equal(s.last.detail,
        "for 2 min; its status: Startup in progress; not running, it may wait for: rabbit@b, rabbit@c");

    story_begin(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_wait(&s, 121000);
    assert_string_equal(s.last.detail, "for 2 min; its status: none");
}

static void test_a_unit_that_appears_is_told_too(void **context)
{
    struct event event = {.kind = EVENT_UNIT, .unit = {.active = UNIT_INACTIVE, .load_state = "not-found"}};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_step(&s, &event);
    assert_int_equal(s.core.members[0].condition, CONDITION_MISCONFIGURED);
    event.unit.active = UNIT_ACTIVE; /* it runs, whatever its file */
    story_step(&s, &event);
    assert_int_equal(s.told[NOTICE_CHECK_OK], 0);
    assert_int_equal(s.core.members[0].condition, CONDITION_UNKNOWN);
    strcpy(event.unit.load_state, "loaded");
    story_step(&s, &event);
    assert_int_equal(s.told[NOTICE_CHECK_OK], 1);
    assert_non_null(strstr(s.last.detail, "the unit is known"));
}

static void test_what_is_next_is_told_when_there_is_a_next(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.held_retry_ms = UINT64_MAX;
    policy.backoff_ms = 0;
    story_begin(&s);
    story_configure(&s, policy);
    story_operator(&s, OPERATOR_HOLD, 60000);
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_null(strstr(s.last.detail, "next try"));
    story_operator(&s, OPERATOR_RESUME, 0);
    story_die_while_starting(&s);
    assert_true(s.told[NOTICE_RETRYING] > 0);
    assert_null(strstr(s.last.detail, "next start")); /* there is no pause before it */
}

static void test_a_partition_is_the_reason_where_it_is_one(void **context)
{
    struct policy policy = story_policy();
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    policy.restart_lost_listener = true;
    view.queues_known = true;
    view.partitioned = true;
    story_begin(&s);
    story_configure(&s, policy);
    for (int second = 0; second < 80; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_answer(&s, STORY_LOCAL, &view);
        story_serve(&s, "rabbit@b");
        story_serve(&s, "rabbit@c");
        story_wait(&s, 1000);
    }
    assert_int_equal(s.core.members[0].condition, CONDITION_LISTENER_LOST);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(s.restarts + s.kills, 0);
    assert_non_null(strstr(s.last.detail, "rabbit@a itself reports a partition; next try in 10 s"));
}

static void test_two_disagreements_are_told_with_both_sides(void **context)
{
    struct core core = {.member_count = 2};
    char text[RMQ_DETAIL_MAX] = "";

    (void)context;
    member_init(&core.members[0], "rabbit@a", true);
    member_init(&core.members[1], "rabbit@b", false);
    core.members[0].view.partitioned = true;
    core.views.mutual = (struct disagreement){.since_ms = 1, .accuser = 0, .accused = 1};
    core.views.stale = (struct disagreement){.since_ms = 1, .accuser = 1, .accused = 0};
    views_describe(&core, text, sizeof(text));
    assert_string_equal(text,
        "rabbit@a itself reports a partition; rabbit@a calls rabbit@b down; rabbit@b calls "
        "rabbit@a down");
    views_describe(&core, text, sizeof(text));
    assert_non_null(strstr(text, "down; rabbit@a itself reports a partition"));
}

static void test_quorum_is_the_reason_where_the_lease_is_none(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.mute_lease = true;
    story_hang(&s, 3);
    story_others_agree(&s);
    story_view(&s, "rabbit@b", "rabbit@c");
    story_lease(&s, LEASE_TAKEN, "rabbit@b has it");
    assert_non_null(strstr(s.last.detail, "rabbit@c is called down by another member"));
}

static void test_everything_has_a_name(void **context)
{
    (void)context;
    for (int state = 0; state < STATE_COUNT; state++)
        assert_true(strlen(state_name((enum state)state)) > 3);
    assert_string_equal(state_name(STATE_COUNT), "same");
    for (int trigger = 0; trigger < (int)TRIGGER_COUNT; trigger++)
        assert_true(strlen(trigger_name((enum trigger)trigger)) > 3);
    assert_string_equal(trigger_name(TRIGGER_COUNT), "unknown");
    for (uint32_t fact = 1; fact < FACTS_END; fact <<= 1)
        assert_string_not_equal(fact_name((enum fact)fact), "unknown");
    assert_string_equal(fact_name(FACTS_END), "unknown");
    for (int act = ACT_NOTHING; act <= ACT_LEASE; act++)
        assert_non_null(act_name((enum act)act));
    for (int kind = 0; kind < PROBE_ALL_KINDS; kind++)
        assert_string_not_equal(probe_kind_name((enum probe_kind)kind), "unknown");
    assert_string_equal(probe_kind_name(PROBE_ALL_KINDS), "unknown");
    assert_string_equal(condition_name(CONDITION_COUNT), "unknown");
    assert_ptr_equal(notice_info(NOTICE_KIND_COUNT), notice_info(NOTICE_NONE));
    assert_ptr_equal(probe_result_info(PROBE_RESULT_COUNT), probe_result_info(PROBE_RESULT_OWN_TROUBLE));
    assert_string_equal(severity_name(SEVERITY_INFO), "info");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(severity_name(SEVERITY_CRITICAL), "critical");
    assert_string_equal(severity_name((enum severity)77), "info");
}

static void test_a_node_without_a_host_has_incidents_too(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin_blank(&s);
    core_init(&s.core, "rabbit", "", &policy, s.now_ms);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_crash(&s);
    assert_int_equal(strncmp(s.core.rescue.incident.id, "rabbit-", 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_death_names_its_cause),
        cmocka_unit_test(test_systemds_words_for_a_unit),
        cmocka_unit_test(test_an_alarm_brings_its_numbers),
        cmocka_unit_test(test_an_alarm_of_descriptors_brings_its_numbers),
        cmocka_unit_test(test_a_slow_boot_names_those_whom_it_may_wait_for),
        cmocka_unit_test(test_a_unit_that_appears_is_told_too),
        cmocka_unit_test(test_what_is_next_is_told_when_there_is_a_next),
        cmocka_unit_test(test_a_partition_is_the_reason_where_it_is_one),
        cmocka_unit_test(test_two_disagreements_are_told_with_both_sides),
        cmocka_unit_test(test_quorum_is_the_reason_where_the_lease_is_none),
        cmocka_unit_test(test_everything_has_a_name),
        cmocka_unit_test(test_a_node_without_a_host_has_incidents_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
