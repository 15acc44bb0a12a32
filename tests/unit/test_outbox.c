/* Deliveries of the outbox through the real client to real servers. */
#include "cmocka_all.h"
#include "outbox_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_REPLY(status, headers, body) "HTTP/1.1 " status "\r\n" headers "Connection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct outbox_fixture fixture;
static struct scripted_server server;

static void open_with(const char *kind, bool smtp, const char *const *script, size_t count)
{
    outbox_fixture_open(&fixture);
    server_open(&server, smtp, 0, script, count);
    outbox_fixture_channel(&fixture, kind, "ops", server.port);
    outbox_fixture_start(&fixture);
}

static void close_all(void)
{
    server_close(&server);
    outbox_fixture_close(&fixture);
}

static void assert_counts(uint64_t sent, uint64_t refused, uint64_t dropped, uint64_t retries)
{
    struct outbox_counts counts = outbox_fixture_counts(&fixture);

    assert_int_equal(counts.sent, sent);
    assert_int_equal(counts.refused, refused);
    assert_int_equal(counts.dropped, dropped);
    assert_int_equal(counts.retries, retries);
}

/* The "id" of a webhook's body. */
static void read_id(const char *body, char *id, size_t size)
{
    const char *start = strstr(body, "\"id\":\"");

    assert_non_null(start);
    snprintf(id, size, "%.*s", (int)strcspn(start + 6, "\""), start + 6);
}

static void test_in_order_and_once(void **state)
{
    char ids[3][128];

    (void)state;
    open_with("webhook", false, SCRIPT(HTTP_REPLY("204 No Content", "", "")), 1);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "one");
    outbox_fixture_put(&fixture, NOTICE_RETRYING, "one");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "one");
    assert_int_equal(outbox_pending(fixture.outbox), 3);
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 3);
    assert_non_null(strstr(server.requests[0], "\"event\":\"crashed\""));
    assert_non_null(strstr(server.requests[1], "\"event\":\"retrying\""));
    assert_non_null(strstr(server.requests[2], "\"event\":\"recovered\""));
    for (size_t i = 0; i < 3; i++)
        read_id(server.requests[i], ids[i], sizeof(ids[i]));
    assert_memory_equal(ids[0], "one-crashed-", 12);
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[1], ids[2]);
    assert_counts(3, 0, 0, 0);
    assert_non_null(strstr(fixture.log, "webhook \"ops\": \"Crashed\" of rabbit@rmq2 delivered"));
    close_all();
}

static void test_error_then_ok(void **state)
{
    char first[128], second[128];

    (void)state;
    open_with("webhook", false, SCRIPT(HTTP_REPLY("500 Oops", "", "no " FIXTURE_SECRET " here"), HTTP_OK), 2);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 2);
    read_id(server.requests[0], first, sizeof(first));
    read_id(server.requests[1], second, sizeof(second));
    assert_string_equal(first, second);
    assert_in_range(server.request_ms[1] - server.request_ms[0], 750, 2500);
    assert_counts(1, 0, 0, 1);
    assert_non_null(
        strstr(fixture.log, "\"Gave up\" of rabbit@rmq2 not delivered yet: HTTP 500; next try in"));
    assert_non_null(strstr(fixture.log, "delivered after 1 failed try"));
    close_all();
}

static void test_retry_after_is_honoured(void **state)
{
    (void)state;
    open_with("slack", false,
        SCRIPT(HTTP_REPLY("429 Slow down", "Retry-After: 2\r\n", "rate_limited"), HTTP_OK), 2);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
    assert_in_range(server.request_ms[1] - server.request_ms[0], 1950, 3500);
    assert_counts(1, 0, 0, 1);
    close_all();
}

static void test_nobody_listens_yet(void **state)
{
    int port = server_free_port();

    (void)state;
    outbox_fixture_open(&fixture);
    outbox_fixture_channel(&fixture, "slack", "ops", port);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    while (outbox_fixture_counts(&fixture).retries == 0)
        outbox_fixture_run_ms(&fixture, 5);
    server_open(&server, false, port, SCRIPT(HTTP_OK), 1);
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 1);
    assert_non_null(strstr(fixture.log, "not delivered yet: refused; next try in"));
    close_all();
}

/* What is refused is counted, said in the log, and told in the next message; the next goes on at once. */
static void test_refused_is_told_by_the_next(void **state)
{
    static const char lost[] = "(1 earlier notice did not arrive here: see the journal of rmqwatchd)";

    (void)state;
    open_with("webhook", false,
        SCRIPT(HTTP_REPLY("404 Not Found", "", "Cannot POST /hook/" FIXTURE_SECRET), HTTP_OK), 2);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 3);
    assert_null(strstr(server.requests[0], "did not arrive"));
    assert_non_null(strstr(server.requests[1], lost));
    assert_non_null(
        strstr(server.requests[1], "\"detail\":\"exit code 1; 5 restarts in 30 min\\n(1 earlier"));
    assert_null(strstr(server.requests[2], "did not arrive"));
    assert_true(server.request_ms[1] - server.request_ms[0] < 500);
    assert_counts(2, 1, 0, 0);
    assert_non_null(strstr(fixture.log, "\"Crashed\" of rabbit@rmq2 refused for good: HTTP 404"));
    close_all();
}

/* The status is the answer even if the body never ends: nobody is to get a message twice for that. */
static void test_endless_body_after_200(void **state)
{
    static char reply[20000];

    (void)state;
    memset(reply, 'x', sizeof(reply) - 1);
    memcpy(reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
    open_with("webhook", false, SCRIPT(reply), 1);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 1);
    assert_counts(1, 0, 0, 0);
    close_all();
}

static void test_severity_and_the_end_of_a_story(void **state)
{
    struct scripted_server second;

    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    server_open(&second, false, 0, SCRIPT(HTTP_OK), 1);
    outbox_fixture_channel(&fixture, "webhook", "pager", server.port)->min_severity = SEVERITY_CRITICAL;
    outbox_fixture_channel(&fixture, "slack", "ops", second.port);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "small");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "small");
    outbox_fixture_put(&fixture, NOTICE_HUNG, "big");
    outbox_fixture_put(&fixture, NOTICE_RESTARTING, "big");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "big");
    outbox_fixture_drain(&fixture);
    assert_int_equal(second.request_count, 5);
    assert_int_equal(server.request_count, 2);
    assert_non_null(strstr(server.requests[0], "\"event\":\"hung\""));
    assert_non_null(strstr(server.requests[1], "\"event\":\"recovered\""));
    assert_non_null(strstr(server.requests[1], "\"incident\":\"big\""));
    server_close(&second);
    close_all();
}

static void test_mail_arrives(void **state)
{
    (void)state;
    open_with("mail", true, SCRIPT(""), 1);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
    assert_counts(1, 0, 0, 0);
    outbox_fixture_wait(&fixture, &server.request_count, 1);
    assert_non_null(strstr(server.requests[0], "MAIL FROM:<rmqwatchd@example.com>"));
    assert_non_null(strstr(server.requests[0], "RCPT TO:<oncall@example.com>"));
    assert_non_null(strstr(server.requests[0], "\r\nSubject: [orders] CRITICAL rabbit@rmq2: gave up\r\n"));
    assert_non_null(strstr(server.requests[0], "</html>\r\n--=_rmqwatchd--\r\n.\r\n"));
    close_all();
}

static void test_mail_is_tried_again(void **state)
{
    (void)state;
    open_with("mail", true, SCRIPT("GREET 421 4.3.2 later", "RCPT 450 4.2.1 busy", ""), 3);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
    assert_counts(1, 0, 0, 2);
    assert_int_equal(server.connections, 3);
    assert_non_null(strstr(fixture.log, "not delivered yet: SMTP 4"));
    assert_non_null(strstr(fixture.log, "delivered after 2 failed tries"));
    close_all();
}

static void test_mail_is_refused(void **state)
{
    (void)state;
    open_with("mail", true, SCRIPT(". 550 5.7.1 spam", "RCPT 550 5.1.1 unknown", ""), 3);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put(&fixture, NOTICE_RETRYING, "i");
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
    assert_counts(1, 2, 0, 0);
    outbox_fixture_wait(&fixture, &server.request_count, 3);
    assert_non_null(strstr(server.requests[2], "\r\n(2 earlier notices did not arrive here: "));
    assert_non_null(strstr(fixture.log, "\"Crashed\" of rabbit@rmq2 refused for good: SMTP 550"));
    close_all();
}

/* A server that wants a login that we do not have: nothing is lost, and a reload brings it through. */
static void test_mail_waits_for_a_better_setup(void **state)
{
    (void)state;
    open_with("mail", true, SCRIPT("MAIL 530 5.7.0 login first", ""), 2);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_run_ms(&fixture, 1500);
    assert_int_equal(server.connections, 1);
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    assert_non_null(strstr(fixture.log, "not delivered yet: SMTP 530; next try in 5 min"));
    outbox_fixture_reload(&fixture);
    outbox_fixture_drain(&fixture);
    assert_counts(1, 0, 0, 1);
    close_all();
}

/* STARTTLS or nothing: a server that does not offer it does not get the mail in the clear. */
static void test_mail_wants_starttls(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, true, 0, SCRIPT(""), 1);
    outbox_fixture_channel(&fixture, "mail", "ops", server.port)->starttls = true;
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_wait(&fixture, &server.request_count, 1);
    assert_null(strstr(server.requests[0], "MAIL FROM"));
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_and_once),
        cmocka_unit_test(test_error_then_ok),
        cmocka_unit_test(test_retry_after_is_honoured),
        cmocka_unit_test(test_nobody_listens_yet),
        cmocka_unit_test(test_refused_is_told_by_the_next),
        cmocka_unit_test(test_endless_body_after_200),
        cmocka_unit_test(test_severity_and_the_end_of_a_story),
        cmocka_unit_test(test_mail_arrives),
        cmocka_unit_test(test_mail_is_tried_again),
        cmocka_unit_test(test_mail_is_refused),
        cmocka_unit_test(test_mail_waits_for_a_better_setup),
        cmocka_unit_test(test_mail_wants_starttls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
