/* The lease over AMQP where no true broker is needed: brokers that are away, hang, or are none; how many
 * locks it takes, and how they are lost; and its end at any time. What a real one does is shown by the
 * scenarios. */
#include "cmocka_all.h"
#include "fake_broker.h"
#include "lease_fixture.h"
#include "loopback_server.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct lease_peer peers[3];

static void set_peer(size_t i, const char *host, uint16_t port)
{
    snprintf(peers[i].node, sizeof peers[i].node, "rabbit@%zu", i);
    snprintf(peers[i].host, sizeof peers[i].host, "%s", host);
    peers[i].amqp_port = port;
}

static int setup(void **state)
{
    int r = lease_fixture_setup(state);

    lease_fixture_create("rabbitmq");
    return r;
}

static void test_nobody_to_ask(void **state)
{
    (void)state;
    lease_fixture_acquire(NULL, 0, 1000);
    assert_string_equal(lease_fixture_expect(LEASE_UNAVAILABLE, 100), "too few members serve AMQP");
    lease_fixture_check(NULL, 0, 1000);
    (void)lease_fixture_expect(LEASE_USABLE, 100);
}

static void test_refused(void **state)
{
    (void)state;
    set_peer(0, "127.0.0.1", loopback_free_port());
    set_peer(1, "127.0.0.1", loopback_free_port());
    lease_fixture_acquire(peers, 2, 1000);
    assert_string_equal(lease_fixture_expect(LEASE_UNAVAILABLE, 100), "127.0.0.1: Connection refused");
    lease_fixture_check(peers, 2, 1000);
    (void)lease_fixture_expect(LEASE_USABLE, 100);
}

/* Whatever comes of it. */
static void test_preparing_is_silent(void **state)
{
    (void)state;
    set_peer(0, "127.0.0.1", loopback_free_port());
    lease_fixture_prepare(peers, 1, 1000);
    lease_fixture_check(peers, 1, 1000);
    (void)lease_fixture_expect(LEASE_USABLE, 100);
    lease_fixture_run_ms(100);
    lease_fixture_prepare(NULL, 0, 1000);
    assert_int_equal(leasing.count, 1);
}

static void test_unknown_host(void **state)
{
    (void)state;
    set_peer(0, "no such host", 5672);
    lease_fixture_check(peers, 1, 1000);
    (void)lease_fixture_expect(LEASE_UNUSABLE, 1000);
}

static void test_silent(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        set_peer(i, "127.0.0.1", port);
    lease_fixture_acquire(peers, 3, 600);
    assert_string_equal(lease_fixture_expect(LEASE_UNAVAILABLE, 600), "127.0.0.1: no answer in time");
    lease_fixture_check(peers, 3, 300);
    (void)lease_fixture_expect(LEASE_USABLE, 300);
    close(fd);
}

/* The first one hangs: the others get their share of the time. */
static void test_one_is_silent(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    set_peer(0, "127.0.0.1", port);
    set_peer(1, "127.0.0.1", loopback_free_port());
    lease_fixture_acquire(peers, 2, 600);
    assert_string_equal(lease_fixture_expect(LEASE_UNAVAILABLE, 400), "127.0.0.1: Connection refused");
    close(fd);
}

static void test_no_broker(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY_ONCE, "HTTP/1.1 400 Bad Request\r\n\r\n", 0, 0}};
    struct loopback_server server;

    (void)state;
    loopback_open(&server, &leasing.loop, manners, 1);
    set_peer(0, "127.0.0.1", server.port);
    lease_fixture_acquire(peers, 1, 1000);
    (void)lease_fixture_expect(LEASE_UNAVAILABLE, 1000);
    loopback_close(&server);
}

static void test_no_tls(void **state)
{
    static const struct manners manners[] = {{"", MANNER_REPLY_ONCE, "AMQP....", 0, 0}};
    struct loopback_server server;

    (void)state;
    leasing.config.amqp.tls = true;
    loopback_open(&server, &leasing.loop, manners, 1);
    set_peer(0, "127.0.0.1", server.port);
    lease_fixture_acquire(peers, 1, 1000);
    (void)lease_fixture_expect(LEASE_UNAVAILABLE, 1000);
    loopback_close(&server);
}

static void test_no_trust(void **state)
{
    static char missing[] = "/nonexistent/ca.pem";

    (void)state;
    leasing.config.amqp.tls = true;
    leasing.config.amqp.ca_file = missing;
    set_peer(0, "127.0.0.1", loopback_free_port());
    lease_fixture_check(peers, 1, 1000);
    assert_non_null(strstr(lease_fixture_expect(LEASE_UNUSABLE, 1000), "certificate authorities"));
}

static void test_no_user(void **state)
{
    (void)state;
    leasing.config.management.username = NULL;
    lease_fixture_acquire(peers, 1, 1000);
    assert_string_equal(lease_fixture_expect(LEASE_UNAVAILABLE, 100), "no user is configured for it");
}

static struct fake_broker brokers[3];

static void open_brokers(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fake_broker_open(&brokers[i], &leasing.loop);
        set_peer(i, "127.0.0.1", brokers[i].port);
    }
}

static void close_brokers(size_t count)
{
    for (size_t i = 0; i < count; i++)
        fake_broker_close(&brokers[i]);
}

static void test_a_majority_of_all_members_is_the_lease(void **state)
{
    (void)state;
    open_brokers(2);
    lease_fixture_acquire(peers, 2, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 1000);
    assert_int_equal(brokers[0].consumers + brokers[1].consumers, 2);
    leasing.lease->ops->release(leasing.lease);
    lease_fixture_run_ms(200);
    assert_int_equal(brokers[0].consumers + brokers[1].consumers, 0);
    assert_int_equal(leasing.count, 1);
    close_brokers(2);
}

/* Whatever is usual in this cluster: a queue that was placed at another member hangs with that one. */
static void test_each_queue_is_placed_at_its_member(void **state)
{
    (void)state;
    open_brokers(2);
    brokers[0].no_queue = brokers[1].no_queue = brokers[1].old = true;
    lease_fixture_acquire(peers, 2, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 1000);
    assert_string_equal(brokers[0].placed, "leader");
    assert_string_equal(brokers[1].placed, "master");
    close_brokers(2);
}

/* Another agent may believe that only the others stand: two minorities need not meet. */
static void test_a_majority_of_those_who_stand_is_not(void **state)
{
    struct lease_request request = {.peers = peers, .peer_count = 1, .member_count = 3, .timeout_ms = 2000};

    (void)state;
    open_brokers(1);
    leasing.began_ms = lease_fixture_now_ms();
    leasing.lease->ops->acquire(leasing.lease, &request);
    assert_string_equal(lease_fixture_expect(LEASE_UNAVAILABLE, 1000), "too few members serve AMQP");
    lease_fixture_run_ms(100);
    assert_int_equal(brokers[0].consumers, 0);
    close_brokers(1);
}

static void test_taken(void **state)
{
    (void)state;
    open_brokers(2);
    brokers[1].taken = true;
    lease_fixture_acquire(peers, 2, 2000);
    (void)lease_fixture_expect(LEASE_TAKEN, 1000);
    lease_fixture_run_ms(100);
    assert_int_equal(brokers[0].consumers, 0);
    close_brokers(2);
}

/* A broker tells of it only to clients that have asked for it when they logged in. */
static void test_lost_with_the_queue(void **state)
{
    (void)state;
    open_brokers(2);
    lease_fixture_acquire(peers, 2, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 1000);
    fake_broker_delete_queue(&brokers[1]);
    assert_non_null(strstr(lease_fixture_expect(LEASE_LOST, 2000), "its queue is gone"));
    lease_fixture_run_ms(200);
    assert_int_equal(brokers[0].consumers, 0);
    close_brokers(2);
}

static void test_lost_with_the_connection(void **state)
{
    (void)state;
    open_brokers(2);
    lease_fixture_acquire(peers, 2, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 1000);
    fake_broker_close(&brokers[0]);
    (void)lease_fixture_expect(LEASE_LOST, 2000);
    fake_broker_close(&brokers[1]);
}

/* While the second one was waited for, the first one's lock was not looked after. */
static void test_what_was_not_heard_of_for_long_is_not_held(void **state)
{
    (void)state;
    open_brokers(2);
    brokers[1].delay_ms = 5500;
    lease_fixture_acquire(peers, 2, 20000);
    assert_non_null(strstr(lease_fixture_expect(LEASE_UNAVAILABLE, 7000), "it fell silent"));
    close_brokers(2);
}

static void test_released_on_the_way(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    set_peer(0, "127.0.0.1", port);
    lease_fixture_acquire(peers, 1, 10000);
    lease_fixture_run_ms(50);
    leasing.lease->ops->release(leasing.lease);
    leasing.lease->ops->release(leasing.lease);
    lease_fixture_run_ms(200);
    assert_int_equal(leasing.count, 0);
    /* The thread has ended: it waits for nothing that a stop does not end. */
    set_peer(0, "127.0.0.1", loopback_free_port());
    lease_fixture_acquire(peers, 1, 10000);
    (void)lease_fixture_expect(LEASE_UNAVAILABLE, 100);
    close(fd);
}

static void test_replaced_on_the_way(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    /* No more than may still be ending, however slowly a busy machine ends their threads. */
    for (int i = 0; i < 2; i++) {
        set_peer(0, "127.0.0.1", port);
        lease_fixture_acquire(peers, 1, 10000);
        lease_fixture_check(peers, 1, 10000);
        lease_fixture_run_ms(10);
    }
    assert_int_equal(leasing.count, 0);
    set_peer(0, "127.0.0.1", loopback_free_port());
    lease_fixture_acquire(peers, 1, 10000);
    (void)lease_fixture_expect(LEASE_UNAVAILABLE, 100);
    close(fd);
}

/* The teardown destroys it and asserts that nothing is left, within a second. */
static void test_destroyed_on_the_way(void **state)
{
    static uint16_t port;
    static int fd = -1;

    (void)state;
    if (fd < 0)
        fd = silent_port_open(&port);
    set_peer(0, "127.0.0.1", port);
    lease_fixture_acquire(peers, 1, 10000);
    lease_fixture_check(peers, 1, 10000);
}

static void test_destroyed_in_the_handshake(void **state)
{
    leasing.config.amqp.tls = true;
    test_destroyed_on_the_way(state);
    lease_fixture_run_ms(100);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, lease_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_to_ask),
        TEST(test_refused),
        TEST(test_preparing_is_silent),
        TEST(test_unknown_host),
        TEST(test_silent),
        TEST(test_one_is_silent),
        TEST(test_no_broker),
        TEST(test_no_tls),
        TEST(test_no_trust),
        TEST(test_no_user),
        TEST(test_a_majority_of_all_members_is_the_lease),
        TEST(test_each_queue_is_placed_at_its_member),
        TEST(test_a_majority_of_those_who_stand_is_not),
        TEST(test_taken),
        TEST(test_lost_with_the_queue),
        TEST(test_lost_with_the_connection),
        TEST(test_what_was_not_heard_of_for_long_is_not_held),
        TEST(test_released_on_the_way),
        TEST(test_replaced_on_the_way),
        TEST(test_destroyed_on_the_way),
        TEST(test_destroyed_in_the_handshake),
    };

    /* As in the daemon: a thread that is left to itself may still be shaking hands when this ends. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
