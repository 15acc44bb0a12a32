/* A disk that fails, is full or stuck: alerts go out all the same, and nothing that was kept is lost or sent
 * twice for it. */
#include "cmocka_all.h"
#include "durable_fixture.h"

#include <string.h>
#include <unistd.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")

static struct scripted_server server;
static const char *const script[] = {HTTP_OK};

/* From now on there is a server for "ops". */
static void let_go(struct durable *d)
{
    server_open(&server, false, 0, script, 1);
    outbox_fixture_rewrite(&d->fixture);
    outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port);
    outbox_fixture_reload(&d->fixture);
}

/* Two that wait on the disk. */
static void keep_two(struct durable *d)
{
    durable_run(d, server_free_port());
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "two");
    durable_wait(d, LETTER_WAITING, 2);
}

static void assert_nothing_is_sent_again(struct durable *d)
{
    size_t before = server.request_count;

    durable_run(d, server.port);
    durable_list(d, 1u << LETTER_WAITING);
    assert_int_equal(d->count, 0);
    outbox_fixture_run_ms(&d->fixture, 100);
    assert_int_equal(server.request_count, before);
    durable_end(d);
}

/* Sent while the disk fails: the marks reach it when it is well again. */
static void sends_while_it_fails(struct durable *d, enum disk disk)
{
    keep_two(d);
    disk_be(disk);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    durable_wait_for_status(d, 1);
    assert_true(d->status < 0);
    let_go(d);
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(server.request_count, 3);
    assert_non_null(strstr(server.requests[0], "\"incident\":\"one\""));
    assert_non_null(strstr(server.requests[2], "\"incident\":\"three\""));
    durable_wait(d, LETTER_SENT, 3); /* in memory */
    disk_be(DISK_WELL);
    store_retry(d->store);
    durable_wait_for_status(d, 2);
    assert_int_equal(d->status, 0);
    durable_list(d, 1u << LETTER_SENT);
    assert_int_equal(d->count, 3);
    durable_end(d);
    assert_nothing_is_sent_again(d);
    server_close(&server);
}

static void test_sent_on_a_full_disk(void **state)
{
    sends_while_it_fails(*state, DISK_FULL);
}

static void test_sent_on_a_failing_disk(void **state)
{
    sends_while_it_fails(*state, DISK_FAILS);
}

/* What came while the disk was full is on it afterwards, behind what was there. */
static void test_what_came_on_a_full_disk_is_kept_later(void **state)
{
    struct durable *d = *state;

    keep_two(d);
    disk_be(DISK_FULL);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    durable_wait_for_status(d, 1);
    durable_wait(d, LETTER_WAITING, 3);
    disk_be(DISK_WELL);
    store_retry(d->store);
    durable_wait_for_status(d, 2);
    durable_end(d);

    server_open(&server, false, 0, script, 1);
    durable_run(d, server.port);
    durable_wait(d, LETTER_SENT, 3);
    assert_int_equal(server.request_count, 3);
    assert_non_null(strstr(server.requests[0], "\"incident\":\"one\""));
    assert_non_null(strstr(server.requests[1], "\"incident\":\"two\""));
    assert_non_null(strstr(server.requests[2], "\"incident\":\"three\""));
    durable_end(d);
    server_close(&server);
}

/* It can be read, but not written: what waits is sent, and known to be when it can be written. */
static void starts_on(struct durable *d, enum disk disk)
{
    keep_two(d);
    durable_end(d);
    disk_be(disk);
    server_open(&server, false, 0, script, 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    durable_wait_for_status(d, 1);
    durable_wait(d, LETTER_SENT, 3);
    assert_int_equal(server.request_count, 3);
    assert_non_null(strstr(server.requests[0], "\"incident\":\"one\""));
    assert_non_null(strstr(server.requests[2], "\"incident\":\"three\""));
    disk_be(DISK_WELL);
    store_retry(d->store);
    durable_wait_for_status(d, 2);
    durable_end(d);
    assert_nothing_is_sent_again(d);
    server_close(&server);
}

static void test_a_start_on_a_full_disk(void **state)
{
    starts_on(*state, DISK_FULL);
}

static void test_a_start_on_a_read_only_disk(void **state)
{
    starts_on(*state, DISK_READ_ONLY);
}

/* The folder is not there (an unmounted disk), and comes back later. */
static void test_a_disk_that_comes_later_has_its_letters(void **state)
{
    struct durable *d = *state;
    char away[80];

    keep_two(d);
    durable_end(d);
    disk_wait_until_closed();
    snprintf(away, sizeof(away), "%s.away", d->directory);
    assert_int_equal(rename(d->directory, away), 0);
    server_open(&server, false, 0, script, 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(server.request_count, 1);
    durable_wait(d, LETTER_SENT, 1);
    assert_int_equal(rename(away, d->directory), 0);
    store_retry(d->store);
    durable_wait_for_status(d, 2);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "four");
    durable_wait(d, LETTER_SENT, 4);
    assert_int_equal(server.request_count, 4);
    durable_end(d);
    assert_nothing_is_sent_again(d);
    server_close(&server);
}

/* Nobody waits for more than a second, and the loop not at all. */
static void test_a_stuck_disk_holds_nothing_up(void **state)
{
    struct durable *d = *state;
    struct outbox_counts counts;
    uint64_t began_ms;

    keep_two(d);
    let_go(d);
    durable_wait(d, LETTER_SENT, 2);
    disk_be(DISK_STUCK);
    began_ms = uv_hrtime() / 1000000;
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "three");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    outbox_fixture_drain(&d->fixture);
    assert_in_range(uv_hrtime() / 1000000 - began_ms, 950, 1700);
    assert_int_equal(server.request_count, 4);
    counts = outbox_fixture_counts(&d->fixture);
    print_message(
        "the longest that the outbox kept the loop: %llu us\n", (unsigned long long)counts.max_loop_us);
    assert_in_range(counts.max_loop_us, 1, 50000);
    disk_be(DISK_WELL);
    durable_wait(d, LETTER_SENT, 4);
    durable_end(d);
    assert_nothing_is_sent_again(d);
    server_close(&server);
}

/* Kept, then sent while the disk is stuck: the mark waits until it can be written. */
static void test_a_mark_outlives_a_stuck_disk(void **state)
{
    struct durable *d = *state;

    keep_two(d);
    disk_be(DISK_STUCK);
    let_go(d);
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(server.request_count, 2);
    durable_wait_for_status(d, 1); /* five seconds later */
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    outbox_fixture_drain(&d->fixture);
    disk_be(DISK_WELL);
    durable_wait_for_status(d, 2);
    durable_wait(d, LETTER_SENT, 3);
    durable_end(d);
    assert_nothing_is_sent_again(d);
    server_close(&server);
}

/* A file that is damaged while the daemon runs takes nothing with it that still waits. */
static void test_a_damaged_file_is_written_anew(void **state)
{
    struct durable *d = *state;
    char path[128];

    keep_two(d);
    snprintf(path, sizeof(path), "%s/%s", d->directory, STORE_FILE);
    assert_int_equal(unlink(path), 0);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    durable_wait(d, LETTER_WAITING, 3);
    durable_end(d);
    server_open(&server, false, 0, script, 1);
    durable_run(d, server.port);
    durable_wait(d, LETTER_SENT, 3);
    durable_end(d);
    server_close(&server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, durable_setup, durable_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_sent_on_a_full_disk),
        TEST(test_sent_on_a_failing_disk),
        TEST(test_what_came_on_a_full_disk_is_kept_later),
        TEST(test_a_start_on_a_full_disk),
        TEST(test_a_start_on_a_read_only_disk),
        TEST(test_a_disk_that_comes_later_has_its_letters),
        TEST(test_a_stuck_disk_holds_nothing_up),
        TEST(test_a_mark_outlives_a_stuck_disk),
        TEST(test_a_damaged_file_is_written_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
