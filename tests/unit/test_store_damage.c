/* A file that is damaged, or gone: put aside when that is found out, and a new one is begun at once. */
#include "cmocka_all.h"
#include "store/database.h"
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file as it is after some writing, with its log merged into it. */
static void make_file(struct store_fixture *f)
{
    fixture_open(f);
    fixture_save(f, 1);
    for (int i = 0; i < 100; i++)
        fixture_record(f, "a", i);
    fixture_close(f);
}

/* Writes SIZE bytes of noise at OFFSET; SIZE 0: cuts the file there. */
static void damage(struct store_fixture *f, off_t offset, size_t size)
{
    char path[128];
    int fd;

    fixture_path(f, STORE_FILE, path, sizeof(path));
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    if (size == 0)
        assert_int_equal(ftruncate(fd, offset), 0);
    for (size_t i = 0; i < size; i++) {
        char byte = (char)rand();

        assert_int_equal(pwrite(fd, &byte, 1, offset + (off_t)i), 1);
    }
    close(fd);
}

static void assert_put_aside(struct store_fixture *f)
{
    struct core_snapshot snapshot;
    char path[128];

    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), -EBADMSG);
    fixture_assert_usable(f, 0);
    assert_int_equal(f->status_count, 0); /* it is on disk again at once */
    fixture_path(f, STORE_FILE_DAMAGED, path, sizeof(path));
    assert_int_equal(access(path, F_OK), 0);
    fixture_assert_on_disk(f, 50, 1);
    fixture_close(f);
}

static void test_noise_is_put_aside(void **state)
{
    struct store_fixture *f = *state;
    char path[128];

    fixture_path(f, STORE_FILE, path, sizeof(path));
    for (int round = 0; round < 3; round++) {
        (void)unlink(path);
        close(open(path, O_CREAT | O_WRONLY, 0644));
        damage(f, 0, 10000);
        assert_put_aside(f); /* over the one before */
    }
}

static void test_another_version_is_put_aside(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *database;

    assert_int_equal(database_open(f->directory, &database), 0);
    assert_int_equal(database_run(database, "PRAGMA user_version = 99", ""), 0);
    database_close(database);
    assert_put_aside(f);
}

static void test_a_file_without_its_tables_is_put_aside(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *database;

    assert_int_equal(database_open(f->directory, &database), 0);
    assert_int_equal(database_run(database, "DROP TABLE snapshot", ""), 0);
    database_close(database);
    assert_put_aside(f);
}

static void test_an_empty_file_is_a_new_one(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;
    char path[128];

    fixture_path(f, STORE_FILE, path, sizeof(path));
    close(open(path, O_CREAT | O_WRONLY, 0644));
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), -ENOENT);
    fixture_assert_usable(f, 0);
    assert_int_equal(f->status_count, 0);
}

static long file_size(struct store_fixture *f)
{
    struct stat status;
    char path[128];

    fixture_path(f, STORE_FILE, path, sizeof(path));
    assert_int_equal(stat(path, &status), 0);
    return (long)status.st_size;
}

/* Wherever it is cut: what can be told may be old or gone, but the store works, on disk. */
static void test_a_truncated_file(void **state)
{
    struct store_fixture *f = *state;
    long size;

    make_file(f);
    size = file_size(f);
    for (long cut = size - 1; cut > 0; cut -= size / 23) {
        make_file(f);
        damage(f, cut, 0);
        fixture_open(f);
        fixture_save(f, 50);
        fixture_record(f, "a", 50);
        assert_int_equal(fixture_incident(f, "a"), 0);
        assert_string_equal(f->last_why, "reason 50");
        assert_int_equal(f->status_count, 0);
        fixture_close(f);
        fixture_open(f);
        assert_int_equal(fixture_incident(f, "a"), 0);
        assert_string_equal(f->last_why, "reason 50");
        fixture_close(f);
    }
}

/* The same for bytes that are wrong: while it runs, and found out later. */
static void test_flipped_bits(void **state)
{
    struct store_fixture *f = *state;

    srand(1);
    for (int round = 0; round < 60; round++) {
        bool running = round % 2;
        long size;

        make_file(f);
        size = file_size(f);
        if (running) {
            fixture_open(f);
            fixture_sync(f);
        }
        for (int i = 0; i < 20; i++)
            damage(f, 100 + rand() % (size - 120), 2);
        if (!running)
            fixture_open(f);
        for (int i = 0; i < 3; i++) {
            fixture_save(f, 50);
            fixture_record(f, "b", 50);
            assert_int_equal(fixture_incident(f, "b"), 0);
            assert_int_equal(fixture_recent(f, 0), 0);
            assert_int_equal(fixture_history(f, 0), 0);
        }
        assert_int_equal(f->status_count, 0);
        fixture_close(f);
    }
}

static void test_a_file_that_is_removed(void **state)
{
    struct store_fixture *f = *state;
    char path[128];

    make_file(f);
    fixture_open(f);
    fixture_sync(f);
    fixture_path(f, STORE_FILE, path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    fixture_record(f, "a", 7);
    fixture_sync(f);
    assert_int_equal(f->status_count, 0);
    fixture_assert_on_disk(f, 1, 1); /* the snapshot was known still */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_noise_is_put_aside),
        TEST(test_another_version_is_put_aside),
        TEST(test_a_file_without_its_tables_is_put_aside),
        TEST(test_an_empty_file_is_a_new_one),
        TEST(test_a_truncated_file),
        TEST(test_flipped_bits),
        TEST(test_a_file_that_is_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
