/* The management probe: the verdict comes from the alarm check alone, the rest fills what is known. */
#include "cmocka_all.h"
#include "golden_replies.h"
#include "probe_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { TIMEOUT_MS = 3000, DETAILS_MS = TIMEOUT_MS / 4, BRIEF_MS = 400 };

#define ALARMS "/api/health/checks/local-alarms"
#define MEMBERS "/api/nodes?"
#define NODE "/api/nodes/rabbit%40node%20a?"
#define VHOSTS "/api/health/checks/virtual-hosts"
#define QUEUES "/api/health/checks/node-is-quorum-critical"
#define LEADERS "/api/health/checks/quorum-queues-without-elected-leaders/all-vhosts/"
#define OK_BODY "{\"status\":\"ok\"}"

/* Answers without a length end with the connection, as they would with a broker that dies. */
#define ANSWER(status) "HTTP/1.0 " status "\r\nContent-Type: application/json\r\n\r\n"

static char bodies[4][8192];

static const char *answer(int i, const char *status, const char *body)
{
    (void)snprintf(bodies[i], sizeof bodies[i], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
        strlen(body), body);
    return bodies[i];
}

static void expect(bool deep, enum probe_result result)
{
    probe_fixture_expect(&probe_management_ops, deep, TIMEOUT_MS, result);
    assert_int_equal(fixture.has_view, result == PROBE_RESULT_OK);
}

static void test_peer(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_43), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    expect(true, PROBE_RESULT_OK);
    assert_true(fixture.view.alarms_known && !fixture.view.memory_alarm && !fixture.view.disk_alarm);
    assert_true(fixture.view.members_known);
    assert_int_equal(fixture.view.member_count, 3);
    assert_false(fixture.view.partitions_known || fixture.view.resources_known || fixture.view.vhosts_known);
    assert_int_equal(fixture.server.requests, 2);
    assert_non_null(strstr(fixture.server.last_request, "\r\ntimeout: 5000\r\n"));
    assert_non_null(strstr(fixture.server.last_request, "\r\nAuthorization: Basic d2F0Y2g6c2VjcmV0\r\n"));
    assert_true(fixture.took_ms < DETAILS_MS - 50);
}

static void test_local_and_deep(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_310), 0, 0},
        {NODE, MANNER_REPLY, answer(2, "200 OK", golden_node_columns), 0, 0},
        {VHOSTS, MANNER_REPLY, answer(3, "503 Service Unavailable", "{\"status\":\"failed\"}"), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    fixture.target.local = true;
    fixture.context.leaders_asked_ms = uv_now(&fixture.loop); /* no further question */
    expect(false, PROBE_RESULT_OK);
    assert_int_equal(fixture.server.requests, 2);
    expect(true, PROBE_RESULT_OK);
    assert_int_equal(fixture.server.requests, 6);
    assert_true(fixture.view.partitions_known && !fixture.view.partitioned);
    assert_true(fixture.view.resources_known);
    assert_true(fixture.view.vhosts_known && !fixture.view.vhosts_up);
    answer(3, "200 OK", OK_BODY);
    expect(true, PROBE_RESULT_OK);
    assert_true(fixture.view.vhosts_known && fixture.view.vhosts_up);
}

static void test_queues_are_asked_for_a_decision_only(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_drained_43), 0, 0},
        {QUEUES, MANNER_REPLY, answer(2, "503 Service Unavailable", golden_quorum_critical_43), 0, 1000},
        {LEADERS, MANNER_REPLY, answer(3, "200 OK", OK_BODY), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    fixture.target.local = true;
    expect(false, PROBE_RESULT_OK);
    assert_false(fixture.view.queues_known);
    assert_true(fixture.view.members[0].being_drained && !fixture.view.members[1].being_drained);
    /* The node asks all the others about them, so they may take longer than other details. */
    fixture.asked = true;
    expect(false, PROBE_RESULT_OK);
    assert_true(fixture.view.queues_known && fixture.view.queues_critical);
    assert_in_range(fixture.took_ms, 990, TIMEOUT_MS * 3 / 4 + 100);
    answer(2, "200 OK", OK_BODY);
    expect(false, PROBE_RESULT_OK);
    assert_true(fixture.view.queues_known && !fixture.view.queues_critical);
    answer(2, "404 Not Found", "{\"error\":\"Object Not Found\"}");
    expect(false, PROBE_RESULT_OK);
    assert_false(fixture.view.queues_known);
    fixture.target.local = false;
    fixture.server.requests = 0;
    expect(false, PROBE_RESULT_OK);
    assert_int_equal(fixture.server.requests, 2);
}

static void test_leaders_are_asked_for_once_a_minute(void **state)
{
    static const struct {
        const char *status, *body;
        bool known;
        uint32_t count;
    } cases[] = {
        {"200 OK", OK_BODY, true, 0}, {"503 Service Unavailable", golden_leaderless_43, true, 1},
        {"503 Service Unavailable", "{\"status\":\"failed\"}", false, 0},
        {"404 Not Found", "{\"error\":\"Object Not Found\"}", false, 0}, /* before 4.1 */
    };
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_43), 0, 0},
        {LEADERS, MANNER_REPLY, answer(3, "200 OK", OK_BODY), 0, 0},
    };
    size_t i;

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    fixture.target.local = true;
    for (i = 0; i < LENGTH(cases); i++) {
        answer(3, cases[i].status, cases[i].body);
        fixture.context.leaders_asked_ms = 0;
        expect(false, PROBE_RESULT_OK);
        assert_int_equal(fixture.view.leaders_known, cases[i].known);
        assert_int_equal(fixture.view.leaderless_queues, cases[i].count);
        expect(false, PROBE_RESULT_OK);
        assert_false(fixture.view.leaders_known);
    }
    assert_int_equal(fixture.server.requests, 5 * LENGTH(cases));
}

static void test_alarm_is_an_answer_and_brings_numbers(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "503 Service Unavailable", golden_alarms_43), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_43), 0, 0},
        {NODE, MANNER_REPLY, answer(2, "200 OK", golden_node_columns), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    expect(false, PROBE_RESULT_OK);
    assert_true(fixture.view.alarms_known && fixture.view.memory_alarm && fixture.view.disk_alarm);
    assert_false(fixture.view.resources_known);
    fixture.target.local = true;
    expect(false, PROBE_RESULT_OK);
    assert_true(fixture.view.resources_known);
    assert_int_equal(fixture.view.memory_used_bytes, 133197824);
    assert_int_equal(fixture.view.memory_limit_bytes, 10110604083);
    assert_int_equal(fixture.view.disk_free_bytes, 12611235840);
    assert_int_equal(fixture.view.disk_limit_bytes, 50000000);
}

static void test_a_descriptor_alarm_brings_its_numbers(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "503 Service Unavailable", golden_descriptors_310), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_310), 0, 0},
        {NODE, MANNER_REPLY, answer(2, "200 OK", golden_node_310), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    fixture.target.local = true;
    expect(false, PROBE_RESULT_OK);
    assert_true(fixture.view.descriptor_alarm && fixture.view.descriptors_known);
    assert_false(fixture.view.memory_alarm || fixture.view.disk_alarm);
    assert_int_equal(fixture.view.descriptors_used, 40);
    assert_int_equal(fixture.view.descriptors_limit, 20000);
}

static void test_verdicts(void **state)
{
    static const struct {
        struct manners manners;
        enum probe_result result;
    } cases[] = {
        {{"", MANNER_REPLY_ONCE, ANSWER("401 Unauthorized") "{\"error\":\"not_authorized\"}", 0, 0},
            PROBE_RESULT_UNAUTHORIZED},
        {{"", MANNER_REPLY_ONCE, ANSWER("403 Forbidden"), 0, 0}, PROBE_RESULT_FORBIDDEN},
        {{"", MANNER_REPLY_ONCE, ANSWER("404 Not Found") "{\"error\":\"Object Not Found\"}", 0, 0},
            PROBE_RESULT_NOT_FOUND},
        {{"", MANNER_REPLY_ONCE, ANSWER("500 Internal Server Error"), 0, 0}, PROBE_RESULT_SERVER_ERROR},
        {{"", MANNER_REPLY_ONCE, ANSWER("502 Bad Gateway") "<html></html>", 0, 0}, PROBE_RESULT_SERVER_ERROR},
        {{"", MANNER_REPLY_ONCE, ANSWER("503 Service Unavailable") "<html></html>", 0, 0},
            PROBE_RESULT_SERVER_ERROR},
        {{"", MANNER_REPLY_ONCE, ANSWER("503 Service Unavailable") "{\"status\":\"failed\"}", 0, 0},
            PROBE_RESULT_SERVER_ERROR},
        {{"", MANNER_REPLY_ONCE, ANSWER("200 OK") "<html><body>It works!</body></html>", 0, 0},
            PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, ANSWER("200 OK") "{\"status\":", 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, ANSWER("200 OK") "{\"status\":\"failed\"}", 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, ANSWER("200 OK"), 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, ANSWER("302 Found"), 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, "AMQP\1\1\0\11 and so on\r\n\r\n", 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"status\"", 0, 0},
            PROBE_RESULT_CLOSED},
        {{"", MANNER_FLOOD, ANSWER("200 OK"), 0, 0}, PROBE_RESULT_TOO_LARGE},
        {{"", MANNER_FLOOD, "HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n", 0, 0},
            PROBE_RESULT_TOO_LARGE},
        {{"", MANNER_CLOSE, NULL, 0, 0}, PROBE_RESULT_CLOSED},
        {{"", MANNER_RESET, NULL, 0, 0}, PROBE_RESULT_CLOSED},
    };
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(cases); i++) {
        probe_fixture_serve(&cases[i].manners, 1);
        expect(true, cases[i].result);
        loopback_close(&fixture.server);
        probe_fixture_run_for(20);
    }
    fixture.server.loop = NULL;
}

static void test_refused(void **state)
{
    (void)state;
    probe_fixture_point_to(loopback_free_port());
    expect(false, PROBE_RESULT_REFUSED);
    assert_true(fixture.took_ms < DETAILS_MS - 50);
}

static void test_hung_broker(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    probe_fixture_point_to(port);
    probe_fixture_expect(&probe_management_ops, false, BRIEF_MS, PROBE_RESULT_SILENT);
    assert_true(fixture.took_ms >= BRIEF_MS - 10);
    close(fd);
}

static void test_slow_drip(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_DRIP, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{", 0, 0}};

    (void)state;
    probe_fixture_serve(manners, 1);
    probe_fixture_expect(&probe_management_ops, false, BRIEF_MS, PROBE_RESULT_SILENT);
}

static void test_members_that_do_not_come_delay_and_decide_nothing(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {"", MANNER_SILENT, NULL, 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    fixture.target.local = true;
    expect(true, PROBE_RESULT_OK);
    assert_true(fixture.probe.answered);
    assert_in_range(fixture.took_ms, DETAILS_MS - 10, DETAILS_MS + 350);
    assert_true(fixture.view.alarms_known);
    assert_false(fixture.view.members_known || fixture.view.partitions_known || fixture.view.vhosts_known);
}

static void test_late_verdict_is_still_in_time(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 2500},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_43), 0, 2600},
        {"", MANNER_SILENT, NULL, 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    probe_fixture_expect(&probe_management_ops, false, TIMEOUT_MS, PROBE_RESULT_OK);
    assert_true(fixture.view.members_known);
    assert_in_range(fixture.took_ms, 2590, TIMEOUT_MS + 100);
}

static void test_bad_details_stay_unknown(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", "<html>"), 0, 0},
        {NODE, MANNER_REPLY, answer(2, "404 Not Found", "{\"error\":\"Object Not Found\"}"), 0, 0},
        {VHOSTS, MANNER_RESET, NULL, 0, 0},
        {LEADERS, MANNER_REPLY, answer(3, "200 OK", "<html>"), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    fixture.target.local = true;
    expect(true, PROBE_RESULT_OK);
    assert_false(fixture.view.members_known || fixture.view.partitions_known || fixture.view.vhosts_known);
    assert_false(fixture.view.leaders_known);
    assert_true(fixture.took_ms < DETAILS_MS - 50);
}

/* Only a new connection proves that the node still takes them; the other questions need not cost one each. */
static void test_verdict_comes_over_a_connection_of_its_own(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_43), 0, 0},
    };
    int i;

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    for (i = 0; i < 5; i++)
        expect(false, PROBE_RESULT_OK);
    assert_int_equal(fixture.server.requests, 10);
    assert_int_equal(fixture.server.connections, 6);
    assert_int_equal(fixture.server.resets, 0);
}

static void test_host_by_name(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {MEMBERS, MANNER_REPLY, answer(1, "200 OK", golden_members_43), 0, 0},
    };

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    (void)snprintf(fixture.target.management_url, sizeof fixture.target.management_url, "http://localhost:%u",
        fixture.server.port);
    expect(false, PROBE_RESULT_OK);
    assert_true(fixture.view.members_known);
    (void)snprintf(fixture.target.management_url, sizeof fixture.target.management_url,
        "http://no-such-host.invalid:15672");
    probe_fixture_expect(&probe_management_ops, false, 30000, PROBE_RESULT_UNKNOWN_HOST);
}

static void test_cancel(void **state)
{
    const struct manners manners[] = {
        {ALARMS, MANNER_REPLY, answer(0, "200 OK", OK_BODY), 0, 0},
        {"", MANNER_SILENT, NULL, 0, 0},
    };
    uint64_t ms;

    (void)state;
    probe_fixture_serve(manners, LENGTH(manners));
    for (ms = 0; ms < 60; ms += 6) {
        assert_int_equal(probe_fixture_start(&probe_management_ops, true, BRIEF_MS), 0);
        probe_fixture_run_for(ms);
        probe_management_ops.cancel(&fixture.probe);
        probe_management_ops.cancel(&fixture.probe);
    }
    probe_fixture_run_for(BRIEF_MS + 100);
    assert_int_equal(fixture.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, probe_fixture_setup, probe_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_peer),
        TEST(test_local_and_deep),
        TEST(test_queues_are_asked_for_a_decision_only),
        TEST(test_leaders_are_asked_for_once_a_minute),
        TEST(test_alarm_is_an_answer_and_brings_numbers),
        TEST(test_a_descriptor_alarm_brings_its_numbers),
        TEST(test_verdicts),
        TEST(test_refused),
        TEST(test_hung_broker),
        TEST(test_slow_drip),
        TEST(test_members_that_do_not_come_delay_and_decide_nothing),
        TEST(test_late_verdict_is_still_in_time),
        TEST(test_bad_details_stay_unknown),
        TEST(test_verdict_comes_over_a_connection_of_its_own),
        TEST(test_host_by_name),
        TEST(test_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
