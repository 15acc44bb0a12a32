/* A store in a folder of its own, on a disk that can be made to fail. */
#ifndef RMQWATCH_TESTS_STORE_FIXTURE_H
#define RMQWATCH_TESTS_STORE_FIXTURE_H

#include "store/store.h"

enum disk { DISK_WELL, DISK_FULL, DISK_READ_ONLY, DISK_FAILS, DISK_STUCK };

struct store_fixture {
    char directory[64];
    uv_loop_t loop;
    uv_timer_t guard;
    struct store *store;
    /* What was heard. */
    int status_count;
    int status;
    char problem[400];
    int answer_count;
    int result;
    size_t incident_count, entry_count;
    struct store_incident incident; /* the first; its texts are copied below */
    char incident_id[64], last_event[64], acked_by[64];
    char first_why[256], last_why[256];
};

/* For cmocka_unit_test_setup_teardown(); the state is a struct store_fixture. The teardown closes a store
 * that is still open, and proves that the loop has nothing left. */
int store_setup(void **state);
int store_teardown(void **state);

/* From now on disks can be made to fail: before the first store of the process. */
void disk_install(void);
/* Until no store has a file open: the next one must not meet it. */
void disk_wait_until_closed(void);
/* How every disk is from now on. What is stuck goes on when that changes. */
void disk_be(enum disk disk);
int disk_stuck_count(void); /* threads that wait for it */

void fixture_open(struct store_fixture *f);
void fixture_close(struct store_fixture *f); /* and runs the loop out */
/* Fails the test when it takes longer than ten seconds. */
void fixture_run_until_answers(struct store_fixture *f, int answer_count);
void fixture_run_until_status(struct store_fixture *f, int status_count);
void fixture_sync(struct store_fixture *f); /* until all that was given is kept */
void fixture_path(const struct store_fixture *f, const char *name, char *path, size_t size);

/* Asks, and waits for the answer, which is in the fixture then. Return the result. */
int fixture_history(struct store_fixture *f, size_t limit);
int fixture_incident(struct store_fixture *f, const char *id);
int fixture_recent(struct store_fixture *f, size_t limit);
int fixture_ack(struct store_fixture *f, const char *id, const char *who, int64_t wall_ms);

/* Callbacks that note what they hear; the context is the fixture. */
void fixture_on_history(void *context, int result, const struct store_incident *incidents, size_t count);
void fixture_on_incident(void *context, int result, const struct store_incident *incident,
    const struct store_entry *entries, size_t count);
void fixture_on_ack(void *context, int result);

/* An entry number N of an incident. */
void fixture_record(struct store_fixture *f, const char *incident, int n);

struct core_snapshot fixture_snapshot(uint32_t give_ups);
void fixture_save(struct store_fixture *f, uint32_t give_ups);
/* All that a caller can want works, on disk or not. ENTRIES: those of the incident "a" so far. Saves 50, and
 * adds an entry. */
void fixture_assert_usable(struct store_fixture *f, size_t entries);
/* What the next process finds; the store is that one's then. */
void fixture_assert_on_disk(struct store_fixture *f, uint32_t give_ups, size_t entries);

#endif
