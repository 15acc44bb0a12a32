/* Stories: No live node is disturbed without the restart lease. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* It hangs, the others agree, and the lease has been asked for. */
static void begin_seeking(struct story *s)
{
    story_begin(s);
    s->mute_lease = true;
    story_hang(s, 3);
    story_others_agree(s);
    assert_int_equal(s->core.rescue.state, STATE_LEASING);
    assert_int_equal(s->lease_asks, 1);
}

static void test_the_lease_is_asked_of_those_who_serve(void **context)
{
    const struct lease_action *lease = NULL;
    struct story s;

    (void)context;
    story_begin(&s);
    s.mute_lease = true;
    story_hang(&s, 3);
    story_probe(&s, "rabbit@c", PROBE_AMQP, PROBE_RESULT_REFUSED);
    story_others_agree(&s);
    for (size_t i = 0; i < s.actions.count; i++)
        if (s.actions.items[i].kind == ACTION_LEASE_ACQUIRE)
            lease = &s.actions.items[i].lease;
    assert_non_null(lease);
    assert_int_equal(lease->count, 1);
    assert_string_equal(lease->peers[0], "rabbit@b");
}

static void test_with_the_lease_the_others_are_asked_once_more(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_wait(&s, 500);
    story_lease(&s, LEASE_GRANTED, "");
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
    assert_true(story_did(&s, ACTION_ASK));
    assert_int_equal(s.kills, 0);
    story_view(&s, "rabbit@b", NULL);
    assert_int_equal(s.kills, 0);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.lease_asks, 1);
}

static void test_others_who_changed_their_mind_prevent_the_kill(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_wait(&s, 500);
    story_lease(&s, LEASE_GRANTED, "");
    story_view(&s, "rabbit@b", "rabbit@c");
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_releases, 1);
    assert_non_null(strstr(s.last.detail, "rabbit@c is called down by another member"));
}

static void test_a_node_that_answers_in_the_last_moment_is_not_killed(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_wait(&s, 500);
    story_lease(&s, LEASE_GRANTED, "");
    story_serve(&s, STORY_LOCAL);
    story_others_agree(&s);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD); /* one answer is no recovery yet */
    assert_int_equal(s.lease_releases, 1);
    story_wait(&s, 1000);
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.lease_releases, 1);
}

static void test_a_lease_that_another_agent_has_is_waited_for(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_lease(&s, LEASE_TAKEN, "rabbit@b has it");
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.why, "one at a time"));
    assert_non_null(strstr(s.last.detail, "the lease: rabbit@b has it; next try in 10 s"));
    assert_int_equal(s.lease_releases, 0); /* there is nothing to give back */
    story_hang(&s, 10);
    story_others_agree(&s);
    assert_int_equal(s.lease_asks, 2);
    story_lease(&s, LEASE_GRANTED, "");
    story_others_agree(&s);
    assert_int_equal(s.kills, 1);
}

static void test_a_lease_that_cannot_be_had_means_no_kill(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_lease(&s, LEASE_UNAVAILABLE, "no route");
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.why, "no live node is disturbed without it"));
    assert_int_equal(s.kills, 0);
}

static void test_an_old_reason_is_not_told_for_a_new_one(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_lease(&s, LEASE_TAKEN, "rabbit@b has it");
    policy.max_restarts = 0;
    story_configure(&s, policy);
    story_hang(&s, 10);
    story_others_agree(&s);
    assert_non_null(strstr(s.last.why, "the restarts of this window are used up"));
    assert_null(strstr(s.last.detail, "the lease"));
}

static void test_an_answer_that_never_comes_is_no_lease(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_wait(&s, 2900);
    assert_int_equal(s.core.rescue.state, STATE_LEASING);
    story_wait(&s, 200);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(s.lease_releases, 1); /* whatever becomes of the question, it is withdrawn */
    story_lease(&s, LEASE_GRANTED, "");    /* it was on its way already */
    assert_int_equal(s.core.lease.state, LEASE_FREE);
    story_others_agree(&s);
    assert_int_equal(s.kills, 0);
    story_lease(&s, LEASE_TAKEN, "");
    story_lease(&s, LEASE_UNAVAILABLE, "");
    story_lease(&s, LEASE_LOST, "");
    assert_int_equal(s.told[NOTICE_LEASE_LOST], 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
}

static void test_a_lease_lost_while_acting_ends_nothing_that_was_begun(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_lease(&s, LEASE_GRANTED, "");
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    story_lease(&s, LEASE_LOST, "the connection was closed");
    assert_int_equal(s.told[NOTICE_LEASE_LOST], 1);
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    story_crash(&s);
    assert_int_equal(s.restarts, 1);
    story_boot(&s);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.lease_releases, 0);
}

static void test_a_lease_lost_between_two_starts_is_told(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_lease(&s, LEASE_GRANTED, "");
    story_others_agree(&s);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    story_lease(&s, LEASE_LOST, "the connection was closed");
    assert_int_equal(s.told[NOTICE_LEASE_LOST], 1);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
}

static void test_a_lease_lost_before_the_kill_is_sought_again(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_wait(&s, 500);
    story_lease(&s, LEASE_GRANTED, "");
    story_lease(&s, LEASE_LOST, "");
    assert_int_equal(s.told[NOTICE_LEASE_LOST], 0);
    story_others_agree(&s);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.lease_asks, 2);
}

static void test_the_lease_is_kept_until_the_recovery_is_proven(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_others_agree(&s);
    story_crash(&s);
    story_boot(&s);
    story_serve_all(&s, 9000);
    assert_int_equal(s.lease_releases, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.lease_releases, 1);
}

static void test_the_lease_is_given_back_at_every_other_end(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s); /* an operator stops it */
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    assert_int_equal(s.core.rescue.state, STATE_STANDBY);
    assert_int_equal(s.lease_releases, 1);

    story_begin(&s); /* systemd refuses the kill */
    story_hang(&s, 3);
    story_others_agree(&s);
    story_refuse(&s, "polkit refuses");
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_releases, 1);

    story_begin(&s); /* it does not die */
    story_hang(&s, 3);
    story_others_agree(&s);
    story_wait(&s, 11000);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_releases, 1);

    story_begin(&s); /* it dies again and again */
    story_hang(&s, 3);
    story_others_agree(&s);
    story_crash(&s);
    for (int i = 0; i < 20 && s.core.rescue.state != STATE_GAVE_UP; i++) {
        story_die_while_starting(&s);
        /* half a restart still keeps a second node from being disturbed */
        assert_int_equal(s.lease_releases, s.core.rescue.state == STATE_GAVE_UP);
        if (s.core.rescue.state == STATE_BACKING_OFF)
            story_wait(&s, 130000);
    }
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);

    story_begin(&s); /* it runs, and a proof is missing */
    story_hang(&s, 3);
    story_others_agree(&s);
    story_crash(&s);
    story_boot(&s);
    story_wait(&s, 62000);
    assert_int_equal(s.core.rescue.state, STATE_UNVERIFIED);
    assert_int_equal(s.lease_releases, 1);
}

static void test_one_that_dies_while_the_lease_is_sought_is_started_at_once(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_crash(&s);
    assert_int_equal(s.restarts, 1);
    story_lease(&s, LEASE_GRANTED, "");
    story_boot(&s);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.lease_releases, 1);
}

static void test_a_single_node_needs_no_lease(void **context)
{
    struct story s;

    (void)context;
    story_begin_alone(&s);
    story_serve(&s, STORY_LOCAL);
    story_hang(&s, 3);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.lease_asks + s.lease_checks + s.lease_releases, 0);
}

static void test_a_new_agent_does_not_have_the_lease_of_the_former(void **context)
{
    struct story s;

    (void)context;
    begin_seeking(&s);
    story_wait(&s, 500);
    story_lease(&s, LEASE_GRANTED, "");
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.lease.state, LEASE_SOUGHT);
}

static void test_a_lease_that_could_not_be_had_is_told_beforehand_and_once(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    assert_int_equal(s.lease_checks, 1);
    for (int hour = 0; hour < 3; hour++) {
        story_lease(&s, LEASE_UNUSABLE, "403: access to the queue refused");
        for (int minute = 0; minute < 62; minute++) {
            story_serve_all(&s, 1000);
            story_wait(&s, 59000);
        }
    }
    assert_int_equal(s.lease_checks, 4); /* once an hour */
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    assert_non_null(strstr(s.last.detail, "403: access to the queue refused"));
    story_configure(&s, policy); /* new credentials are tried at once */
    assert_int_equal(s.lease_checks, 5);
    story_lease(&s, LEASE_USABLE, "");
    assert_int_equal(s.told[NOTICE_CHECK_OK], 1);
    assert_non_null(strstr(s.last.detail, "it can now"));
    story_lease(&s, LEASE_UNUSABLE, "gone");
    assert_int_equal(
        s.told[NOTICE_CHECK_MISCONFIGURED], 1); /* not before the API takes the same credentials */
    story_serve_all(&s, 1000);
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 2);
    story_lease(&s, LEASE_USABLE, "");
    policy.probe_management = false; /* where the API is not asked, nothing is waited for */
    story_configure(&s, policy);
    story_lease(&s, LEASE_UNUSABLE, "gone again");
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 3);
    policy.lease_exclusive = false; /* and a provider that needs none is well */
    story_configure(&s, policy);
    assert_int_equal(s.told[NOTICE_CHECK_OK], 3);
    assert_int_equal(s.kills + s.starts + s.restarts, 0);
}

/* The API refused them, too, and told of it. */
static void test_what_old_credentials_could_not_get_is_not_told_after_a_reload(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_wait(&s, 1000);
    story_configure(&s, story_policy()); /* with a wrong password */
    for (int second = 0; second < 5; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
        story_wait(&s, 1000);
    }
    story_lease(&s, LEASE_UNUSABLE, "403: login refused");
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    story_configure(&s, story_policy()); /* with the right one */
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    assert_int_equal(s.told[NOTICE_CHECK_OK], 1);
    story_lease(&s, LEASE_UNUSABLE, "403: access to the queue refused");
    story_serve_all(&s, 1000);
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lease_is_asked_of_those_who_serve),
        cmocka_unit_test(test_with_the_lease_the_others_are_asked_once_more),
        cmocka_unit_test(test_others_who_changed_their_mind_prevent_the_kill),
        cmocka_unit_test(test_a_node_that_answers_in_the_last_moment_is_not_killed),
        cmocka_unit_test(test_a_lease_that_another_agent_has_is_waited_for),
        cmocka_unit_test(test_a_lease_that_cannot_be_had_means_no_kill),
        cmocka_unit_test(test_an_old_reason_is_not_told_for_a_new_one),
        cmocka_unit_test(test_an_answer_that_never_comes_is_no_lease),
        cmocka_unit_test(test_a_lease_lost_while_acting_ends_nothing_that_was_begun),
        cmocka_unit_test(test_a_lease_lost_between_two_starts_is_told),
        cmocka_unit_test(test_a_lease_lost_before_the_kill_is_sought_again),
        cmocka_unit_test(test_the_lease_is_kept_until_the_recovery_is_proven),
        cmocka_unit_test(test_the_lease_is_given_back_at_every_other_end),
        cmocka_unit_test(test_one_that_dies_while_the_lease_is_sought_is_started_at_once),
        cmocka_unit_test(test_a_single_node_needs_no_lease),
        cmocka_unit_test(test_a_new_agent_does_not_have_the_lease_of_the_former),
        cmocka_unit_test(test_a_lease_that_could_not_be_had_is_told_beforehand_and_once),
        cmocka_unit_test(test_what_old_credentials_could_not_get_is_not_told_after_a_reload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
