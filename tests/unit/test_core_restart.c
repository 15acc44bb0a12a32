/* Stories: An agent that was restarted goes on where the former one was. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_a_restarted_agent_completes_the_rescue(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", NULL);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.kills, 1);
    story_reincarnate(&s);
    assert_int_equal(s.core.member_count, 3);
    story_crash(&s);
    /* Since when it is dead is not known, so systemd's own start might come in this very moment: no
     * RestartUnit. */
    assert_int_equal(s.starts, 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_wait(&s, 5000);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_serve_all(&s, 14000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_failed_stop_is_a_stop_for_the_next_agent_too(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    strcpy(s.unit.invocation_id, "0123");
    s.unit.job_id = 77;
    story_unit(&s, UNIT_DEACTIVATING, "stop-sigterm", "success");
    s.unit.job_id = 0;
    story_unit(&s, UNIT_FAILED, "failed", "timeout");
    story_reincarnate(&s);
    story_unit(&s, UNIT_FAILED, "failed", "timeout");
    assert_int_equal(s.starts + s.restarts, 0);
    story_reincarnate(&s);
    strcpy(s.unit.invocation_id, "4567"); /* started and died while no agent was there */
    story_unit(&s, UNIT_FAILED, "failed", "signal");
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_remembered_list_of_one_is_no_cluster_of_one(void **context)
{
    const char *const alone[] = {STORY_LOCAL};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_members(&s, alone, 1);
    assert_int_equal(s.saves, 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_hang(&s, 4);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
}

static void test_old_restarts_are_forgotten_over_a_reboot(void **context)
{
    struct core_snapshot snapshot = {.state = STATE_WATCHING, .restart_count = 5};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    s.now_ms = 60000; /* a minute after the machine's boot; the restarts are a day old */
    for (int i = 0; i < 5; i++)
        snapshot.restarts_wall_ms[i] = 1700000000000 - 86400000;
    core_init(&s.core, STORY_LOCAL, "", &(struct policy){0}, s.now_ms);
    s.core.policy = story_policy();
    core_restore(&s.core, &snapshot, s.now_ms, 1700000000000 + (int64_t)s.now_ms);
    assert_int_equal(s.core.rescue.budget.count, 0);
}

static void test_a_restarted_agent_always_gets_to_an_end(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int i = 0; i < 90; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.core.rescue.state, STATE_UNVERIFIED);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_restarted_agent_completes_the_rescue),
        cmocka_unit_test(test_a_failed_stop_is_a_stop_for_the_next_agent_too),
        cmocka_unit_test(test_a_remembered_list_of_one_is_no_cluster_of_one),
        cmocka_unit_test(test_old_restarts_are_forgotten_over_a_reboot),
        cmocka_unit_test(test_a_restarted_agent_always_gets_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
