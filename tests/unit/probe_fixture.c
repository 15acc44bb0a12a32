#include "probe_fixture.h"
#include "cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SLACK_MS = 1500 };

struct probe_fixture fixture;

int probe_fixture_setup(void **state)
{
    static char username[] = "watch", password[] = "secret";

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    memset(&fixture, 0, sizeof fixture);
    assert_int_equal(uv_loop_init(&fixture.loop), 0);
    fixture.config.amqp.enabled = true;
    fixture.config.management.enabled = true;
    fixture.config.management.username = username;
    fixture.config.management.password.value = password;
    fixture.context = (struct probe_context){
        .loop = &fixture.loop,
        .config = &fixture.config,
        .http = http_client_new(&fixture.loop),
        .resolver = resolver_new(&fixture.loop),
    };
    assert_non_null(fixture.context.http);
    assert_non_null(fixture.context.resolver);
    (void)snprintf(fixture.target.node, sizeof fixture.target.node, "rabbit@node a");
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "127.0.0.1");
    return 0;
}

int probe_fixture_teardown(void **state)
{
    (void)state;
    if (fixture.probe.ops)
        fixture.probe.ops->cancel(&fixture.probe);
    http_client_close(fixture.context.http, NULL, NULL);
    resolver_free(fixture.context.resolver);
    if (fixture.server.loop)
        loopback_close(&fixture.server);
    assert_int_equal(uv_run(&fixture.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&fixture.loop), 0);
    return 0;
}

void probe_fixture_point_to(uint16_t port)
{
    fixture.target.amqp_port = port;
    (void)snprintf(
        fixture.target.management_url, sizeof fixture.target.management_url, "http://127.0.0.1:%u", port);
}

void probe_fixture_serve(const struct manners *manners, size_t manners_count)
{
    loopback_open(&fixture.server, &fixture.loop, manners, manners_count);
    probe_fixture_point_to(fixture.server.port);
}

static void on_done(struct probe *probe, enum probe_result result, const struct node_view *view)
{
    assert_ptr_equal(probe, &fixture.probe);
    assert_null(probe->run);
    fixture.calls++;
    fixture.result = result;
    fixture.has_view = view != NULL;
    if (view)
        fixture.view = *view;
}

int probe_fixture_start(const struct probe_ops *ops, bool deep, uint64_t timeout_ms)
{
    fixture.probe = (struct probe){
        .ops = ops,
        .context = &fixture.context,
        .target = &fixture.target,
        .deep = deep,
        .asked = fixture.asked,
        .timeout_ms = timeout_ms,
        .done = on_done,
    };
    fixture.calls = 0;
    return ops->start(&fixture.probe);
}

void probe_fixture_expect(
    const struct probe_ops *ops, bool deep, uint64_t timeout_ms, enum probe_result result)
{
    uint64_t started_ns = uv_hrtime();

    assert_int_equal(probe_fixture_start(ops, deep, timeout_ms), 0);
    assert_int_equal(fixture.calls, 0);
    while (fixture.calls == 0)
        assert_true(uv_run(&fixture.loop, UV_RUN_ONCE) != 0 || fixture.calls > 0);
    fixture.took_ms = (uv_hrtime() - started_ns) / 1000000;
    assert_int_equal(fixture.result, result);
    assert_true(fixture.took_ms <= timeout_ms + SLACK_MS);
}

void probe_fixture_run_for(uint64_t ms)
{
    uint64_t end_ns = uv_hrtime() + ms * 1000000;

    while (uv_hrtime() < end_ns) {
        (void)uv_run(&fixture.loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
}
