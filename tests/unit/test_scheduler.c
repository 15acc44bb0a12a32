/* The scheduler: who is probed when, how fast, how many at once, and what is posted of it. */
#include "cmocka_all.h"
#include "golden_replies.h"
#include "loopback_server.h"
#include "probes/scheduler.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define REPLY(body) "HTTP/1.0 200 OK\r\n\r\n" body

enum { EVENTS_MAX = 4000 };

static struct {
    uv_loop_t loop;
    struct http_client *http;
    struct loopback_server server;
    struct scheduler *scheduler;
    struct activity_list activities;
    struct config config, other_config;
    char urls[3][64];
    bool closed;
    size_t count;
    struct event events[EVENTS_MAX];
} test;

static char members_43[1024];

static const struct manners healthy[] = {
    {"/local-alarms", MANNER_REPLY_ONCE, REPLY("{\"status\":\"ok\"}"), 0, 0},
    {"/api/nodes?", MANNER_REPLY_ONCE, members_43, 0, 0},
    {"/api/cluster-name", MANNER_REPLY_ONCE, REPLY("{\"name\":\"lab\"}"), 0, 0},
    {"AMQP", MANNER_REPLY, "\1\0\0\0\0\1\370\0\12\0\12", 11, 0},
    {"", MANNER_REPLY_ONCE, "HTTP/1.0 404 Not Found\r\n\r\n", 0, 0},
};

static void post(void *context, struct event *event)
{
    (void)context;
    assert_true(test.count < EVENTS_MAX);
    event->now_ms = uv_hrtime() / 1000000;
    test.events[test.count++] = *event;
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    memset(&test, 0, sizeof test);
    (void)snprintf(members_43, sizeof members_43, REPLY("%s"), golden_members_43);
    assert_int_equal(uv_loop_init(&test.loop), 0);
    test.http = http_client_new(&test.loop);
    assert_non_null(test.http);
    test.config.policy.interval_ms = 200;
    test.config.policy.fast_interval_ms = 100;
    test.config.policy.timeout_ms = 400;
    test.config.amqp.enabled = true;
    test.config.management.enabled = true;
    (void)snprintf(test.config.node, sizeof test.config.node, "rabbit@rmq1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scheduler_close(test.scheduler, on_closed, &test.closed);
    http_client_close(test.http, NULL, NULL);
    if (test.server.loop)
        loopback_close(&test.server);
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_true(test.closed);
    assert_int_equal(uv_loop_close(&test.loop), 0);
    return 0;
}

/* Members live at PORT of 127.0.0.1, whatever they are called. */
static void put_member(const char *name, uint16_t port)
{
    static char host[] = "127.0.0.1";
    size_t i = test.config.node_count++;

    (void)snprintf(test.config.nodes[i].name, sizeof test.config.nodes[i].name, "%s", name);
    (void)snprintf(test.urls[i], sizeof test.urls[i], "http://127.0.0.1:%u", port);
    test.config.nodes[i].host = host;
    test.config.nodes[i].amqp_port = port;
    test.config.nodes[i].management_url = test.urls[i];
}

static void begin(void)
{
    const struct event_sink sink = {.post = post};

    test.scheduler = scheduler_new(&test.loop, &test.config, test.http, sink, &test.activities);
    assert_non_null(test.scheduler);
    assert_int_equal(scheduler_set_members(test.scheduler, 0, NULL), 0);
}

static void serve(const struct manners *manners, size_t count)
{
    loopback_open(&test.server, &test.loop, manners, count);
    put_member("rabbit@rmq1", test.server.port);
    put_member("rabbit@rmq2", test.server.port);
    put_member("rabbit@rmq3", loopback_free_port());
}

static void run_for(uint64_t ms)
{
    uint64_t end_ns = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < end_ns) {
        (void)uv_run(&test.loop, UV_RUN_NOWAIT);
        (void)usleep(500);
    }
}

static bool fits(const struct event *event, enum event_kind kind, const char *node, enum probe_kind probe)
{
    return event->kind == kind &&
           (kind == EVENT_MEMBERS || (strcmp(event->probe.node, node) == 0 && event->probe.kind == probe));
}

static size_t count_events(enum event_kind kind, const char *node, enum probe_kind probe)
{
    size_t i, count = 0;

    for (i = 0; i < test.count; i++)
        count += fits(&test.events[i], kind, node, probe);
    return count;
}

static const struct event *last_event(enum event_kind kind, const char *node, enum probe_kind probe)
{
    size_t i;

    for (i = test.count; i > 0; i--)
        if (fits(&test.events[i - 1], kind, node, probe))
            return &test.events[i - 1];
    fail();
    return NULL;
}

static size_t done_count(const char *node, enum probe_kind probe)
{
    return count_events(EVENT_PROBE_DONE, node, probe);
}

static const struct probe_event *last_done(const char *node, enum probe_kind probe)
{
    return &last_event(EVENT_PROBE_DONE, node, probe)->probe;
}

static size_t activity_count(void)
{
    size_t i, count = 0;

    for (i = 0; i < ACTIVITIES_MAX; i++)
        count += test.activities.items[i].used;
    return count;
}

static void test_nobody_is_probed_before_the_members_are_known(void **state)
{
    const struct event_sink sink = {.post = post};

    (void)state;
    test.scheduler = scheduler_new(&test.loop, &test.config, test.http, sink, NULL);
    assert_non_null(test.scheduler);
    run_for(300);
    assert_int_equal(test.count, 0);
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), -ENOENT);
    assert_int_equal(scheduler_ask(test.scheduler, "rabbit@rmq1", 100), -ENOENT);
}

static void test_members_are_found_and_probed(void **state)
{
    const struct members_event *members;

    (void)state;
    serve(healthy, LENGTH(healthy));
    begin();
    assert_int_equal(activity_count(), 2);
    run_for(1500);
    members = &last_event(EVENT_MEMBERS, "", 0)->members;
    assert_int_equal(members->count, 3);
    assert_string_equal(members->names[0], "rabbit@rmq1");
    assert_string_equal(members->names[2], "rabbit@rmq3");
    assert_string_equal(members->cluster, "lab");
    assert_int_equal(count_events(EVENT_MEMBERS, "", 0), 2); /* the list, and the cluster's name */
    assert_int_equal(activity_count(), 6);
    assert_int_equal(last_done("rabbit@rmq1", PROBE_AMQP)->result, PROBE_RESULT_OK);
    assert_int_equal(last_done("rabbit@rmq2", PROBE_MANAGEMENT)->result, PROBE_RESULT_OK);
    assert_true(last_done("rabbit@rmq2", PROBE_MANAGEMENT)->has_view);
    assert_false(last_done("rabbit@rmq2", PROBE_MANAGEMENT)->deep);
    assert_int_equal(last_done("rabbit@rmq3", PROBE_AMQP)->result, PROBE_RESULT_REFUSED);
    assert_int_equal(last_done("rabbit@rmq3", PROBE_MANAGEMENT)->result, PROBE_RESULT_REFUSED);
    assert_false(last_done("rabbit@rmq3", PROBE_MANAGEMENT)->has_view);
}

static void test_configured_cluster_name_is_used(void **state)
{
    static char name[] = "ours";

    (void)state;
    test.config.cluster = name;
    serve(healthy, LENGTH(healthy));
    begin();
    run_for(500);
    assert_string_equal(last_event(EVENT_MEMBERS, "", 0)->members.cluster, "ours");
    assert_int_equal(count_events(EVENT_MEMBERS, "", 0), 1);
}

static void test_list_without_the_local_node_is_ignored(void **state)
{
    (void)state;
    serve(healthy, LENGTH(healthy));
    (void)snprintf(test.config.node, sizeof test.config.node, "rabbit@rmq9");
    (void)snprintf(test.config.nodes[0].name, sizeof test.config.nodes[0].name, "rabbit@rmq9");
    begin();
    run_for(500);
    assert_true(last_done("rabbit@rmq9", PROBE_MANAGEMENT)->view.members_known);
    assert_int_equal(count_events(EVENT_MEMBERS, "", 0), 0);
    assert_int_equal(activity_count(), 2);
}

static void test_peers_do_not_say_who_belongs(void **state)
{
    char names[1][RMQ_NODE_NAME_MAX] = {"rabbit@rmq2"};

    (void)state;
    serve(healthy, LENGTH(healthy));
    (void)snprintf(test.urls[0], sizeof test.urls[0], "http://127.0.0.1:%u", loopback_free_port());
    begin();
    assert_int_equal(scheduler_set_members(test.scheduler, 1, names), 0);
    run_for(500);
    assert_true(last_done("rabbit@rmq2", PROBE_MANAGEMENT)->view.members_known);
    assert_int_equal(count_events(EVENT_MEMBERS, "", 0), 0);
    assert_int_equal(activity_count(), 4);
}

static void test_first_runs_are_immediate_and_intervals_jitter(void **state)
{
    uint64_t previous_ms = 0, gap;
    size_t i, different = 0, gaps = 0;

    (void)state;
    test.config.management.enabled = false;
    serve(healthy, LENGTH(healthy));
    begin();
    run_for(350);
    assert_true(done_count("rabbit@rmq1", PROBE_AMQP) >= 1);
    run_for(2000);
    for (i = 0; i < test.count; i++) {
        gap = test.events[i].probe.started_ms - previous_ms;
        if (previous_ms > 0) {
            assert_in_range(gap, 175, 320);
            different += gap < 195 || gap > 205;
            gaps++;
        }
        previous_ms = test.events[i].probe.started_ms;
    }
    assert_in_range(gaps, 7, 13);
    assert_true(different > 0);
}

static void test_fast_pace_is_deep_and_immediate(void **state)
{
    size_t before;

    (void)state;
    test.config.policy.interval_ms = 60000;
    serve(healthy, LENGTH(healthy));
    begin();
    run_for(350);
    before = done_count("rabbit@rmq1", PROBE_AMQP);
    assert_int_equal(before, 1);
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), 0);
    run_for(50);
    assert_int_equal(done_count("rabbit@rmq1", PROBE_AMQP), before + 1);
    assert_true(last_done("rabbit@rmq1", PROBE_AMQP)->deep);
    assert_true(last_done("rabbit@rmq1", PROBE_MANAGEMENT)->deep);
    assert_false(last_done("rabbit@rmq2", PROBE_AMQP)->deep);
    run_for(1000);
    assert_in_range(done_count("rabbit@rmq1", PROBE_AMQP), before + 8, before + 12);
    before = done_count("rabbit@rmq1", PROBE_AMQP);
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), 0);
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", false), 0);
    run_for(400);
    assert_in_range(done_count("rabbit@rmq1", PROBE_AMQP), before, before + 1);
}

/* Three timeouts in a row within one timeout and two fast intervals, as runs overlap. */
static void test_a_hang_is_proven_quickly(void **state)
{
    uint64_t started_ns;
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    test.config.policy.interval_ms = 60000;
    put_member("rabbit@rmq1", port);
    begin();
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), 0);
    started_ns = uv_hrtime();
    while (done_count("rabbit@rmq1", PROBE_AMQP) < 3 || done_count("rabbit@rmq1", PROBE_MANAGEMENT) < 3)
        (void)uv_run(&test.loop, UV_RUN_ONCE);
    assert_in_range((uv_hrtime() - started_ns) / 1000000, 590, 590 + 250);
    assert_int_equal(last_done("rabbit@rmq1", PROBE_AMQP)->result, PROBE_RESULT_SILENT);
    assert_int_equal(last_done("rabbit@rmq1", PROBE_MANAGEMENT)->result, PROBE_RESULT_SILENT);
    close(fd);
}

static void test_overlapping_runs_are_limited(void **state)
{
    static const struct manners silent[] = {{"", MANNER_SILENT, NULL, 0, 0}};

    (void)state;
    test.config.management.enabled = false;
    test.config.policy.fast_interval_ms = 20;
    test.config.policy.timeout_ms = 60000;
    serve(silent, LENGTH(silent));
    begin();
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), 0);
    run_for(500);
    assert_int_equal(test.server.connections, 8);
    assert_int_equal(done_count("rabbit@rmq1", PROBE_AMQP), 0);
}

static void test_slow_is_said_once_for_each_run(void **state)
{
    const struct event *slow;
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    test.config.policy.interval_ms = 60000;
    test.config.amqp.enabled = false;
    put_member("rabbit@rmq1", port);
    begin();
    while (done_count("rabbit@rmq1", PROBE_MANAGEMENT) == 0)
        (void)uv_run(&test.loop, UV_RUN_ONCE);
    assert_int_equal(test.count, 2);
    slow = last_event(EVENT_PROBE_SLOW, "rabbit@rmq1", PROBE_MANAGEMENT);
    assert_ptr_equal(slow, &test.events[0]);
    assert_int_equal(slow->probe.started_ms, test.events[1].probe.started_ms);
    assert_in_range(test.events[1].now_ms - slow->now_ms, 200, 450);
    close(fd);
}

/* While another member hangs, the question who is running gets no answer: that is not this node's slowness.
 */
static void test_an_answered_run_is_not_slow(void **state)
{
    static const struct manners manners[] = {
        {"/local-alarms", MANNER_REPLY_ONCE, REPLY("{\"status\":\"ok\"}"), 0, 0},
        {"", MANNER_SILENT, NULL, 0, 0},
    };

    (void)state;
    test.config.policy.interval_ms = 60000;
    test.config.amqp.enabled = false;
    serve(manners, LENGTH(manners));
    begin();
    while (done_count("rabbit@rmq1", PROBE_MANAGEMENT) == 0)
        (void)uv_run(&test.loop, UV_RUN_ONCE);
    assert_int_equal(test.count, 1);
    assert_int_equal(test.events[0].probe.result, PROBE_RESULT_OK);
    assert_true(test.events[0].probe.has_view && !test.events[0].probe.view.members_known);
}

static void test_asking(void **state)
{
    static const struct manners silent[] = {{"", MANNER_SILENT, NULL, 0, 0}};
    uint64_t started_ns;
    size_t i;

    (void)state;
    test.config.policy.interval_ms = 60000;
    test.config.policy.timeout_ms = 60000;
    test.config.policy.fast_interval_ms = 30000;
    serve(silent, LENGTH(silent));
    begin();
    run_for(250);
    assert_int_equal(scheduler_ask(test.scheduler, "rabbit@nobody", 100), -ENOENT);
    started_ns = uv_hrtime();
    assert_int_equal(scheduler_ask(test.scheduler, "rabbit@rmq1", 200), 0);
    while (done_count("rabbit@rmq1", PROBE_MANAGEMENT) == 0)
        (void)uv_run(&test.loop, UV_RUN_ONCE);
    assert_in_range((uv_hrtime() - started_ns) / 1000000, 195, 500);
    for (i = 0; i < 20; i++)
        assert_int_equal(scheduler_ask(test.scheduler, "rabbit@rmq1", 200), 0);
    run_for(400);
    /* each question is answered, also those that were one too many */
    assert_int_equal(done_count("rabbit@rmq1", PROBE_MANAGEMENT), 21);
    assert_int_equal(last_done("rabbit@rmq1", PROBE_MANAGEMENT)->result, PROBE_RESULT_SILENT);
}

static void test_members_that_left_are_forgotten(void **state)
{
    char names[3][RMQ_NODE_NAME_MAX] = {"rabbit@rmq2", "rabbit@rmq3", "no-host"};
    size_t before;

    (void)state;
    test.config.management.enabled = false;
    serve(healthy, LENGTH(healthy));
    begin();
    assert_int_equal(scheduler_set_members(test.scheduler, 3, names), 0);
    assert_int_equal(activity_count(), 3);
    run_for(300);
    assert_true(done_count("rabbit@rmq2", PROBE_AMQP) > 0);
    assert_int_equal(scheduler_set_members(test.scheduler, 1, names + 1), 0);
    assert_int_equal(activity_count(), 2);
    before = done_count("rabbit@rmq2", PROBE_AMQP);
    run_for(400);
    assert_int_equal(done_count("rabbit@rmq2", PROBE_AMQP), before);
    assert_true(done_count("rabbit@rmq1", PROBE_AMQP) > 1);
    assert_int_equal(scheduler_set_members(test.scheduler, RMQ_MEMBERS_MAX + 1, NULL), -E2BIG);
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq2", true), -ENOENT);
}

static void test_reload(void **state)
{
    size_t before;

    (void)state;
    test.config.policy.interval_ms = 60000;
    serve(healthy, LENGTH(healthy));
    begin();
    run_for(600);
    assert_int_equal(activity_count(), 6);
    before = done_count("rabbit@rmq2", PROBE_AMQP);
    assert_int_equal(before, 1);
    test.other_config = test.config;
    test.other_config.policy.interval_ms = 100;
    test.other_config.management.enabled = false;
    memset(&test.config, 0, sizeof test.config);
    scheduler_reconfigure(test.scheduler, &test.other_config);
    assert_int_equal(activity_count(), 3);
    before = done_count("rabbit@rmq2", PROBE_MANAGEMENT);
    run_for(500);
    assert_in_range(done_count("rabbit@rmq2", PROBE_AMQP), 4, 7);
    assert_int_equal(done_count("rabbit@rmq2", PROBE_MANAGEMENT), before);
    assert_int_equal(scheduler_ask(test.scheduler, "rabbit@rmq2", 100), -ENOENT);
}

static void test_commands_are_not_hurried(void **state)
{
    static char word[] = "/bin/true";
    size_t i, done;

    (void)state;
    test.config.amqp.enabled = test.config.management.enabled = false;
    test.config.exec.enabled = true;
    test.config.exec.command[0] = word;
    test.config.exec.interval_ms = 300;
    test.config.exec.timeout_ms = 2000;
    put_member("rabbit@rmq1", 1);
    begin();
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), 0);
    run_for(1000);
    done = done_count("rabbit@rmq1", PROBE_EXEC);
    assert_in_range(done, 3, 5);
    for (i = 0; i < test.count; i++)
        assert_int_equal(test.events[i].probe.result, PROBE_RESULT_OK);
}

static void test_agents_of_the_others_are_asked(void **state)
{
    static const struct manners manners[] = {
        {"GET /health", MANNER_REPLY_ONCE, REPLY("{\"node\":\"rabbit@rmq2\",\"version\":\"1\"}"), 0, 0},
        {"", MANNER_SILENT, "", 0, 0},
    };
    char names[3][RMQ_NODE_NAME_MAX] = {"rabbit@rmq1", "rabbit@rmq2", "rabbit@rmq3"};
    int silent;
    size_t done;

    (void)state;
    test.config.amqp.enabled = test.config.management.enabled = false;
    test.config.policy.interval_ms = 300;
    test.config.policy.fast_interval_ms = 50;
    serve(manners, LENGTH(manners));
    test.config.agents.port = test.server.port;
    silent = silent_port_open(&test.config.nodes[2].agent_port);
    begin();
    assert_int_equal(scheduler_set_members(test.scheduler, 3, names), 0);
    assert_int_equal(activity_count(), 2); /* of the others */
    /* No answer is urgent, and a slow one is no news. */
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq2", true), 0);
    run_for(1300);
    assert_in_range(done_count("rabbit@rmq2", PROBE_AGENT), 3, 6);
    assert_int_equal(last_done("rabbit@rmq2", PROBE_AGENT)->result, PROBE_RESULT_OK);
    assert_int_equal(last_done("rabbit@rmq3", PROBE_AGENT)->result, PROBE_RESULT_SILENT);
    assert_int_equal(done_count("rabbit@rmq1", PROBE_AGENT), 0);
    assert_int_equal(count_events(EVENT_PROBE_SLOW, "rabbit@rmq3", PROBE_AGENT), 0);
    /* Switched off. */
    done = done_count("rabbit@rmq2", PROBE_AGENT);
    test.config.agents.port = 0;
    scheduler_reconfigure(test.scheduler, &test.config);
    run_for(500);
    assert_int_equal(done_count("rabbit@rmq2", PROBE_AGENT), done);
    assert_int_equal(activity_count(), 0);
    (void)close(silent);
}

static void test_a_probe_that_cannot_start_is_our_trouble(void **state)
{
    static char word[] = "%n%n%n%n";

    (void)state;
    test.config.amqp.enabled = test.config.management.enabled = false;
    test.config.exec.enabled = true;
    test.config.exec.command[0] = word;
    test.config.exec.interval_ms = 300;
    test.config.exec.timeout_ms = 2000;
    memset(test.config.node, 'a', 220);
    test.config.node[210] = '@';
    begin();
    run_for(300);
    assert_true(test.count > 0);
    assert_int_equal(test.events[0].probe.result, PROBE_RESULT_OWN_TROUBLE);
    assert_true(test.events[0].probe.started_ms > 0);
}

static void test_each_end_completes_the_activity(void **state)
{
    const struct activity *activity = &test.activities.items[0];
    uint64_t begun_ms;

    (void)state;
    test.config.management.enabled = false;
    serve(healthy, LENGTH(healthy));
    begin();
    assert_string_equal(activity->name, "probe amqp rabbit@rmq1");
    assert_int_equal(activity->max_silence_ms, 200 + 20 + 400 + 10000);
    begun_ms = activity->completed_ms;
    run_for(500);
    assert_true(activity->completed_ms >= begun_ms + 150);
}

static void test_close_while_all_runs(void **state)
{
    static const struct manners silent[] = {{"", MANNER_SILENT, NULL, 0, 0}};
    char names[3][RMQ_NODE_NAME_MAX] = {"rabbit@rmq2", "rabbit@rmq3", "rabbit@localhost"};

    (void)state;
    serve(silent, LENGTH(silent));
    begin();
    assert_int_equal(scheduler_set_members(test.scheduler, 3, names), 0);
    assert_int_equal(scheduler_set_pace(test.scheduler, "rabbit@rmq1", true), 0);
    run_for(250);
    scheduler_close(test.scheduler, on_closed, &test.closed);
    test.scheduler = NULL;
    test.count = 0;
    run_for(600);
    assert_int_equal(test.count, 0);
    assert_int_equal(activity_count(), 0);
    assert_true(test.closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_is_probed_before_the_members_are_known),
        TEST(test_members_are_found_and_probed),
        TEST(test_configured_cluster_name_is_used),
        TEST(test_list_without_the_local_node_is_ignored),
        TEST(test_peers_do_not_say_who_belongs),
        TEST(test_first_runs_are_immediate_and_intervals_jitter),
        TEST(test_fast_pace_is_deep_and_immediate),
        TEST(test_a_hang_is_proven_quickly),
        TEST(test_overlapping_runs_are_limited),
        TEST(test_slow_is_said_once_for_each_run),
        TEST(test_an_answered_run_is_not_slow),
        TEST(test_asking),
        TEST(test_members_that_left_are_forgotten),
        TEST(test_reload),
        TEST(test_commands_are_not_hurried),
        TEST(test_agents_of_the_others_are_asked),
        TEST(test_a_probe_that_cannot_start_is_our_trouble),
        TEST(test_each_end_completes_the_activity),
        TEST(test_close_while_all_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
