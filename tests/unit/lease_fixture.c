#include "lease_fixture.h"
#include "cmocka_all.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { END_MS = 1000, SLACK_MS = 400, PATIENCE_MS = 20000 };

struct lease_fixture leasing;
static size_t expected;

uint64_t lease_fixture_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void on_post(void *context, struct event *event)
{
    (void)context;
    assert_int_equal(event->kind, EVENT_LEASE);
    assert_null(strstr(event->lease.detail, LEASE_SECRET));
    assert_true(leasing.count < LEASE_EVENTS_MAX);
    leasing.events[leasing.count++] = event->lease;
}

int lease_fixture_setup(void **state)
{
    static char username[] = "watch", password[] = LEASE_SECRET, vhost[] = "/", key[] = "rmqwatchd/restart";

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    memset(&leasing, 0, sizeof(leasing));
    expected = 0;
    assert_int_equal(uv_loop_init(&leasing.loop), 0);
    leasing.http = http_client_new(&leasing.loop);
    assert_non_null(leasing.http);
    strcpy(leasing.config.node, "rabbit@a");
    leasing.config.management.username = username;
    leasing.config.management.password.value = password;
    leasing.config.lease.vhost = vhost;
    leasing.config.lease.key = key;
    leasing.config.lease.ttl_ms = 60000;
    return 0;
}

void lease_fixture_create(const char *kind)
{
    const struct lease_context context = {
        .loop = &leasing.loop, .http = leasing.http, .config = &leasing.config, .sink = {on_post, NULL}};

    assert_non_null(lease_find(kind));
    leasing.config.lease.provider = lease_find(kind);
    leasing.lease = leasing.config.lease.provider->create(&context);
    assert_non_null(leasing.lease);
}

void lease_fixture_destroy(void)
{
    if (leasing.lease)
        leasing.lease->ops->destroy(leasing.lease);
    leasing.lease = NULL;
}

int lease_fixture_teardown(void **state)
{
    uint64_t began_ms = lease_fixture_now_ms();
    size_t count = leasing.count;

    (void)state;
    lease_fixture_destroy();
    lease_fixture_run_ms(50);
    http_client_close(leasing.http, NULL, NULL);
    assert_int_equal(uv_run(&leasing.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&leasing.loop), 0);
    assert_true(lease_fixture_now_ms() - began_ms < END_MS + SLACK_MS);
    assert_int_equal(leasing.count, count);
    return 0;
}

static struct lease_request request_of(const struct lease_peer *peers, size_t count, uint64_t timeout_ms)
{
    leasing.began_ms = lease_fixture_now_ms();
    return (struct lease_request){
        .peers = peers, .peer_count = count, .member_count = count + 1, .timeout_ms = timeout_ms};
}

void lease_fixture_acquire(const struct lease_peer *peers, size_t count, uint64_t timeout_ms)
{
    const struct lease_request request = request_of(peers, count, timeout_ms);

    leasing.lease->ops->acquire(leasing.lease, &request);
}

void lease_fixture_check(const struct lease_peer *peers, size_t count, uint64_t timeout_ms)
{
    const struct lease_request request = request_of(peers, count, timeout_ms);

    leasing.lease->ops->check(leasing.lease, &request);
}

void lease_fixture_prepare(const struct lease_peer *peers, size_t count, uint64_t timeout_ms)
{
    const struct lease_request request = request_of(peers, count, timeout_ms);

    leasing.lease->ops->prepare(leasing.lease, &request);
}

const char *lease_fixture_expect(enum lease_status status, uint64_t ms)
{
    uint64_t began_ms = lease_fixture_now_ms(), took_ms;

    while (leasing.count == expected) {
        assert_true(lease_fixture_now_ms() - began_ms < PATIENCE_MS);
        (void)uv_run(&leasing.loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    took_ms = lease_fixture_now_ms() - leasing.began_ms;
    if (leasing.events[expected].status != status)
        print_error("%s\n", leasing.events[expected].detail);
    assert_int_equal(leasing.events[expected].status, status);
    assert_true(took_ms <= ms + SLACK_MS);
    return leasing.events[expected++].detail;
}

void lease_fixture_run_ms(uint64_t ms)
{
    uint64_t end_ms = lease_fixture_now_ms() + ms;

    while (lease_fixture_now_ms() < end_ms) {
        (void)uv_run(&leasing.loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
}
