/* Who speaks for whom: the agents beside the other members are there, or not. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

enum { MISSING_S = 30 };

static struct agent_memory *agent_of(struct story *story, const char *node)
{
    for (size_t i = 0; i < story->core.member_count; i++)
        if (!strcmp(story->core.members[i].name, node))
            return &story->core.members[i].agent;
    fail_msg("no member %s", node);
    return NULL;
}

/* The same cluster, seen by rabbit@c. */
static void begin_as_c(struct story *story)
{
    const char *const everyone[] = {"rabbit@a", "rabbit@b", "rabbit@c"};
    struct policy policy = story_policy();

    story_begin_blank(story);
    core_init(&story->core, "rabbit@c", "prod", &policy, story->now_ms);
    story_unit(story, UNIT_ACTIVE, "running", "success");
    story_members(story, everyone, 3);
    for (size_t i = 0; i < 3; i++)
        story_serve(story, everyone[i]);
}

/* The agents beside A and B answer like this for so many seconds, while each broker is well but for DOWN,
 * whose ports fail like RESULT; each of the nodes may be NULL. */
static void go_on(struct story *story, unsigned seconds, const char *a, enum probe_result a_result,
    const char *b, enum probe_result b_result, const char *down, enum probe_result result)
{
    for (unsigned second = 0; second < seconds; second++) {
        for (size_t i = 0; i < story->core.member_count; i++)
            if (!down || strcmp(down, story->core.members[i].name) != 0)
                story_serve(story, story->core.members[i].name);
        if (second % 5 == 0 && a)
            story_probe(story, a, PROBE_AGENT, a_result);
        if (second % 5 == 0 && b)
            story_probe(story, b, PROBE_AGENT, b_result);
        if (down)
            story_fail(story, down, NULL, result, 1);
        else
            story_wait(story, 1000);
    }
}

/* All is well, and every agent is there. */
static void settle(struct story *story, const char *a, const char *b)
{
    go_on(story, 6, a, PROBE_RESULT_OK, b, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(agent_of(story, a)->presence, PRESENCE_HERE);
    assert_int_equal(agent_of(story, b)->presence, PRESENCE_HERE);
}

static void test_one_that_does_not_answer_for_long_is_missing(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, MISSING_S, "rabbit@b", PROBE_RESULT_SILENT, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(agent_of(&s, "rabbit@b")->presence, PRESENCE_HERE);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0);
    go_on(&s, 5, "rabbit@b", PROBE_RESULT_SILENT, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(agent_of(&s, "rabbit@b")->presence, PRESENCE_MISSING);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    assert_string_equal(s.last.node, "rabbit@b");
    assert_string_equal(s.last.observer, "rabbit@a");
    assert_string_equal(s.last.trouble, "agent-missing");
    assert_int_equal(s.last.severity, SEVERITY_WARNING);
    assert_non_null(strstr(s.last.detail, "has not answered for 30 s"));
    go_on(&s, 60, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    assert_int_equal(s.told[NOTICE_AGENT_BACK], 0);
    go_on(&s, 1, "rabbit@b", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_BACK], 1);
    assert_string_equal(s.last.detail, "it answers again");
    assert_int_equal(story_done(&s), 0);
}

static void test_nothing_listens_is_said(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 36, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_non_null(strstr(s.last.detail, "nothing listens on its port"));
}

static void test_one_that_was_never_there_is_not_missed(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    go_on(
        &s, 60, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_TIMED_OUT, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0);
    assert_int_equal(agent_of(&s, "rabbit@b")->presence, PRESENCE_MISSING);
    /* Behind a closed port it may well be there. */
    assert_int_equal(agent_of(&s, "rabbit@c")->presence, PRESENCE_UNKNOWN);
    go_on(&s, 12, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, "rabbit@b", PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1); /* nobody else can tell */
}

static void test_a_dead_broker_is_told_by_its_own_agent(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 60, "rabbit@b", PROBE_RESULT_OK, "rabbit@c", PROBE_RESULT_OK, "rabbit@b", PROBE_RESULT_REFUSED);
    assert_int_equal(s.core.members[1].condition, CONDITION_PEER_DOWN);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0);
}

static void test_the_lead_speaks_for_one_without_an_agent(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 29, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, "rabbit@b",
        PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0); /* its agent may be being restarted */
    go_on(&s, 60, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, "rabbit@b",
        PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    assert_string_equal(s.last.why, "its own agent does not answer, so nobody else will tell");
    assert_non_null(strstr(s.last.detail, "its rmqwatchd does not answer either"));
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0); /* one message */
    /* The agent comes back first: the end is told by who told the beginning. */
    go_on(&s, 10, "rabbit@b", PROBE_RESULT_OK, "rabbit@c", PROBE_RESULT_OK, "rabbit@b", PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 0);
    go_on(&s, 10, "rabbit@b", PROBE_RESULT_OK, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING] + s.told[NOTICE_AGENT_BACK], 0);
    assert_int_equal(story_done(&s), 0);
}

static void test_a_dead_host_is_one_message(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 90, "rabbit@b", PROBE_RESULT_TIMED_OUT, "rabbit@c", PROBE_RESULT_OK, "rabbit@b",
        PROBE_RESULT_TIMED_OUT);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    assert_string_equal(s.last.why, "nothing on its host answers, so nobody else will tell");
    /* It comes back, the broker first: its agent is given time. */
    go_on(&s, 25, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0);
    /* It does not come. */
    go_on(&s, 15, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    /* The broker dies, too: that is more news. */
    go_on(&s, 12, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, "rabbit@b",
        PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 2);
    assert_int_equal(s.told[NOTICE_AGENT_BACK], 0);
}

/* Its API is back and its AMQP port is not: neither up nor down, and told to be down still. */
static void test_one_that_is_told_to_be_down_is_one_message(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 60, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, "rabbit@b",
        PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    for (int second = 0; second < 60; second++) {
        story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_view(&s, "rabbit@b", NULL);
        story_probe(&s, "rabbit@b", PROBE_AGENT, PROBE_RESULT_REFUSED);
        story_serve(&s, "rabbit@a");
        story_serve(&s, "rabbit@c");
        story_wait(&s, 1000);
    }
    assert_int_equal(s.core.members[1].condition, CONDITION_UNKNOWN);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 0);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0);
}

static void test_a_lead_without_an_agent_is_none(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    begin_as_c(&s);
    settle(&s, "rabbit@a", "rabbit@b");
    go_on(&s, 40, "rabbit@a", PROBE_RESULT_REFUSED, "rabbit@b", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0); /* b tells it */
    go_on(&s, 40, "rabbit@a", PROBE_RESULT_REFUSED, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 2);
    story_answer(&s, "rabbit@c", &partitioned);
    assert_int_equal(s.told[NOTICE_PARTITION], 1);
}

static void test_a_lead_that_has_just_come_back_is_one(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    begin_as_c(&s);
    settle(&s, "rabbit@a", "rabbit@b");
    go_on(&s, 60, "rabbit@a", PROBE_RESULT_TIMED_OUT, "rabbit@b", PROBE_RESULT_OK, "rabbit@a",
        PROBE_RESULT_TIMED_OUT);
    assert_int_equal(agent_of(&s, "rabbit@a")->presence, PRESENCE_MISSING);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0); /* b tells it */
    /* The network is back, and its agent was not asked again yet. */
    go_on(&s, 3, NULL, PROBE_RESULT_OK, "rabbit@b", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    story_answer(&s, "rabbit@c", &partitioned);
    assert_int_equal(story_condition(&s), CONDITION_PARTITIONED);
    assert_int_equal(s.told[NOTICE_PARTITION], 0);
}

static void test_what_is_old_or_our_own_trouble_says_nothing(void **context)
{
    struct story s;
    struct event late = {.kind = EVENT_PROBE_DONE,
        .probe = {.node = "rabbit@b", .kind = PROBE_AGENT, .result = PROBE_RESULT_REFUSED}};

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    late.probe.started_ms = agent_of(&s, "rabbit@b")->heard_ms - 1;
    story_step(&s, &late);
    assert_int_equal(agent_of(&s, "rabbit@b")->failed_ms, 0);
    go_on(&s, 40, "rabbit@b", PROBE_RESULT_OWN_TROUBLE, "rabbit@c", PROBE_RESULT_UNKNOWN_HOST, NULL,
        PROBE_RESULT_OK);
    assert_int_equal(agent_of(&s, "rabbit@b")->presence, PRESENCE_UNKNOWN);
    assert_int_equal(agent_of(&s, "rabbit@c")->presence, PRESENCE_UNKNOWN);
    /* Something else that answers there is no agent. */
    go_on(&s, 40, "rabbit@b", PROBE_RESULT_BAD_REPLY, "rabbit@c", PROBE_RESULT_NOT_FOUND, NULL,
        PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 2);
}

static void test_a_long_interval_takes_longer(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    policy.interval_ms = 20000; /* three of them, and a timeout */
    story_configure(&s, policy);
    go_on(&s, 60, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0);
    go_on(&s, 10, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
}

static void test_switched_off_nobody_is_missed(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 40, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    policy.agent_missing_ms = 0;
    story_configure(&s, policy);
    assert_int_equal(s.told[NOTICE_AGENT_BACK], 1);
    assert_string_equal(s.last.detail, "the other agents are not asked any more");
    go_on(&s, 60, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, "rabbit@b", PROBE_RESULT_REFUSED);
    assert_int_equal(agent_of(&s, "rabbit@b")->presence, PRESENCE_UNKNOWN);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0); /* its host is there */
    go_on(&s, 10, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK, "rabbit@b", PROBE_RESULT_TIMED_OUT);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
}

static void test_who_was_guarded_is_known_over_a_restart(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@b");
    assert_true(s.saves > 0);
    story_reincarnate(&s);
    assert_true(agent_of(&s, "rabbit@b")->seen);
    assert_false(agent_of(&s, "rabbit@c")->seen);
    assert_int_equal(agent_of(&s, "rabbit@b")->presence, PRESENCE_UNKNOWN);
    go_on(&s, 40, "rabbit@b", PROBE_RESULT_TIMED_OUT, "rabbit@c", PROBE_RESULT_TIMED_OUT, NULL,
        PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    /* So is what was told. */
    story_reincarnate(&s);
    go_on(&s, 40, "rabbit@b", PROBE_RESULT_TIMED_OUT, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    go_on(&s, 1, "rabbit@b", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_BACK], 1);
}

static void test_after_a_stall_it_counts_afresh(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 25, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    s.now_ms += 60000;
    story_probe(&s, "rabbit@b", PROBE_AGENT, PROBE_RESULT_OK);
    assert_true(s.core.stalled); /* of the nodes, it says nothing */
    go_on(&s, 25, "rabbit@b", PROBE_RESULT_REFUSED, NULL, PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 0);
}

static void test_a_member_that_leaves_is_not_missed_any_more(void **context)
{
    const char *const two[] = {"rabbit@a", "rabbit@c"};
    struct story s;

    (void)context;
    story_begin(&s);
    settle(&s, "rabbit@b", "rabbit@c");
    go_on(&s, 40, "rabbit@b", PROBE_RESULT_REFUSED, "rabbit@c", PROBE_RESULT_OK, NULL, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_AGENT_MISSING], 1);
    story_members(&s, two, 2);
    assert_int_equal(s.told[NOTICE_AGENT_BACK], 1);
    assert_false(s.core.peer_watches[1][1].raised);
}

/* A hang, with what the other agents answer in between: what is known of the nodes, and what is done, is the
 * same. */
static void hang(struct story *story, int answers)
{
    story_begin(story);
    for (unsigned second = 0; second < 40; second++) {
        for (const char *const *node = (const char *const[]){"rabbit@b", "rabbit@c", NULL};
             *node && answers >= 0; node++) {
            struct event slow = {.kind = EVENT_PROBE_SLOW, .probe = {.kind = PROBE_AGENT}};

            strcpy(slow.probe.node, *node);
            story_step(story, &slow);
            story_probe(story, *node, PROBE_AGENT, (enum probe_result)answers);
        }
        story_others_agree(story);
        story_hang(story, 1);
    }
}

static void test_it_decides_nothing_about_nodes(void **context)
{
    static struct story without, with;

    (void)context;
    hang(&without, -1);
    assert_true(without.kills > 0);
    for (int answers = 0; answers < PROBE_RESULT_COUNT; answers++) {
        hang(&with, answers);
        assert_int_equal(with.kills, without.kills);
        assert_int_equal(story_done(&with), story_done(&without));
        assert_int_equal(with.core.rescue.state, without.core.rescue.state);
        for (size_t i = 0; i < with.core.member_count; i++) {
            assert_int_equal(with.core.members[i].condition, without.core.members[i].condition);
            assert_memory_equal(with.core.members[i].probes, without.core.members[i].probes,
                sizeof(with.core.members[i].probes));
            assert_int_equal(with.core.members[i].fast, without.core.members[i].fast);
        }
    }
}

static void test_presence_has_words(void **context)
{
    (void)context;
    assert_string_equal(presence_name(PRESENCE_UNKNOWN), "unknown");
    assert_string_equal(presence_name(PRESENCE_HERE), "present");
    assert_string_equal(presence_name(PRESENCE_MISSING), "missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_does_not_answer_for_long_is_missing),
        cmocka_unit_test(test_nothing_listens_is_said),
        cmocka_unit_test(test_one_that_was_never_there_is_not_missed),
        cmocka_unit_test(test_a_dead_broker_is_told_by_its_own_agent),
        cmocka_unit_test(test_the_lead_speaks_for_one_without_an_agent),
        cmocka_unit_test(test_a_dead_host_is_one_message),
        cmocka_unit_test(test_one_that_is_told_to_be_down_is_one_message),
        cmocka_unit_test(test_a_lead_without_an_agent_is_none),
        cmocka_unit_test(test_a_lead_that_has_just_come_back_is_one),
        cmocka_unit_test(test_what_is_old_or_our_own_trouble_says_nothing),
        cmocka_unit_test(test_a_long_interval_takes_longer),
        cmocka_unit_test(test_switched_off_nobody_is_missed),
        cmocka_unit_test(test_who_was_guarded_is_known_over_a_restart),
        cmocka_unit_test(test_after_a_stall_it_counts_afresh),
        cmocka_unit_test(test_a_member_that_leaves_is_not_missed_any_more),
        cmocka_unit_test(test_it_decides_nothing_about_nodes),
        cmocka_unit_test(test_presence_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
