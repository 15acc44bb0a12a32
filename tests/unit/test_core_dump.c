/* Stories: A hung broker is to write a crash dump before it is killed, where the configuration wants that. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

enum { DUMP_MS = 20000 };

static void begin(struct story *s)
{
    struct policy policy = story_policy();

    policy.crash_dump_ms = DUMP_MS;
    story_begin(s);
    story_configure(s, policy);
}

static void hang_and_be_asked(struct story *s)
{
    begin(s);
    story_hang_as(s, 'S', 10, 0, 3);
    story_others_agree(s);
    assert_int_equal(s->dumps, 1);
    assert_int_equal(s->kills, 0);
    assert_int_equal(s->core.rescue.state, STATE_KILLING);
    assert_int_equal(s->told[NOTICE_RESTARTING], 1);
}

static void test_it_dies_of_the_dump_and_is_started(void **context)
{
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    assert_non_null(strstr(s.last.detail, "; it is to write a crash dump first, for at most 20 s"));
    story_wait(&s, 8000);
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.starts + s.restarts, 1);
    assert_int_equal(s.core.rescue.budget.count, 1); /* a kill with its start counts once */
    story_wait(&s, DUMP_MS);
    assert_int_equal(s.kills, 0);
}

/* It is busy with its dump: that looks like work, and is none. */
static void test_its_time_is_over_and_it_is_killed(void **context)
{
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    story_hang_as(&s, 'R', 900, 0, 19);
    assert_int_equal(s.kills, 0);
    story_hang_as(&s, 'R', 900, 0, 2);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.dumps, 1);
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    story_crash(&s);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.core.rescue.budget.count, 1);
}

static void test_one_that_is_stopped_could_not_write_one(void **context)
{
    struct story s;

    (void)context;
    begin(&s);
    story_hang_as(&s, 'T', 0, 0, 3);
    story_others_agree(&s);
    assert_int_equal(s.dumps, 0);
    assert_int_equal(s.kills, 1);
    assert_null(strstr(s.last.detail, "crash dump"));
}

static void test_a_refusal_is_followed_by_the_kill(void **context)
{
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    story_refuse(&s, "there is no main process");
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    assert_int_equal(s.told[NOTICE_HELD], 0);
    story_refuse(&s, "access denied"); /* and that of the kill is one */
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
}

static void test_one_that_serves_again_is_not_killed(void **context)
{
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    story_serve_all(&s, DUMP_MS + 3000);
    assert_int_equal(s.kills, 0);
    story_serve_all(&s, 30000); /* its kill came to nothing */
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

/* The agent gets no processor: meanwhile it dies of its dump and is started again. */
static void test_a_stall_is_no_time_that_is_over(void **context)
{
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    s.now_ms += 60000;
    story_step(&s, &tick);
    assert_int_equal(s.kills, 0);
    story_wait(&s, 500);
    story_boot(&s); /* the news of it */
    story_serve_all(&s, 30000);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

/* Nobody knows what runs there: that is judged anew when it is known. */
static void test_without_a_word_of_systemd_nobody_is_killed(void **context)
{
    struct event lost = {.kind = EVENT_UNIT_LOST};
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    story_step(&s, &lost);
    story_wait(&s, DUMP_MS + 1000);
    assert_int_equal(s.kills, 0);
}

/* Its Erlang machine is well. */
static void test_a_restart_in_order_wants_none(void **context)
{
    struct policy policy;
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    policy = s.core.policy;
    policy.crash_dump_ms = DUMP_MS;
    story_configure(&s, policy);
    for (int second = 0; second < 70 && s.restarts == 0; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", STORY_LOCAL);
        story_view(&s, "rabbit@c", STORY_LOCAL);
    }
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.dumps, 0);
    assert_int_equal(s.told[NOTICE_RESTARTING], 1);
    assert_null(strstr(s.last.detail, "crash dump"));
}

/* Dead, and a job that is not ours is at it: nobody is killed any more. */
static void test_what_is_dead_already_is_not_killed(void **context)
{
    struct story s;

    (void)context;
    hang_and_be_asked(&s);
    s.unit.job_id = 99;
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    story_wait(&s, DUMP_MS);
    assert_int_equal(s.kills, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_dies_of_the_dump_and_is_started),
        cmocka_unit_test(test_its_time_is_over_and_it_is_killed),
        cmocka_unit_test(test_one_that_is_stopped_could_not_write_one),
        cmocka_unit_test(test_a_refusal_is_followed_by_the_kill),
        cmocka_unit_test(test_one_that_serves_again_is_not_killed),
        cmocka_unit_test(test_a_stall_is_no_time_that_is_over),
        cmocka_unit_test(test_without_a_word_of_systemd_nobody_is_killed),
        cmocka_unit_test(test_a_restart_in_order_wants_none),
        cmocka_unit_test(test_what_is_dead_already_is_not_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
