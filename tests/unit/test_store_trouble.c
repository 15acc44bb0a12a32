/* Whatever the disk does: the store is usable, says once how it is, and loses as little as can be. */
#include "cmocka_all.h"
#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fails_and_comes_back(struct store_fixture *f, enum disk disk, int error)
{
    fixture_open(f);
    fixture_save(f, 1);
    fixture_record(f, "a", 1);
    fixture_sync(f);
    disk_be(disk);
    fixture_record(f, "a", 2);
    fixture_run_until_status(f, 1);
    assert_int_equal(f->status, error);
    assert_non_null(strstr(f->problem, f->directory));
    fixture_assert_usable(f, 2); /* what was on disk can still be told */
    store_retry(f->store);
    fixture_sync(f);
    assert_int_equal(f->status_count, 1);
    disk_be(DISK_WELL);
    store_retry(f->store);
    fixture_run_until_status(f, 2);
    assert_int_equal(f->status, 0);
    fixture_record(f, "a", 3);
    fixture_assert_on_disk(f, 50, 4);
    assert_int_equal(f->status_count, 2);
    assert_string_equal(f->acked_by, "me");
}

static void test_a_full_disk(void **state)
{
    fails_and_comes_back(*state, DISK_FULL, -ENOSPC);
}

static void test_a_failing_disk(void **state)
{
    fails_and_comes_back(*state, DISK_FAILS, -EIO);
}

static void test_a_disk_that_is_full_from_the_start(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;

    disk_be(DISK_FULL);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), -ENOSPC);
    fixture_run_until_status(f, 1);
    assert_int_equal(f->status, -ENOSPC);
    fixture_assert_usable(f, 0);
    disk_be(DISK_WELL);
    fixture_assert_on_disk(f, 50, 1); /* closing tries once more */
}

static void test_a_start_on_a_full_disk_knows_what_was(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;

    fixture_open(f);
    fixture_save(f, 7);
    fixture_sync(f);
    fixture_close(f);
    disk_be(DISK_FULL);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), 0);
    assert_int_equal(snapshot.give_ups, 7);
    fixture_run_until_status(f, 1);
    assert_true(f->status < 0);
    disk_be(DISK_WELL);
    store_retry(f->store);
    fixture_run_until_status(f, 2);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), 0);
    assert_int_equal(snapshot.give_ups, 7);
}

static void test_a_start_on_a_read_only_disk_knows_what_was(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;

    fixture_open(f);
    fixture_save(f, 7);
    fixture_close(f);
    disk_be(DISK_READ_ONLY);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), 0);
    assert_int_equal(snapshot.give_ups, 7);
    fixture_run_until_status(f, 1);
    assert_true(f->status < 0);
}

static void test_memory_is_bounded_too(void **state)
{
    struct store_fixture *f = *state;
    char detail[500];
    const struct store_entry entry = {.incident = "a", .node = "n", .event = "crashed", .detail = detail};

    memset(detail, 'x', sizeof(detail) - 1);
    detail[sizeof(detail) - 1] = '\0';
    disk_be(DISK_FULL);
    fixture_open(f);
    for (int i = 0; i < 5000; i++) {
        store_record(f->store, &entry);
        if (i % 50 == 0)
            fixture_sync(f);
    }
    assert_int_equal(store_dropped(f->store), 0);
    fixture_record(f, "a", 7);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_string_equal(f->last_why, "reason 7");
    assert_in_range(f->entry_count, 300, 1000);
    assert_int_equal(f->status_count, 1);
}

static void test_a_missing_folder(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;

    assert_int_equal(rmdir(f->directory), 0);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), -ENOENT);
    fixture_run_until_status(f, 1);
    assert_int_equal(f->status, -ENOENT);
    fixture_assert_usable(f, 0);
    assert_int_equal(mkdir(f->directory, 0700), 0);
    store_retry(f->store);
    fixture_run_until_status(f, 2);
    fixture_assert_on_disk(f, 50, 1);
}

static void test_a_folder_that_cannot_be_written(void **state)
{
    struct store_fixture *f = *state;

    if (geteuid() == 0)
        skip(); /* root may */
    assert_int_equal(chmod(f->directory, 0500), 0);
    fixture_open(f);
    fixture_run_until_status(f, 1);
    assert_int_equal(f->status, -EACCES);
    fixture_assert_usable(f, 0);
    assert_int_equal(chmod(f->directory, 0700), 0);
    store_retry(f->store);
    fixture_run_until_status(f, 2);
    fixture_assert_on_disk(f, 50, 1);
}

static void test_something_else_in_its_place(void **state)
{
    struct store_fixture *f = *state;
    char path[128];

    fixture_path(f, STORE_FILE, path, sizeof(path));
    assert_int_equal(mkdir(path, 0700), 0);
    fixture_open(f);
    fixture_run_until_status(f, 1);
    assert_int_equal(f->status, -EISDIR);
    fixture_assert_usable(f, 0);
    fixture_close(f);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/nonexistent", path), 0);
    fixture_open(f);
    fixture_run_until_status(f, 2);
    assert_int_equal(f->status, -ELOOP);
}

static void *heal_late(void *nothing)
{
    usleep(3000 * 1000);
    disk_be(DISK_WELL);
    return nothing;
}

/* As after a power cut, when all of the host starts at once: a hold must not be forgotten for that. */
static void test_a_start_on_a_slow_disk_knows_what_was(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;
    pthread_t healer;

    fixture_open(f);
    fixture_save(f, 7);
    fixture_sync(f);
    fixture_close(f);
    disk_wait_until_closed();
    disk_be(DISK_STUCK);
    assert_int_equal(pthread_create(&healer, NULL, heal_late, NULL), 0);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), 0);
    assert_int_equal(pthread_join(healer, NULL), 0);
    assert_int_equal(snapshot.give_ups, 7);
}

static void test_a_stuck_disk(void **state)
{
    struct store_fixture *f = *state;

    fixture_open(f);
    fixture_record(f, "a", 1);
    fixture_sync(f);
    disk_be(DISK_STUCK);
    fixture_record(f, "a", 2);
    assert_int_equal(store_incident(f->store, "a", fixture_on_incident, f), 0);
    fixture_run_until_status(f, 1);
    assert_int_equal(f->status, -ETIMEDOUT);
    assert_int_equal(f->answer_count, 2);
    assert_int_equal(f->result, -ETIMEDOUT);
    assert_int_equal(store_history(f->store, 1, fixture_on_history, f), -ENOBUFS);
    fixture_save(f, 9);
    disk_be(DISK_WELL);
    fixture_run_until_status(f, 2);
    assert_int_equal(f->status, 0);
    assert_int_equal(f->answer_count, 2);
    fixture_assert_on_disk(f, 9, 2);
}

static void test_a_stuck_disk_does_not_keep_the_daemon(void **state)
{
    struct store_fixture *f = *state;
    uint64_t began_ns;

    fixture_open(f);
    fixture_sync(f);
    disk_be(DISK_STUCK);
    fixture_save(f, 9);
    fixture_record(f, "a", 1);
    assert_int_equal(store_history(f->store, 1, fixture_on_history, f), 0);
    while (disk_stuck_count() == 0)
        usleep(1000);
    began_ns = uv_hrtime();
    fixture_close(f);
    assert_in_range((uv_hrtime() - began_ns) / 1000000, STORE_CLOSE_MS - 10, STORE_CLOSE_MS + 450);
    assert_int_equal(f->answer_count, 2);
    assert_int_equal(f->result, -ECANCELED);
    assert_int_equal(disk_stuck_count(), 1);
    disk_be(DISK_WELL);
    fixture_assert_on_disk(f, 9, 1); /* what was given is written yet */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_full_disk),
        TEST(test_a_failing_disk),
        TEST(test_a_disk_that_is_full_from_the_start),
        TEST(test_a_start_on_a_full_disk_knows_what_was),
        TEST(test_a_start_on_a_read_only_disk_knows_what_was),
        TEST(test_memory_is_bounded_too),
        TEST(test_a_missing_folder),
        TEST(test_a_folder_that_cannot_be_written),
        TEST(test_something_else_in_its_place),
        TEST(test_a_start_on_a_slow_disk_knows_what_was),
        TEST(test_a_stuck_disk),
        TEST(test_a_stuck_disk_does_not_keep_the_daemon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
