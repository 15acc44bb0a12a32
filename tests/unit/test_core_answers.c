/* Stories: What ends a hang without our doing is an answer of the port that failed, and nothing less. */
#include "cmocka_all.h"
#include "core_story.h"

static void hang(struct story *s, unsigned seconds)
{
    while (seconds-- > 0) {
        story_others_agree(s);
        story_hang(s, 1);
    }
}

static void configure_fall(struct story *s, uint32_t fall)
{
    struct policy policy = s->core.policy;

    policy.fall = fall;
    story_configure(s, policy);
}

/* Something keeps it in STATE, as long as it hangs. */
static void begin_in(struct story *s, enum state state)
{
    struct policy policy = story_policy();

    story_begin(s);
    policy.act = state != STATE_OBSERVED;
    story_configure(s, policy);
    s->mute_collector = state == STATE_ASKING;
    s->mute_lease = state == STATE_LEASING;
    s->lease_answer = state == STATE_HELD ? LEASE_TAKEN : LEASE_GRANTED;
}

static const enum state states[] = {STATE_OBSERVED, STATE_ASKING, STATE_LEASING, STATE_HELD};

/* It hangs by one configuration, but by the next one its failures do not count as many. */
static void test_another_configuration_is_no_answer(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct story s;

        begin_in(&s, states[i]);
        configure_fall(&s, 10);
        hang(&s, 5);
        story_others_agree(&s);
        assert_int_equal(story_condition(&s), CONDITION_HEALTHY);
        configure_fall(&s, 3);
        assert_int_equal(story_condition(&s), CONDITION_HUNG);
        assert_int_equal(s.core.rescue.state, states[i]);
        configure_fall(&s, 10);
        assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK); /* that port, but not the other one */
        assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
        assert_int_equal(s.told[NOTICE_RECOVERED], 0);
        hang(&s, 10);
        assert_int_equal(story_condition(&s), CONDITION_HUNG);
        assert_int_equal(s.told[NOTICE_HUNG], 1);
        assert_int_equal(s.told[NOTICE_RECOVERED], 0);
        story_serve_all(&s, 3000);
        assert_int_equal(s.core.rescue.state, STATE_WATCHING);
        assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    }
}

/* The same where its failures were counted as a fall before. */
static void test_a_larger_fall_is_no_answer(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct story s;

        begin_in(&s, states[i]);
        hang(&s, 3);
        story_others_agree(&s);
        assert_int_equal(s.core.rescue.state, states[i]);
        configure_fall(&s, 10);
        assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
        hang(&s, 3);
        assert_int_equal(s.told[NOTICE_RECOVERED], 0);
    }
}

/* Nor is a proof of recovery one that fails less often than the new configuration asks for. */
static void test_a_larger_fall_proves_no_recovery(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    hang(&s, 4);
    assert_int_equal(s.kills, 1);
    story_crash(&s);
    story_boot(&s);
    story_serve_all(&s, 2000);
    configure_fall(&s, 10);
    for (int i = 0; i < 10; i++) {
        hang(&s, 8);
        story_serve_all(&s, 1000);
    }
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
}

/* A command runs twice a minute at most: what it last said of a hang is old when the hang is over. */
static void test_a_command_s_old_word_keeps_nothing_open(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct policy policy;
        struct story s;

        begin_in(&s, states[i]);
        policy = s.core.policy;
        policy.probe_exec = true;
        story_configure(&s, policy);
        story_probe(&s, STORY_LOCAL, PROBE_EXEC, PROBE_RESULT_TIMED_OUT);
        hang(&s, 3);
        story_others_agree(&s);
        assert_int_equal(s.core.rescue.state, states[i]);
        story_serve_all(&s, 3000);
        assert_int_equal(s.core.rescue.state, STATE_WATCHING);
        assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    }
}

/* It had failed before the agent slept, but that was not counted: the agent cannot tell since when it hangs.
 */
static void test_a_hang_over_a_stall_is_no_older_than_its_proof(void **context)
{
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    begin_in(&s, STATE_HELD);
    hang(&s, 1);
    s.now_ms += 30000;
    story_step(&s, &tick);
    hang(&s, 4);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
    assert_true(s.core.rescue.incident.phase_ms[PHASE_DETECT] < 10000);
}

/* A new agent, and one that has slept, hears the API first: that AMQP was silent, they have not forgotten. */
static void test_one_port_does_not_answer_for_the_other(void **context)
{
    struct event tick = {.kind = EVENT_TICK};

    (void)context;
    for (int slept = 0; slept < 2; slept++) {
        struct story s;

        begin_in(&s, STATE_HELD);
        hang(&s, 5);
        if (slept) {
            s.now_ms += 30000;
            story_step(&s, &tick);
            s.now_ms += 1000;
        } else {
            story_reincarnate(&s);
            story_unit(&s, UNIT_ACTIVE, "running", "success");
        }
        for (int i = 0; i < 8; i++) {
            story_view(&s, STORY_LOCAL, NULL);
            story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
            story_wait(&s, 1000);
        }
        assert_int_equal(s.core.rescue.state, STATE_HELD);
        assert_int_equal(s.told[NOTICE_RECOVERED], 0);
        story_serve_all(&s, 3000);
        assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    }
}

/* A listener that is lost does not come back while we sleep. */
static void test_a_lost_listener_has_to_answer(void **context)
{
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    story_operator(&s, OPERATOR_HOLD, 3600000);
    story_lose_listener(&s, 100, false);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    s.now_ms += 30000;
    story_step(&s, &tick);
    s.now_ms += 1000;
    story_lose_listener(&s, 30, false);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_configuration_is_no_answer),
        cmocka_unit_test(test_a_larger_fall_is_no_answer),
        cmocka_unit_test(test_a_larger_fall_proves_no_recovery),
        cmocka_unit_test(test_a_command_s_old_word_keeps_nothing_open),
        cmocka_unit_test(test_a_hang_over_a_stall_is_no_older_than_its_proof),
        cmocka_unit_test(test_one_port_does_not_answer_for_the_other),
        cmocka_unit_test(test_a_lost_listener_has_to_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
