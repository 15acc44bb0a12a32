/* Snapshots and events as text: every member survives, and nothing is believed that was not written so. */
#include "cmocka_all.h"
#include "store/event_json.h"
#include "store/snapshot_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = EVENT_OPERATOR + 1 };

static const struct {
    enum event_kind kind;
    size_t size; /* of what it brings along */
} payloads[] = {
    {EVENT_TICK, 0},
    {EVENT_MEMBERS, sizeof(struct members_event)},
    {EVENT_PROBE_SLOW, sizeof(struct probe_event)},
    {EVENT_PROBE_DONE, sizeof(struct probe_event)},
    {EVENT_UNIT, sizeof(struct unit_state)},
    {EVENT_UNIT_LOST, 0},
    {EVENT_JOB_DONE, sizeof(struct job_event)},
    {EVENT_REQUEST_DONE, 0},
    {EVENT_REQUEST_FAILED, sizeof(struct request_event)},
    {EVENT_POLICY, sizeof(struct policy)},
    {EVENT_HOST, sizeof(struct host_sample)},
    {EVENT_LEASE, sizeof(struct lease_event)},
    {EVENT_EVIDENCE, sizeof(struct evidence_event)},
    {EVENT_STORE_OK, 0},
    {EVENT_STORE_FAILED, sizeof(struct request_event)},
    {EVENT_OPERATOR, sizeof(struct operator_event)},
};

struct span {
    size_t offset, size, alignment;
};

static int compare_spans(const void *a, const void *b)
{
    const struct span *left = a, *right = b;

    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static size_t alignment_of(const struct field *field)
{
    if (field->kind == FIELD_KIND_BOOL || field->kind == FIELD_KIND_CHAR || field->kind == FIELD_KIND_TEXT)
        return 1;
    return field->size == 4 ? 4 : 8;
}

/* A member without its line in the table leaves a gap that alignment does not explain. */
static void assert_all_mapped(const struct field *fields, size_t size)
{
    struct span spans[2 * FIELDS_MAX];
    size_t count = 0, end = 0;

    for (const struct field *field = fields; field->name; field++) {
        assert_in_range(field - fields, 0, FIELDS_MAX - 1);
        spans[count++] =
            (struct span){field->offset, field->size * (field->max ? field->max : 1), alignment_of(field)};
        if (field->count_size)
            spans[count++] = (struct span){field->count_offset, field->count_size, field->count_size};
        if (field->kind == FIELD_KIND_STRUCT)
            assert_all_mapped(field->fields, field->size);
    }
    qsort(spans, count, sizeof(spans[0]), compare_spans);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].offset - end >= spans[i].alignment)
            fail_msg("a member at offset %zu is not in the table with \"%s\"", end, fields[0].name);
        end = spans[i].offset + spans[i].size;
    }
    if (size - end >= 8)
        fail_msg("a member at offset %zu is not in the table with \"%s\"", end, fields[0].name);
}

static void fill(const struct field *fields, char *base, bool extreme);

static void fill_value(const struct field *field, char *at, bool extreme)
{
    switch (field->kind) {
    case FIELD_KIND_BOOL:
        *(bool *)at = true;
        break;
    case FIELD_KIND_I32:
        *(int32_t *)(void *)at = extreme ? INT32_MIN : 7;
        break;
    case FIELD_KIND_U32:
        *(uint32_t *)(void *)at = extreme ? UINT32_MAX : 7;
        break;
    case FIELD_KIND_I64:
        *(int64_t *)(void *)at = extreme ? INT64_MIN : -1700000000123;
        break;
    case FIELD_KIND_U64:
        *(uint64_t *)(void *)at = extreme ? UINT64_MAX : 999999999999999u;
        break;
    case FIELD_KIND_ENUM:
        *(uint32_t *)(void *)at = (uint32_t)(extreme ? field->names - 1 : 0);
        break;
    case FIELD_KIND_CHAR:
        *at = 'D';
        break;
    case FIELD_KIND_TEXT:
        memset(at, extreme ? 'x' : '"', field->size - 1);
        at[0] = extreme ? '\\' : '\n';
        at[1] = extreme ? '\x01' : '\0';
        break;
    case FIELD_KIND_STRUCT:
        fill(field->fields, at, extreme);
        break;
    }
}

static void fill(const struct field *fields, char *base, bool extreme)
{
    for (const struct field *field = fields; field->name; field++) {
        size_t count = field->max ? field->max : 1;

        for (size_t i = 0; i < count; i++)
            fill_value(field, base + field->offset + i * field->size, extreme);
        if (field->count_size == sizeof(uint32_t))
            *(uint32_t *)(void *)(base + field->count_offset) = (uint32_t)count;
        else if (field->count_size)
            *(size_t *)(void *)(base + field->count_offset) = count;
        if (field->kind == FIELD_KIND_TEXT && !extreme)
            for (size_t i = 0; i < count; i++) /* what follows the NUL does not survive */
                memset(base + field->offset + i * field->size + 1, 0, field->size - 1);
    }
}

static void test_every_member_is_mapped(void **context)
{
    (void)context;
    assert_all_mapped(snapshot_fields, sizeof(struct core_snapshot));
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        assert_int_equal(payloads[i].kind, i);
        if (payloads[i].size > 0)
            assert_all_mapped(event_fields(payloads[i].kind), payloads[i].size);
        else
            assert_null(event_fields(payloads[i].kind)->name);
    }
    assert_null(event_kind_name(KINDS)); /* a new kind has its line here, too */
}

static void assert_event_survives(const struct event *event)
{
    struct event read;
    char *text = event_to_json(event);

    assert_non_null(text);
    memset(&read, 0xaa, sizeof(read));
    assert_int_equal(event_from_json(text, &read), 0);
    assert_memory_equal(&read, event, sizeof(read));
    free(text);
}

static void test_every_event_survives(void **context)
{
    struct event event;

    (void)context;
    for (int kind = 0; kind < KINDS; kind++) {
        memset(&event, 0, sizeof(event));
        event.kind = (enum event_kind)kind;
        assert_event_survives(&event);
        fill(event_fields(event.kind), (char *)&event.members, false);
        assert_event_survives(&event);
        memset(&event.members, 0, sizeof(event) - offsetof(struct event, members));
        fill(event_fields(event.kind), (char *)&event.members, true);
        assert_event_survives(&event);
    }
}

static void test_every_snapshot_survives(void **context)
{
    (void)context;
    for (int filling = 0; filling < 3; filling++) {
        struct core_snapshot saved, read;
        char *text;

        memset(&saved, 0, sizeof(saved));
        memset(&read, 0xaa, sizeof(read));
        if (filling > 0)
            fill(snapshot_fields, (char *)&saved, filling > 1);
        text = snapshot_to_json(&saved);
        assert_non_null(text);
        assert_int_equal(snapshot_from_json(text, &read), 0);
        assert_memory_equal(&read, &saved, sizeof(read));
        free(text);
    }
}

static void test_an_event_is_short(void **context)
{
    struct event event = {.kind = EVENT_PROBE_DONE};
    char *text;

    (void)context;
    strcpy(event.probe.node, "rabbit@rmq1");
    event.probe.kind = PROBE_MANAGEMENT;
    event.probe.started_ms = 1000;
    text = event_to_json(&event);
    assert_string_equal(text, "{\"event\":\"probe-done\",\"node\":\"rabbit@rmq1\",\"kind\":\"management\","
                              "\"started_ms\":1000,\"result\":\"ok\"}");
    free(text);
}

static void test_other_texts_are_no_events(void **context)
{
    static const char *const others[] = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"tick\"",
        "{}",
        "{\"event\":7}",
        "{\"event\":\"tock\"}",
        "{\"event\":\"tick\"}x",
        "{\"event\":\"tick\",\"node\":\"a\"}",
        "{\"event\":\"tick\",\"event\":\"tick\"}",
        "{\"event\":\"job-done\",\"ok\":1}",
        "{\"event\":\"job-done\",\"ok\":true,\"ok\":true}",
        "{\"event\":\"job-done\",\"result\":\"a text that is longer than its place is\"}",
        "{\"event\":\"unit\",\"active\":\"asleep\"}",
        "{\"event\":\"unit\",\"active\":1}",
        "{\"event\":\"unit\",\"job_id\":-1}",
        "{\"event\":\"unit\",\"job_id\":1.5}",
        "{\"event\":\"unit\",\"job_id\":4294967296}",
        "{\"event\":\"unit\",\"job_id\":\"7\"}",
        "{\"event\":\"unit\",\"exec_main_code\":2147483648}",
        "{\"event\":\"unit\",\"timeout_start_ms\":1000000000000000}",
        "{\"event\":\"unit\",\"timeout_start_ms\":\"18446744073709551616\"}",
        "{\"event\":\"unit\",\"timeout_start_ms\":\" 18446744073709551615\"}",
        "{\"event\":\"unit\",\"timeout_start_ms\":\"-18446744073709551615\"}",
        "{\"event\":\"unit\",\"timeout_start_ms\":1e999}",
        "{\"event\":\"host\",\"process_state\":\"DD\"}",
        "{\"event\":\"members\",\"names\":\"a\"}",
        "{\"event\":\"members\",\"names\":[1]}",
        "{\"event\":\"members\",\"names\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
        "\"\",\"\",\"\",\"\"]}",
        "{\"event\":\"members\",\"count\":1}",
        "{\"event\":\"probe-done\",\"view\":[]}",
        "{\"event\":\"probe-done\",\"view\":{\"members\":[{\"name\":1}]}}",
    };
    struct event event, untouched;

    (void)context;
    memset(&event, 0xaa, sizeof(event));
    memset(&untouched, 0xaa, sizeof(untouched));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (event_from_json(others[i], &event) != -EBADMSG)
            fail_msg("was believed: %s", others[i]);
        assert_memory_equal(&event, &untouched, sizeof(event));
    }
}

static void test_other_texts_are_no_snapshots(void **context)
{
    static const char *const others[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"version\":1}",
        "{\"version\":2,\"state\":\"watching\"}",
        "{\"version\":1,\"state\":\"nowhere\"}",
        "{\"version\":1,\"state\":\"watching\",\"incident\":5}",
        "{\"version\":1,\"state\":\"watching\",\"hold\":{\"active\":1,\"mystery\":5}}",
    };
    struct core_snapshot snapshot, untouched;

    (void)context;
    memset(&snapshot, 0xaa, sizeof(snapshot));
    memset(&untouched, 0xaa, sizeof(untouched));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (snapshot_from_json(others[i], &snapshot) != -EBADMSG)
            fail_msg("was believed: %s", others[i]);
        assert_memory_equal(&snapshot, &untouched, sizeof(snapshot));
    }
}

static void test_what_a_later_version_added_costs_nothing(void **context)
{
    struct core_snapshot snapshot;

    (void)context;
    assert_int_equal(snapshot_from_json("{\"version\":1,\"mystery\":[5],\"state\":\"gave-up\",\"give_ups\":2,"
                                        "\"hold\":{\"mystery\":{},\"active\":true,\"owner\":\"ann\"},"
                                        "\"views\":[{\"said_ms\":7,\"mystery\":null}]}",
                         &snapshot),
        0);
    assert_int_equal(snapshot.state, STATE_GAVE_UP);
    assert_int_equal(snapshot.give_ups, 2);
    assert_true(snapshot.hold.active);
    assert_string_equal(snapshot.hold.owner, "ann");
    assert_int_equal(snapshot.view_count, 1);
    assert_int_equal(snapshot.views[0].said_ms, 7);
}

static void test_every_beginning_is_refused(void **context)
{
    struct core_snapshot snapshot = {.state = STATE_GAVE_UP, .give_ups = 2, .seen_running = true};
    char *text;

    (void)context;
    strcpy(snapshot.incident, "rmq1-2026-01-31-120000-1a2");
    text = snapshot_to_json(&snapshot);
    assert_non_null(text);
    for (size_t size = strlen(text); size-- > 0;) {
        text[size] = '\0';
        assert_int_equal(snapshot_from_json(text, &snapshot), -EBADMSG);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_is_mapped),
        cmocka_unit_test(test_every_event_survives),
        cmocka_unit_test(test_every_snapshot_survives),
        cmocka_unit_test(test_an_event_is_short),
        cmocka_unit_test(test_other_texts_are_no_events),
        cmocka_unit_test(test_other_texts_are_no_snapshots),
        cmocka_unit_test(test_what_a_later_version_added_costs_nothing),
        cmocka_unit_test(test_every_beginning_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
