/* What reaches a target of which kind: signed URLs, headers, logins, a script's standard input; and at what
 * pace. */
#include "cmocka_all.h"
#include "outbox_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPLY(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct outbox_fixture fixture;
static struct scripted_server server;
static char secret[] = FIXTURE_SECRET, header[] = "X-Team: messaging", put[] = "PUT";
static char sh[] = "/bin/sh", dash_c[] = "-c", missing[] = "/nonexistent/rmqwatch";

static struct channel_config *open_with(const char *kind, const char *const *script, size_t count)
{
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, script, count);
    return outbox_fixture_channel(&fixture, kind, "ops", server.port);
}

static void close_all(void)
{
    server_close(&server);
    outbox_fixture_close(&fixture);
}

static void put_and_drain(void)
{
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_drain(&fixture);
}

static void assert_sent(uint64_t sent, uint64_t refused, uint64_t retries)
{
    struct outbox_counts counts = outbox_fixture_counts(&fixture);

    assert_int_equal(counts.sent, sent);
    assert_int_equal(counts.refused, refused);
    assert_int_equal(counts.retries, retries);
}

static void test_signed_url(void **state)
{
    (void)state;
    open_with("dingtalk", SCRIPT(REPLY("{\"errcode\":0,\"errmsg\":\"ok\"}")), 1)->secret.value = secret;
    put_and_drain();
    assert_sent(1, 0, 0);
    assert_ptr_equal(strstr(server.heads[0], "POST /hook/" FIXTURE_SECRET "?timestamp=1"), server.heads[0]);
    assert_non_null(strstr(server.heads[0], "&sign="));
    assert_non_null(strstr(server.requests[0], "\"msgtype\":\"markdown\""));
    close_all();
}

/* A signature soon expires, so a retry has one of its own. */
static void test_signed_anew_for_each_try(void **state)
{
    static const char stamp[] = "?timestamp=", sign[] = "&sign=";
    const char *first, *second;

    (void)state;
    open_with("dingtalk", SCRIPT("", REPLY("{\"errcode\":0}")), 2)->secret.value = secret;
    put_and_drain();
    assert_sent(1, 0, 1);
    first = strstr(server.heads[0], stamp);
    second = strstr(server.heads[1], stamp);
    assert_true(first && second);
    assert_true(atoll(second + strlen(stamp)) >= atoll(first + strlen(stamp)) + 750);
    first = strstr(first, sign);
    second = strstr(second, sign);
    assert_true(first && second && strncmp(first, second, strlen(sign) + 40) != 0);
    close_all();
}

/* The target's own message may hold anything: the log has its code, and words of ours. */
static void test_refused_with_a_reason(void **state)
{
    (void)state;
    open_with(
        "dingtalk", SCRIPT(REPLY("{\"errcode\":310000,\"errmsg\":\"sign not match " FIXTURE_SECRET "\"}")), 1)
        ->secret.value = secret;
    put_and_drain();
    assert_sent(0, 1, 0);
    assert_non_null(strstr(fixture.log,
        "dingtalk \"ops\": \"Gave up\" of rabbit@rmq2 refused for good: HTTP 200, code 310000: the signature "
        "is wrong; see secret_file"));
    close_all();
}

static void test_headers_and_method(void **state)
{
    struct channel_config *channel = open_with("webhook", SCRIPT(REPLY("")), 1);

    (void)state;
    channel->secret.value = secret;
    channel->authorization.value = secret;
    channel->headers[0] = header;
    channel->method = put;
    put_and_drain();
    assert_sent(1, 0, 0);
    assert_memory_equal(server.heads[0], "PUT /hook/", 10);
    assert_non_null(strstr(server.heads[0], "\r\nX-Team: messaging\r\n"));
    assert_non_null(strstr(server.heads[0], "\r\nAuthorization: " FIXTURE_SECRET "\r\n"));
    assert_non_null(strstr(server.heads[0], "\r\nX-Rmqwatch-Timestamp: "));
    assert_non_null(strstr(server.heads[0], "\r\nX-Rmqwatch-Signature: sha256="));
    assert_non_null(strstr(server.heads[0], "\r\nContent-Type: application/json; charset=utf-8\r\n"));
    close_all();
}

static void test_login_and_path(void **state)
{
    struct channel_config *channel = open_with("alertmanager", SCRIPT(REPLY("")), 1);
    char user[] = "ann", url[64];

    (void)state;
    free(channel->url.value);
    channel->url.value = NULL;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/prefix", server.port);
    channel->server = strdup(url);
    channel->username = user;
    channel->password.value = secret;
    put_and_drain();
    assert_sent(1, 0, 0);
    assert_memory_equal(server.heads[0], "POST /prefix/api/v2/alerts HTTP/1.1\r\n", 37);
    /* printf ann:s3cr3t-t0ken | base64 */
    assert_non_null(strstr(server.heads[0], "\r\nAuthorization: Basic YW5uOnMzY3IzdC10MGtlbg==\r\n"));
    close_all();
}

/* What only ends an alert there shows nobody a word: a loss has to wait for a message that does. */
static void test_loss_is_not_told_to_nobody(void **state)
{
    static const char lost[] = "(1 earlier notice did not arrive here";

    (void)state;
    open_with("pagerduty", SCRIPT("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", REPLY("")), 2);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "one");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "one");
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "two");
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "two");
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 4);
    assert_non_null(strstr(server.requests[1], "\"resolve\""));
    assert_null(strstr(server.requests[1], lost));
    assert_non_null(strstr(server.requests[2], lost));
    assert_null(strstr(server.requests[3], lost));
    close_all();
}

/* Slack wants one a second: the second waits, and nothing counts as failed. */
static void test_pace(void **state)
{
    (void)state;
    open_with("slack", SCRIPT(REPLY("ok")), 1);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_drain(&fixture);
    assert_sent(2, 0, 0);
    assert_true(server.request_ms[1] - server.request_ms[0] >= 900);
    close_all();
}

static void test_events(void **state)
{
    struct channel_config *channel = open_with("webhook", SCRIPT(REPLY("")), 1);

    (void)state;
    channel->events = UINT64_C(1) << NOTICE_GAVE_UP;
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "a");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "a"); /* not told of, so its end is not told either */
    assert_int_equal(outbox_pending(fixture.outbox), 0);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "b");
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "b");
    outbox_fixture_put(&fixture, NOTICE_RECOVERED, "b");
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 2);
    assert_non_null(strstr(server.requests[0], "\"event\":\"gave-up\""));
    assert_non_null(strstr(server.requests[1], "\"event\":\"recovered\""));
    close_all();
}

/* -- scripts -- */

static struct channel_config *open_script(char *command)
{
    struct channel_config *channel;

    outbox_fixture_open(&fixture);
    channel = outbox_fixture_channel(&fixture, "script", "sms", 1);
    free(channel->url.value);
    channel->url.value = NULL;
    channel->command[0] = sh;
    channel->command[1] = dash_c;
    channel->command[2] = command;
    channel->timeout_ms = 5000;
    return channel;
}

static void test_script_reads_the_notice(void **state)
{
    char folder[] = "/tmp/rmqwatchd-script-XXXXXX", path[64], command[320], read_back[4096];
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/got", folder);
    /* Fails at first, as one does whose modem is busy. */
    snprintf(command, sizeof(command), "test -e %s || { touch %s; exit 75; }; cat >%s; echo " FIXTURE_SECRET,
        path, path, path);
    open_script(command);
    put_and_drain();
    assert_sent(1, 0, 1);
    assert_non_null(strstr(fixture.log, "not delivered yet: exit code 75"));
    file = fopen(path, "re");
    assert_non_null(file);
    read_back[fread(read_back, 1, sizeof(read_back) - 1, file)] = '\0';
    fclose(file);
    assert_memory_equal(read_back, "{\"version\":1,\"id\":\"i-gave-up-", 28);
    assert_int_equal(read_back[strlen(read_back) - 1], '}');
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    outbox_fixture_close(&fixture);
}

static void test_script_refuses(void **state)
{
    char command[] = "exit 3";

    (void)state;
    open_script(command);
    put_and_drain();
    assert_sent(0, 1, 0);
    assert_non_null(
        strstr(fixture.log, "script \"sms\": \"Gave up\" of rabbit@rmq2 refused for good: exit code 3"));
    outbox_fixture_close(&fixture);
}

static void wait_for_a_retry(const char *words)
{
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    for (int i = 0; i < 100 && outbox_fixture_counts(&fixture).retries == 0; i++)
        outbox_fixture_run_ms(&fixture, 50);
    assert_sent(0, 0, 1);
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    assert_non_null(strstr(fixture.log, words));
    outbox_fixture_close(&fixture);
}

static void test_script_hangs(void **state)
{
    char command[] = "sleep 60";

    (void)state;
    open_script(command)->timeout_ms = 200;
    wait_for_a_retry("not delivered yet: timed out; next try in");
}

static void test_script_dies(void **state)
{
    char command[] = "kill -9 $$";

    (void)state;
    open_script(command);
    wait_for_a_retry("not delivered yet: killed by signal 9; next try in");
}

static void test_script_is_missing(void **state)
{
    char command[] = "";

    (void)state;
    open_script(command)->command[0] = missing;
    wait_for_a_retry("the command cannot be run; see command; next try in 5 min");
}

/* An alert goes to all of them at the same time: none has to wait for the others. */
static void test_many_scripts_at_a_time(void **state)
{
    static char *const names[] = {"two", "three", "four", "five", "six"};
    char command[] = "sleep 0.3";
    struct channel_config *first = open_script(command);

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct channel_config *next = &fixture.config->channels[fixture.config->channel_count++];

        *next = *first;
        next->name = names[i];
    }
    put_and_drain();
    assert_sent(6, 0, 0);
    outbox_fixture_close(&fixture);
}

/* What is under way when all ends is killed, and leaves nothing open. */
static void test_script_is_cancelled(void **state)
{
    char command[] = "sleep 60";

    (void)state;
    open_script(command);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_run_ms(&fixture, 100);
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    outbox_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed_url),
        cmocka_unit_test(test_signed_anew_for_each_try),
        cmocka_unit_test(test_refused_with_a_reason),
        cmocka_unit_test(test_headers_and_method),
        cmocka_unit_test(test_login_and_path),
        cmocka_unit_test(test_loss_is_not_told_to_nobody),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_script_reads_the_notice),
        cmocka_unit_test(test_script_refuses),
        cmocka_unit_test(test_script_hangs),
        cmocka_unit_test(test_script_dies),
        cmocka_unit_test(test_script_is_missing),
        cmocka_unit_test(test_many_scripts_at_a_time),
        cmocka_unit_test(test_script_is_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
