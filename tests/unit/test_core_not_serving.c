/* Stories: One port fails in a way that proves neither a hang, nor closed ports, nor a lost listener. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* Each second, for so many of them; nobody but the local node is in trouble. */
static void answer_for(
    struct story *s, enum probe_result amqp, enum probe_result management, unsigned seconds)
{
    while (seconds-- > 0) {
        story_probe(s, STORY_LOCAL, PROBE_AMQP, amqp);
        if (management == PROBE_RESULT_OK)
            story_view(s, STORY_LOCAL, NULL);
        else
            story_probe(s, STORY_LOCAL, PROBE_MANAGEMENT, management);
        story_others_agree(s);
        story_wait(s, 1000);
    }
}

static uint32_t all_told(const struct story *s)
{
    uint32_t count = 0;

    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        count += s->told[kind];
    return count;
}

static const struct mix {
    enum probe_result amqp, management;
    enum severity severity;
    const char *detail;
} mixes[] = {
    {PROBE_RESULT_SILENT, PROBE_RESULT_OK, SEVERITY_CRITICAL, "AMQP: connected, but not a byte"},
    {PROBE_RESULT_TIMED_OUT, PROBE_RESULT_OK, SEVERITY_CRITICAL, "AMQP: no connection within the timeout"},
    {PROBE_RESULT_OK, PROBE_RESULT_REFUSED, SEVERITY_WARNING, "AMQP: answers; management API: connection r"},
    {PROBE_RESULT_OK, PROBE_RESULT_SILENT, SEVERITY_WARNING, "management API: connected, but not a byte"},
    {PROBE_RESULT_OK, PROBE_RESULT_SERVER_ERROR, SEVERITY_WARNING, "API: answers that it is not well"},
    {PROBE_RESULT_REFUSED, PROBE_RESULT_SILENT, SEVERITY_CRITICAL, "AMQP: connection refused"},
    {PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, SEVERITY_CRITICAL, "management API: connection refused"},
    {PROBE_RESULT_SILENT, PROBE_RESULT_SERVER_ERROR, SEVERITY_CRITICAL, "API: answers that it is not well"},
    {PROBE_RESULT_CLOSED, PROBE_RESULT_CLOSED, SEVERITY_CRITICAL, "AMQP: connection closed without"},
};

static void test_each_mix_is_told_once_and_its_end(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
        const struct mix *mix = &mixes[i];
        struct story s;

        story_begin(&s);
        answer_for(&s, mix->amqp, mix->management, 58);
        assert_int_equal(all_told(&s), 0);
        answer_for(&s, mix->amqp, mix->management, 240);
        assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
        assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
        assert_int_equal(s.last.severity, mix->severity);
        assert_string_equal(s.last.trouble, "not-serving");
        assert_non_null(strstr(s.last.detail, mix->detail));
        assert_non_null(strstr(s.last.detail, "in a row"));
        story_serve_all(&s, 3000);
        assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 1);
        assert_int_equal(s.last.severity, SEVERITY_INFO);
        assert_int_equal(all_told(&s), 2);
        assert_int_equal(story_done(&s) + s.asks + s.lease_asks, 0);
    }
}

/* It answers in between, if only once. */
static void test_one_that_answers_now_and_then_is_not_told(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 20; i++) {
        answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 55);
        answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_OK, 1);
    }
    assert_int_equal(all_told(&s), 0);
}

/* At 5 % of a processor: for a minute and more not a byte comes from one port, while the other answers. */
static void starve(struct story *s, enum probe_result amqp, enum probe_result management, unsigned seconds)
{
    while (seconds-- > 0) {
        s->cpu_ms += 50;
        s->run_delay_ms += 900;
        story_host(s, 'R', s->cpu_ms, s->run_delay_ms);
        answer_for(s, amqp, management, 1);
    }
}

static void test_one_that_is_starved_is_not_told_unless_that_never_ends(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 6; i++) {
        starve(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 90);
        starve(&s, PROBE_RESULT_OK, PROBE_RESULT_OK, 3);
        starve(&s, PROBE_RESULT_OK, PROBE_RESULT_SILENT, 90);
        starve(&s, PROBE_RESULT_OK, PROBE_RESULT_OK, 3);
    }
    starve(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 590);
    assert_int_equal(all_told(&s), 0);
    starve(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 30);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
    assert_non_null(strstr(s.last.detail, "% of a processor used, 9"));

    story_begin(&s); /* one that refuses does not do so for want of a processor */
    starve(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 70);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
}

/* The others do not tell whether it runs, so whatever its closed ports mean is not known. */
static void test_closed_ports_that_nobody_explains_are_told(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 100; second++) {
        for (const char *const *each = (const char *const[]){"rabbit@b", "rabbit@c", NULL}; *each; each++) {
            story_probe(&s, *each, PROBE_AMQP, PROBE_RESULT_OK);
            story_probe(&s, *each, PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
        }
        story_close_ports(&s, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
    assert_int_equal(all_told(&s), 1);
}

/* The wrong password is told, but not what the other port does. */
static void test_a_check_that_is_misconfigured_does_not_hide_the_other(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_UNAUTHORIZED, 100);
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    assert_int_equal(all_told(&s), 1);
    answer_for(&s, PROBE_RESULT_REFUSED, PROBE_RESULT_UNAUTHORIZED, 100);
    assert_int_equal(story_condition(&s), CONDITION_MISCONFIGURED);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
    assert_int_equal(s.last.severity, SEVERITY_CRITICAL);
}

static void test_what_becomes_a_hang_is_told_as_that(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 59);
    story_hang(&s, 4);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 0);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
}

/* It turns into something that has a name of its own, and is over when it serves. */
static void test_it_is_over_when_it_serves(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 70);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
    story_lose_listener(&s, 30, false);
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 1);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 0);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_wait(&s, 1000);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 1);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
}

/* A check that is turned off fails no more. */
static void test_a_check_that_is_not_in_use_any_more_does_not_count(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 70);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
    policy.probe_management = false;
    story_configure(&s, policy);
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 1);
}

/* Somebody is at work on it, its unit does not run, or systemd does not say: that is no moment to tell. */
static void test_it_is_told_of_a_unit_that_runs_undisturbed(void **context)
{
    struct event lost = {.kind = EVENT_UNIT_LOST};
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.job_id = 7;
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 100);
    assert_int_equal(all_told(&s), 0);
    s.unit.job_id = 0;
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);

    story_begin(&s);
    story_step(&s, &lost);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 100);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 0);

    story_begin(&s);
    story_unit(&s, UNIT_DEACTIVATING, "stop-sigterm", "success");
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 100);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 0);
}

/* What is being done about it, and how it ends, is told already. */
static void test_it_is_not_told_besides_a_rescue(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_boot(&s);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_OK, 200);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 0);
}

/* Only the API fails, and that was told; then AMQP fails as well, and nothing else that is told says why. */
static void warn(struct story *s)
{
    story_begin(s);
    answer_for(s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 70);
    assert_int_equal(s->told[NOTICE_NOT_SERVING], 1);
    assert_int_equal(s->last.severity, SEVERITY_WARNING);
}

static void assert_worse(const struct story *s, const struct notice *first)
{
    assert_int_equal(s->told[NOTICE_NOT_SERVING], 2);
    assert_int_equal(s->last.kind, NOTICE_NOT_SERVING);
    assert_int_equal(s->last.severity, SEVERITY_CRITICAL);
    assert_string_equal(s->last.trouble, "not-serving");
    assert_string_equal(s->last.incident, first->incident);
    assert_int_equal(s->last.since_wall_ms, first->since_wall_ms);
    assert_string_equal(s->last.why, "it has become worse since it was told");
    assert_non_null(strstr(s->last.detail, "AMQP: connected, but not a byte"));
}

static void test_a_warning_that_becomes_worse_is_told_as_critical_once(void **context)
{
    struct notice first;
    struct story s;

    (void)context;
    warn(&s);
    first = s.last;
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 58);
    assert_int_equal(all_told(&s), 1);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 200);
    assert_worse(&s, &first);
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 200); /* less again, and worse again: known */
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 200);
    assert_int_equal(all_told(&s), 2);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 1);
    assert_string_equal(s.last.incident, first.incident);
    assert_int_equal(all_told(&s), 3);
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 70); /* another one begins as a warning again */
    assert_int_equal(s.last.severity, SEVERITY_WARNING);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 70);
    assert_int_equal(s.last.severity, SEVERITY_CRITICAL);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 4);
}

/* Clients come in now and then, or the processor is what is missing. */
static void test_a_warning_is_not_worse_at_once(void **context)
{
    struct story s;

    (void)context;
    warn(&s);
    for (int i = 0; i < 20; i++) {
        answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 55);
        answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 1);
    }
    assert_int_equal(all_told(&s), 1);

    warn(&s);
    starve(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 590);
    assert_int_equal(all_told(&s), 1);
    starve(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 30);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 2);
    assert_int_equal(s.last.severity, SEVERITY_CRITICAL);
}

/* What it becomes has a name of its own. */
static void test_a_warning_that_becomes_a_hang_is_told_as_that(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_SILENT, 70);
    assert_int_equal(s.last.severity, SEVERITY_WARNING);
    s.mute_lease = true;
    story_hang(&s, 200);
    assert_int_equal(s.told[NOTICE_NOT_SERVING], 1);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
}

/* Until the port that failed has answered, the other one's answer is no end: there was one before. */
static void test_a_new_agent_does_not_take_one_port_for_both(void **context)
{
    struct story s;

    (void)context;
    warn(&s);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
    story_wait(&s, 1000);
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 100);
    assert_int_equal(all_told(&s), 1);
    story_serve_all(&s, 1000);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 0); /* one that was told to be down has to rise */
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 1);
}

/* The new agent knows that it was a warning, or that it is critical: the patience begins anew. */
static void test_a_new_agent_tells_that_it_became_worse(void **context)
{
    struct notice first;
    struct story s;

    (void)context;
    warn(&s);
    first = s.last;
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    answer_for(&s, PROBE_RESULT_OK, PROBE_RESULT_REFUSED, 100);
    assert_int_equal(all_told(&s), 1);
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 100);
    assert_worse(&s, &first);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    answer_for(&s, PROBE_RESULT_SILENT, PROBE_RESULT_REFUSED, 200);
    assert_int_equal(all_told(&s), 2);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_SERVING_AGAIN], 1);
    assert_string_equal(s.last.incident, first.incident);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_mix_is_told_once_and_its_end),
        cmocka_unit_test(test_one_that_answers_now_and_then_is_not_told),
        cmocka_unit_test(test_one_that_is_starved_is_not_told_unless_that_never_ends),
        cmocka_unit_test(test_closed_ports_that_nobody_explains_are_told),
        cmocka_unit_test(test_a_check_that_is_misconfigured_does_not_hide_the_other),
        cmocka_unit_test(test_what_becomes_a_hang_is_told_as_that),
        cmocka_unit_test(test_it_is_over_when_it_serves),
        cmocka_unit_test(test_a_check_that_is_not_in_use_any_more_does_not_count),
        cmocka_unit_test(test_it_is_told_of_a_unit_that_runs_undisturbed),
        cmocka_unit_test(test_it_is_not_told_besides_a_rescue),
        cmocka_unit_test(test_a_warning_that_becomes_worse_is_told_as_critical_once),
        cmocka_unit_test(test_a_warning_is_not_worse_at_once),
        cmocka_unit_test(test_a_warning_that_becomes_a_hang_is_told_as_that),
        cmocka_unit_test(test_a_new_agent_does_not_take_one_port_for_both),
        cmocka_unit_test(test_a_new_agent_tells_that_it_became_worse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
