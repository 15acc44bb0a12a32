/* The question to another agent: who answers there, and whether it guards the node that is meant. */
#include "cmocka_all.h"
#include "probe_fixture.h"
#include "probes/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 3000, BRIEF_MS = 400 };

#define ANSWER(status, body) "HTTP/1.0 " status "\r\nContent-Type: application/json\r\n\r\n" body
#define WELL "{\"node\":\"rabbit@node a\",\"version\":\"0.1.0\",\"state\":\"watching\"}"

static void expect(enum manner manner, const char *reply, uint64_t timeout_ms, enum probe_result result)
{
    const struct manners manners[] = {{"GET /health HTTP", manner, reply, 0, 0}};

    probe_fixture_serve(manners, 1);
    fixture.target.agent_port = fixture.server.port;
    probe_fixture_expect(&probe_agent_ops, false, timeout_ms, result);
    assert_false(fixture.has_view);
    assert_int_equal(fixture.server.requests, 1);
    assert_null(strstr(fixture.server.last_request, "Authorization"));
    loopback_close(&fixture.server);
    probe_fixture_run_for(20);
    fixture.server.loop = NULL;
}

static void test_it_answers(void **state)
{
    (void)state;
    expect(MANNER_REPLY_ONCE, ANSWER("200 OK", WELL), TIMEOUT_MS, PROBE_RESULT_OK);
}

static void test_something_else_answers(void **state)
{
    static char large[8192];

    (void)state;
    (void)snprintf(large, sizeof large, "%s%8000s", ANSWER("200 OK", ""), WELL);
    expect(MANNER_REPLY_ONCE, ANSWER("200 OK", "{\"node\":\"rabbit@b\",\"version\":\"0.1.0\"}"), TIMEOUT_MS,
        PROBE_RESULT_BAD_REPLY);
    expect(MANNER_REPLY_ONCE, ANSWER("200 OK", "hello"), TIMEOUT_MS, PROBE_RESULT_BAD_REPLY);
    expect(MANNER_REPLY_ONCE, ANSWER("301 Moved Permanently", WELL), TIMEOUT_MS, PROBE_RESULT_BAD_REPLY);
    expect(MANNER_REPLY_ONCE, ANSWER("404 Not Found", ""), TIMEOUT_MS, PROBE_RESULT_NOT_FOUND);
    expect(MANNER_REPLY_ONCE, large, TIMEOUT_MS, PROBE_RESULT_TOO_LARGE);
    expect(MANNER_CLOSE, "", TIMEOUT_MS, PROBE_RESULT_CLOSED);
}

/* One that is stopped by a signal: the kernel accepts for it. */
static void test_it_is_silent(void **state)
{
    (void)state;
    expect(MANNER_SILENT, "", BRIEF_MS, PROBE_RESULT_SILENT);
}

static void test_nothing_listens(void **state)
{
    (void)state;
    fixture.target.agent_port = loopback_free_port();
    probe_fixture_expect(&probe_agent_ops, false, TIMEOUT_MS, PROBE_RESULT_REFUSED);
}

static void test_names_are_looked_up(void **state)
{
    (void)state;
    fixture.target.agent_port = loopback_free_port();
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "localhost");
    probe_fixture_expect(&probe_agent_ops, false, TIMEOUT_MS, PROBE_RESULT_REFUSED);
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "::1");
    probe_fixture_expect(&probe_agent_ops, false, TIMEOUT_MS, PROBE_RESULT_REFUSED);
}

static void test_it_can_be_cancelled(void **state)
{
    const struct manners silent[] = {{"", MANNER_SILENT, "", 0, 0}};

    (void)state;
    probe_fixture_serve(silent, 1);
    fixture.target.agent_port = fixture.server.port;
    assert_int_equal(probe_fixture_start(&probe_agent_ops, false, TIMEOUT_MS), 0);
    probe_fixture_run_for(50);
    probe_agent_ops.cancel(&fixture.probe);
    probe_agent_ops.cancel(&fixture.probe);
    probe_fixture_run_for(50);
    assert_int_equal(fixture.calls, 0);
}

static void test_who_is_asked(void **state)
{
    (void)state;
    fixture.target.agent_port = 15693;
    assert_true(probe_agent_ops.applies(&fixture.config, &fixture.target));
    fixture.target.local = true;
    assert_false(probe_agent_ops.applies(&fixture.config, &fixture.target));
    fixture.target.local = false;
    fixture.target.agent_port = 0;
    assert_false(probe_agent_ops.applies(&fixture.config, &fixture.target));
}

static void test_what_an_answer_must_have(void **state)
{
    static const char *const bad[] = {"", "[]", "\"rabbit@a\"", "{\"node\":1,\"version\":\"1\"}",
        "{\"node\":\"rabbit@a\"}", "{\"node\":\"rabbit@b\",\"version\":\"1\"}",
        "{\"node\":\"rabbit@a\",\"version\":\"1\"} {"};
    static const char good[] = "{\"version\":\"1\",\"more\":[],\"node\":\"rabbit@a\"}";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse_agent(bad[i], strlen(bad[i]), "rabbit@a"), -EBADMSG);
    assert_int_equal(parse_agent(good, strlen(good), "rabbit@a"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, probe_fixture_setup, probe_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_it_answers),
        TEST(test_something_else_answers),
        TEST(test_it_is_silent),
        TEST(test_nothing_listens),
        TEST(test_names_are_looked_up),
        TEST(test_it_can_be_cancelled),
        TEST(test_who_is_asked),
        cmocka_unit_test(test_what_an_answer_must_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
