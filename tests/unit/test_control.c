/* The control socket: its file, what it takes and what it refuses, on a real core and a real store. */
#include "cmocka_all.h"
#include "control/control.h"
#include "control/socket.h"
#include "core_story.h"
#include "raw_client.h"
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct store_fixture *disk; /* with the loop and the store */
static struct story story;
static struct control *control;
static struct config config;
static struct config *config_in_use = &config;
static char path[128];
static struct raw_client client;
static uv_timer_t step_timer;
static struct event posted;
static unsigned posts;
static bool deaf; /* the event queue is full */

static void on_step(uv_timer_t *timer)
{
    (void)timer;
    if (!deaf)
        story_step(&story, &posted);
    control_on_step(control);
}

/* Like the agent: later, on the loop. */
static void post(void *context, struct event *event)
{
    assert_ptr_equal(context, &story);
    posted = *event;
    posts++;
    uv_timer_start(&step_timer, on_step, 1, 0);
}

static struct outbox *no_outbox;

static int open_control(char *error, size_t size)
{
    struct control_options options = {
        .path = path,
        .core = &story.core,
        .config = &config_in_use,
        .store = &disk->store,
        .outbox = &no_outbox,
        .sink = {post, &story},
    };

    return control_new(&disk->loop, &options, &control, error, size);
}

static int setup(void **state)
{
    (void)signal(SIGPIPE, SIG_IGN);
    store_setup(state);
    disk = *state;
    fixture_open(disk);
    fixture_path(disk, "sock", path, sizeof(path));
    uv_timer_init(&disk->loop, &step_timer);
    story_begin(&story);
    posts = 0;
    deaf = false;
    control = NULL;
    client.fd = -1;
    return 0;
}

static int setup_open(void **state)
{
    char error[256];

    setup(state);
    assert_int_equal(open_control(error, sizeof(error)), 0);
    return 0;
}

static int teardown(void **state)
{
    control_close(control);
    raw_client_close(&client);
    uv_close((uv_handle_t *)&step_timer, NULL);
    assert_int_equal(access(path, F_OK), -1);
    return store_teardown(state);
}

/* Sends on a new connection, without waiting for the answer. */
static void say(const char *method, const char *target, const char *body)
{
    char request[4096];

    raw_client_close(&client);
    raw_client_open(&client, &disk->loop, path);
    (void)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
        method, target, strlen(body), body);
    assert_true(raw_client_say(&client, request));
    raw_client_wait(&client, 10);
}

static void expect(const char *method, const char *target, const char *body, const char *answer)
{
    say(method, target, body);
    if (!raw_client_hears(&client, answer))
        fail_msg("%s %s %s: no %s in: %s", method, target, body, answer, client.received);
}

static void test_the_file_and_its_mode(void **state)
{
    struct stat status;

    (void)state;
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0660);
    control_close(control);
    control = NULL;
    assert_int_equal(lstat(path, &status), -1);
}

static void test_the_socket_of_a_living_daemon(void **state)
{
    struct control_socket second;
    char error[256];

    (void)state;
    assert_int_equal(control_socket_open(path, &second, error, sizeof(error)), -EADDRINUSE);
    assert_non_null(strstr(error, "another rmqwatchd is listening on /tmp/rmqwatch-test-"));
    assert_non_null(strstr(error, "; stop it, or set control_socket"));
    expect("GET", "/v1/status", "", "\"node\":\"rabbit@a\"");
}

static void test_the_socket_of_a_dead_daemon(void **state)
{
    struct control_socket dead;
    char error[256];

    (void)state;
    assert_int_equal(control_socket_open(path, &dead, error, sizeof(error)), 0);
    assert_int_equal(shutdown(dead.fd, SHUT_RDWR), 0); /* answers no more */
    assert_int_equal(open_control(error, sizeof(error)), 0);
    expect("GET", "/v1/status", "", "\"node\":\"rabbit@a\"");
    control_socket_remove(&dead); /* a late daemon does not take the file of its successor along */
    assert_int_equal(access(path, F_OK), 0);
    close(dead.fd);
}

static void test_places_where_no_socket_can_be(void **state)
{
    struct control_socket socket;
    char error[256], longer[256];
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    (void)state;
    close(fd);
    assert_int_equal(control_socket_open(path, &socket, error, sizeof(error)), -EEXIST);
    assert_non_null(strstr(error, "no socket"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(control_socket_open("/nonexistent/sock", &socket, error, sizeof(error)), -ENOENT);
    assert_non_null(strstr(error, "/nonexistent/sock: cannot listen there (No such file or directory)"));
    memset(longer, 'x', sizeof(longer));
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(control_socket_open(longer, &socket, error, sizeof(error)), -ENAMETOOLONG);
    assert_int_equal(control_socket_open("sock", &socket, error, sizeof(error)), -EINVAL);
}

static void test_why(void **state)
{
    (void)state;
    expect("GET", "/v1/why", "", "\"node\":\"rabbit@a\",\"local\":true");
    expect("GET", "/v1/why?node=rabbit%40b", "", "\"node\":\"rabbit@b\",\"local\":false");
    expect("GET", "/v1/why?node=rabbit@z", "", "{\"error\":\"no member of the cluster has this name\"}");
    assert_non_null(strstr(client.received, "HTTP/1.1 404 "));
}

static void test_hold_and_resume(void **state)
{
    char user[32];

    (void)state;
    expect("POST", "/v1/hold", "{\"for_ms\":3600000,\"reason\":\"new disks\",\"owner\":\"ann\"}",
        "\"owner\":\"ann\",\"reason\":\"new disks\"");
    assert_non_null(strstr(client.received, "HTTP/1.1 200 "));
    assert_int_equal(posts, 1);
    assert_true(story.core.hold.active);
    expect("GET", "/v1/status", "", "\"hold\":{\"until\":\"");
    /* Without an owner, it is who asks. */
    expect("POST", "/v1/hold", "{\"for_ms\":1000,\"reason\":\"more disks\"}", "HTTP/1.1 200 ");
    snprintf(user, sizeof(user), "uid %u", (unsigned)getuid());
    if (getuid() != 65534)
        assert_string_equal(story.core.hold.owner, user);
    expect("POST", "/v1/resume", "", "\"hold\":null");
    assert_false(story.core.hold.active);
    expect("POST", "/v1/resume", "{\"owner\":\"bob\"}", "\"state\":\"watching\",\"package_manager\":null");
    story.core.packages_changing = true;
    strcpy(story.core.package_manager, "dpkg");
    expect("POST", "/v1/resume", "", "\"package_manager\":\"dpkg\",\"hold\":null");
}

static void test_an_event_that_was_dropped(void **state)
{
    (void)state;
    deaf = true;
    expect("POST", "/v1/hold", "{\"for_ms\":1000,\"reason\":\"r\"}", "{\"error\":\"the agent was too busy");
    assert_non_null(strstr(client.received, "HTTP/1.1 503 "));
    /* The same for longer, of which only the time is not heard. */
    deaf = false;
    expect("POST", "/v1/hold", "{\"for_ms\":1000000,\"reason\":\"r\"}", "HTTP/1.1 200 ");
    deaf = true;
    expect("POST", "/v1/hold", "{\"for_ms\":2000000,\"reason\":\"r\"}", "HTTP/1.1 503 ");
}

/* Sends both before the core takes a step. */
static void test_two_words_in_one_step(void **state)
{
    static const char first[] = "{\"for_ms\":3600000,\"reason\":\"first\"}";
    static const char second[] = "{\"for_ms\":3600000,\"reason\":\"second\"}";
    struct raw_client other = {.fd = -1};
    char request[256];

    (void)state;
    (void)snprintf(request, sizeof(request),
        "POST /v1/hold HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", strlen(first), first);
    raw_client_open(&other, &disk->loop, path);
    assert_true(raw_client_say(&other, request));
    while (posts == 0)
        (void)uv_run(&disk->loop, UV_RUN_NOWAIT);
    uv_timer_stop(&step_timer);
    story_step(&story, &posted); /* the control hears of it together with the second */
    expect("POST", "/v1/hold", second, "\"reason\":\"second\"},\"durable\":true}");
    assert_true(raw_client_hears(&other, "HTTP/1.1 409 "));
    assert_true(raw_client_hears(&other, "another hold or resume came right after this one and counts"));
    raw_client_close(&other);
}

static void test_a_hold_is_kept_before_it_is_answered(void **state)
{
    static const char hold[] = "{\"for_ms\":3600000,\"reason\":\"r\"}";

    (void)state;
    disk_be(DISK_STUCK);
    fixture_save(disk, 1);
    say("POST", "/v1/hold", hold);
    raw_client_wait(&client, 200);
    assert_int_equal(posts, 1);
    assert_int_equal(client.size, 0);
    disk_be(DISK_WELL);
    assert_true(raw_client_hears(&client, "\"durable\":true}"));
}

static void test_a_hold_on_a_disk_that_fails(void **state)
{
    (void)state;
    disk_be(DISK_FULL);
    fixture_save(disk, 1);
    expect(
        "POST", "/v1/hold", "{\"for_ms\":3600000,\"reason\":\"r\"}", "\"reason\":\"r\"},\"durable\":false}");
    assert_non_null(strstr(client.received, "HTTP/1.1 200 "));
    disk_be(DISK_WELL);
}

static void test_bodies_that_make_no_sense(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "\"x\"",
        "{\"for_ms\":1000}",
        "{\"reason\":\"r\"}",
        "{\"for_ms\":\"1000\",\"reason\":\"r\"}",
        "{\"for_ms\":0,\"reason\":\"r\"}",
        "{\"for_ms\":-5,\"reason\":\"r\"}",
        "{\"for_ms\":1e300,\"reason\":\"r\"}",
        "{\"for_ms\":2678400001,\"reason\":\"r\"}",
        "{\"for_ms\":1000,\"reason\":\"\"}",
        "{\"for_ms\":1000,\"reason\":7}",
        "{\"for_ms\":1000,\"reason\":\"two\\nlines\"}",
        "{\"for_ms\":1000,\"reason\":\"\xff\"}",
        "{\"for_ms\":1000,\"reason\":\"r\",\"owner\":\"\"}",
        "{\"for_ms\":1000,\"reason\":\"r\",\"until\":1}",
        "{\"for_ms\":1000,\"reason\":\"r\"} and more",
        "{\"for_ms\":1000,\"reason\":\"r\"",
        "{\"for_ms\":1000,\"reason\":\"0123456789012345678901234567890123456789012345678901234567890123456789"
        "01234567890123456789012345678901234567890123456789012345678901234567890123456789\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        expect("POST", "/v1/hold", bodies[i], "{\"error\":\"");
        assert_non_null(strstr(client.received, "HTTP/1.1 400 "));
    }
    expect("POST", "/v1/ack", "{}", "\\\"incident\\\" is missing");
    expect("POST", "/v1/resume", "{\"node\":\"rabbit@a\"}", "HTTP/1.1 400 ");
    expect("GET", "/v1/hold", "", "HTTP/1.1 405 ");
    expect("POST", "/v1/status", "", "HTTP/1.1 405 ");
    expect("GET", "/v2/status", "", "HTTP/1.1 404 ");
    assert_int_equal(posts, 0);
}

static void remember(const char *event, const char *detail, int64_t wall_ms, bool ends)
{
    const struct store_entry entry = {
        .wall_ms = wall_ms,
        .incident = "a-1",
        .node = "rabbit@a",
        .event = event,
        .severity = "warning",
        .condition = "crashed",
        .why = "it is dead",
        .detail = detail,
        .since_wall_ms = 1700000000000,
        .ends = ends,
    };

    store_record(disk->store, &entry);
}

static void test_ack(void **state)
{
    (void)state;
    remember("crashed", "", 1700000000000, false);
    expect("POST", "/v1/ack", "{\"incident\":\"a-1\",\"owner\":\"ann\"}",
        "\r\n\r\n{\"incident\":\"a-1\",\"owner\":\"ann\"}");
    assert_int_equal(posts, 1);
    assert_int_equal(posted.operator.kind, OPERATOR_ACK);
    assert_string_equal(posted.operator.incident, "a-1");
    expect("GET", "/v1/history", "", "\"acked_by\":\"ann\"");
    expect("POST", "/v1/ack", "{\"incident\":\"a-2\"}", "{\"error\":\"there is no incident of this id\"}");
    assert_non_null(strstr(client.received, "HTTP/1.1 404 "));
    assert_int_equal(posts, 1);
}

#define INCIDENT                                                                                             \
    "{\"id\":\"a-1\",\"node\":\"rabbit@a\",\"since\":\"2023-11-14T22:13:20Z\",\"last\":"                     \
    "\"2023-11-14T22:14:20Z\",\"last_event\":\"recovered\",\"ended\":true,\"acked_by\":null,"                \
    "\"acked_at\":null}"
#define ENTRY(time, event, detail)                                                                           \
    "{\"time\":\"" time "\",\"node\":\"rabbit@a\",\"event\":\"" event "\",\"severity\":\"warning\","         \
    "\"condition\":\"crashed\",\"why\":\"it is dead\",\"detail\":" detail ",\"evidence\":null,"              \
    "\"decision\":false}"

static void test_history(void **state)
{
    (void)state;
    expect("GET", "/v1/history", "", "\r\n\r\n{\"incidents\":[]}");
    remember("crashed", "line 1\nline 2", 1700000000000, false);
    remember("recovered", "", 1700000060000, true);
    expect("GET", "/v1/history?limit=7", "", "\r\n\r\n{\"incidents\":[" INCIDENT "]}");
    expect("GET", "/v1/incident?id=a-1", "",
        "\r\n\r\n{\"incident\":" INCIDENT ",\"entries\":[" ENTRY("2023-11-14T22:13:20Z", "crashed",
            "\"line 1\\nline 2\"") "," ENTRY("2023-11-14T22:14:20Z", "recovered", "null") "]}");
    expect("GET", "/v1/incident?id=a-2", "", "{\"error\":\"there is no incident of this id\"}");
    expect("GET", "/v1/incident", "", "HTTP/1.1 400 ");
    expect("GET", "/v1/incident?id=", "", "HTTP/1.1 400 ");
    expect("GET", "/v1/history?limit=0", "", "HTTP/1.1 400 ");
    expect("GET", "/v1/history?limit=-1", "", "HTTP/1.1 400 ");
    expect("GET", "/v1/history?limit=7x", "", "HTTP/1.1 400 ");
}

static void test_without_a_store(void **state)
{
    (void)state;
    store_close(disk->store);
    disk->store = NULL;
    expect("GET", "/v1/history", "", "{\"error\":\"there is no incident store\"}");
    expect("GET", "/v1/incident?id=a-1", "", "{\"error\":\"there is no incident store\"}");
    expect("POST", "/v1/ack", "{\"incident\":\"a-2\"}", "{\"error\":\"there is no incident store\"}");
    assert_int_equal(posts, 0);
    expect("POST", "/v1/resume", "", "\"durable\":false}");
}

/* Asks a store that cannot answer now. */
static void ask_in_vain(const char *method, const char *target, const char *body)
{
    disk_be(DISK_STUCK);
    remember("crashed", "", 1700000000000, false); /* which it must write first */
    say(method, target, body);
    raw_client_wait(&client, 30);
    assert_int_equal(client.size, 0);
}

static void end_store(void)
{
    store_close(disk->store);
    disk->store = NULL;
    disk_be(DISK_WELL);
}

/* The store tells those who wait that it is over; the control may have gone before. */
static void test_the_end_while_the_store_is_asked(void **state)
{
    (void)state;
    ask_in_vain("POST", "/v1/ack", "{\"incident\":\"a-1\"}");
    control_close(control);
    control = NULL;
    end_store();
    assert_true(raw_client_hears(&client, "HTTP/1.1 503 "));
    assert_true(raw_client_ends(&client));
    assert_int_equal(posts, 0);
}

static void test_a_store_that_ends_first(void **state)
{
    (void)state;
    ask_in_vain("GET", "/v1/history", "");
    end_store();
    assert_true(raw_client_hears(&client, "{\"error\":\"the incident store does not answer\"}"));
}

static void test_the_end_while_a_hold_is_kept(void **state)
{
    (void)state;
    ask_in_vain("POST", "/v1/resume", "");
    control_close(control);
    control = NULL;
    end_store();
    assert_true(raw_client_hears(&client, "HTTP/1.1 503 "));
    assert_int_equal(posts, 1);
}

static void test_the_end_while_the_core_is_told(void **state)
{
    (void)state;
    raw_client_open(&client, &disk->loop, path);
    assert_true(raw_client_say(&client, "POST /v1/resume HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (posts == 0)
        (void)uv_run(&disk->loop, UV_RUN_NOWAIT);
    uv_timer_stop(&step_timer);
    control_close(control);
    control = NULL;
    assert_true(raw_client_hears(&client, "this daemon is ending; nothing was done"));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup_open, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_the_file_and_its_mode),
        OPEN(test_the_socket_of_a_living_daemon),
        FRESH(test_the_socket_of_a_dead_daemon),
        FRESH(test_places_where_no_socket_can_be),
        OPEN(test_why),
        OPEN(test_hold_and_resume),
        OPEN(test_an_event_that_was_dropped),
        OPEN(test_two_words_in_one_step),
        OPEN(test_a_hold_is_kept_before_it_is_answered),
        OPEN(test_a_hold_on_a_disk_that_fails),
        OPEN(test_bodies_that_make_no_sense),
        OPEN(test_ack),
        OPEN(test_history),
        OPEN(test_without_a_store),
        OPEN(test_the_end_while_the_store_is_asked),
        OPEN(test_a_store_that_ends_first),
        OPEN(test_the_end_while_a_hold_is_kept),
        OPEN(test_the_end_while_the_core_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
