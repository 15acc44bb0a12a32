/* An outbox whose letters are kept in a folder of its own, over restarts and on a disk that can fail. */
#ifndef RMQWATCH_TESTS_DURABLE_FIXTURE_H
#define RMQWATCH_TESTS_DURABLE_FIXTURE_H

#include "outbox_fixture.h"
#include "store_fixture.h"

struct durable {
    char directory[64];
    struct outbox_fixture fixture;
    struct store *store;
    int status_count, status;
    /* The last answer. */
    int answers, result;
    size_t count;
    struct {
        int64_t number;
        char name[32], id[128], event[32], node[64], severity[16], result[160], document[2048];
        enum letter_state state;
        unsigned tries;
    } letters[16];
};

/* For cmocka_unit_test_setup_teardown(). */
int durable_setup(void **state);
int durable_teardown(void **state);

/* A run of the daemon: durable_begin(), channels by outbox_fixture_channel(), durable_start(), durable_end().
 */
void durable_begin(struct durable *d);
void durable_start(struct durable *d);
void durable_end(struct durable *d);
/* All in one, with one webhook "ops" at PORT. */
void durable_run(struct durable *d, int port);

/* Asks the store; what it says is in the fixture then. States: 0: all. */
void durable_list(struct durable *d, unsigned states);
/* Until the store has COUNT letters of this state. */
void durable_wait(struct durable *d, enum letter_state state, size_t count);
/* Until so many wait in the outbox. */
void durable_wait_for_pending(struct durable *d, size_t count);
/* Until the store has said so often how it is. */
void durable_wait_for_status(struct durable *d, int count);

#endif
