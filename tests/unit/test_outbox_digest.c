/* What is kept back, folded and told again, on its way through lanes and store. */
#include "cmocka_all.h"
#include "durable_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct scripted_server server;

/* With one channel of this kind at PORT. */
static void run(struct durable *d, const char *kind, int port, uint64_t group_delay_ms)
{
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, kind, "ops", port);
    d->fixture.config->alerts.group_delay_ms = group_delay_ms;
    durable_start(d);
}

static bool has(size_t request, const char *phrase)
{
    return strstr(server.requests[request], phrase) != NULL;
}

static void test_healed_in_time(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    run(d, "webhook", server.port, 3600000);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put(&d->fixture, NOTICE_RESTARTING, "i");
    outbox_fixture_put_of(&d->fixture, NOTICE_CRASHED, "j", "rabbit@rmq3"); /* goes on to wait */
    outbox_fixture_run_ms(&d->fixture, 100);
    assert_int_equal(server.request_count, 0);
    assert_int_equal(outbox_pending(d->fixture.outbox), 2);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_wait(&d->fixture, &server.request_count, 1);
    assert_true(has(0, "\"event\":\"recovered\"") && has(0, "\"count\":3,"));
    assert_true(has(0, " crashed: ") && has(0, " restarting: ") && has(0, " recovered: "));
    durable_wait(d, LETTER_SENT, 1);
    durable_list(d, 0);
    assert_int_equal(d->count, 2); /* of what was folded nothing is left */
    assert_int_equal(outbox_pending(d->fixture.outbox), 1);
    durable_end(d);
    server_close(&server);
}

/* The delay is over: it goes out by itself. */
static void test_delay_ends(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    run(d, "webhook", server.port, 300);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put_of(&d->fixture, NOTICE_GAVE_UP, "j", "rabbit@rmq3"); /* does not wait behind it */
    outbox_fixture_wait(&d->fixture, &server.request_count, 2);
    assert_true(has(0, "gave-up") && has(1, "crashed"));
    assert_in_range(server.request_ms[1] - server.request_ms[0], 200, 1000);
    durable_end(d);
    server_close(&server);
}

/* The rest of what people were told before a restart is told after it, as if there had been none. */
static void test_restart_while_it_is_kept_back(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    run(d, "webhook", server.port, 2000);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put_of(&d->fixture, NOTICE_HUNG, "j", "rabbit@rmq3");
    durable_wait(d, LETTER_WAITING, 2);
    durable_end(d);

    run(d, "webhook", server.port, 2000);
    outbox_fixture_run_ms(&d->fixture, 300);
    assert_int_equal(server.request_count, 0);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_wait(&d->fixture, &server.request_count, 1);
    assert_true(has(0, "\"event\":\"recovered\"") && has(0, "\"count\":2,"));
    outbox_fixture_wait(&d->fixture, &server.request_count, 2);
    assert_true(has(1, "\"event\":\"hung\""));
    outbox_fixture_run_ms(&d->fixture, 100);
    durable_end(d);

    run(d, "webhook", server.port, 2000);
    d->fixture.config->channels[0].min_severity = SEVERITY_CRITICAL;
    outbox_fixture_run_ms(&d->fixture, 100);
    outbox_fixture_put_of(&d->fixture, NOTICE_RECOVERED, "j", "rabbit@rmq3");
    outbox_fixture_put_of(&d->fixture, NOTICE_RECOVERED, "k", "rabbit@rmq4"); /* nobody was told of that */
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(server.request_count, 3);
    assert_true(has(2, "rabbit@rmq3"));
    durable_end(d);
    server_close(&server);
}

/* Killed at any moment: every notice that the store had taken is told afterwards, once. */
static void test_kill_while_it_folds(void **state)
{
    struct durable *d = *state;
    pid_t child = fork();
    int status;

    if (child == 0) {
        run(d, "webhook", server_free_port(), 3600000);
        for (int i = 0; i < 5; i++) {
            char last[128];

            memcpy(last, d->letters[0].id, sizeof(last));
            outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
            do
                durable_wait(d, LETTER_WAITING, 1); /* what has taken the place of the others */
            while (strcmp(d->letters[0].id, last) == 0);
        }
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    run(d, "webhook", server.port, 3600000);
    outbox_fixture_run_ms(&d->fixture, 200);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_wait(&d->fixture, &server.request_count, 1);
    outbox_fixture_run_ms(&d->fixture, 100);
    assert_int_equal(server.request_count, 1);
    assert_true(has(0, "\"event\":\"recovered\"") && has(0, "\"count\":6,"));
    durable_end(d);
    server_close(&server);
}

/* Tries that fail fold what waits, in the order of the troubles' beginnings. */
static void test_late_messages(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_REPLY("500 Oops", ""), HTTP_OK), 2);
    run(d, "webhook", server.port, 0);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put_of(&d->fixture, NOTICE_GAVE_UP, "j", "rabbit@rmq3");
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(server.request_count, 3);
    assert_true(has(0, "\"event\":\"crashed\""));
    assert_true(has(1, "\"event\":\"recovered\"") && has(1, "\"count\":2,"));
    assert_true(has(2, "\"event\":\"gave-up\""));
    assert_int_equal(outbox_fixture_counts(&d->fixture).sent, 2);
    assert_int_equal(outbox_fixture_counts(&d->fixture).dropped, 0);
    durable_end(d);
    server_close(&server);
}

static void test_repeats_until_acknowledged(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK, HTTP_REPLY("500 Oops", ""), HTTP_OK), 3);
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port);
    d->fixture.config->alerts.repeat_interval_ms = 150; /* a configuration file cannot say that */
    durable_start(d);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_wait(&d->fixture, &server.request_count, 4);
    assert_true(has(1, "still: gave up") && has(1, "\"count\":2,")); /* this one failed */
    assert_true(has(2, "\"repeated\":true") && has(2, "\"count\":2,"));
    assert_true(has(3, "\"repeated\":true") && has(3, "\"count\":3,"));
    outbox_fixture_run_ms(&d->fixture, 20);
    outbox_acked(d->fixture.outbox, "i");
    outbox_fixture_run_ms(&d->fixture, 400);
    assert_int_equal(server.request_count, 4);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(server.request_count, 5);
    assert_int_equal(outbox_fixture_counts(&d->fixture).sent, 4);
    durable_wait(d, LETTER_SENT, 2); /* repeats are made anew, and not written down */
    durable_end(d);
    server_close(&server);
}

/* A repeat that is refused for good does not come again at once. */
static void test_refused_repeat(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK, HTTP_REPLY("404 Not Found", "")), 2);
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port);
    d->fixture.config->alerts.repeat_interval_ms = 200;
    durable_start(d);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_run_ms(&d->fixture, 700);
    assert_in_range(server.request_count, 2, 5);
    durable_end(d);
    server_close(&server);
}

/* In pairs, without a word in the log for each refresh. */
static void test_alertmanager_hears_it_again(void **state)
{
    static struct channel_ops ops;
    struct durable *d = *state;
    struct channel_config *channel;

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_begin(d);
    channel = outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port);
    ops = *channel_find("alertmanager");
    ops.refresh_ms = 100;
    channel->server = strndup(channel->url.value, strcspn(channel->url.value, "k")); /* ".../hoo" */
    free(channel->url.value);
    channel->url.value = NULL;
    channel->ops = &ops;
    durable_start(d);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_wait(&d->fixture, &server.request_count, 4);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_drain(&d->fixture);
    size_t count = server.request_count;

    assert_true(has(3, "gave-up") && has(count - 1, "recovered"));
    outbox_fixture_run_ms(&d->fixture, 300);
    assert_int_equal(server.request_count, count);
    assert_int_equal(outbox_fixture_counts(&d->fixture).sent, 2);
    assert_null(strstr(strstr(d->fixture.log, "\"Gave up\"") + 1, "\"Gave up\""));
    durable_end(d);
    server_close(&server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, durable_setup, durable_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_healed_in_time),
        TEST(test_delay_ends),
        TEST(test_restart_while_it_is_kept_back),
        TEST(test_kill_while_it_folds),
        TEST(test_late_messages),
        TEST(test_repeats_until_acknowledged),
        TEST(test_refused_repeat),
        TEST(test_alertmanager_hears_it_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
