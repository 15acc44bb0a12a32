/* Mail through the HTTP client: whatever a mail server does, the loop goes on, and the end comes in time. */
#include "cmocka_all.h"
#include "http/client.h"
#include "loopback_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* How much slower everything may be: under a sanitizer, or as one says to the compiler (valgrind: 20). */
#ifndef SLOWNESS
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SLOWNESS 5
#else
#define SLOWNESS 1
#endif
#endif

enum {
    TICK_MS = 5,
    LATE_MAX_MS = 500 * SLOWNESS, /* how late the loop's timer may be, also on a busy machine */
    PROMPT_MS = 200 * SLOWNESS,   /* cancelling, closing: a few milliseconds on an idle one */
    TIMEOUT_MS = 300,             /* where the timeout is what is tested */
    TLS_MS = 1000 * SLOWNESS, /* the same after loading the trusted certificates, which nothing interrupts */
    GENEROUS_MS = 20000,      /* where it is not */
    QUIT_MAX_MS = 1000,
    BIG = 8 * 1024 * 1024, /* more than the kernel's buffers take */
    RECEIVE_BYTES = 64 * 1024,
    TALK_MAX = 64 * 1024,
};

/* ---- a mail server with manners, on a thread of its own, one connection after the other ---- */

enum manner_of_step { SAY, HANG, CUT };

/* What it does when it is time to answer STEP: "GREET", a verb, or "." for the end of the message. */
struct step {
    const char *name;
    enum manner_of_step manner;
    const char *text; /* SAY; NULL: what is usual */
    int delay_ms;
};

struct mail_server {
    uv_thread_t thread;
    int listener, stop, peer;
    uint16_t port;
    const struct step *steps;
    size_t step_count;
    const char *greeting; /* to EHLO */
    bool stops_reading;   /* after DATA, until... */
    atomic_bool reads_on;
    bool in_data, in_auth;
    atomic_uint waiting;     /* steps at which it hangs or delays: the test may go on */
    atomic_uint complete;    /* messages with their end */
    atomic_uint connections; /* over */
    char talk[TALK_MAX];     /* lines of the client but the message's; to be read after the end */
};

static struct mail_server server;

static const struct step *find_step(const char *name)
{
    size_t i;

    for (i = 0; i < server.step_count; i++)
        if (strcmp(server.steps[i].name, name) == 0)
            return &server.steps[i];
    return NULL;
}

/* Whether the server shall go on living. */
static bool pause_or_stop(int ms)
{
    struct pollfd stop = {.fd = server.stop, .events = POLLIN};

    return poll(&stop, 1, ms) == 0;
}

static void say(const char *text)
{
    char line[256];
    int size = snprintf(line, sizeof line, "%s\r\n", text);

    (void)!send(server.peer, line, (size_t)size, MSG_NOSIGNAL);
}

/* Answers STEP; whether the connection lives on. */
static bool answer(const char *name, const char *usual)
{
    const struct step *step = find_step(name);

    if (!step) {
        say(usual);
        return true;
    }
    if (step->manner == CUT)
        return false;
    if (step->manner == HANG) {
        struct pollfd fds[2] = {
            {.fd = server.stop, .events = POLLIN}, {.fd = server.peer, .events = POLLRDHUP}};

        server.waiting++;
        (void)poll(fds, 2, -1);
        return false;
    }
    if (step->delay_ms > 0) {
        server.waiting++;
        if (!pause_or_stop(step->delay_ms))
            return false;
    }
    say(step->text ? step->text : usual);
    return true;
}

static bool answer_line(const char *line)
{
    if (server.in_data) {
        if (strcmp(line, ".") != 0)
            return true;
        server.in_data = false;
        server.complete++;
        return answer(".", "250 2.0.0 queued");
    }
    if (server.in_auth) {
        server.in_auth = false;
        return answer("AUTH", "235 2.7.0 ok");
    }
    strncat(server.talk, line, sizeof server.talk - strlen(server.talk) - 2);
    strcat(server.talk, "\n");
    if (strncasecmp(line, "EHLO", 4) == 0)
        return answer("EHLO", server.greeting ? server.greeting : "250 test");
    if (strncasecmp(line, "HELO", 4) == 0)
        return answer("HELO", "250 test");
    if (strncasecmp(line, "STARTTLS", 8) == 0)
        return answer("STARTTLS", "220 go on");
    if (strncasecmp(line, "AUTH", 4) == 0) {
        server.in_auth = true;
        say("334 ");
        return true;
    }
    if (strncasecmp(line, "MAIL", 4) == 0)
        return answer("MAIL", "250 2.1.0 ok");
    if (strncasecmp(line, "RCPT", 4) == 0)
        return answer(strstr(line, "second") ? "RCPT2" : "RCPT", "250 2.1.5 ok");
    if (strncasecmp(line, "DATA", 4) == 0) {
        if (!answer("DATA", "354 go on"))
            return false;
        server.in_data = !find_step("DATA") || !find_step("DATA")->text;
        if (server.stops_reading) {
            server.waiting++;
            while (!server.reads_on)
                if (!pause_or_stop(5))
                    return false;
        }
        return true;
    }
    if (strncasecmp(line, "QUIT", 4) == 0) {
        (void)answer("QUIT", "221 2.0.0 bye");
        return false;
    }
    return true; /* a TLS handshake, as it seems: it gets no answer */
}

static void serve_connection(void)
{
    char line[2048];
    size_t size = 0;

    server.in_data = server.in_auth = false;
    if (!answer("GREET", "220 test"))
        return;
    for (;;) {
        struct pollfd fds[2] = {{.fd = server.stop, .events = POLLIN}, {.fd = server.peer, .events = POLLIN}};
        ssize_t n;
        char *end;

        (void)poll(fds, 2, -1);
        if (fds[0].revents)
            return;
        n = recv(server.peer, line + size, sizeof line - 1 - size, 0);
        if (n <= 0)
            return;
        size += (size_t)n;
        line[size] = '\0';
        while ((end = strstr(line, "\r\n"))) {
            *end = '\0';
            if (!answer_line(line))
                return;
            size -= (size_t)(end + 2 - line);
            memmove(line, end + 2, size + 1);
        }
        if (size == sizeof line - 1)
            size = 0; /* no line of SMTP */
    }
}

static void run_server(void *unused)
{
    (void)unused;
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = server.stop, .events = POLLIN}, {.fd = server.listener, .events = POLLIN}};

        (void)poll(fds, 2, -1);
        if (fds[0].revents)
            return;
        server.peer = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);
        if (server.peer < 0)
            continue;
        serve_connection();
        close(server.peer);
        server.connections++;
    }
}

static void serve(const struct step *steps, size_t count)
{
    const int receive_bytes = RECEIVE_BYTES;

    server.steps = steps;
    server.step_count = count;
    server.listener = silent_port_open(&server.port);
    assert_int_equal(
        setsockopt(server.listener, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes), 0);
    server.stop = eventfd(0, EFD_CLOEXEC);
    assert_true(server.stop >= 0);
    assert_int_equal(uv_thread_create(&server.thread, run_server, NULL), 0);
}

static void stop_serving(void)
{
    if (server.listener <= 0)
        return;
    assert_int_equal(eventfd_write(server.stop, 1), 0);
    assert_int_equal(uv_thread_join(&server.thread), 0);
    close(server.listener);
    close(server.stop);
    server.listener = 0;
}

/* ---- a resolver that hangs: libcurl's calls come here, as the program's own symbol is found first ---- */

static atomic_bool resolver_released;
static atomic_uint resolver_calls, resolver_returns;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)node;
    (void)service;
    (void)hints;
    (void)result;
    resolver_calls++;
    while (!resolver_released)
        (void)usleep(1000);
    resolver_returns++;
    return EAI_NONAME;
}

/* ---- the client ---- */

struct seen {
    unsigned calls;
    uint64_t at_ms;
    struct http_reply reply;
};

static uv_loop_t loop;
static uv_timer_t tick;
static uint64_t ticked_ms, latest_ms;
static struct http_client *client;
static bool client_closed;
static struct seen seen;
static uint64_t started_ms;
static char url[128];
static char *body;
static struct http_request request;

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void on_client_closed(void *context)
{
    *(bool *)context = true;
}

static void on_done(void *context, const struct http_reply *reply)
{
    struct seen *into = context;

    into->calls++;
    into->at_ms = now_ms();
    into->reply = *reply;
    assert_int_equal(strlen(reply->body), reply->body_size);
}

/* Every test is also one of the loop: how late does its timer get? */
static void on_tick(uv_timer_t *timer)
{
    uint64_t now = now_ms();

    (void)timer;
    if (now - ticked_ms > TICK_MS && now - ticked_ms - TICK_MS > latest_ms)
        latest_ms = now - ticked_ms - TICK_MS;
    ticked_ms = now;
}

static int setup(void **state)
{
    static const char *const recipients[] = {"oncall@example.com"};

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    memset(&server, 0, sizeof server);
    memset(&seen, 0, sizeof seen);
    latest_ms = 0;
    client_closed = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    client = http_client_new(&loop);
    assert_non_null(client);
    assert_int_equal(uv_timer_init(&loop, &tick), 0);
    assert_int_equal(uv_timer_start(&tick, on_tick, TICK_MS, TICK_MS), 0);
    ticked_ms = now_ms();
    request = (struct http_request){
        .method = HTTP_MAIL,
        .url = url,
        .body = "Subject: test\r\n\r\nhello\r\n",
        .body_size = 24,
        .timeout_ms = GENEROUS_MS,
        .fresh = true,
        .mail_from = "rmqwatchd@example.com",
        .recipients = recipients,
        .recipient_count = LENGTH(recipients),
    };
    return 0;
}

static void close_client(void)
{
    uint64_t before = now_ms();

    http_client_close(client, on_client_closed, &client_closed);
    client = NULL;
    while (!client_closed)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_in_range(now_ms() - before, 0, PROMPT_MS);
}

static int teardown(void **state)
{
    (void)state;
    if (client)
        close_client();
    stop_serving();
    uv_close((uv_handle_t *)&tick, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(body);
    body = NULL;
    assert_in_range(latest_ms, 0, LATE_MAX_MS);
    return 0;
}

static struct http_transfer *start(void)
{
    struct http_transfer *transfer = NULL;
    unsigned before = seen.calls;

    if (server.port > 0)
        (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", server.port);
    started_ms = now_ms();
    assert_int_equal(http_client_start(client, &request, on_done, &seen, &transfer), 0);
    assert_non_null(transfer);
    assert_int_equal(seen.calls, before);
    return transfer;
}

static void run_until_done(void)
{
    unsigned before = seen.calls;
    uint64_t end = now_ms() + GENEROUS_MS;

    while (seen.calls == before) {
        (void)uv_run(&loop, UV_RUN_ONCE);
        assert_true(now_ms() < end);
    }
    assert_int_equal(seen.calls, before + 1);
}

static void run_for(uint64_t ms)
{
    uint64_t end = now_ms() + ms;

    while (now_ms() < end)
        (void)uv_run(&loop, UV_RUN_ONCE);
}

static void run_until(const atomic_uint *count, unsigned wanted)
{
    uint64_t end = now_ms() + GENEROUS_MS;

    while (*count < wanted) {
        (void)uv_run(&loop, UV_RUN_ONCE);
        assert_true(now_ms() < end);
    }
}

static uint64_t took_ms(void)
{
    return seen.at_ms - started_ms;
}

static void assert_answer(enum http_result result, long status)
{
    assert_string_equal(http_result_name(seen.reply.result), http_result_name(result));
    assert_int_equal(seen.reply.status, status);
}

/* ---- tests ---- */

static void test_taken_with_everything_slow(void **state)
{
    static const struct step steps[] = {{".", SAY, NULL, 2000}, {"QUIT", SAY, NULL, 2000}};

    (void)state;
    serve(steps, LENGTH(steps));
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
    assert_true(seen.reply.connected);
    assert_in_range(took_ms(), 2000, 2000 + PROMPT_MS); /* not 4000 */
    assert_in_range(seen.reply.total_ms, 2000, 2000 + PROMPT_MS);
    run_until(&server.connections, 1);
    assert_in_range(now_ms() - seen.at_ms, 0, 2000 + PROMPT_MS);
    run_for(50);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(server.complete, 1);
    stop_serving();
    assert_non_null(strstr(server.talk, "QUIT\n"));
}

static void test_polite_goodbye(void **state)
{
    static const struct step steps[] = {{"QUIT", SAY, NULL, 200}};

    (void)state;
    serve(steps, LENGTH(steps));
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
    assert_in_range(took_ms(), 0, PROMPT_MS);
    run_until(&server.connections, 1); /* QUIT is answered, and the client waits for that */
    assert_in_range(now_ms() - seen.at_ms, 150, QUIT_MAX_MS - 100);
}

/* After QUIT nothing but the process's own descriptors and threads are left. */
static void test_many_one_after_the_other(void **state)
{
    int fd, first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    unsigned i;

    (void)state;
    close(first);
    serve(NULL, 0);
    fd = server.stop + 1;
    for (i = 0; i < 50; i++) {
        start();
        run_until_done();
        assert_answer(HTTP_RESULT_OK, 250);
    }
    run_until(&server.connections, 50);
    run_for(20);
    first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(first);
    assert_in_range(first, 0, fd);
    assert_int_equal(server.complete, 50);
}

static void test_many_at_once(void **state)
{
    unsigned i;

    (void)state;
    serve(NULL, 0);
    for (i = 0; i < 12; i++)
        start();
    while (seen.calls < 12)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_answer(HTTP_RESULT_OK, 250);
    assert_int_equal(server.complete, 12);
}

/* Each refusal is told with its code, and a server that then hangs on QUIT does not hold it up for long. */
static void check_refusal(const char *name, const char *text, enum http_result result, bool hangs)
{
    const struct step steps[] = {{name, SAY, text, 0}, {hangs ? "QUIT" : "-", HANG, NULL, 0}};

    server.greeting = "250-test\r\n250 AUTH PLAIN";
    request.username = "watch";
    request.password = "secret";
    serve(steps, LENGTH(steps));
    start();
    run_until_done();
    print_message("%s %s%s: %s %ld\n", name, text, hangs ? ", hang" : "", http_result_name(seen.reply.result),
        seen.reply.status);
    assert_answer(result, strtol(text, NULL, 10));
    assert_in_range(took_ms(), 0, (hangs ? QUIT_MAX_MS : 0) + PROMPT_MS);
    run_for(20);
    stop_serving();
    assert_int_equal(seen.calls, 1);
    seen.calls = 0;
    server.talk[0] = '\0';
}

static void test_refusals(void **state)
{
    static const char *const names[] = {"GREET", "AUTH", "MAIL", "RCPT", "DATA", "."};
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(names); i++) {
        check_refusal(names[i], "451 4.3.0 later", HTTP_RESULT_OK, false);
        check_refusal(names[i], "550 5.7.1 no", HTTP_RESULT_OK, false);
        check_refusal(names[i], "550 5.7.1 no", HTTP_RESULT_OK, true);
    }
}

static void test_tls_required_and_not_offered(void **state)
{
    static const struct step steps[] = {{"QUIT", HANG, NULL, 0}};

    (void)state;
    request.require_tls = true;
    serve(steps, LENGTH(steps));
    start();
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_TLS_TRUST);
    assert_in_range(took_ms(), 0, QUIT_MAX_MS + PROMPT_MS);
}

/* One of two recipients is refused, and then the connection is lost: that is not the server's last word. */
static void test_cut_after_a_refused_recipient(void **state)
{
    static const char *const recipients[] = {"first@example.com", "second@example.com"};
    static const struct step cut[] = {{"RCPT", SAY, "550 5.1.1 who?", 0}, {"RCPT2", CUT, NULL, 0}};
    static const struct step hang[] = {{"RCPT", SAY, "550 5.1.1 who?", 0}, {"RCPT2", HANG, NULL, 0}};
    static const struct step fine[] = {{"RCPT", SAY, "550 5.1.1 who?", 0}};

    (void)state;
    request.recipients = recipients;
    request.recipient_count = LENGTH(recipients);
    serve(cut, LENGTH(cut));
    start();
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_CLOSED);
    stop_serving();
    serve(hang, LENGTH(hang));
    request.timeout_ms = TIMEOUT_MS;
    start();
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_TIMED_OUT);
    stop_serving();
    serve(fine, LENGTH(fine));
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
}

/* ---- every step, and each of what can be wrong with it ---- */

static const char *const all_steps[] = {"GREET", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."};

static void serve_step(const struct step *step)
{
    bool tls = strcmp(step->name, "STARTTLS") == 0;

    server.waiting = 0;
    server.greeting = tls ? "250-test\r\n250 STARTTLS" : "250-test\r\n250 AUTH PLAIN";
    request.require_tls = tls;
    request.username = "watch";
    request.password = "secret";
    serve(step, 1);
}

static void test_cut_at_each_step(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(all_steps); i++) {
        const struct step step = {all_steps[i], CUT, NULL, 0};

        serve_step(&step);
        start();
        run_until_done();
        assert_string_equal(http_result_name(seen.reply.result), http_result_name(HTTP_RESULT_CLOSED));
        assert_true(seen.reply.connected);
        assert_in_range(took_ms(), 0, PROMPT_MS);
        stop_serving();
    }
}

static void test_cut_at_quit(void **state)
{
    static const struct step step = {"QUIT", CUT, NULL, 0};

    (void)state;
    serve(&step, 1);
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
}

static void test_timeout_at_each_step(void **state)
{
    size_t i;

    (void)state;
    request.timeout_ms = TIMEOUT_MS;
    for (i = 0; i < LENGTH(all_steps); i++) {
        const struct step step = {all_steps[i], HANG, NULL, 0};

        serve_step(&step);
        start();
        run_until_done();
        assert_string_equal(http_result_name(seen.reply.result), http_result_name(HTTP_RESULT_TIMED_OUT));
        assert_true(seen.reply.connected);
        assert_in_range(took_ms(), TIMEOUT_MS - 5, TIMEOUT_MS + PROMPT_MS);
        run_until(&server.connections, 1);
        server.connections = 0;
        stop_serving();
    }
}

/* The timeout is also QUIT's. */
static void test_timeout_at_quit(void **state)
{
    static const struct step step = {"QUIT", HANG, NULL, 0};

    (void)state;
    request.timeout_ms = TIMEOUT_MS;
    serve(&step, 1);
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
    assert_in_range(took_ms(), 0, PROMPT_MS);
    run_until(&server.connections, 1);
    assert_in_range(now_ms() - started_ms, TIMEOUT_MS - 5, TIMEOUT_MS + PROMPT_MS);
}

static void test_timeout_of_a_refused_mail_at_quit(void **state)
{
    static const struct step steps[] = {{"MAIL", SAY, "451 4.3.0 later", 0}, {"QUIT", HANG, NULL, 0}};

    (void)state;
    request.timeout_ms = TIMEOUT_MS;
    serve(steps, LENGTH(steps));
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 451);
    assert_in_range(took_ms(), TIMEOUT_MS - 5, TIMEOUT_MS + PROMPT_MS);
}

static void test_cancel_at_each_step(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(all_steps); i++) {
        const struct step step = {all_steps[i], HANG, NULL, 0};
        struct http_transfer *transfer;
        uint64_t cancelled_ms;

        serve_step(&step);
        transfer = start();
        run_until(&server.waiting, 1);
        run_for(20); /* so that the client waits, too */
        cancelled_ms = now_ms();
        http_client_cancel(transfer);
        assert_in_range(now_ms() - cancelled_ms, 0, 20);
        run_until(&server.connections, 1);
        assert_in_range(now_ms() - cancelled_ms, 0, PROMPT_MS);
        server.connections = 0;
        stop_serving();
    }
    assert_int_equal(seen.calls, 0);
}

static void test_close_at_each_step(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i <= LENGTH(all_steps); i++) {
        const struct step step = {i < LENGTH(all_steps) ? all_steps[i] : "QUIT", HANG, NULL, 0};

        serve_step(&step);
        start();
        run_until(&server.waiting, 1);
        run_for(20);
        close_client(); /* checks that it is prompt */
        stop_serving();
        assert_int_equal(seen.calls, i < LENGTH(all_steps) ? 0 : 1);
        client_closed = false;
        client = http_client_new(&loop);
        assert_non_null(client);
    }
}

static void on_done_close(void *context, const struct http_reply *reply)
{
    on_done(context, reply);
    http_client_close(client, on_client_closed, &client_closed);
    assert_int_equal(http_client_start(client, &request, on_done, &seen, NULL), -ECANCELED);
    client = NULL;
}

static void test_close_from_within_done(void **state)
{
    static const struct step step = {"QUIT", HANG, NULL, 0};

    (void)state;
    serve(&step, 1);
    start(); /* hangs in its greeting, as the server has one visitor at a time */
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", server.port);
    assert_int_equal(http_client_start(client, &request, on_done_close, &seen, NULL), 0);
    run_until_done();
    while (!client_closed)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_in_range(now_ms() - seen.at_ms, 0, QUIT_MAX_MS + PROMPT_MS);
    if (client)
        client_closed = false;
}

static void on_done_again(void *context, const struct http_reply *reply)
{
    on_done(context, reply);
    if (seen.calls < 3)
        assert_int_equal(http_client_start(client, &request, on_done_again, &seen, NULL), 0);
}

static void test_start_from_within_done(void **state)
{
    (void)state;
    serve(NULL, 0);
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", server.port);
    assert_int_equal(http_client_start(client, &request, on_done_again, &seen, NULL), 0);
    while (seen.calls < 3)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_answer(HTTP_RESULT_OK, 250);
}

static void test_cancel_at_once(void **state)
{
    int i;

    (void)state;
    serve(NULL, 0);
    for (i = 0; i < 20; i++) {
        http_client_cancel(start());
        if (i % 2 == 0)
            run_for(2);
    }
    run_for(50);
    assert_int_equal(seen.calls, 0);
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
}

/* Cancelled at any moment, it is never sent by half, and told never or once. */
static void test_cancel_at_any_time(void **state)
{
    int i;

    (void)state;
    serve(NULL, 0);
    for (i = 0; i < 100; i++) {
        unsigned before = seen.calls;
        struct http_transfer *transfer = start();
        uint64_t end_ns = uv_hrtime() + (uint64_t)i * 50000;

        while (uv_hrtime() < end_ns && seen.calls == before)
            (void)uv_run(&loop, UV_RUN_NOWAIT);
        if (seen.calls == before)
            http_client_cancel(transfer);
    }
    run_for(50);
    print_message("%u of 100 were done before they were cancelled\n", seen.calls);
    assert_in_range(server.complete, seen.calls, 100);
}

static void big_body(void)
{
    size_t i;

    body = malloc(BIG);
    assert_non_null(body);
    for (i = 0; i < BIG; i++)
        body[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
    request.body = body;
    request.body_size = BIG;
    ticked_ms = now_ms(); /* that was the test, not the loop */
}

static void check_half_a_message(bool cancelled)
{
    struct http_transfer *transfer;

    server.stops_reading = true;
    serve(NULL, 0);
    big_body();
    if (!cancelled)
        request.timeout_ms = TIMEOUT_MS;
    transfer = start();
    run_until(&server.waiting, 1);
    if (cancelled) {
        run_for(50);
        http_client_cancel(transfer);
    } else {
        run_until_done();
        assert_int_equal(seen.reply.result, HTTP_RESULT_TIMED_OUT);
        assert_in_range(took_ms(), TIMEOUT_MS - 5, TIMEOUT_MS + PROMPT_MS);
    }
    close_client(); /* also checks that nothing waits for the server */
    server.reads_on = true;
    run_until(&server.connections, 1);
    assert_int_equal(server.complete, 0);
    assert_int_equal(seen.calls, cancelled ? 0 : 1);
}

static void test_cancelled_half_way_is_not_sent(void **state)
{
    (void)state;
    check_half_a_message(true);
}

static void test_timed_out_half_way_is_not_sent(void **state)
{
    (void)state;
    check_half_a_message(false);
}

static void test_big_message(void **state)
{
    (void)state;
    serve(NULL, 0);
    big_body();
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
}

/* ---- before there is a server ---- */

static void test_refused_connection(void **state)
{
    (void)state;
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", loopback_free_port());
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_REFUSED, 0);
    assert_false(seen.reply.connected);
}

/* Only the last of many addresses works. */
static void test_many_addresses(void **state)
{
    char own_url[64], addresses[512] = "";
    int i;

    (void)state;
    serve(NULL, 0);
    for (i = 2; i < 20; i++)
        (void)snprintf(addresses + strlen(addresses), sizeof addresses - strlen(addresses), "127.0.0.%d,", i);
    strcat(addresses, "127.0.0.1");
    (void)snprintf(own_url, sizeof own_url, "smtp://mail.example.invalid:%u", server.port);
    request.url = own_url;
    request.addresses = addresses;
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OK, 250);
    assert_in_range(took_ms(), 0, 2000 * SLOWNESS);
}

/* A server whose queue is full: connecting to it takes forever. */
static void test_hung_connect(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fillers[4], listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof address;
    size_t i;

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (i = 0; i < LENGTH(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, size);
    }
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", ntohs(address.sin_port));
    request.timeout_ms = TIMEOUT_MS;
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_TIMED_OUT, 0);
    assert_false(seen.reply.connected);
    assert_in_range(took_ms(), TIMEOUT_MS - 5, TIMEOUT_MS + PROMPT_MS);
    request.timeout_ms = GENEROUS_MS;
    http_client_cancel(start());
    start();
    run_for(50);
    close_client();
    assert_int_equal(seen.calls, 1);
    for (i = 0; i < LENGTH(fillers); i++)
        close(fillers[i]);
    close(listener);
}

static void test_hung_tls_handshake(void **state)
{
    int fd = silent_port_open(&server.port);
    uint16_t port = server.port;

    (void)state;
    server.port = 0;
    (void)snprintf(url, sizeof url, "smtps://127.0.0.1:%u", port);
    request.timeout_ms = TLS_MS;
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_TIMED_OUT, 0);
    assert_true(seen.reply.connected);
    assert_in_range(took_ms(), TLS_MS - 5, TLS_MS + PROMPT_MS);
    request.timeout_ms = GENEROUS_MS;
    start();
    run_for(TLS_MS / 2);
    close_client();
    assert_int_equal(seen.calls, 1);
    close(fd);
}

/* The server says "go on" to STARTTLS, and nothing more. */
static void test_hung_starttls_handshake(void **state)
{
    (void)state;
    server.greeting = "250-test\r\n250 STARTTLS";
    request.require_tls = true;
    request.timeout_ms = TLS_MS;
    serve(NULL, 0);
    start();
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_TIMED_OUT);
    assert_in_range(took_ms(), TLS_MS - 5, TLS_MS + PROMPT_MS);
    request.timeout_ms = GENEROUS_MS;
    start();
    run_for(TLS_MS / 2);
    close_client();
    assert_int_equal(seen.calls, 1);
}

static void test_hung_resolver(void **state)
{
    (void)state;
    resolver_released = false;
    (void)snprintf(url, sizeof url, "smtp://mail.example.invalid");
    request.timeout_ms = TIMEOUT_MS;
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_OWN_TROUBLE, 0);
    assert_in_range(took_ms(), TIMEOUT_MS - 5, TIMEOUT_MS + PROMPT_MS);
    request.timeout_ms = GENEROUS_MS;
    start();
    run_until(&resolver_calls, 2);
    close_client();
    assert_int_equal(seen.calls, 1);
    resolver_released = true;
    run_until(&resolver_returns, 2);
    run_for(50); /* curl's threads free what they have by themselves */
}

static void test_unknown_host(void **state)
{
    (void)state;
    resolver_released = true;
    (void)snprintf(url, sizeof url, "smtp://mail.example.invalid");
    start();
    run_until_done();
    assert_answer(HTTP_RESULT_UNKNOWN_HOST, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_taken_with_everything_slow),
        TEST(test_polite_goodbye),
        TEST(test_many_one_after_the_other),
        TEST(test_many_at_once),
        TEST(test_refusals),
        TEST(test_tls_required_and_not_offered),
        TEST(test_cut_after_a_refused_recipient),
        TEST(test_cut_at_each_step),
        TEST(test_cut_at_quit),
        TEST(test_timeout_at_each_step),
        TEST(test_timeout_at_quit),
        TEST(test_timeout_of_a_refused_mail_at_quit),
        TEST(test_cancel_at_each_step),
        TEST(test_close_at_each_step),
        TEST(test_close_from_within_done),
        TEST(test_start_from_within_done),
        TEST(test_cancel_at_once),
        TEST(test_cancel_at_any_time),
        TEST(test_cancelled_half_way_is_not_sent),
        TEST(test_timed_out_half_way_is_not_sent),
        TEST(test_big_message),
        TEST(test_refused_connection),
        TEST(test_many_addresses),
        TEST(test_hung_connect),
        TEST(test_hung_tls_handshake),
        TEST(test_hung_starttls_handshake),
        TEST(test_hung_resolver),
        TEST(test_unknown_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
