/* What waits survives the daemon, however that ends. */
#include "cmocka_all.h"
#include "durable_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct scripted_server server;

/* The "id" of a webhook's body. */
static void assert_id(const char *body, const char *id)
{
    char wanted[512];

    snprintf(wanted, sizeof(wanted), "\"id\":\"%s\"", id);
    assert_non_null(strstr(body, wanted));
}

static void test_what_waits_goes_on_after_a_restart(void **state)
{
    struct durable *d = *state;
    char ids[2][128];

    durable_run(d, server_free_port());
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "j");
    durable_wait(d, LETTER_WAITING, 2);
    assert_string_equal(d->letters[0].event, "crashed");
    assert_string_equal(d->letters[0].node, "rabbit@rmq2");
    assert_string_equal(d->letters[1].severity, "critical");
    for (int i = 0; i < 2; i++)
        strcpy(ids[i], d->letters[i].id);
    durable_end(d);
    assert_non_null(strstr(d->fixture.log, "not delivered, and wait for the next start: 2"));

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "k");
    outbox_fixture_drain(&d->fixture);
    outbox_fixture_wait(&d->fixture, &server.request_count, 3);
    assert_id(server.requests[0], ids[0]);
    assert_id(server.requests[1], ids[1]);
    assert_non_null(strstr(server.requests[2], "\"event\":\"recovered\""));
    durable_wait(d, LETTER_SENT, 3);
    assert_string_equal(d->letters[2].result, "HTTP 200");
    assert_int_equal(d->letters[2].tries, 1);
    durable_end(d);

    durable_run(d, server.port);
    outbox_fixture_run_ms(&d->fixture, 100);
    assert_int_equal(server.request_count, 3);
    durable_end(d);
    server_close(&server);
}

/* In a process of its own, which kills itself once BODY has run: no handler, no flush, nothing is closed. */
static void run_and_kill(struct durable *d, int port, void (*body)(struct durable *d))
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        durable_run(d, port);
        body(d);
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void put_three(struct durable *d)
{
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "two");
    outbox_fixture_put(&d->fixture, NOTICE_HUNG, "three");
    durable_wait(d, LETTER_WAITING, 3);
}

static void test_a_kill_loses_nothing(void **state)
{
    struct durable *d = *state;
    char ids[3][128];

    run_and_kill(d, server_free_port(), put_three);
    server_open(&server, false, 0, SCRIPT("hang"), 1);
    durable_run(d, server.port);
    durable_list(d, 0);
    assert_int_equal(d->count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(d->letters[i].state, LETTER_WAITING);
        strcpy(ids[i], d->letters[i].id);
    }
    durable_end(d);
    server_close(&server);

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "three");
    durable_wait(d, LETTER_SENT, 4);
    assert_int_equal(server.request_count, 4);
    for (size_t i = 0; i < 3; i++)
        assert_id(server.requests[i], ids[i]);
    assert_non_null(strstr(server.requests[3], "\"event\":\"recovered\""));
    durable_end(d);
    server_close(&server);
}

/* The first is sent, and known to be: only what comes behind it goes on. */
static void send_one_of_two(struct durable *d)
{
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    durable_wait(d, LETTER_SENT, 1);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "two");
    durable_wait(d, LETTER_WAITING, 1);
}

static void test_a_kill_after_the_mark_sends_nothing_twice(void **state)
{
    struct durable *d = *state;
    struct scripted_server child_server;
    int port = server_free_port();
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) { /* with a server of its own: threads do not outlive fork() */
        server_open(&child_server, false, port, SCRIPT(HTTP_OK, HTTP_REPLY("503 No", "")), 2);
        durable_run(d, port);
        send_one_of_two(d);
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    durable_wait(d, LETTER_SENT, 2);
    assert_int_equal(server.request_count, 1);
    assert_non_null(strstr(server.requests[0], "\"event\":\"gave-up\""));
    durable_end(d);
    server_close(&server);
}

/* More than one answer of the store has. */
static void test_many_keep_their_order(void **state)
{
    struct durable *d = *state;
    char incident[16], wanted[48];

    durable_run(d, server_free_port());
    for (int i = 0; i < 150; i++) {
        snprintf(incident, sizeof(incident), "many-%d", i);
        outbox_fixture_put(&d->fixture, NOTICE_CRASHED, incident);
    }
    durable_end(d); /* at once: most of it is not written yet */
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "newer");
    durable_wait(d, LETTER_SENT, 151);
    assert_int_equal(server.request_count, 151);
    for (int i = 0; i < SERVER_REQUESTS_MAX; i++) {
        snprintf(wanted, sizeof(wanted), "\"incident\":\"many-%d\"", i);
        assert_non_null(strstr(server.requests[i], wanted));
    }
    durable_end(d);
    server_close(&server);
}

static void change_rows(struct durable *d, const char *sql)
{
    char path[128];
    sqlite3 *database;

    disk_wait_until_closed();
    snprintf(path, sizeof(path), "%s/%s", d->directory, STORE_FILE);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void keep_three(struct durable *d)
{
    durable_run(d, server_free_port());
    put_three(d);
    durable_end(d);
}

static void test_a_damaged_row_is_parked(void **state)
{
    struct durable *d = *state;

    keep_three(d);
    change_rows(d, "UPDATE letters SET document = substr(document, 1, 70) WHERE number = 2");
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    durable_wait(d, LETTER_SENT, 2);
    assert_int_equal(server.request_count, 2);
    assert_non_null(strstr(server.requests[0], "\"incident\":\"one\""));
    assert_non_null(strstr(server.requests[1], "\"incident\":\"three\""));
    assert_non_null(strstr(d->fixture.log, "an alert that waited cannot be read any more: two-gave-up-"));
    durable_list(d, 1u << LETTER_PARKED);
    assert_int_equal(d->count, 1);
    assert_string_equal(d->letters[0].result, "damaged");
    assert_string_equal(d->letters[0].event, "gave-up");
    durable_end(d);
    server_close(&server);
}

static void test_what_is_too_old_is_dropped_and_counted(void **state)
{
    struct durable *d = *state;

    keep_three(d);
    change_rows(d, "UPDATE letters SET came_wall_ms = came_wall_ms - 7 * 86400000 - 1000 WHERE number < 3");
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    durable_wait(d, LETTER_SENT, 1);
    assert_non_null(strstr(server.requests[0], "\"incident\":\"three\""));
    assert_non_null(strstr(server.requests[0], "(2 earlier notices did not arrive here"));
    durable_list(d, 1u << LETTER_DROPPED);
    assert_int_equal(d->count, 2);
    assert_int_equal(outbox_fixture_counts(&d->fixture).dropped, 2);
    durable_end(d);
    server_close(&server);
}

/* The count of those that gave way comes with the next message, whenever that is. */
static void test_an_overflow_is_told_after_a_restart(void **state)
{
    struct durable *d = *state;

    durable_run(d, server_free_port());
    durable_list(d, 0); /* it has read what was told before */
    for (int i = 0; i < 1005; i++) {
        char incident[32];

        snprintf(incident, sizeof(incident), "many%d", i);
        outbox_fixture_put(&d->fixture, NOTICE_CRASHED, incident);
    }
    assert_int_equal(outbox_pending(d->fixture.outbox), 1000);
    durable_end(d);
    durable_run(d, server_free_port());
    durable_wait(d, LETTER_WAITING, 1000);
    durable_wait_for_pending(d, 1000);
    print_message("a thousand read and queued: the loop was kept for %llu us at most\n",
        (unsigned long long)outbox_fixture_counts(&d->fixture).max_loop_us);
    assert_in_range(outbox_fixture_counts(&d->fixture).max_loop_us, 1, 500000);
    durable_end(d);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    outbox_fixture_wait(&d->fixture, &server.request_count, 2);
    assert_non_null(strstr(server.requests[0], "(5 earlier notices did not arrive here"));
    assert_null(strstr(server.requests[1], "did not arrive"));
    durable_end(d);
    server_close(&server);
}

/* Whoever was told of a trouble hears of its end, also from the next run. */
static void test_stories_go_on_after_a_restart(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    for (int run = 0; run < 2; run++) {
        durable_begin(d);
        outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port)->min_severity = SEVERITY_CRITICAL;
        durable_start(d);
        if (run == 0) {
            outbox_fixture_put(&d->fixture, NOTICE_HUNG, "told");
            durable_wait(d, LETTER_SENT, 1);
        } else {
            /* at once: before it can have read what was told */
            outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "untold");
            outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "told");
            durable_wait(d, LETTER_SENT, 2);
        }
        durable_end(d);
    }
    assert_int_equal(server.request_count, 2);
    assert_non_null(strstr(server.requests[1], "\"incident\":\"told\""));
    server_close(&server);
}

/* It is not lost, and does not burst in when the channel comes back. */
static void test_a_channel_that_goes_parks_what_waits(void **state)
{
    struct durable *d = *state;

    keep_three(d);
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, "webhook", "other", server_free_port());
    durable_start(d);
    durable_wait(d, LETTER_PARKED, 3);
    assert_string_equal(d->letters[0].result, "its channel is configured no more");
    assert_int_equal(outbox_fixture_counts(&d->fixture).parked, 3);
    durable_end(d);

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "new");
    durable_wait(d, LETTER_SENT, 1);
    outbox_fixture_run_ms(&d->fixture, 100);
    assert_int_equal(server.request_count, 1);
    durable_list(d, 1u << LETTER_PARKED);
    assert_int_equal(d->count, 3);
    durable_end(d);
    server_close(&server);
}

static void test_a_reload_parks_too(void **state)
{
    struct durable *d = *state;
    struct outbox_channel_counts counts;

    durable_run(d, server_free_port());
    put_three(d);
    outbox_fixture_rewrite(&d->fixture);
    outbox_fixture_channel(&d->fixture, "slack", "ops", server_free_port());
    outbox_fixture_reload(&d->fixture);
    durable_wait(d, LETTER_PARKED, 3);
    assert_int_equal(outbox_fixture_counts(&d->fixture).parked, 3);
    assert_true(outbox_channel_count(d->fixture.outbox, 0, &counts));
    assert_string_equal(counts.kind, "slack");
    assert_int_equal(counts.parked, 0);
    assert_false(outbox_channel_count(d->fixture.outbox, 1, &counts));
    durable_end(d);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, durable_setup, durable_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_waits_goes_on_after_a_restart),
        TEST(test_a_kill_loses_nothing),
        TEST(test_a_kill_after_the_mark_sends_nothing_twice),
        TEST(test_many_keep_their_order),
        TEST(test_a_damaged_row_is_parked),
        TEST(test_what_is_too_old_is_dropped_and_counted),
        TEST(test_an_overflow_is_told_after_a_restart),
        TEST(test_stories_go_on_after_a_restart),
        TEST(test_a_channel_that_goes_parks_what_waits),
        TEST(test_a_reload_parks_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
