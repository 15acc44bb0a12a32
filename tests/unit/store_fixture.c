#include "store_fixture.h"

#include "base/text.h"
#include "cmocka_all.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file system of SQLite's that is the usual one, but for writing. */
static sqlite3_vfs faulty, *usual;
static struct {
    const sqlite3_io_methods *usual;
    sqlite3_io_methods faulty;
} methods[4];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static enum disk disk_now;
static int stuck_count, open_count;

void disk_be(enum disk disk)
{
    pthread_mutex_lock(&mutex);
    disk_now = disk;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

int disk_stuck_count(void)
{
    int count;

    pthread_mutex_lock(&mutex);
    count = stuck_count;
    pthread_mutex_unlock(&mutex);
    return count;
}

static int disk_trouble(void)
{
    enum disk disk;

    pthread_mutex_lock(&mutex);
    stuck_count++;
    while (disk_now == DISK_STUCK)
        pthread_cond_wait(&changed, &mutex);
    stuck_count--;
    disk = disk_now;
    pthread_mutex_unlock(&mutex);
    switch (disk) {
    case DISK_FULL:
        return SQLITE_FULL;
    case DISK_READ_ONLY:
        return SQLITE_READONLY;
    case DISK_FAILS:
        return SQLITE_IOERR_WRITE;
    case DISK_WELL:
    case DISK_STUCK:
        break;
    }
    return SQLITE_OK;
}

static enum disk how_it_is(void)
{
    enum disk disk;

    pthread_mutex_lock(&mutex);
    disk = disk_now;
    pthread_mutex_unlock(&mutex);
    return disk;
}

static const sqlite3_io_methods *usual_of(sqlite3_file *file)
{
    size_t i = 0;

    while (file->pMethods != &methods[i].faulty)
        i++;
    return methods[i].usual;
}

static int on_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    int code = disk_trouble();

    return code == SQLITE_OK ? usual_of(file)->xWrite(file, bytes, count, offset) : code;
}

static int on_sync(sqlite3_file *file, int flags)
{
    int code = disk_trouble();

    return code == SQLITE_OK ? usual_of(file)->xSync(file, flags) : code;
}

/* It is a file of its own, which needs room. */
static int on_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret_at)
{
    enum disk disk = how_it_is();

    if (disk == DISK_FULL || disk == DISK_READ_ONLY)
        return disk == DISK_FULL ? SQLITE_IOERR_SHMSIZE : SQLITE_CANTOPEN;
    return usual_of(file)->xShmMap(file, region, size, extend, ret_at);
}

static void count_open(int change)
{
    pthread_mutex_lock(&mutex);
    open_count += change;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static int on_close(sqlite3_file *file)
{
    int code = usual_of(file)->xClose(file);

    count_open(-1);
    return code;
}

/* A store that took too long to close is left to its thread: the next one must not meet it. */
void disk_wait_until_closed(void)
{
    pthread_mutex_lock(&mutex);
    while (open_count > 0)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    bool read_only = how_it_is() == DISK_READ_ONLY && (flags & SQLITE_OPEN_READWRITE);
    size_t i = 0;
    int code;

    (void)vfs;
    if (read_only)
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    if (how_it_is() == DISK_STUCK)
        (void)disk_trouble();
    code = usual->xOpen(usual, name, file, flags, out_flags);
    if (!file->pMethods)
        return code;
    pthread_mutex_lock(&mutex);
    while (methods[i].usual && methods[i].usual != file->pMethods)
        i++;
    methods[i].usual = file->pMethods;
    methods[i].faulty = *file->pMethods;
    methods[i].faulty.xWrite = on_write;
    methods[i].faulty.xShmMap = on_shm_map;
    methods[i].faulty.xSync = on_sync;
    methods[i].faulty.xClose = on_close;
    file->pMethods = &methods[i].faulty;
    pthread_mutex_unlock(&mutex);
    count_open(1);
    return code;
}

void disk_install(void)
{
    if (usual)
        return;
    usual = sqlite3_vfs_find(NULL);
    faulty = *usual;
    faulty.zName = "faulty";
    faulty.xOpen = on_open;
    assert_int_equal(sqlite3_vfs_register(&faulty, 1), SQLITE_OK);
}

int store_setup(void **state)
{
    struct store_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    disk_install();
    disk_be(DISK_WELL);
    text_copy(f->directory, sizeof(f->directory), "/tmp/rmqwatch-test-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(uv_timer_init(&f->loop, &f->guard), 0);
    *state = f;
    return 0;
}

void fixture_path(const struct store_fixture *f, const char *name, char *path, size_t size)
{
    assert_in_range(snprintf(path, size, "%s/%s", f->directory, name), 1, size - 1);
}

int store_teardown(void **state)
{
    static const char *const names[] = {
        STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm", STORE_FILE_DAMAGED, STORE_FILE_DAMAGED "-wal"};
    struct store_fixture *f = *state;
    char path[128];

    disk_be(DISK_WELL);
    fixture_close(f);
    disk_wait_until_closed();
    uv_close((uv_handle_t *)&f->guard, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        fixture_path(f, names[i], path, sizeof(path));
        (void)remove(path);
    }
    (void)rmdir(f->directory);
    free(f);
    return 0;
}

static void on_status(void *context, int result, const char *problem)
{
    struct store_fixture *f = context;

    assert_true((result < 0) == (problem != NULL));
    f->status_count++;
    f->status = result;
    text_copy(f->problem, sizeof(f->problem), problem);
}

void fixture_on_history(void *context, int result, const struct store_incident *incidents, size_t count)
{
    struct store_fixture *f = context;

    f->answer_count++;
    f->result = result;
    f->incident_count = count;
    memset(&f->incident, 0, sizeof(f->incident));
    if (count == 0)
        return;
    f->incident = incidents[0];
    text_copy(f->incident_id, sizeof(f->incident_id), incidents[0].id);
    text_copy(f->last_event, sizeof(f->last_event), incidents[0].last_event);
    text_copy(f->acked_by, sizeof(f->acked_by), incidents[0].acked_by);
}

void fixture_on_incident(void *context, int result, const struct store_incident *incident,
    const struct store_entry *entries, size_t count)
{
    struct store_fixture *f = context;

    fixture_on_history(context, result, incident, incident != NULL);
    f->entry_count = count;
    if (count == 0)
        return;
    text_copy(f->first_why, sizeof(f->first_why), entries[0].why);
    text_copy(f->last_why, sizeof(f->last_why), entries[count - 1].why);
}

void fixture_on_ack(void *context, int result)
{
    struct store_fixture *f = context;

    f->answer_count++;
    f->result = result;
}

void fixture_open(struct store_fixture *f)
{
    disk_wait_until_closed();
    assert_null(f->store);
    assert_int_equal(store_open(&f->loop, f->directory, on_status, f, &f->store), 0);
}

void fixture_close(struct store_fixture *f)
{
    if (!f->store)
        return;
    store_close(f->store);
    f->store = NULL;
    uv_run(&f->loop, UV_RUN_DEFAULT);
    if (disk_now != DISK_STUCK) /* only tests write it */
        disk_wait_until_closed();
}

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("what was waited for did not come");
}

static void run_until(struct store_fixture *f, const int *counter, int count)
{
    uv_update_time(&f->loop);
    uv_timer_start(&f->guard, on_guard, 10000, 0);
    while (*counter < count)
        uv_run(&f->loop, UV_RUN_ONCE);
    uv_timer_stop(&f->guard);
}

void fixture_run_until_answers(struct store_fixture *f, int answer_count)
{
    run_until(f, &f->answer_count, answer_count);
}

void fixture_run_until_status(struct store_fixture *f, int status_count)
{
    run_until(f, &f->status_count, status_count);
}

static int wait_for_answer(struct store_fixture *f, int asked)
{
    assert_int_equal(asked, 0);
    fixture_run_until_answers(f, f->answer_count + 1);
    return f->result;
}

int fixture_history(struct store_fixture *f, size_t limit)
{
    return wait_for_answer(f, store_history(f->store, limit, fixture_on_history, f));
}

int fixture_incident(struct store_fixture *f, const char *id)
{
    return wait_for_answer(f, store_incident(f->store, id, fixture_on_incident, f));
}

int fixture_recent(struct store_fixture *f, size_t limit)
{
    return wait_for_answer(f, store_recent(f->store, limit, fixture_on_incident, f));
}

int fixture_ack(struct store_fixture *f, const char *id, const char *who, int64_t wall_ms)
{
    return wait_for_answer(f, store_ack(f->store, id, who, wall_ms, fixture_on_ack, f));
}

void fixture_sync(struct store_fixture *f)
{
    assert_int_equal(fixture_history(f, 1), 0);
}

void fixture_record(struct store_fixture *f, const char *incident, int n)
{
    char why[32];
    const struct store_entry entry = {.wall_ms = 1700000000000 + n,
        .incident = incident,
        .node = "rabbit@rmq1",
        .event = "crashed",
        .severity = "critical",
        .condition = "crashed",
        .why = why,
        .since_wall_ms = 1700000000000};

    snprintf(why, sizeof(why), "reason %d", n);
    store_record(f->store, &entry);
}

struct core_snapshot fixture_snapshot(uint32_t give_ups)
{
    struct core_snapshot snapshot;

    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.state = STATE_GAVE_UP;
    snapshot.since_wall_ms = 1700000000123;
    snapshot.give_ups = give_ups;
    snapshot.seen_running = true;
    snapshot.member_count = 1;
    strcpy(snapshot.incident, "a");
    strcpy(snapshot.members[0], "rabbit@\"quoted\\name\"");
    return snapshot;
}

void fixture_save(struct store_fixture *f, uint32_t give_ups)
{
    const struct core_snapshot snapshot = fixture_snapshot(give_ups);

    store_save(f->store, &snapshot);
}

void fixture_assert_on_disk(struct store_fixture *f, uint32_t give_ups, size_t entries)
{
    struct core_snapshot snapshot;

    fixture_close(f);
    fixture_open(f);
    assert_int_equal(store_load(f->store, &snapshot), 0);
    assert_int_equal(snapshot.give_ups, give_ups);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_int_equal(f->entry_count, entries);
}

void fixture_assert_usable(struct store_fixture *f, size_t entries_before)
{
    fixture_save(f, 50);
    fixture_record(f, "a", 50);
    assert_int_equal(fixture_incident(f, "a"), 0);
    assert_int_equal(f->entry_count, entries_before + 1);
    assert_string_equal(f->last_why, "reason 50");
    assert_int_equal(fixture_ack(f, "a", "me", 1), 0);
    assert_int_equal(fixture_history(f, 0), 0);
    assert_string_equal(f->acked_by, "me");
}
