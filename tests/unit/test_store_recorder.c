/* The core's inputs around an incident: from two minutes before it, in order, and with what stood before. */
#include "cmocka_all.h"
#include "store/event_json.h"
#include "store/reader.h"
#include "store/recorder.h"
#include "store/snapshot_json.h"
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recording {
    struct store_fixture *f;
    struct recorder *recorder;
    uint64_t now_ms;
};

static int setup(void **state)
{
    struct recording *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    assert_int_equal(store_setup((void **)&r->f), 0);
    fixture_open(r->f);
    r->recorder = recorder_new(r->f->store);
    assert_non_null(r->recorder);
    r->now_ms = 1000000;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct recording *r = *state;
    void *fixture = r->f;

    recorder_free(r->recorder);
    free(r);
    return store_teardown(&fixture);
}

static void take(struct recording *r, struct event event, uint64_t after_ms)
{
    r->now_ms += after_ms;
    event.now_ms = r->now_ms;
    event.wall_ms = 1700000000000 + (int64_t)r->now_ms;
    recorder_take(r->recorder, &event);
}

static void take_ticks(struct recording *r, int count, uint64_t after_ms)
{
    for (int i = 0; i < count; i++)
        take(r, (struct event){.kind = EVENT_TICK}, after_ms);
}

static void take_probe(struct recording *r, const char *node, uint64_t after_ms)
{
    struct event event = {.kind = EVENT_PROBE_DONE};

    strcpy(event.probe.node, node);
    take(r, event, after_ms);
}

/* What a replay would find, after all that was taken is written. */
static struct store_recording *read_incident(struct recording *r, const char *id)
{
    struct store_recording *recording = NULL;

    recorder_free(r->recorder);
    r->recorder = NULL;
    fixture_record(r->f, id, 1);
    fixture_sync(r->f);
    assert_int_equal(store_read_incident(r->f->directory, id, &recording), 0);
    return recording;
}

static struct event event_at(const struct store_recording *recording, size_t at)
{
    struct event event;

    assert_true(at < recording->input_count);
    assert_int_equal(event_from_json(recording->inputs[at].event, &event), 0);
    return event;
}

static void test_two_minutes_and_what_stood_before(void **state)
{
    struct event hold = {.kind = EVENT_OPERATOR, .operator= {.kind = OPERATOR_HOLD} };
    struct event ack = {.kind = EVENT_OPERATOR, .operator= {.kind = OPERATOR_ACK} };
    struct recording *r = *state;
    struct store_recording *recording;
    uint64_t opened_ms;

    take(r, (struct event){.kind = EVENT_UNIT, .unit = {.main_pid = 1}}, 0);
    take(r, (struct event){.kind = EVENT_MEMBERS, .members = {.count = 1}}, 1);
    take(r, (struct event){.kind = EVENT_POLICY, .policy = {.fall = 3}}, 1);
    take(r, (struct event){.kind = EVENT_UNIT, .unit = {.main_pid = 2}}, 1);
    take(r, hold, 1);
    take(r, ack, 1);
    take_ticks(r, 300, 1000);
    take_probe(r, "rabbit@last", 1);
    opened_ms = r->now_ms;
    recorder_follow(r->recorder, "a");
    recording = read_incident(r, "a");
    assert_int_equal(recording->input_count, 4 + 120 + 1);
    assert_int_equal(event_at(recording, 0).policy.fall, 3);
    assert_int_equal(event_at(recording, 1).members.count, 1);
    assert_int_equal(event_at(recording, 2).operator.kind, OPERATOR_HOLD);
    assert_int_equal(event_at(recording, 3).unit.main_pid, 2);
    assert_int_equal(event_at(recording, 4).kind, EVENT_TICK);
    /* What stood is dated to the beginning: nothing of it looks like a gap. */
    assert_int_equal(recording->inputs[0].now_ms, recording->inputs[4].now_ms);
    assert_in_range(recording->inputs[4].now_ms, opened_ms - 120000, opened_ms - 119000);
    assert_string_equal(event_at(recording, 124).probe.node, "rabbit@last");
    assert_int_equal(recording->inputs[124].now_ms, opened_ms);
    store_recording_free(recording);
}

/* What was saved last before the two minutes stands before all else; what was saved in them comes in its
 * place. */
static void test_snapshots_come_too(void **state)
{
    struct core_snapshot snapshot = fixture_snapshot(1);
    struct recording *r = *state;
    struct store_recording *recording;

    take(r, (struct event){.kind = EVENT_POLICY, .policy = {.fall = 3}}, 0);
    for (uint32_t i = 0; i < 3; i++) {
        snapshot.give_ups = i;
        recorder_take_snapshot(r->recorder, &snapshot, r->now_ms, (int64_t)r->now_ms);
        take_ticks(r, 100, 1000);
    }
    recorder_follow(r->recorder, "a");
    recording = read_incident(r, "a");
    assert_int_equal(snapshot_from_json(recording->inputs[0].event, &snapshot), 0);
    assert_int_equal(snapshot.give_ups, 1);
    assert_int_equal(recording->inputs[0].now_ms, recording->inputs[2].now_ms);
    assert_int_equal(event_at(recording, 1).policy.fall, 3);
    for (size_t i = 2, found = 0; i < recording->input_count; i++)
        if (snapshot_from_json(recording->inputs[i].event, &snapshot) == 0) {
            assert_int_equal(snapshot.give_ups, 2);
            assert_int_equal(found++, 0);
        }
    assert_int_equal(snapshot.give_ups, 2);
    store_recording_free(recording);
}

static void test_it_goes_on_while_the_incident_is_open(void **state)
{
    struct recording *r = *state;
    struct store_recording *recording;

    take_probe(r, "before", 0);
    recorder_follow(r->recorder, "");
    recorder_follow(r->recorder, "a");
    for (int i = 0; i < 200; i++) {
        take_ticks(r, 1, 500);
        recorder_follow(r->recorder, "a");
    }
    take_probe(r, "last of a", 500);
    recorder_follow(r->recorder, "");
    take_probe(r, "after", 500);
    recorder_follow(r->recorder, "");
    recording = read_incident(r, "a");
    assert_int_equal(recording->input_count, 202);
    assert_string_equal(event_at(recording, 0).probe.node, "before");
    assert_string_equal(event_at(recording, 201).probe.node, "last of a");
    for (size_t i = 1; i < recording->input_count; i++)
        assert_int_equal(recording->inputs[i].now_ms - recording->inputs[i - 1].now_ms, 500);
    store_recording_free(recording);
}

static void test_one_incident_after_the_other(void **state)
{
    struct recording *r = *state;
    struct store_recording *recording;

    take_probe(r, "of both", 0);
    recorder_follow(r->recorder, "a");
    take_probe(r, "of both, too", 1);
    recorder_follow(r->recorder, "b");
    take_probe(r, "of b", 1);
    recording = read_incident(r, "b");
    assert_int_equal(recording->input_count, 3);
    assert_string_equal(event_at(recording, 0).probe.node, "of both");
    assert_string_equal(event_at(recording, 2).probe.node, "of b");
    store_recording_free(recording);
    fixture_record(r->f, "a", 1);
    fixture_sync(r->f);
    assert_int_equal(store_read_incident(r->f->directory, "a", &recording), 0);
    assert_int_equal(recording->input_count, 2);
    store_recording_free(recording);
}

static void test_much_is_bounded(void **state)
{
    struct recording *r = *state;
    struct store_recording *recording;
    char name[RMQ_NODE_NAME_MAX];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (int i = 0; i < 5000; i++)
        take_probe(r, name, 1);
    recorder_follow(r->recorder, "a");
    for (int i = 0; i < 5000; i++) {
        take_probe(r, name, 1);
        if (i % 500 == 0)
            fixture_sync(r->f); /* a queue has its bound, too */
    }
    recording = read_incident(r, "a");
    assert_int_equal(recording->input_count, STORE_INPUTS_MAX);
    assert_in_range(recording->inputs[0].now_ms, 1000000 + 5000 - 400, 1000000 + 5000 - 300);
    for (size_t i = 1; i < recording->input_count; i++)
        assert_int_equal(recording->inputs[i].now_ms - recording->inputs[i - 1].now_ms, 1);
    assert_int_equal(store_dropped(r->f->store), 0);
    store_recording_free(recording);
}

static void test_nothing_is_written_without_an_incident(void **state)
{
    struct recording *r = *state;
    struct store_recording *recording;

    take_ticks(r, 500, 100);
    recording = read_incident(r, "a");
    assert_int_equal(recording->input_count, 0);
    store_recording_free(recording);
    recorder_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_two_minutes_and_what_stood_before),
        TEST(test_snapshots_come_too),
        TEST(test_it_goes_on_while_the_incident_is_open),
        TEST(test_one_incident_after_the_other),
        TEST(test_much_is_bounded),
        TEST(test_nothing_is_written_without_an_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
