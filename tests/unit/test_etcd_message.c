/* Requests and replies of etcd's JSON gateway, as etcd 3.4 writes them. */
#include "cmocka_all.h"
#include "leases/etcd_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "\"header\":{\"cluster_id\":\"1\",\"member_id\":\"2\",\"revision\":\"7\",\"raft_term\":\"3\"}"

static void assert_written(char *text, const char *wanted)
{
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void test_requests(void **state)
{
    (void)state;
    assert_written(
        etcd_format_authenticate("ro\"ot", "pa\\ss"), "{\"name\":\"ro\\\"ot\",\"password\":\"pa\\\\ss\"}");
    assert_written(etcd_format_grant(60000), "{\"TTL\":\"60\"}");
    assert_written(etcd_format_grant(10001), "{\"TTL\":\"11\"}");
    assert_written(etcd_format_lease("7587"), "{\"ID\":\"7587\"}");
    assert_written(etcd_format_put("foo", "rabbit@a", "7587", "0"),
        "{\"compare\":[{\"target\":\"CREATE\",\"result\":\"EQUAL\",\"key\":\"Zm9v\",\"create_revision\":"
        "\"0\"}],"
        "\"success\":[{\"request_put\":{\"key\":\"Zm9v\",\"value\":\"cmFiYml0QGE=\",\"lease\":\"7587\"}}],"
        "\"failure\":[{\"request_range\":{\"key\":\"Zm9v\"}}]}");
    assert_written(etcd_format_try("a"),
        "{\"compare\":[{\"target\":\"CREATE\",\"result\":\"LESS\",\"key\":\"YQ==\",\"create_revision\":\"0\"}"
        "],"
        "\"success\":[{\"request_put\":{\"key\":\"YQ==\",\"value\":\"\",\"lease\":\"0\"}}],"
        "\"failure\":[{\"request_range\":{\"key\":\"YQ==\"}}]}");
}

static void test_token(void **state)
{
    char token[16] = "untouched";

    (void)state;
    assert_int_equal(etcd_parse_token("{}", token, sizeof token), -EBADMSG);
    assert_int_equal(
        etcd_parse_token("{\"token\":\"longer than it may be\"}", token, sizeof token), -EBADMSG);
    assert_string_equal(token, "untouched");
    assert_int_equal(etcd_parse_token("{" HEADER ",\"token\":\"abc.1\"}", token, sizeof token), 0);
    assert_string_equal(token, "abc.1");
}

static void test_grant(void **state)
{
    static const char *const bad[] = {"", "[]", "{}", "{\"ID\":\"1\"}", "{\"ID\":\"x\",\"TTL\":\"1\"}",
        "{\"ID\":\"1\",\"TTL\":\"-1\"}", "{\"ID\":\"1234567890123456789012345\",\"TTL\":\"1\"}"};
    char lease[ETCD_NUMBER_MAX] = "";
    uint64_t ttl_ms = 0;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(etcd_parse_grant(bad[i], lease, &ttl_ms), -EBADMSG);
    assert_true(ttl_ms == 0);
    assert_int_equal(
        etcd_parse_grant("{" HEADER ",\"ID\":\"7587862094723210770\",\"TTL\":\"60\"}", lease, &ttl_ms), 0);
    assert_string_equal(lease, "7587862094723210770");
    assert_true(ttl_ms == 60000);
}

static void test_put(void **state)
{
    struct etcd_put put;

    (void)state;
    assert_int_equal(etcd_parse_put("", &put), -EBADMSG);
    assert_int_equal(etcd_parse_put("{\"error\":\"x\",\"code\":14}", &put), -EBADMSG);
    assert_int_equal(
        etcd_parse_put(
            "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":{" HEADER "}}]}", &put),
        0);
    assert_true(put.done);
    assert_int_equal(
        etcd_parse_put("{" HEADER ",\"responses\":[{\"response_range\":{" HEADER
                       ",\"kvs\":[{\"key\":\"Zm9v\",\"create_revision\":\"5\",\"mod_revision\":\"5\","
                       "\"version\":\"1\",\"value\":\"cmFiYml0QGI=\",\"lease\":\"99\"}],\"count\":\"1\"}}]}",
            &put),
        0);
    assert_false(put.done);
    assert_string_equal(put.owner, "rabbit@b");
    assert_string_equal(put.lease, "99");
    assert_string_equal(put.revision, "5");
    /* Gone meanwhile: what is zero is not written. */
    assert_int_equal(
        etcd_parse_put("{" HEADER ",\"responses\":[{\"response_range\":{" HEADER "}}]}", &put), 0);
    assert_true(!put.done && put.owner[0] == '\0' && put.lease[0] == '\0');
}

static void test_odd_owners(void **state)
{
    static const char before[] = "{" HEADER ",\"responses\":[{\"response_range\":{\"kvs\":[{\"value\":\"";
    char body[2048];
    struct etcd_put put;

    (void)state;
    strcat(strcpy(body, before), "YQpi\"}]}}]}"); /* "a", a newline, "b" */
    assert_int_equal(etcd_parse_put(body, &put), 0);
    assert_string_equal(put.owner, "a?b");
    strcat(strcpy(body, before), "YQpi=!junk\"}]}}]}");
    assert_int_equal(etcd_parse_put(body, &put), 0);
    assert_string_equal(put.owner, "");
    strcpy(body, before);
    for (int i = 0; i < 300; i++)
        strcat(body, "YWFh");
    strcat(body, "\"}]}}]}");
    assert_int_equal(etcd_parse_put(body, &put), 0);
    assert_int_equal(strlen(put.owner), RMQ_NODE_NAME_MAX - 1);
}

static void test_keepalive(void **state)
{
    uint64_t ttl_ms = 1;

    (void)state;
    assert_int_equal(etcd_parse_keepalive("{}", &ttl_ms), -EBADMSG);
    assert_true(ttl_ms == 1);
    assert_int_equal(
        etcd_parse_keepalive("{\"result\":{" HEADER ",\"ID\":\"99\",\"TTL\":\"10\"}}\n", &ttl_ms), 0);
    assert_true(ttl_ms == 10000);
    assert_int_equal(etcd_parse_keepalive("{\"result\":{" HEADER ",\"ID\":\"99\"}}\n", &ttl_ms), 0);
    assert_true(ttl_ms == 0);
}

static void test_errors(void **state)
{
    struct etcd_error error;

    (void)state;
    etcd_parse_error("{\"error\":\"etcdserver: permission denied\",\"message\":\"etcdserver: permission "
                     "denied\",\"code\":7}",
        &error);
    assert_int_equal(error.code, ETCD_DENIED);
    assert_string_equal(error.text, "etcdserver: permission denied");
    etcd_parse_error(
        "{\"error\":{\"grpc_code\":5,\"http_code\":404,\"message\":\"not found\\n\",\"http_status\":"
        "\"Not Found\"}}",
        &error);
    assert_int_equal(error.code, ETCD_NOT_FOUND);
    assert_string_equal(error.text, "not found?");
    etcd_parse_error("<html>", &error);
    assert_int_equal(error.code, 0);
    assert_string_equal(error.text, "");
    etcd_parse_error("{\"result\":{}}", &error);
    assert_string_equal(error.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_grant),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_odd_owners),
        cmocka_unit_test(test_keepalive),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
