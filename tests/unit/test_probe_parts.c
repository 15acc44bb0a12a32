/* Where members are asked (target), names to addresses (resolver), and who is in the registry. */
#include "cmocka_all.h"
#include "probe_fixture.h"
#include "probes/outcome.h"
#include "probes/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct probe_target target;

static void init(const char *node, bool local)
{
    memset(&target, 0, sizeof target);
    assert_int_equal(target_init(&target, &fixture.config, node, local), 0);
}

static void test_targets_follow_from_names(void **state)
{
    static char url[] = "https://127.0.0.1:15671/rabbit/";

    (void)state;
    fixture.config.amqp.port = 5671;
    fixture.config.management.url = url;
    init("rabbit@rmq1", true);
    assert_string_equal(target.host, "rmq1");
    assert_int_equal(target.amqp_port, 5671);
    assert_string_equal(target.management_url, "https://127.0.0.1:15671/rabbit");
    assert_true(target.local);
    init("rabbit@rmq2.example.org", false);
    assert_string_equal(target.node, "rabbit@rmq2.example.org");
    assert_string_equal(target.host, "rmq2.example.org");
    assert_string_equal(target.management_url, "https://rmq2.example.org:15671/rabbit");
    assert_false(target.local);
    init("rabbit@fd00::2", false);
    assert_string_equal(target.management_url, "https://[fd00::2]:15671/rabbit");
    strcpy(url, "http://[::1]:15672");
    init("rabbit@rmq3", false);
    assert_string_equal(target.management_url, "http://rmq3:15672");
    strcpy(url, "http://localhost");
    init("rabbit@rmq3", false);
    assert_string_equal(target.management_url, "http://rmq3");
    fixture.config.management.url = NULL;
}

static void test_sections_override(void **state)
{
    static char url[] = "http://127.0.0.1:15672", host[] = "10.0.0.7", other[] = "http://proxy/rmq1/";

    (void)state;
    fixture.config.amqp.port = 5672;
    fixture.config.management.url = url;
    fixture.config.node_count = 2;
    (void)snprintf(fixture.config.nodes[0].name, sizeof fixture.config.nodes[0].name, "rabbit@b");
    fixture.config.nodes[0].host = host;
    fixture.config.nodes[0].amqp_port = 5555;
    fixture.config.nodes[0].agent_port = 1234;
    (void)snprintf(fixture.config.nodes[1].name, sizeof fixture.config.nodes[1].name, "rabbit@a");
    fixture.config.nodes[1].management_url = other;
    init("rabbit@b", false);
    assert_string_equal(target.host, "10.0.0.7");
    assert_int_equal(target.amqp_port, 5555);
    assert_int_equal(target.agent_port, 0); /* nobody is asked */
    fixture.config.agents.port = 15693;
    init("rabbit@b", false);
    assert_int_equal(target.agent_port, 1234);
    assert_string_equal(target.management_url, "http://10.0.0.7:15672");
    init("rabbit@a", true);
    assert_string_equal(target.host, "a");
    assert_string_equal(target.management_url, "http://proxy/rmq1");
    assert_int_equal(target.agent_port, 15693);
    fixture.config.agents.port = 0;
}

static void test_names_without_a_host_are_refused(void **state)
{
    char long_name[RMQ_NODE_NAME_MAX + 1];

    (void)state;
    memset(long_name, 'a', sizeof long_name);
    long_name[3] = '@';
    long_name[sizeof long_name - 1] = '\0';
    memset(&target, 7, sizeof target);
    assert_int_equal(target_init(&target, &fixture.config, "rabbit", false), -EINVAL);
    assert_int_equal(target_init(&target, &fixture.config, "rabbit@", false), -EINVAL);
    assert_int_equal(target_init(&target, &fixture.config, long_name, false), -EINVAL);
    assert_int_equal(target.node[0], 7);
}

static void test_url_parts(void **state)
{
    char text[64] = "x/";

    (void)state;
    target_url_host("http://[fd00::2]:15672/a", text, sizeof text);
    assert_string_equal(text, "fd00::2");
    target_url_host("http://host/a:b", text, sizeof text);
    assert_string_equal(text, "host");
    target_url(text, sizeof text, "https", "fd00::2", 5671);
    assert_string_equal(text, "https://[fd00::2]:5671");
    strcpy(text, "x/");
    assert_true(target_url_append(text, sizeof text, "rabbit@a b/\xc3\xa9~"));
    assert_string_equal(text, "x/rabbit%40a%20b%2F%C3%A9~");
    assert_false(target_url_append(text, 30, "rabbit@b"));
    assert_string_equal(text, "x/rabbit%40a%20b%2F%C3%A9~");
}

static void test_registry_is_in_order(void **state)
{
    int kind;

    (void)state;
    for (kind = 0; kind < PROBE_ALL_KINDS; kind++) {
        assert_int_equal(probe_registry[kind]->kind, kind);
        assert_string_equal(probe_registry[kind]->name, probe_kind_name((enum probe_kind)kind));
    }
}

static void test_outcomes(void **state)
{
    struct http_reply reply = {.result = HTTP_RESULT_TIMED_OUT};

    (void)state;
    assert_int_equal(probe_result_from_reply(&reply), PROBE_RESULT_TIMED_OUT);
    reply.connected = true;
    assert_int_equal(probe_result_from_reply(&reply), PROBE_RESULT_SILENT);
    assert_int_equal(probe_result_from_uv(UV_ECONNREFUSED), PROBE_RESULT_REFUSED);
    assert_int_equal(probe_result_from_uv(UV_EHOSTUNREACH), PROBE_RESULT_UNREACHABLE);
    assert_int_equal(probe_result_from_uv(UV_ETIMEDOUT), PROBE_RESULT_TIMED_OUT);
    assert_int_equal(probe_result_from_uv(UV_ECONNRESET), PROBE_RESULT_CLOSED);
    assert_int_equal(probe_result_from_uv(UV_EOF), PROBE_RESULT_CLOSED);
    assert_int_equal(probe_result_from_uv(UV_EMFILE), PROBE_RESULT_OWN_TROUBLE);
    assert_int_equal(probe_result_from_uv(UV_EAI_NONAME), PROBE_RESULT_UNKNOWN_HOST);
    assert_int_equal(probe_result_from_uv(UV_EAI_AGAIN), PROBE_RESULT_OWN_TROUBLE);
    assert_int_equal(probe_result_from_http((enum http_result)99), PROBE_RESULT_OWN_TROUBLE);
}

struct found {
    unsigned calls;
    int status;
    struct address_list addresses;
};

static void on_found(void *context, int status, const struct address_list *addresses)
{
    struct found *found = context;

    found->calls++;
    found->status = status;
    if (addresses)
        found->addresses = *addresses;
}

static struct resolver_wait waits[3];
static struct found found[3];

static int find(size_t i, const char *host)
{
    memset(&waits[i], 0, sizeof waits[i]);
    memset(&found[i], 0, sizeof found[i]);
    return resolver_find(fixture.context.resolver, host, &found[i].addresses, &waits[i], on_found, &found[i]);
}

static void test_numeric_hosts_need_no_lookup(void **state)
{
    char text[ADDRESS_LIST_TEXT_MAX];

    (void)state;
    assert_int_equal(find(0, "192.0.2.7"), 0);
    assert_int_equal(found[0].addresses.count, 1);
    assert_int_equal(found[0].addresses.items[0].any.sa_family, AF_INET);
    assert_null(address_list_text(&found[0].addresses, text));
    assert_int_equal(find(0, "fd00::2"), 0);
    assert_int_equal(found[0].addresses.items[0].any.sa_family, AF_INET6);
}

static void test_lookups_are_shared_and_kept(void **state)
{
    char text[ADDRESS_LIST_TEXT_MAX];
    int i;

    (void)state;
    for (i = 0; i < 3; i++)
        assert_int_equal(find((size_t)i, "localhost"), -EAGAIN);
    resolver_forget(&waits[1]);
    resolver_forget(&waits[1]);
    while (found[0].calls == 0)
        (void)uv_run(&fixture.loop, UV_RUN_ONCE);
    probe_fixture_run_for(20);
    assert_int_equal(found[0].calls, 1);
    assert_int_equal(found[1].calls, 0);
    assert_int_equal(found[2].calls, 1);
    assert_int_equal(found[0].status, 0);
    assert_true(found[2].addresses.count >= 1);
    assert_int_equal(find(1, "localhost"), 0);
    assert_string_equal(
        address_list_text(&found[1].addresses, text), address_list_text(&found[2].addresses, text));
    assert_true(strstr(text, "127.0.0.1") || strstr(text, "::1"));
    resolver_refresh(fixture.context.resolver, "localhost");
    assert_int_equal(find(1, "localhost"), 0);
}

static void test_failures_are_not_kept(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(find(0, "no-such-host.invalid"), -EAGAIN);
        while (found[0].calls == 0)
            (void)uv_run(&fixture.loop, UV_RUN_ONCE);
        assert_true(found[0].status < 0);
    }
    assert_true(find(0, "") < 0 && find(0, "") != -EAGAIN);
}

/* The lookup outlives the resolver. */
static void test_freed_while_it_looks_up(void **state)
{
    (void)state;
    assert_int_equal(find(0, "localhost"), -EAGAIN);
    resolver_free(fixture.context.resolver);
    fixture.context.resolver = NULL;
    probe_fixture_run_for(50);
    assert_int_equal(found[0].calls, 0);
}

/* All threads of the pool hang, as they do with a resolver that does not answer: the probe ends in time, and
 * it says that the trouble is ours. */
static uv_sem_t released;

static void hang(uv_work_t *work)
{
    (void)work;
    uv_sem_wait(&released);
}

static void on_hung_over(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

static void test_resolver_that_hangs(void **state)
{
    uv_work_t work[8];
    size_t i;

    (void)state;
    assert_int_equal(uv_sem_init(&released, 0), 0);
    for (i = 0; i < 8; i++)
        assert_int_equal(uv_queue_work(&fixture.loop, &work[i], hang, on_hung_over), 0);
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "localhost");
    (void)snprintf(
        fixture.target.management_url, sizeof fixture.target.management_url, "http://localhost:15672");
    fixture.target.amqp_port = 5672;
    probe_fixture_expect(&probe_amqp_ops, true, 300, PROBE_RESULT_OWN_TROUBLE);
    assert_true(fixture.took_ms >= 295);
    probe_fixture_expect(&probe_management_ops, false, 300, PROBE_RESULT_OWN_TROUBLE);
    for (i = 0; i < 8; i++)
        uv_sem_post(&released);
    probe_fixture_run_for(50);
    uv_sem_destroy(&released);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, probe_fixture_setup, probe_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_targets_follow_from_names),
        TEST(test_sections_override),
        TEST(test_names_without_a_host_are_refused),
        TEST(test_url_parts),
        TEST(test_registry_is_in_order),
        TEST(test_outcomes),
        TEST(test_numeric_hosts_need_no_lookup),
        TEST(test_lookups_are_shared_and_kept),
        TEST(test_failures_are_not_kept),
        TEST(test_freed_while_it_looks_up),
        TEST(test_resolver_that_hangs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
