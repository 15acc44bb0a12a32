/* What is given to the store is there afterwards: in this process, in the next one, after kill -9. */
#include "cmocka_all.h"
#include "store/database.h"
#include "store/reader.h"
#include "store/tables.h"
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_nothing_is_there_at_first(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot snapshot;
    char path[128];
    struct stat status;

    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), -ENOENT);
    assert_int_equal(fixture_history(f, 0), 0);
    assert_int_equal(f->incident_count, 0);
    assert_int_equal(fixture_recent(f, 0), 0);
    assert_int_equal(f->entry_count, 0);
    assert_int_equal(fixture_incident(f, "x"), -ENOENT);
    assert_int_equal(fixture_ack(f, "x", "me", 1), -ENOENT);
    fixture_path(f, STORE_FILE, path, sizeof(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(f->status_count, 0);
}

static void test_the_newest_snapshot_is_loaded(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot saved, loaded;

    fixture_open(f);
    for (uint32_t i = 0; i <= 100; i++) {
        saved = fixture_snapshot(i);
        store_save(f->store, &saved);
    }
    fixture_close(f);
    fixture_open(f);
    memset(&loaded, 0xaa, sizeof(loaded));
    assert_int_equal(store_load(f->store, &loaded), 0);
    assert_memory_equal(&loaded, &saved, sizeof(loaded));
    assert_int_equal(f->status_count, 0);
}

static void test_an_incident_is_told_in_order(void **state)
{
    struct store_fixture *f = *state;
    struct store_entry decision = {.wall_ms = 1700000000100,
        .incident = "a",
        .node = "rabbit@rmq1",
        .event = "decision",
        .why = "because",
        .decision = true,
        .ends = true};
    const struct store_entry recovered = {.wall_ms = 1700000000200,
        .incident = "a",
        .node = "rabbit@rmq1",
        .event = "recovered",
        .why = "proven",
        .ends = true};

    fixture_open(f);
    fixture_record(f, "a", 1);
    fixture_record(f, "b", 2);
    fixture_record(f, "", 3);
    store_record(f->store, &decision);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_int_equal(f->entry_count, 2);
    assert_string_equal(f->first_why, "reason 1");
    assert_string_equal(f->last_why, "because");
    assert_string_equal(f->last_event, "crashed");
    assert_false(f->incident.ended);
    assert_int_equal(f->incident.since_wall_ms, 1700000000000);
    assert_int_equal(f->incident.last_wall_ms, decision.wall_ms);
    store_record(f->store, &recovered);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_true(f->incident.ended);
    assert_string_equal(f->last_event, "recovered");
    assert_int_equal(fixture_history(f, 0), 0);
    assert_int_equal(f->incident_count, 2);
    assert_int_equal(fixture_history(f, 1), 0);
    assert_int_equal(f->incident_count, 1);
    assert_int_equal(fixture_recent(f, 3), 0);
    assert_int_equal(f->entry_count, 3);
    assert_string_equal(f->first_why, "reason 3");
    fixture_record(f, "a", 9); /* not over after all */
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_false(f->incident.ended);
}

static void test_an_acknowledgement_is_kept(void **state)
{
    struct store_fixture *f = *state;

    fixture_open(f);
    fixture_record(f, "a", 1);
    assert_int_equal(fixture_ack(f, "a", "o'brien \"x\"", 77), 0);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(fixture_history(f, 0), 0);
    assert_string_equal(f->acked_by, "o'brien \"x\"");
    assert_int_equal(f->incident.acked_wall_ms, 77);
}

static void test_a_recording_can_be_read_beside_the_daemon(void **state)
{
    struct store_fixture *f = *state;
    struct store_recording *recording = NULL;
    struct event event = {.kind = EVENT_TICK, .now_ms = 5, .wall_ms = 6};

    assert_int_equal(store_read_incident(f->directory, "a", &recording), -ENOENT);
    fixture_open(f);
    fixture_record(f, "a", 1);
    for (int i = 0; i < 3; i++) {
        event.now_ms++;
        store_record_input(f->store, "a", &event);
    }
    fixture_sync(f);
    assert_int_equal(store_read_incident(f->directory, "b", &recording), -ENOENT);
    for (int closed = 0; closed < 2; closed++) {
        assert_int_equal(store_read_incident(f->directory, "a", &recording), 0);
        assert_string_equal(recording->incident.node, "rabbit@rmq1");
        assert_int_equal(recording->entry_count, 1);
        assert_int_equal(recording->input_count, 3);
        for (uint64_t i = 0; i < 3; i++) {
            assert_int_equal(recording->inputs[i].now_ms, 6 + i);
            assert_int_equal(recording->inputs[i].wall_ms, 6);
            assert_string_equal(recording->inputs[i].event, "{\"event\":\"tick\"}");
        }
        store_recording_free(recording);
        fixture_close(f);
    }
    store_recording_free(NULL);
}

/* As a child: writes, and says on FD what is kept, until it is killed. */
static void write_for_ever(struct store_fixture *f, int fd)
{
    fixture_open(f);
    for (uint32_t i = 1;; i++) {
        struct core_snapshot snapshot = fixture_snapshot(i);

        store_save(f->store, &snapshot);
        fixture_record(f, "a", (int)i);
        if (fixture_history(f, 1) != 0 || write(fd, &i, sizeof(i)) != sizeof(i))
            _exit(1);
    }
}

static void test_kill_loses_nothing_that_was_answered(void **state)
{
    struct store_fixture *f = *state;
    struct core_snapshot loaded;

    for (int round = 0; round < 12; round++) {
        uint32_t answered = 0, next;
        int fds[2];
        pid_t pid;

        assert_int_equal(pipe(fds), 0);
        pid = fork();
        assert_int_not_equal(pid, -1);
        if (pid == 0)
            write_for_ever(f, fds[1]);
        close(fds[1]);
        while (answered < 5 && read(fds[0], &next, sizeof(next)) == sizeof(next))
            answered = next;
        usleep((useconds_t)round * 1700);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(fds[0], &next, sizeof(next)) == sizeof(next))
            answered = next;
        close(fds[0]);
        assert_true(answered >= 5);
        fixture_open(f);
        assert_int_equal(store_load(f->store, &loaded), 0);
        assert_in_range(loaded.give_ups, answered, answered + 1);
        assert_int_equal(fixture_incident(f, "a"), 0);
        assert_int_equal(sscanf(f->last_why, "reason %u", &next), 1);
        assert_in_range(next, answered, answered + 1);
        assert_int_equal(f->status_count, 0);
        fixture_close(f);
    }
}

static void test_the_oldest_goes_first(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *database;
    int64_t count, first;

    assert_int_equal(database_open(f->directory, &database), 0);
    assert_int_equal(database_run(database, "BEGIN", ""), 0);
    for (int i = 1; i <= STORE_ENTRIES_MAX + 50; i++) {
        char incident[16];
        const struct store_entry entry = {
            .incident = incident, .since_wall_ms = i, .node = "n", .event = "crashed"};

        snprintf(incident, sizeof(incident), i <= STORE_INCIDENTS_MAX + 7 ? "i%d" : "", i);
        assert_int_equal(tables_write_entry(database, &entry), 0);
    }
    assert_int_equal(database_run(database, "COMMIT", ""), 0);
    assert_int_equal(database_get(database, &count, "SELECT count(*) FROM entries", ""), 0);
    assert_int_equal(count, STORE_ENTRIES_MAX);
    assert_int_equal(database_get(database, &count, "SELECT count(*) FROM incidents", ""), 0);
    assert_int_equal(count, STORE_INCIDENTS_MAX);
    assert_int_equal(database_get(database, &first, "SELECT min(since_wall_ms) FROM incidents", ""), 0);
    assert_int_equal(first, 8);
    database_close(database);
}

static void test_recordings_are_bounded(void **state)
{
    const struct store_input input = {1, 2, "{}"};
    struct store_fixture *f = *state;
    sqlite3 *database;
    int64_t count;

    assert_int_equal(database_open(f->directory, &database), 0);
    assert_int_equal(database_run(database, "BEGIN", ""), 0);
    for (int i = 0; i < STORE_INPUTS_MAX + 5; i++)
        assert_int_equal(tables_write_inputs(database, "long", &input, 1), 0);
    assert_int_equal(database_get(database, &count, "SELECT count(*) FROM inputs", ""), 0);
    assert_int_equal(count, STORE_INPUTS_MAX);
    for (int i = 0; i < STORE_RECORDINGS_MAX; i++) {
        char incident[16];

        snprintf(incident, sizeof(incident), "i%d", i);
        assert_int_equal(tables_write_inputs(database, incident, &input, 1), 0);
    }
    assert_int_equal(database_get(database, &count, "SELECT count(*) FROM inputs", ""), 0);
    assert_int_equal(count, STORE_RECORDINGS_MAX); /* the long one is gone */
    assert_int_equal(database_run(database, "COMMIT", ""), 0);
    database_close(database);
}

static void test_closing_cancels_queries_and_keeps_entries(void **state)
{
    struct store_fixture *f = *state;

    fixture_open(f);
    for (int i = 0; i < 100; i++)
        fixture_record(f, "a", i);
    for (int i = 0; i < 10; i++)
        assert_int_equal(store_incident(f->store, "a", fixture_on_incident, f), 0);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(f->answer_count, 10);
    assert_int_equal(f->result, -ECANCELED);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->answer_count, 10);
    fixture_open(f);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_int_equal(f->entry_count, 100);
}

static void test_who_is_gone_is_not_told(void **state)
{
    struct store_fixture *f = *state, other = {0};

    fixture_open(f);
    assert_int_equal(store_history(f->store, 1, fixture_on_history, &other), 0);
    assert_int_equal(store_ack(f->store, "a", "me", 1, fixture_on_ack, &other), 0);
    store_forget(f->store, &other);
    fixture_sync(f);
    assert_int_equal(other.answer_count, 0);
    assert_int_equal(f->answer_count, 1);
}

struct closer {
    struct store_fixture *f;
    int calls;
};

static void on_answer_close(void *context, int result, const struct store_incident *incidents, size_t count)
{
    struct closer *closer = context;

    (void)result, (void)incidents, (void)count;
    closer->calls++;
    store_close(closer->f->store);
    closer->f->store = NULL;
}

static void test_an_answer_may_close_the_store(void **state)
{
    struct store_fixture *f = *state;
    struct closer closer = {f, 0};

    fixture_open(f);
    assert_int_equal(store_history(f->store, 1, on_answer_close, &closer), 0);
    assert_int_equal(store_history(f->store, 1, fixture_on_history, f), 0);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(closer.calls, 1);
    assert_int_equal(f->answer_count, 1);
}

static void test_a_full_queue_drops_and_counts(void **state)
{
    struct store_fixture *f = *state;

    fixture_open(f);
    fixture_sync(f);
    disk_be(DISK_STUCK);
    for (int i = 0; i < 1000; i++)
        fixture_record(f, "a", i);
    assert_in_range(store_dropped(f->store), 1000 - 512 - 64, 1000 - 512);
    assert_int_equal(store_history(f->store, 1, fixture_on_history, f), -ENOBUFS);
    disk_be(DISK_WELL);
    while (store_history(f->store, 1, fixture_on_history, f) < 0)
        usleep(1000);
    fixture_run_until_answers(f, 2);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_int_equal(f->entry_count, 1000 - store_dropped(f->store));
    assert_string_equal(f->first_why, "reason 0");
}

static void test_closing_nothing_is_harmless(void **state)
{
    struct store_fixture *f = *state;

    store_close(NULL);
    fixture_open(f);
    fixture_close(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_there_at_first),
        TEST(test_the_newest_snapshot_is_loaded),
        TEST(test_an_incident_is_told_in_order),
        TEST(test_an_acknowledgement_is_kept),
        TEST(test_a_recording_can_be_read_beside_the_daemon),
        TEST(test_kill_loses_nothing_that_was_answered),
        TEST(test_the_oldest_goes_first),
        TEST(test_recordings_are_bounded),
        TEST(test_closing_cancels_queries_and_keeps_entries),
        TEST(test_who_is_gone_is_not_told),
        TEST(test_an_answer_may_close_the_store),
        TEST(test_a_full_queue_drops_and_counts),
        TEST(test_closing_nothing_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
