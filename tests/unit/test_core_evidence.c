/* Stories: Evidence is collected before a kill and after a death, and nothing waits for it for long. */
#include "cmocka_all.h"
#include "core_story.h"

#include <stdio.h>
#include <string.h>

static void find(struct story *s, const char *incident, const char *cause)
{
    struct event event = {.kind = EVENT_EVIDENCE, .evidence = {.path = "/evidence/1"}};

    snprintf(event.evidence.incident, sizeof(event.evidence.incident), "%s", incident);
    snprintf(event.evidence.cause, sizeof(event.evidence.cause), "%s", cause);
    story_step(s, &event);
}

static const struct action *action_of(const struct story *s, enum action_kind kind)
{
    for (size_t i = 0; i < s->actions.count; i++)
        if (s->actions.items[i].kind == kind)
            return &s->actions.items[i];
    return NULL;
}

static void begin_muted(struct story *s)
{
    story_begin(s);
    s->mute_collector = true;
}

static void test_no_kill_before_the_evidence_is_there(void **context)
{
    struct story s;

    (void)context;
    begin_muted(&s);
    story_hang(&s, 2);
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
    assert_true(action_of(&s, ACTION_COLLECT)->collect.live);
    assert_string_equal(action_of(&s, ACTION_COLLECT)->collect.incident, s.core.rescue.incident.id);
    story_others_agree(&s);
    assert_int_equal(s.lease_asks, 0);
    find(&s, s.core.rescue.incident.id, "");
    assert_int_equal(s.kills, 1);
    assert_string_equal(s.last.evidence, "/evidence/1");
    assert_int_equal(s.collects, 1); /* once, while there is something to see */
}

static void test_evidence_that_does_not_come_delays_a_kill_by_two_seconds(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.ask_timeout_ms = 60000;
    begin_muted(&s);
    story_configure(&s, policy);
    story_hang(&s, 3);
    story_others_agree(&s); /* one second later */
    story_wait(&s, 900);
    assert_int_equal(s.kills, 0);
    story_wait(&s, 200);
    story_others_agree(&s); /* once more, with the lease */
    assert_int_equal(s.kills, 1);
}

static void test_an_impatient_question_does_not_cut_the_evidence_short(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.ask_timeout_ms = 100;
    begin_muted(&s);
    story_configure(&s, policy);
    story_hang(&s, 2);
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
    story_others_agree(&s);
    story_wait(&s, 1900);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
    story_wait(&s, 100);
    story_others_agree(&s); /* once more, with the lease */
    assert_int_equal(s.kills, 1);
}

static void test_a_crash_is_in_the_journal_at_once_and_told_with_its_cause(void **context)
{
    struct story s;

    (void)context;
    begin_muted(&s);
    story_crash(&s);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(action_of(&s, ACTION_COLLECT)->collect.live, false);
    assert_int_equal(s.told[NOTICE_CRASHED], 0);
    for (size_t i = 0; i < s.actions.count; i++)
        if (s.actions.items[i].kind == ACTION_RECORD && s.actions.items[i].notice.kind == NOTICE_CRASHED)
            s.told[NOTICE_NONE]++;
    assert_int_equal(s.told[NOTICE_NONE], 1);
    story_wait(&s, 500);
    find(&s, "another incident", "a full disk");
    assert_int_equal(s.told[NOTICE_CRASHED], 0);
    find(&s, s.core.rescue.incident.id, "the Erlang cookie differs");
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    assert_true(story_did(&s, ACTION_SEND));
    assert_string_equal(s.last.evidence, "/evidence/1");
    assert_non_null(strstr(s.last.detail, "; likely cause: the Erlang cookie differs"));
}

static void test_without_a_known_cause_its_last_words_are_told(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    strcpy(s.evidence.log_tail, "no space left");
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    assert_non_null(strstr(s.last.detail, "; its last words: no space left"));
}

static void test_a_crash_is_told_after_two_seconds_whatever_was_found(void **context)
{
    struct story s;

    (void)context;
    begin_muted(&s);
    story_crash(&s);
    story_wait(&s, 1900);
    assert_int_equal(s.told[NOTICE_CRASHED], 0);
    story_wait(&s, 100);
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    find(&s, s.core.rescue.incident.id, "too late");
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
}

static void test_news_push_the_delayed_word_out_in_their_order(void **context)
{
    struct story s;
    uint32_t crashed_at = 0, retrying_at = 0;

    (void)context;
    begin_muted(&s);
    story_crash(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_wait(&s, 500);
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    for (uint32_t i = 0; i < s.actions.count; i++) {
        const struct action *action = &s.actions.items[i];

        if (action->kind == ACTION_SEND && action->notice.kind == NOTICE_CRASHED)
            crashed_at = i + 1;
        if (action->kind == ACTION_RECORD && action->notice.kind == NOTICE_RETRYING)
            retrying_at = i + 1;
    }
    assert_in_range(crashed_at, 1, retrying_at - 1);
    assert_int_equal(s.told[NOTICE_RETRYING], 0);
    story_job(&s, false);
    story_unit(&s, UNIT_INACTIVE, "dead", "success"); /* and now an operator stops it */
    assert_int_equal(s.told[NOTICE_RETRYING], 1);
    assert_int_equal(s.told[NOTICE_STOPPED], 1);
}

static void test_each_of_the_deaths_of_a_loop_is_told(void **context)
{
    struct story s;

    (void)context;
    begin_muted(&s);
    story_crash(&s);
    for (int i = 0; i < 20 && s.core.rescue.state != STATE_GAVE_UP; i++) {
        story_die_while_starting(&s);
        if (s.core.rescue.state == STATE_BACKING_OFF)
            story_wait(&s, core_deadline_ms(&s.core) - s.now_ms + 130000);
    }
    story_wait(&s, 2000);
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    assert_int_equal(s.told[NOTICE_RETRYING], 4);
    assert_int_equal(s.told[NOTICE_GAVE_UP], 1);
    assert_int_equal(s.collects, 6);
}

static void test_a_disk_that_fails_is_told_and_does_not_stop_a_rescue(void **context)
{
    struct event failed = {.kind = EVENT_STORE_FAILED, .request = {.error = "disk full"}};
    struct event ok = {.kind = EVENT_STORE_OK};
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 5; i++)
        story_step(&s, &failed);
    assert_int_equal(s.told[NOTICE_AGENT_DEGRADED], 1);
    assert_string_equal(s.last.detail, "disk full");
    story_crash(&s);
    assert_int_equal(s.restarts, 1);
    story_step(&s, &ok);
    assert_int_equal(s.told[NOTICE_AGENT_SOUND], 1);
    assert_string_equal(s.last.detail, "it is written down again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_kill_before_the_evidence_is_there),
        cmocka_unit_test(test_evidence_that_does_not_come_delays_a_kill_by_two_seconds),
        cmocka_unit_test(test_an_impatient_question_does_not_cut_the_evidence_short),
        cmocka_unit_test(test_a_crash_is_in_the_journal_at_once_and_told_with_its_cause),
        cmocka_unit_test(test_without_a_known_cause_its_last_words_are_told),
        cmocka_unit_test(test_a_crash_is_told_after_two_seconds_whatever_was_found),
        cmocka_unit_test(test_news_push_the_delayed_word_out_in_their_order),
        cmocka_unit_test(test_each_of_the_deaths_of_a_loop_is_told),
        cmocka_unit_test(test_a_disk_that_fails_is_told_and_does_not_stop_a_rescue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
