/* Parsers of the management API's replies: what brokers really say, what is cut off, and what is not theirs.
 */
#include "cmocka_all.h"
#include "golden_replies.h"
#include "probes/parse.h"

#include <cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node_view view;
static struct health_reply health;
static char name[64];

static int parse_any(const char *body, size_t size)
{
    struct cJSON *json;
    int results[] = {
        parse_health(body, size, &health),
        parse_members(body, size, &view),
        parse_node(body, size, &view),
        parse_cluster_name(body, size, name, sizeof name),
        parse_json(body, size, &json),
    };
    size_t i;

    if (results[4] == 0)
        cJSON_Delete(json);
    for (i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i] == 0)
            return 0;
    return results[0];
}

/* In a block of exactly its size, so that reading one byte more is found out. */
static int parse_copy(const char *body, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    int r;

    assert_non_null(copy);
    memcpy(copy, body, size);
    r = parse_any(copy, size);
    free(copy);
    return r;
}

static void test_members(void **state)
{
    const char *const bodies[] = {golden_members_310, golden_members_43};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        memset(&view, 0, sizeof view);
        assert_int_equal(parse_members(bodies[i], strlen(bodies[i]), &view), 0);
        assert_true(view.members_known);
        assert_int_equal(view.member_count, 3);
        assert_string_equal(view.members[0].name, "rabbit@rmq1");
        assert_true(view.members[0].running);
        assert_string_equal(view.members[2].name, "rabbit@rmq3");
        assert_false(view.members[2].running);
    }
}

static void test_members_in_maintenance(void **state)
{
    (void)state;
    memset(&view, 0, sizeof view);
    assert_int_equal(parse_members(golden_members_drained_43, strlen(golden_members_drained_43), &view), 0);
    assert_int_equal(view.member_count, 2);
    assert_true(view.members[0].running && view.members[0].being_drained);
    assert_true(view.members[1].running && !view.members[1].being_drained);
    /* brokers before 3.11 do not tell */
    assert_int_equal(parse_members(golden_members_310, strlen(golden_members_310), &view), 0);
    assert_false(view.members[0].being_drained || view.members[1].being_drained);
}

static void test_queues(void **state)
{
    static const char none[] = "{\"status\":\"ok\"}";
    static const char odd[] = "{\"status\":\"failed\",\"queues\":7}";

    (void)state;
    assert_int_equal(parse_health(golden_quorum_critical_43, strlen(golden_quorum_critical_43), &health), 0);
    assert_true(!health.ok && health.has_queues && !health.has_alarms);
    assert_int_equal(health.queue_count, 2);
    assert_int_equal(parse_health(golden_leaderless_43, strlen(golden_leaderless_43), &health), 0);
    assert_true(!health.ok && health.has_queues);
    assert_int_equal(health.queue_count, 1);
    assert_int_equal(parse_health(none, strlen(none), &health), 0);
    assert_true(health.ok && !health.has_queues);
    assert_int_equal(parse_health(odd, strlen(odd), &health), 0);
    assert_true(!health.ok && !health.has_queues);
}

static void test_alarms(void **state)
{
    const char *const bodies[] = {golden_alarms_310, golden_alarms_43};
    static const char ok[] = "{\"status\":\"ok\"}";
    static const char one[] = "{\"status\":\"failed\",\"alarms\":[{\"resource\":\"disk\"},{\"resource\":7},{}"
                              ",9,{\"resource\":\"x\"}]}";
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(parse_health(bodies[i], strlen(bodies[i]), &health), 0);
        assert_false(health.ok);
        assert_true(health.has_alarms && health.memory_alarm && health.disk_alarm);
        assert_false(health.descriptor_alarm);
    }
    assert_int_equal(parse_health(golden_descriptors_310, strlen(golden_descriptors_310), &health), 0);
    assert_true(!health.ok && health.has_alarms && health.descriptor_alarm);
    assert_false(health.memory_alarm || health.disk_alarm);
    assert_int_equal(parse_health(ok, strlen(ok), &health), 0);
    assert_true(health.ok && !health.has_alarms && !health.memory_alarm && !health.disk_alarm);
    assert_int_equal(parse_health(one, strlen(one), &health), 0);
    assert_true(health.has_alarms && !health.memory_alarm && health.disk_alarm);
}

static void test_node(void **state)
{
    const char *const bodies[] = {golden_node_columns, golden_node_310, golden_node_43};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        memset(&view, 0, sizeof view);
        assert_int_equal(parse_node(bodies[i], strlen(bodies[i]), &view), 0);
        assert_true(view.partitions_known && !view.partitioned && view.resources_known);
        assert_true(view.memory_used_bytes > 1000000 && view.memory_limit_bytes > view.memory_used_bytes);
        assert_true(view.disk_limit_bytes == 50000000 && view.disk_free_bytes > view.disk_limit_bytes);
        assert_false(view.members_known || view.alarms_known);
        assert_int_equal(view.descriptors_known, i > 0);
        assert_int_equal(view.descriptors_limit, i > 0 ? 20000 : 0);
        assert_int_equal(view.descriptors_used, i == 0 ? 0 : i == 1 ? 40 : 39);
    }
}

static void check_node(const char *body, bool partitions_known, bool partitioned, bool resources_known)
{
    memset(&view, 0, sizeof view);
    assert_int_equal(parse_node(body, strlen(body), &view), 0);
    assert_int_equal(view.partitions_known, partitions_known);
    assert_int_equal(view.partitioned, partitioned);
    assert_int_equal(view.resources_known, resources_known);
}

static void test_descriptors_that_are_not_counted(void **state)
{
    const char *const bodies[] = {"{\"name\":\"a\",\"fd_used\":0,\"fd_total\":0}",
        "{\"name\":\"a\",\"fd_used\":0,\"fd_total\":20000}", "{\"name\":\"a\",\"fd_used\":40,\"fd_total\":0}",
        "{\"name\":\"a\",\"fd_used\":40}", "{\"name\":\"a\",\"fd_total\":20000}",
        "{\"name\":\"a\",\"fd_used\":\"unknown\",\"fd_total\":20000}"};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        memset(&view, 0, sizeof view);
        assert_int_equal(parse_node(bodies[i], strlen(bodies[i]), &view), 0);
        assert_false(view.descriptors_known);
    }
}

static void test_node_with_parts_missing_or_absurd(void **state)
{
    (void)state;
    /* a member that is down */
    check_node("{\"name\":\"rabbit@b\",\"type\":\"disc\",\"running\":false}", false, false, false);
    check_node("{\"name\":\"rabbit@a\",\"partitions\":[\"rabbit@b\"]}", true, true, false);
    check_node(
        "{\"name\":\"rabbit@a\",\"partitions\":\"none\",\"mem_used\":1,\"mem_limit\":2,\"disk_free\":3,"
        "\"disk_free_limit\":4}",
        false, false, true);
    check_node(
        "{\"name\":\"rabbit@a\",\"mem_used\":-1,\"mem_limit\":2,\"disk_free\":3,\"disk_free_limit\":4}",
        false, false, false);
    check_node(
        "{\"name\":\"rabbit@a\",\"mem_used\":1e300,\"mem_limit\":2,\"disk_free\":3,\"disk_free_limit\":4}",
        false, false, false);
    check_node(
        "{\"name\":\"rabbit@a\",\"mem_used\":1,\"mem_limit\":2,\"disk_free\":\"NaN\",\"disk_free_limit\":4}",
        false, false, false);
}

static void test_every_prefix_is_refused(void **state)
{
    const char *const bodies[] = {golden_members_310, golden_members_43, golden_alarms_310, golden_alarms_43,
        golden_members_drained_43, golden_quorum_critical_43, golden_leaderless_43, golden_node_columns,
        golden_node_310, golden_node_43, "{\"status\":\"ok\"}", "{\"name\":\"lab\"}"};
    size_t i, size;

    (void)state;
    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(parse_copy(bodies[i], strlen(bodies[i])), 0);
        for (size = 0; size < strlen(bodies[i]); size++)
            assert_int_equal(parse_copy(bodies[i], size), -EBADMSG);
    }
}

static void test_every_changed_byte_is_survived(void **state)
{
    const char *const bodies[] = {
        golden_members_43, golden_alarms_43, golden_leaderless_43, golden_node_columns};
    static const char values[] = {'\0', '"', '\\', '{', '[', '}', ']', ',', ':', '9', 'e', '-', (char)0xff};
    char *copy;
    size_t i, at, v;

    (void)state;
    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        for (at = 0; at < strlen(bodies[i]); at++)
            for (v = 0; v < sizeof values; v++) {
                copy = strdup(bodies[i]);
                assert_non_null(copy);
                copy[at] = values[v];
                int r = parse_copy(copy, strlen(bodies[i]));
                assert_true(r == 0 || r == -EBADMSG || r == -E2BIG);
                free(copy);
            }
}

static void test_other_things_are_refused(void **state)
{
    static const char *const bodies[] = {"<html><body>It works!</body></html>", "", " ", "null x", "ok",
        "{\"status\":\"ok\"} trailing", "[1,2,", "{\"status\":", "\xff\xfe\x00"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_int_equal(parse_copy(bodies[i], strlen(bodies[i])), -EBADMSG);
}

static int members(const char *body)
{
    return parse_members(body, strlen(body), &view);
}

static void test_members_of_another_shape_are_refused(void **state)
{
    struct node_view before;
    char big[4096] = "[", item[80];
    size_t i;

    (void)state;
    memset(&view, 0, sizeof view);
    before = view;
    assert_int_equal(members("{}"), -EBADMSG);
    assert_int_equal(members("[]"), -EBADMSG);
    assert_int_equal(members("[7]"), -EBADMSG);
    assert_int_equal(members("[{\"name\":\"rabbit@a\"}]"), -EBADMSG);
    assert_int_equal(members("[{\"name\":\"rabbit@a\",\"running\":\"true\"}]"), -EBADMSG);
    assert_int_equal(members("[{\"name\":7,\"running\":true}]"), -EBADMSG);
    assert_int_equal(members("[{\"name\":\"\",\"running\":true}]"), -EBADMSG);
    assert_int_equal(
        members("[{\"name\":\"rabbit@a\",\"running\":true},{\"name\":\"rabbit@a\",\"running\":false}]"),
        -EBADMSG);
    for (i = 0; i <= RMQ_MEMBERS_MAX; i++) {
        (void)snprintf(
            item, sizeof item, "%s{\"name\":\"rabbit@n%zu\",\"running\":true}", i > 0 ? "," : "", i);
        strcat(big, item);
    }
    strcat(big, "]");
    assert_int_equal(members(big), -E2BIG);
    assert_memory_equal(&view, &before, sizeof view);
}

static void test_long_member_name_is_refused(void **state)
{
    char body[400], long_name[RMQ_NODE_NAME_MAX + 1];

    (void)state;
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    (void)snprintf(body, sizeof body, "[{\"name\":\"%s\",\"running\":true}]", long_name);
    assert_int_equal(members(body), -EBADMSG);
    (void)snprintf(body, sizeof body, "[{\"name\":\"%s\",\"running\":true}]", long_name + 1);
    assert_int_equal(members(body), 0);
}

static void test_deep_nesting_is_refused(void **state)
{
    char body[100000];
    struct cJSON *json;

    (void)state;
    memset(body, '[', sizeof body);
    assert_int_equal(parse_json(body, sizeof body, &json), -EBADMSG);
    memset(body, '[', 32);
    memset(body + 32, ']', 32);
    assert_int_equal(parse_json(body, 64, &json), 0);
    cJSON_Delete(json);
    memset(body, '[', 33);
    memset(body + 33, ']', 33);
    assert_int_equal(parse_json(body, 66, &json), -EBADMSG);
    /* brackets in a string are no nesting */
    memset(body, '[', 200);
    body[0] = body[199] = '"';
    assert_int_equal(parse_json(body, 200, &json), 0);
    cJSON_Delete(json);
}

static void test_cluster_name(void **state)
{
    static const char lab[] = "{\"name\":\"lab\"}";
    char small[6] = "old";

    (void)state;
    assert_int_equal(parse_cluster_name(lab, strlen(lab), name, sizeof name), 0);
    assert_string_equal(name, "lab");
    assert_int_equal(parse_cluster_name("{\"name\":\"\"}", 11, small, sizeof small), -EBADMSG);
    assert_int_equal(parse_cluster_name("{\"name\":5}", 10, small, sizeof small), -EBADMSG);
    assert_int_equal(parse_cluster_name("[]", 2, small, sizeof small), -EBADMSG);
    assert_string_equal(small, "old");
    assert_int_equal(parse_cluster_name("{\"name\":\"longer\"}", 17, small, sizeof small), 0);
    assert_string_equal(small, "longe");
}

static const unsigned char start_43[] = {1, 0, 0, 0, 0, 1, 0xf8, 0, 10, 0, 10, 0, 9, 0, 0, 1, 0xc9};

static void test_amqp(void **state)
{
    static const unsigned char header[] = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
    static const unsigned char close_method[] = {1, 0, 0, 0, 0, 0, 11, 0, 10, 0, 50};
    size_t size;

    (void)state;
    for (size = 0; size <= sizeof start_43; size++)
        assert_int_equal(parse_amqp(start_43, size), size < 11 ? AMQP_REPLY_INCOMPLETE : AMQP_REPLY_START);
    for (size = 0; size <= sizeof header; size++)
        assert_int_equal(parse_amqp(header, size), size < 8 ? AMQP_REPLY_INCOMPLETE : AMQP_REPLY_HEADER);
    assert_int_equal(parse_amqp(close_method, sizeof close_method), AMQP_REPLY_OTHER);
    assert_int_equal(parse_amqp((const unsigned char *)"HTTP/1.1 400 Bad", 16), AMQP_REPLY_OTHER);
    assert_int_equal(parse_amqp((const unsigned char *)"H", 1), AMQP_REPLY_OTHER);
    assert_int_equal(parse_amqp((const unsigned char *)"AMQX", 4), AMQP_REPLY_OTHER);
    assert_int_equal(parse_amqp((const unsigned char *)"\x15\x03\x03", 3), AMQP_REPLY_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_members_in_maintenance),
        cmocka_unit_test(test_queues),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_node),
        cmocka_unit_test(test_descriptors_that_are_not_counted),
        cmocka_unit_test(test_node_with_parts_missing_or_absurd),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_every_changed_byte_is_survived),
        cmocka_unit_test(test_other_things_are_refused),
        cmocka_unit_test(test_members_of_another_shape_are_refused),
        cmocka_unit_test(test_long_member_name_is_refused),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_cluster_name),
        cmocka_unit_test(test_amqp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
