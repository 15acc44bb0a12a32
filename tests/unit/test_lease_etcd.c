/* The lease in etcd, over a server that answers as etcd 3.4 does. */
#include "cmocka_all.h"
#include "lease_fixture.h"
#include "scripted_server.h"

#include <stdio.h>
#include <string.h>

#define OK(body) "HTTP/1.1 200 OK\r\n\r\n" body
#define GRANT OK("{\"header\":{},\"ID\":\"77\",\"TTL\":\"60\"}")
#define GRANT_1S OK("{\"header\":{},\"ID\":\"77\",\"TTL\":\"1\"}")
#define DONE OK("{\"header\":{},\"succeeded\":true}")
#define OWNED(value, lease)                                                                                  \
    OK("{\"header\":{},\"responses\":[{\"response_range\":{\"kvs\":[{\"value\":\"" value                     \
       "\",\"lease\":\"" lease "\",\"create_revision\":\"5\"}]}}]}")
#define KEPT_1S OK("{\"result\":{\"header\":{},\"ID\":\"77\",\"TTL\":\"1\"}}")
#define GONE OK("{\"result\":{\"header\":{},\"ID\":\"77\"}}")
#define REVOKED OK("{\"header\":{}}")
#define TOKEN OK("{\"header\":{},\"token\":\"" LEASE_SECRET "\"}")
#define BAD_TOKEN                                                                                            \
    "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":\"etcdserver: invalid auth "                                \
    "token\",\"message\":\"etcdserver: "                                                                     \
    "invalid auth token\",\"code\":16}"
#define OLD_TOKEN                                                                                            \
    "HTTP/1.1 400 Bad Request\r\n\r\n{\"error\":\"etcdserver: revision of auth store is "                    \
    "old\",\"message\":\"etcdserver: revision of auth store is old\",\"code\":3}"
#define BAD_LOGIN                                                                                            \
    "HTTP/1.1 400 Bad Request\r\n\r\n{\"message\":\"etcdserver: authentication failed, invalid user ID or "  \
    "password\",\"code\":3}"
#define NO_AUTH                                                                                              \
    "HTTP/1.1 400 Bad Request\r\n\r\n{\"message\":\"etcdserver: authentication is not enabled\",\"code\":9}"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct scripted_server server;
static bool serving;
static char endpoints[2][64];

static void serve(const char *const *script, size_t count)
{
    server_open(&server, false, 0, script, count);
    serving = true;
    snprintf(endpoints[0], sizeof endpoints[0], "http://127.0.0.1:%d", server.port);
    leasing.config.lease.endpoints[0] = endpoints[0];
    lease_fixture_create("etcd");
}

static int teardown(void **state)
{
    int r = lease_fixture_teardown(state);

    if (serving)
        server_close(&server);
    serving = false;
    return r;
}

static void wait_requests(size_t count)
{
    for (int i = 0; i < 200 && server.request_count < count; i++)
        lease_fixture_run_ms(10);
    assert_true(server.request_count >= count);
}

static void test_granted_and_released(void **state)
{
    static const char *const script[] = {GRANT, DONE, REVOKED};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    assert_string_equal(lease_fixture_expect(LEASE_GRANTED, 2000), "");
    leasing.lease->ops->release(leasing.lease);
    wait_requests(3);
    assert_string_equal(server.requests[0], "{\"TTL\":\"60\"}");
    assert_non_null(strstr(server.requests[1], "cmFiYml0QGE="));
    assert_string_equal(server.requests[2], "{\"ID\":\"77\"}");
    leasing.lease->ops->release(leasing.lease);
    lease_fixture_run_ms(50);
    assert_int_equal(server.request_count, 3);
}

static void test_taken_names_the_holder(void **state)
{
    static const char *const script[] = {GRANT, OWNED("cmFiYml0QGI=", "5"), REVOKED};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    assert_string_equal(lease_fixture_expect(LEASE_TAKEN, 2000), "rabbit@b holds it");
    wait_requests(3);
}

/* A daemon that died while it held it left the key behind. */
static void test_own_former_life_is_replaced(void **state)
{
    static const char *const script[] = {GRANT, OWNED("cmFiYml0QGE=", "5"), DONE, REVOKED};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
    assert_non_null(strstr(server.requests[2], "\"create_revision\":\"5\""));
}

/* It was given back a moment ago: its end came in between. */
static void test_own_former_life_ends_meanwhile(void **state)
{
    static const char *const script[] = {
        GRANT, OWNED("cmFiYml0QGE=", "5"), OK("{\"header\":{},\"responses\":[{}]}"), DONE, REVOKED};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
    assert_non_null(strstr(server.requests[3], "\"create_revision\":\"0\""));
}

/* The answer to the transaction was lost, and it had been done. */
static void test_lost_answer(void **state)
{
    static const char *const script[] = {GRANT, "", OWNED("cmFiYml0QGE=", "77"), REVOKED};

    (void)state;
    serve(script, COUNT(script));
    leasing.config.lease.endpoints[1] = endpoints[0];
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
    assert_int_equal(server.request_count, 3);
}

static void test_next_endpoint(void **state)
{
    static const char *const script[] = {GRANT, DONE, REVOKED};

    (void)state;
    serve(script, COUNT(script));
    snprintf(endpoints[1], sizeof endpoints[1], "http://127.0.0.1:%d", server_free_port());
    leasing.config.lease.endpoints[0] = endpoints[1];
    leasing.config.lease.endpoints[1] = endpoints[0];
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
}

static void test_nobody_answers(void **state)
{
    static const char *const script[] = {"hang"};

    (void)state;
    serve(script, COUNT(script));
    leasing.config.lease.endpoints[1] = endpoints[0];
    lease_fixture_acquire(NULL, 0, 600);
    assert_non_null(strstr(lease_fixture_expect(LEASE_UNAVAILABLE, 600), "timed out"));
    lease_fixture_check(NULL, 0, 300);
    (void)lease_fixture_expect(LEASE_USABLE, 300);
}

static void test_answers_nonsense(void **state)
{
    static const char *const script[] = {OK("<html>")};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    assert_non_null(strstr(lease_fixture_expect(LEASE_UNAVAILABLE, 2000), "not an answer of etcd"));
}

static void test_kept_alive(void **state)
{
    static const char *const script[] = {GRANT_1S, DONE, KEPT_1S, KEPT_1S, KEPT_1S, GONE, REVOKED};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
    lease_fixture_run_ms(900);
    assert_int_equal(leasing.count, 1);
    (void)lease_fixture_expect(LEASE_LOST, 2500);
}

static void test_lost_after_half_of_the_ttl(void **state)
{
    static const char *const script[] = {GRANT_1S, DONE, "HTTP/1.1 503 Unavailable\r\n\r\n{\"code\":14}"};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
    leasing.began_ms = lease_fixture_now_ms();
    assert_string_equal(
        lease_fixture_expect(LEASE_LOST, 500), "etcd has not been reached for half of the ttl");
    lease_fixture_run_ms(300);
    assert_int_equal(leasing.count, 2);
}

static void log_in(void)
{
    static char username[] = "root", password[] = LEASE_SECRET;

    leasing.config.lease.username = username;
    leasing.config.lease.password.value = password;
}

static void test_logs_in_and_again(void **state)
{
    static const char *const script[] = {TOKEN, GRANT_1S, DONE, BAD_TOKEN, TOKEN, KEPT_1S, GONE, REVOKED};

    (void)state;
    log_in();
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
    (void)lease_fixture_expect(LEASE_LOST, 3000);
    assert_non_null(strstr(server.requests[4], "\"name\":\"root\""));
}

/* A token that carries its claims (JWT) is void as soon as anybody changes a user or a role. */
static void test_logs_in_again_when_users_have_changed(void **state)
{
    static const char *const script[] = {TOKEN, DONE, OLD_TOKEN, TOKEN, DONE};

    (void)state;
    log_in();
    serve(script, COUNT(script));
    lease_fixture_check(NULL, 0, 2000);
    assert_string_equal(lease_fixture_expect(LEASE_USABLE, 2000), "");
    lease_fixture_check(NULL, 0, 2000);
    assert_string_equal(lease_fixture_expect(LEASE_USABLE, 2000), "");
    assert_non_null(strstr(server.requests[3], "\"name\":\"root\""));
}

static void test_login_refused(void **state)
{
    static const char *const script[] = {BAD_LOGIN};

    (void)state;
    log_in();
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 2000);
    assert_non_null(strstr(lease_fixture_expect(LEASE_UNAVAILABLE, 2000), "authentication failed"));
    lease_fixture_check(NULL, 0, 2000);
    assert_non_null(strstr(lease_fixture_expect(LEASE_UNUSABLE, 2000), "authentication failed"));
}

static void test_login_not_wanted(void **state)
{
    static const char *const script[] = {NO_AUTH, DONE};

    (void)state;
    log_in();
    serve(script, COUNT(script));
    lease_fixture_check(NULL, 0, 2000);
    (void)lease_fixture_expect(LEASE_USABLE, 2000);
    assert_non_null(strstr(server.requests[1], "LESS"));
}

static void test_released_on_the_way(void **state)
{
    static const char *const script[] = {"hang", GRANT, DONE, REVOKED};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 5000);
    wait_requests(1);
    leasing.lease->ops->release(leasing.lease);
    lease_fixture_run_ms(50);
    assert_int_equal(leasing.count, 0);
    lease_fixture_acquire(NULL, 0, 5000);
    (void)lease_fixture_expect(LEASE_GRANTED, 2000);
}

static void test_destroyed_on_the_way(void **state)
{
    static const char *const script[] = {GRANT, "hang"};

    (void)state;
    serve(script, COUNT(script));
    lease_fixture_acquire(NULL, 0, 5000);
    lease_fixture_check(NULL, 0, 5000);
    wait_requests(2);
}

static void test_no_endpoints(void **state)
{
    (void)state;
    lease_fixture_create("etcd");
    lease_fixture_acquire(NULL, 0, 1000);
    (void)lease_fixture_expect(LEASE_UNAVAILABLE, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, lease_fixture_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_granted_and_released),
        TEST(test_taken_names_the_holder),
        TEST(test_own_former_life_is_replaced),
        TEST(test_own_former_life_ends_meanwhile),
        TEST(test_lost_answer),
        TEST(test_next_endpoint),
        TEST(test_nobody_answers),
        TEST(test_answers_nonsense),
        TEST(test_kept_alive),
        TEST(test_lost_after_half_of_the_ttl),
        TEST(test_logs_in_and_again),
        TEST(test_logs_in_again_when_users_have_changed),
        TEST(test_login_refused),
        TEST(test_login_not_wanted),
        TEST(test_released_on_the_way),
        TEST(test_destroyed_on_the_way),
        TEST(test_no_endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
