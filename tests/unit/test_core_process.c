/* Stories: Both ports are silent. What its process does tells a frozen broker from a busy one. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static struct host_sample sample_of(uint64_t cpu_ms)
{
    return (struct host_sample){
        .process_known = true, .pid = 7, .process_state = 'S', .cpu_ms = cpu_ms, .io_known = true};
}

static void half_of_the_others_is_gone(struct story *s)
{
    story_view(s, "rabbit@b", NULL);
    story_probe(s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
}

static void test_a_frozen_broker_is_killed_with_quorum(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'S', 0, 0, 3);
    assert_int_equal(story_condition(&s), CONDITION_FROZEN);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
    assert_non_null(strstr(s.last.detail, "its process: state S, no CPU time for 2 s"));
    story_others_agree(&s);
    assert_int_equal(s.kills, 1);
    assert_string_equal(s.last.why,
        "it hangs, the others are a majority without it, and the lease is ours: kill it and start it");
}

static void test_a_stopped_process_is_frozen_at_once(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'S', 400, 0, 2);
    story_hang_as(&s, 'T', 400, 0, 1);
    assert_int_equal(story_condition(&s), CONDITION_FROZEN);
    story_hang_as(&s, 't', 400, 0, 1); /* by a debugger */
    assert_int_equal(story_condition(&s), CONDITION_FROZEN);
}

/* A slow disk makes everybody wait for a moment; one that waits in every sample, and does next to nothing
 * else, will not come back by itself. */
static void test_a_process_that_waits_in_the_kernel_all_the_time_is_frozen(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'D', 10, 0, 3);
    assert_int_equal(story_condition(&s), CONDITION_FROZEN);
    assert_non_null(strstr(s.last.detail, "its process: state D"));

    story_begin(&s); /* for a moment */
    story_hang_as(&s, 'D', 10, 0, 1);
    story_hang_as(&s, 'S', 10, 0, 1);
    story_hang_as(&s, 'D', 10, 0, 1);
    assert_int_equal(story_condition(&s), CONDITION_HUNG);

    story_begin(&s); /* its other threads work */
    story_hang_as(&s, 'D', 10, 400, 3);
    assert_int_equal(story_condition(&s), CONDITION_BUSY);
}

static void test_a_frozen_broker_needs_the_lease_rather_than_quorum(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'T', 0, 0, 3);
    half_of_the_others_is_gone(&s);
    assert_int_equal(s.lease_asks, 1);
    assert_int_equal(s.kills, 1);
    assert_non_null(strstr(s.last.why, "it takes no part any more"));
    assert_non_null(strstr(s.last.detail, "rabbit@c did not answer"));
}

static void test_a_lease_of_the_cluster_itself_does_not_stand_in_for_quorum(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.lease_independent = false;
    story_begin(&s);
    story_configure(&s, policy);
    story_hang_as(&s, 'T', 0, 0, 3);
    half_of_the_others_is_gone(&s);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks + s.kills, 0);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    story_hang_as(&s, 'T', 0, 0, 10);
    story_others_agree(&s); /* and with quorum it does */
    assert_int_equal(s.kills, 1);
}

static void test_a_hung_broker_without_quorum_is_held_for_all_its_lease(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'S', 10, 0, 3);
    assert_int_equal(story_condition(&s), CONDITION_HUNG);
    half_of_the_others_is_gone(&s);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks + s.kills, 0);
    assert_non_null(strstr(s.last.why, "no majority without it"));
}

static void test_a_hung_broker_that_everybody_has_counted_out_needs_no_quorum(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", STORY_LOCAL);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
    assert_int_equal(s.lease_asks, 1);
    assert_int_equal(s.kills, 1);
}

/* It was well again when it was called down, or so nobody can rule out: it fell silent only after that. */
static void test_a_word_from_before_the_silence_counts_nobody_out(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_wait(&s, 1000);
    story_view(&s, "rabbit@b", STORY_LOCAL);
    story_wait(&s, 1000);
    story_hang(&s, 3);
    story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK); /* while one hangs, it cannot list them */
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks + s.kills, 0);
    for (int second = 0; second < 12 && s.kills == 0; second++) {
        story_view(&s, "rabbit@b", STORY_LOCAL);
        story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
        story_hang(&s, 1);
    }
    assert_int_equal(s.kills, 1);
}

static void test_a_starved_broker_is_busy_and_never_restarted(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'R', 10, 400, 600); /* it wants a processor, and hardly ever gets one */
    assert_int_equal(story_condition(&s), CONDITION_BUSY);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.asks + s.kills + s.restarts + s.starts, 0);
    assert_int_equal(s.told[NOTICE_BUSY], 1);
    assert_int_equal(s.told[NOTICE_HUNG], 0);
    assert_non_null(strstr(s.last.detail, "1 % of a processor used, 41 % wanted"));
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_BUSY_OVER], 1);
}

/* Its share is used up for seconds: it gets nothing, and the kernel counts its waiting when that is over. */
static void test_a_broker_that_gets_no_processor_at_all_is_busy(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.runnable_threads = 4;
    story_hang_as(&s, 'S', 0, 0, 30);
    assert_int_equal(story_condition(&s), CONDITION_BUSY);
    assert_int_equal(s.asks + s.kills + s.restarts + s.starts, 0);
    assert_int_equal(s.told[NOTICE_BUSY], 1);
    assert_int_equal(s.told[NOTICE_HUNG], 0);
    assert_non_null(strstr(s.last.detail, "; its process: state S, 0 % of a processor used, 0 % wanted, "
                                          "4 of its threads on a processor or waiting for one"));
    s.runnable_threads = 0; /* whatever it waited for is over, and it does nothing: it hangs */
    for (int second = 0; second < 12 && s.kills == 0; second++) {
        story_hang_as(&s, 'S', 0, 0, 1);
        story_others_agree(&s);
    }
    assert_int_equal(s.kills, 1);
}

static void test_an_idle_process_that_is_seen_at_work_for_once_is_not_busy(void **context)
{
    struct process process = {0};
    struct host_sample sample = sample_of(50);

    (void)context;
    sample.run_delay_known = true;
    for (uint64_t now_ms = 1000; now_ms <= 4000; now_ms += 1000) {
        sample.runnable_threads = now_ms == 2000;
        sample.cpu_ms++;
        process_absorb(&process, &sample, now_ms);
    }
    assert_false(process_is_busy(&process, 1000, 4000));
}

static void test_patience_with_a_busy_broker_can_be_limited(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.busy_patience_ms = 30000;
    story_begin(&s);
    story_configure(&s, policy);
    story_hang_as(&s, 'R', 900, 0, 30);
    assert_int_equal(story_condition(&s), CONDITION_BUSY);
    assert_int_equal(s.told[NOTICE_HUNG], 0);
    story_hang_as(&s, 'R', 900, 0, 1);
    assert_int_equal(story_condition(&s), CONDITION_HUNG);
    story_others_agree(&s);
    assert_int_equal(s.kills, 1);
}

static void test_work_that_begins_while_the_others_are_asked_ends_the_proof(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'S', 10, 0, 3);
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
    story_hang_as(&s, 'R', 900, 0, 1);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    story_others_agree(&s);
    story_hang_as(&s, 'R', 900, 0, 30);
    assert_int_equal(s.kills, 0);
}

static void test_moving_data_is_work(void **context)
{
    struct process process = {0};
    struct host_sample sample = sample_of(50);

    (void)context;
    for (uint64_t now_ms = 1000; now_ms <= 4000; now_ms += 1000) {
        sample.io_bytes += 100000;
        process_absorb(&process, &sample, now_ms);
    }
    assert_true(process_is_busy(&process, 1000, 4000));
    assert_false(process_is_busy(&process, 3000, 4000)); /* a share over so little is chance */
    assert_false(process_is_busy(&process, 5000, 6000)); /* and what was before is not asked for */
}

/* A thread that ended takes its waiting with it, a disk that went away what was read from it. */
static void test_less_than_before_is_no_work(void **context)
{
    struct process process = {0};
    struct host_sample sample = sample_of(50);

    (void)context;
    sample.run_delay_known = true;
    sample.run_delay_ms = 9000;
    sample.io_bytes = 9000000;
    process_absorb(&process, &sample, 1000);
    sample.run_delay_ms = 8000;
    sample.io_bytes = 8000000;
    for (uint64_t now_ms = 2000; now_ms <= 4000; now_ms += 1000)
        process_absorb(&process, &sample, now_ms);
    assert_false(process_is_busy(&process, 1000, 4000));
}

/* Without the time spent waiting, the little that it gets has to count. */
static void test_an_old_kernel_tells_less(void **context)
{
    struct process process = {0};
    struct host_sample sample = sample_of(0);
    char text[160] = "";

    (void)context;
    for (uint64_t now_ms = 1000; now_ms <= 4000; now_ms += 1000) {
        sample.cpu_ms += 40;
        process_absorb(&process, &sample, now_ms);
    }
    assert_true(process_is_busy(&process, 1000, 4000));
    process_describe(LANGUAGE_ENGLISH, &process, 4000, text, sizeof(text));
    assert_string_equal(text, "; its process: state S, 4 % of a processor used");
}

static void test_old_or_missing_samples_tell_nothing(void **context)
{
    struct process process = {0};
    struct policy policy = story_policy();
    struct host_sample sample = sample_of(50);
    char text[160] = "";

    (void)context;
    assert_false(process_is_frozen(&process, &policy, 1000, 4000));
    assert_false(process_is_busy(&process, 1000, 4000));
    sample.process_state = 'T';
    process_absorb(&process, &sample, 1000);
    assert_true(process_is_frozen(&process, &policy, 1000, 4000));
    assert_false(process_is_frozen(&process, &policy, 1000, 60000));
    sample.process_state = 'S';
    process_absorb(&process, &sample, 2000);
    assert_false(process_is_frozen(&process, &policy, 1000, 2000)); /* idle, but not for long */
    assert_false(process_is_busy(&process, 1000, 60000));
    process_describe(LANGUAGE_ENGLISH, &process, 60000, text, sizeof(text));
    assert_string_equal(text, "");
    sample.pid = 0; /* the unit has no process now */
    process_absorb(&process, &sample, 61000);
    assert_int_equal(process.count, 0);
    process_absorb(&process, &(struct host_sample){.pid = 7}, 61000);
    assert_int_equal(process.count, 0);
    process = (struct process){0};
    sample.pid = 7;
    process_absorb(&process, &sample, 1000);
    process_absorb(&process, &(struct host_sample){.pid = 7}, 2000); /* it could not be read: who knows */
    assert_false(process_is_gone(&process, 2000));
}

static void test_two_samples_of_one_moment_are_no_window(void **context)
{
    struct process process = {0};
    struct host_sample sample = sample_of(50);
    char text[160] = "";

    (void)context;
    process_absorb(&process, &sample, 1000);
    sample.cpu_ms += 5;
    process_absorb(&process, &sample, 1000);
    process_describe(LANGUAGE_ENGLISH, &process, 1000, text, sizeof(text));
    assert_string_equal(text, "; its process: state S");
}

static void test_idleness_counts_from_the_silence_on_and_for_one_process_only(void **context)
{
    struct process process = {0};
    struct policy policy = story_policy();
    struct host_sample sample = sample_of(50);

    (void)context;
    for (uint64_t now_ms = 1000; now_ms <= 30000; now_ms += 1000)
        process_absorb(&process, &sample, now_ms); /* more than are remembered */
    assert_true(process_is_frozen(&process, &policy, 1000, 30000));
    sample.cpu_ms++;
    process_absorb(&process, &sample, 31000);
    for (uint64_t now_ms = 32000; now_ms <= 34000; now_ms += 1000)
        process_absorb(&process, &sample, now_ms);
    assert_false(process_is_frozen(&process, &policy, 1000, 34000)); /* it worked within the silence */
    assert_true(process_is_frozen(&process, &policy, 30000, 34000));
    sample.pid = 8;
    process_absorb(&process, &sample, 35000);
    assert_false(process_is_frozen(&process, &policy, 30000, 35000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frozen_broker_is_killed_with_quorum),
        cmocka_unit_test(test_a_stopped_process_is_frozen_at_once),
        cmocka_unit_test(test_a_process_that_waits_in_the_kernel_all_the_time_is_frozen),
        cmocka_unit_test(test_a_frozen_broker_needs_the_lease_rather_than_quorum),
        cmocka_unit_test(test_a_lease_of_the_cluster_itself_does_not_stand_in_for_quorum),
        cmocka_unit_test(test_a_hung_broker_without_quorum_is_held_for_all_its_lease),
        cmocka_unit_test(test_a_hung_broker_that_everybody_has_counted_out_needs_no_quorum),
        cmocka_unit_test(test_a_word_from_before_the_silence_counts_nobody_out),
        cmocka_unit_test(test_a_starved_broker_is_busy_and_never_restarted),
        cmocka_unit_test(test_a_broker_that_gets_no_processor_at_all_is_busy),
        cmocka_unit_test(test_an_idle_process_that_is_seen_at_work_for_once_is_not_busy),
        cmocka_unit_test(test_patience_with_a_busy_broker_can_be_limited),
        cmocka_unit_test(test_work_that_begins_while_the_others_are_asked_ends_the_proof),
        cmocka_unit_test(test_moving_data_is_work),
        cmocka_unit_test(test_less_than_before_is_no_work),
        cmocka_unit_test(test_an_old_kernel_tells_less),
        cmocka_unit_test(test_old_or_missing_samples_tell_nothing),
        cmocka_unit_test(test_two_samples_of_one_moment_are_no_window),
        cmocka_unit_test(test_idleness_counts_from_the_silence_on_and_for_one_process_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
