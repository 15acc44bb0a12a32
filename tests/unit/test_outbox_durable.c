/* What waits survives the daemon, however that ends. */
#include "cmocka_all.h"
#include "durable_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct scripted_server server;

/* The "id" of a webhook's body. */
static void assert_id(const char *body, const char *id)
{
    char wanted[160];

    snprintf(wanted, sizeof(wanted), "\"id\":\"%s\"", id);
    assert_non_null(strstr(body, wanted));
}

static void test_what_waits_goes_on_after_a_restart(void **state)
{
    struct durable *d = *state;
    char ids[2][128];

    durable_run(d, server_free_port());
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "i");
    durable_wait(d, LETTER_WAITING, 2);
    assert_string_equal(d->letters[0].event, "crashed");
    assert_string_equal(d->letters[0].node, "rabbit@rmq2");
    assert_string_equal(d->letters[1].severity, "critical");
    for (int i = 0; i < 2; i++)
        strcpy(ids[i], d->letters[i].id);
    durable_end(d);
    assert_non_null(strstr(d->fixture.log, "not delivered, and wait for the next start: 2"));

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "i");
    outbox_fixture_drain(&d->fixture);
    outbox_fixture_wait(&d->fixture, &server.request_count, 3);
    assert_id(server.requests[0], ids[0]);
    assert_id(server.requests[1], ids[1]);
    assert_non_null(strstr(server.requests[2], "\"event\":\"recovered\""));
    durable_wait(d, LETTER_SENT, 3);
    assert_string_equal(d->letters[2].result, "HTTP 200");
    assert_int_equal(d->letters[2].tries, 1);
    durable_end(d);

    durable_run(d, server.port);
    outbox_fixture_run_ms(&d->fixture, 100);
    assert_int_equal(server.request_count, 3);
    durable_end(d);
    server_close(&server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, durable_setup, durable_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_waits_goes_on_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
