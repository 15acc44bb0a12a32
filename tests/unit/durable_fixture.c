#include "durable_fixture.h"

#include "base/text.h"
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int durable_setup(void **state)
{
    struct durable *d = calloc(1, sizeof(*d));

    assert_non_null(d);
    disk_install();
    disk_be(DISK_WELL);
    text_copy(d->directory, sizeof(d->directory), "/tmp/rmqwatch-test-XXXXXX");
    assert_non_null(mkdtemp(d->directory));
    *state = d;
    return 0;
}

int durable_teardown(void **state)
{
    static const char *const names[] = {
        STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm", STORE_FILE_DAMAGED, STORE_FILE_DAMAGED "-wal"};
    struct durable *d = *state;
    char path[128];

    disk_be(DISK_WELL);
    if (d->store) /* the test has failed */
        return 0;
    disk_wait_until_closed();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", d->directory, names[i]);
        (void)remove(path);
    }
    (void)rmdir(d->directory);
    free(d);
    return 0;
}

static void on_status(void *context, int result, const char *problem)
{
    struct durable *d = context;

    (void)problem;
    d->status_count++;
    d->status = result;
}

void durable_begin(struct durable *d)
{
    disk_wait_until_closed();
    outbox_fixture_open(&d->fixture);
    assert_int_equal(store_open(&d->fixture.loop, d->directory, on_status, d, &d->store), 0);
}

void durable_start(struct durable *d)
{
    outbox_fixture_start(&d->fixture);
    outbox_use(d->fixture.outbox, d->store);
}

void durable_run(struct durable *d, int port)
{
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, "webhook", "ops", port);
    durable_start(d);
}

static void close_store(void *context)
{
    struct durable *d = context;

    store_close(d->store);
    d->store = NULL;
}

void durable_end(struct durable *d)
{
    outbox_fixture_close_then(&d->fixture, close_store, d);
}

static void on_letters(void *context, int result, const struct store_letter *letters, size_t count)
{
    struct durable *d = context;

    d->answers++;
    d->result = result;
    d->count = count;
    for (size_t i = 0; i < count && i < sizeof(d->letters) / sizeof(d->letters[0]); i++) {
        d->letters[i].number = letters[i].number;
        d->letters[i].state = letters[i].state;
        d->letters[i].tries = letters[i].tries;
        text_copy(d->letters[i].name, sizeof(d->letters[i].name), letters[i].name);
        text_copy(d->letters[i].id, sizeof(d->letters[i].id), letters[i].id);
        text_copy(d->letters[i].event, sizeof(d->letters[i].event), letters[i].event);
        text_copy(d->letters[i].node, sizeof(d->letters[i].node), letters[i].node);
        text_copy(d->letters[i].severity, sizeof(d->letters[i].severity), letters[i].severity);
        text_copy(d->letters[i].result, sizeof(d->letters[i].result), letters[i].result);
        text_copy(d->letters[i].document, sizeof(d->letters[i].document), letters[i].document);
    }
}

static void run_until(struct durable *d, const int *counter, int wanted)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 10000;

    while (*counter < wanted) {
        assert_true(uv_hrtime() / 1000000 < end_ms);
        outbox_fixture_run_ms(&d->fixture, 1);
    }
}

void durable_list(struct durable *d, unsigned states)
{
    const struct store_letter_filter filter = {.states = states};

    assert_int_equal(store_letters(d->store, &filter, on_letters, d), 0);
    run_until(d, &d->answers, d->answers + 1);
    assert_int_equal(d->result, 0);
}

void durable_wait(struct durable *d, enum letter_state state, size_t count)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 10000;

    do {
        assert_true(uv_hrtime() / 1000000 < end_ms);
        durable_list(d, 1u << state);
    } while (d->count != count);
}

void durable_wait_for_pending(struct durable *d, size_t count)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 10000;

    while (outbox_pending(d->fixture.outbox) != count) {
        assert_true(uv_hrtime() / 1000000 < end_ms);
        outbox_fixture_run_ms(&d->fixture, 1);
    }
}

void durable_wait_for_status(struct durable *d, int count)
{
    run_until(d, &d->status_count, count);
}
