/* Whom https trusts, and that the loop's thread does not parse it. */
#include "cmocka_all.h"
#include "http/client.h"
#include "http/trust.h"
#include "loopback_server.h"
#include "tls_server.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { TIMEOUT_MS = 10000, BRIEF_MS = 300, BUNDLE = 160, RUNS = 5, BLOCKED_MAX_US = 5000 };

static struct tls_identity authority, stranger, identity;
static struct tls_server server;
static struct loopback_server plain;
static uv_loop_t loop;
static struct http_client *client;
static char folder[] = "/tmp/rmqwatch-trust-XXXXXX";
static char url[64], good[64], bad[64], pipe_path[64], scratch[64], bundle[64], hashed_folder[64];
static unsigned calls;
static struct http_reply reply;

static void on_done(void *context, const struct http_reply *got)
{
    (void)context;
    calls++;
    reply = *got;
}

static struct http_transfer *start_at(const char *where, const char *ca_file, bool fresh, uint64_t timeout_ms)
{
    const struct http_request request = {
        .url = where, .ca_file = ca_file, .fresh = fresh, .timeout_ms = timeout_ms};
    struct http_transfer *transfer = NULL;
    unsigned before = calls;

    assert_int_equal(http_client_start(client, &request, on_done, NULL, &transfer), 0);
    assert_int_equal(calls, before);
    return transfer;
}

static void run_until(unsigned count)
{
    while (calls < count)
        assert_true(uv_run(&loop, UV_RUN_ONCE) != 0 || calls >= count);
}

static void run_for(uint64_t ms)
{
    uint64_t end = uv_hrtime() / 1000000 + ms;

    while (uv_hrtime() / 1000000 < end) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
}

static enum http_result get_at(const char *where, const char *ca_file, bool fresh)
{
    unsigned before = calls;

    (void)start_at(where, ca_file, fresh, TIMEOUT_MS);
    run_until(before + 1);
    return reply.result;
}

static enum http_result get(const char *ca_file, bool fresh)
{
    return get_at(url, ca_file, fresh);
}

/* The server may not have taken yet what failed here. */
static void expect_connections(size_t count)
{
    for (int i = 0; i < 1000 && atomic_load(&server.connections) < count; i++)
        (void)usleep(1000);
    assert_int_equal(atomic_load(&server.connections), count);
}

/* Until a thread has opened the pipe, where it waits for what is written here. */
static int await_reader(const char *path)
{
    int fd = -1;

    for (int i = 0; i < TIMEOUT_MS && fd < 0; i++) {
        run_for(1);
        fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    }
    assert_true(fd >= 0);
    return fd;
}

static void feed_reader(int fd)
{
    FILE *stream = fdopen(fd, "w");

    assert_non_null(stream);
    assert_int_equal(PEM_write_X509(stream, authority.certificate), 1);
    assert_int_equal(fclose(stream), 0);
}

static void run_until_idle(void)
{
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

static uint64_t thread_us(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The longest that this thread, the loop's, was at work without looking for other events, for a new client's
 * request. In time of the thread's own: waiting and other programs take none of it. */
static uint64_t measure_request(const char *ca_file)
{
    uint64_t began_us, took_us, longest_us = 0;
    unsigned before = calls;

    began_us = thread_us();
    (void)start_at(url, ca_file, true, TIMEOUT_MS);
    do {
        took_us = thread_us() - began_us;
        longest_us = took_us > longest_us ? took_us : longest_us;
        began_us = thread_us();
        (void)uv_run(&loop, UV_RUN_ONCE);
    } while (calls == before);
    took_us = thread_us() - began_us;
    assert_int_equal(reply.result, HTTP_RESULT_OK);
    return took_us > longest_us ? took_us : longest_us;
}

static void close_client(void)
{
    http_client_close(client, NULL, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    client = NULL;
}

/* The best of some, as a page that is not there yet counts too. */
static void expect_free_loop(const char *ca_file)
{
    uint64_t best_us = UINT64_MAX;

    for (int i = 0; i < RUNS; i++) {
        uint64_t longest_us = measure_request(ca_file);

        best_us = longest_us < best_us ? longest_us : best_us;
        close_client();
        client = http_client_new(&loop);
        assert_non_null(client);
    }
    print_message("the loop was kept for %u us at most\n", (unsigned)best_us);
    assert_true(best_us < BLOCKED_MAX_US);
}

static void test_system_store_does_not_keep_the_loop(void **state)
{
    (void)state;
    assert_int_equal(setenv("SSL_CERT_FILE", bundle, 1), 0);
    expect_free_loop(NULL);
}

static void test_large_ca_file_does_not_keep_the_loop(void **state)
{
    (void)state;
    expect_free_loop(bundle);
}

static void test_system_store(void **state)
{
    char path[128];

    (void)state;
    assert_int_equal(setenv("SSL_CERT_FILE", bad, 1), 0);
    assert_int_equal(get(NULL, true), HTTP_RESULT_TLS_TRUST);
    assert_true(reply.connected);
    close_client();
    client = http_client_new(&loop);
    (void)snprintf(path, sizeof path, "%s/%08lx.0", hashed_folder,
        X509_NAME_hash_ex(X509_get_subject_name(authority.certificate), NULL, NULL, NULL));
    tls_identity_add(&authority, path);
    assert_int_equal(setenv("SSL_CERT_DIR", hashed_folder, 1), 0);
    assert_int_equal(get(NULL, true), HTTP_RESULT_OK);
    (void)unlink(path);
}

/* curl must not take a connection, or a session, of another trust for its own. */
static void test_trusts_are_kept_apart(void **state)
{
    (void)state;
    assert_int_equal(setenv("SSL_CERT_FILE", bad, 1), 0);
    assert_int_equal(get(good, false), HTTP_RESULT_OK);
    expect_connections(1);
    assert_int_equal(get(bad, false), HTTP_RESULT_TLS_TRUST);
    assert_int_equal(get(NULL, false), HTTP_RESULT_TLS_TRUST);
    assert_int_equal(get("/nonexistent/ca.pem", false), HTTP_RESULT_TLS_TRUST);
    expect_connections(4);
    assert_int_equal(get(good, false), HTTP_RESULT_OK);
    expect_connections(4);
    assert_int_equal(atomic_load(&server.resumed), 0);
    assert_int_equal(get(good, true), HTTP_RESULT_OK);
    assert_int_equal(atomic_load(&server.resumed), 1);
    assert_int_equal(get(bad, true), HTTP_RESULT_TLS_TRUST);
    /* The same certificate, but a file of its own. */
    tls_identity_add(&authority, scratch);
    assert_int_equal(get(scratch, false), HTTP_RESULT_OK);
    expect_connections(7);
    assert_int_equal(get(good, false), HTTP_RESULT_OK);
    assert_int_equal(get(scratch, false), HTTP_RESULT_OK);
    expect_connections(7);
    assert_int_equal(atomic_load(&server.resumed), 1);
}

/* As curl has it: any certificate of the file is trusted by itself. */
static void test_server_certificate_as_the_authority(void **state)
{
    (void)state;
    tls_identity_add(&identity, scratch);
    assert_int_equal(get(scratch, true), HTTP_RESULT_OK);
}

static void test_unusable_files(void **state)
{
    char nobody[64];

    (void)state;
    (void)snprintf(nobody, sizeof nobody, "https://127.0.0.1:%u/", loopback_free_port());
    assert_int_equal(get("/nonexistent/ca.pem", true), HTTP_RESULT_TLS_TRUST);
    assert_true(reply.connected);
    assert_int_equal(get_at(nobody, "/nonexistent/ca.pem", true), HTTP_RESULT_REFUSED);
    assert_false(reply.connected);
    assert_int_equal(get(folder, true), HTTP_RESULT_TLS_TRUST);
    assert_int_equal(get("/dev/null", true), HTTP_RESULT_TLS_TRUST);
    /* It is tried anew each time. */
    assert_int_equal(get(scratch, true), HTTP_RESULT_TLS_TRUST);
    tls_identity_add(&authority, scratch);
    assert_int_equal(get(scratch, true), HTTP_RESULT_OK);
}

static void test_others_do_not_wait(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0}};
    char plain_url[64];
    unsigned before = calls;
    int fd;

    (void)state;
    loopback_open(&plain, &loop, manners, LENGTH(manners));
    (void)snprintf(plain_url, sizeof plain_url, "http://127.0.0.1:%u/", plain.port);
    (void)start_at(url, pipe_path, true, TIMEOUT_MS);
    (void)start_at(url, pipe_path, false, TIMEOUT_MS);
    fd = await_reader(pipe_path);
    assert_int_equal(get_at(plain_url, pipe_path, true), HTTP_RESULT_OK);
    assert_int_equal(get(good, true), HTTP_RESULT_OK);
    assert_int_equal(calls, before + 2);
    feed_reader(fd);
    run_until(before + 4);
    assert_int_equal(reply.result, HTTP_RESULT_OK);
    expect_connections(3);
    loopback_close(&plain);
}

/* However many files hang, threads are left for others; and those that wait for a thread get it. */
static void test_hanging_files_keep_few_threads(void **state)
{
    char path[TRUST_THREADS_MAX][80];
    int reader[TRUST_THREADS_MAX], last;
    unsigned before = calls;
    size_t i;

    (void)state;
    for (i = 0; i < TRUST_THREADS_MAX; i++) {
        (void)snprintf(path[i], sizeof path[i], "%s/pipe-%zu", folder, i);
        assert_int_equal(mkfifo(path[i], 0600), 0);
        (void)start_at(url, path[i], true, TIMEOUT_MS);
        reader[i] = await_reader(path[i]);
    }
    (void)start_at(url, good, true, TIMEOUT_MS);
    run_for(100);
    assert_int_equal(calls, before);
    feed_reader(reader[0]);
    run_until(before + 2);
    assert_int_equal(reply.result, HTTP_RESULT_OK);
    expect_connections(2);
    (void)start_at(url, pipe_path, true, TIMEOUT_MS);
    last = await_reader(pipe_path);
    (void)start_at(url, bad, true, TIMEOUT_MS); /* without a thread when the client is closed */
    http_client_close(client, NULL, NULL);
    client = NULL;
    for (i = 1; i < TRUST_THREADS_MAX; i++)
        feed_reader(reader[i]);
    feed_reader(last);
    run_until_idle();
    assert_int_equal(calls, before + 2);
    for (i = 0; i < TRUST_THREADS_MAX; i++)
        assert_int_equal(unlink(path[i]), 0);
}

static void test_deadline_while_waiting(void **state)
{
    unsigned before;
    int fd;

    (void)state;
    assert_int_equal(get(good, true), HTTP_RESULT_OK); /* a handle that was used before */
    before = calls;
    (void)start_at(url, pipe_path, true, BRIEF_MS);
    fd = await_reader(pipe_path);
    run_until(before + 1);
    assert_int_equal(reply.result, HTTP_RESULT_OWN_TROUBLE);
    assert_false(reply.connected);
    assert_in_range(reply.total_ms, BRIEF_MS - 10, BRIEF_MS + 500);
    feed_reader(fd);
    run_for(50);
    expect_connections(1);
}

static void test_cancel_while_waiting(void **state)
{
    unsigned before = calls;
    int fd;

    (void)state;
    struct http_transfer *first = start_at(url, pipe_path, true, TIMEOUT_MS);
    struct http_transfer *second = start_at(url, pipe_path, true, TIMEOUT_MS);
    struct http_transfer *third = start_at(url, pipe_path, true, TIMEOUT_MS);

    fd = await_reader(pipe_path);
    http_client_cancel(second);
    http_client_cancel(third);
    run_for(20);
    feed_reader(fd);
    run_until(before + 1);
    assert_int_equal(reply.result, HTTP_RESULT_OK);
    first = start_at(url, scratch, true, TIMEOUT_MS);
    http_client_cancel(first);
    run_for(50);
    assert_int_equal(calls, before + 1);
    expect_connections(1);
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

static void test_close_while_waiting(void **state)
{
    unsigned before = calls;
    bool closed = false;
    int fd;

    (void)state;
    (void)start_at(url, pipe_path, true, TIMEOUT_MS);
    (void)start_at(url, good, true, TIMEOUT_MS);
    fd = await_reader(pipe_path);
    (void)start_at(url, scratch, true, TIMEOUT_MS);
    http_client_close(client, on_closed, &closed);
    client = NULL;
    run_for(20);
    assert_false(closed); /* a thread still has what is the client's */
    feed_reader(fd);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_true(closed);
    assert_true(calls <= before + 1);
}

/* After the handshake it is silent, as it waits for a request. */
static enum http_result mail(const char *ca_file, uint64_t timeout_ms)
{
    static const char *const recipients[] = {"b@example.org"};
    unsigned before = calls;
    char mail_url[64];

    (void)snprintf(mail_url, sizeof mail_url, "smtps://127.0.0.1:%u", server.port);
    assert_int_equal(http_client_start(client,
                         &(struct http_request){.method = HTTP_MAIL,
                             .url = mail_url,
                             .ca_file = ca_file,
                             .timeout_ms = timeout_ms,
                             .mail_from = "a@example.org",
                             .recipients = recipients,
                             .recipient_count = 1},
                         on_done, NULL, NULL),
        0);
    run_until(before + 1);
    return reply.result;
}

/* They do it by curl itself, but trust the same. */
static void test_mails(void **state)
{
    (void)state;
    assert_int_equal(mail(NULL, BRIEF_MS), HTTP_RESULT_TIMED_OUT);
    assert_int_equal(mail(bad, TIMEOUT_MS), HTTP_RESULT_TLS_TRUST);
    assert_int_equal(setenv("SSL_CERT_FILE", bad, 1), 0);
    assert_int_equal(mail(NULL, TIMEOUT_MS), HTTP_RESULT_TLS_TRUST);
    assert_int_equal(mail(good, BRIEF_MS), HTTP_RESULT_TIMED_OUT);
}

/* --- the cache by itself --- */

static struct http_transfer asking;

static void on_ready(struct http_transfer *transfer, int r)
{
    assert_int_equal(r, 0);
    assert_ptr_equal(transfer, &asking);
    calls++;
}

/* Whether it had to wait. */
static bool ask(struct trust_cache *cache, const char *ca_file)
{
    unsigned before = calls;
    int r;

    trust_release(&asking);
    r = trust_ask(cache, &asking, ca_file);
    if (r == -EINPROGRESS)
        run_until(before + 1);
    else
        assert_int_equal(r, 0);
    return r == -EINPROGRESS;
}

static void open_asking(void)
{
    asking = (struct http_transfer){.easy = curl_easy_init()};
    assert_non_null(asking.easy);
    assert_int_equal(trust_prepare(&asking, &(struct http_request){.url = url}), 0);
    assert_true(asking.own_trust);
}

static void close_asking(struct trust_cache *cache)
{
    bool closed = false;

    trust_release(&asking);
    curl_easy_cleanup(asking.easy);
    trust_cache_close(cache, on_closed, &closed);
    run_until_idle();
    assert_true(closed);
}

static bool trusts(const struct tls_identity *whom)
{
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    bool trusted;

    assert_int_equal(X509_STORE_CTX_init(check, asking.trusted, whom->certificate, NULL), 1);
    trusted = X509_verify_cert(check) == 1;
    X509_STORE_CTX_free(check);
    return trusted;
}

static void test_changed_file_is_noticed(void **state)
{
    struct trust_cache *cache = trust_cache_new(&loop, 0, on_ready);
    X509_STORE *first;

    (void)state;
    open_asking();
    tls_identity_add(&stranger, scratch);
    assert_true(ask(cache, scratch));
    assert_false(trusts(&identity));
    first = asking.trusted;
    /* Looked at again, and the same: nothing is parsed. */
    assert_false(ask(cache, scratch));
    run_until_idle();
    assert_false(ask(cache, scratch));
    assert_ptr_equal(asking.trusted, first);
    run_until_idle();
    tls_identity_add(&authority, scratch);
    /* Nobody waits: the old one is good until the new one is there. */
    assert_false(ask(cache, scratch));
    assert_ptr_equal(asking.trusted, first);
    run_until_idle();
    assert_false(ask(cache, scratch));
    assert_true(trusts(&identity));
    run_until_idle();
    /* Gone: nobody is trusted any more. */
    assert_int_equal(unlink(scratch), 0);
    assert_false(ask(cache, scratch));
    run_until_idle();
    assert_true(ask(cache, scratch));
    assert_null(asking.trusted);
    close_asking(cache);
}

static void test_file_is_left_alone_for_a_while(void **state)
{
    struct trust_cache *cache = trust_cache_new(&loop, TRUST_CHECK_MS, on_ready);

    (void)state;
    open_asking();
    tls_identity_add(&stranger, scratch);
    assert_true(ask(cache, scratch));
    tls_identity_add(&authority, scratch);
    assert_false(ask(cache, scratch));
    run_until_idle();
    assert_false(ask(cache, scratch));
    assert_false(trusts(&identity));
    close_asking(cache);
}

static void test_least_used_file_is_forgotten(void **state)
{
    struct trust_cache *cache = trust_cache_new(&loop, TRUST_CHECK_MS, on_ready);
    char path[TRUST_KEPT_MAX][80];
    size_t i;

    (void)state;
    open_asking();
    assert_true(ask(cache, good));
    for (i = 0; i < TRUST_KEPT_MAX; i++) {
        (void)snprintf(path[i], sizeof path[i], "%s/%zu.pem", folder, i);
        tls_identity_add(&authority, path[i]);
        assert_true(ask(cache, path[i]));
        assert_int_equal(ask(cache, good), false);
    }
    assert_false(ask(cache, path[1]));
    assert_true(ask(cache, path[0]));
    for (i = 0; i < TRUST_KEPT_MAX; i++)
        assert_int_equal(unlink(path[i]), 0);
    close_asking(cache);
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    client = http_client_new(&loop);
    assert_non_null(client);
    tls_server_open(&server, &identity);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", server.port);
    assert_int_equal(setenv("SSL_CERT_FILE", good, 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", "/nonexistent", 1), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_client_close(client, NULL, NULL);
    client = NULL;
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    tls_server_close(&server);
    (void)unlink(scratch);
    return 0;
}

static void name_file(char *path, size_t size, const char *name)
{
    (void)snprintf(path, size, "%s/%s", folder, name);
}

static int setup_files(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_non_null(mkdtemp(folder));
    name_file(good, sizeof good, "good.pem");
    name_file(bad, sizeof bad, "bad.pem");
    name_file(bundle, sizeof bundle, "bundle.pem");
    name_file(scratch, sizeof scratch, "scratch.pem");
    name_file(pipe_path, sizeof pipe_path, "pipe");
    name_file(hashed_folder, sizeof hashed_folder, "hashed");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(mkdir(hashed_folder, 0700), 0);
    authority = tls_identity_new("authority", NULL);
    stranger = tls_identity_new("stranger", NULL);
    identity = tls_identity_new("server", &authority);
    tls_identity_add(&authority, good);
    tls_identity_add(&stranger, bad);
    for (int i = 0; i < BUNDLE; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "other authority %d", i);
        struct tls_identity other = tls_identity_new(name, NULL);

        tls_identity_add(&other, bundle);
        tls_identity_free(&other);
    }
    tls_identity_add(&authority, bundle);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    tls_identity_free(&authority);
    tls_identity_free(&stranger);
    tls_identity_free(&identity);
    (void)unlink(good);
    (void)unlink(bad);
    (void)unlink(bundle);
    (void)unlink(pipe_path);
    (void)rmdir(hashed_folder);
    return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_system_store_does_not_keep_the_loop),
        TEST(test_large_ca_file_does_not_keep_the_loop),
        TEST(test_system_store),
        TEST(test_trusts_are_kept_apart),
        TEST(test_server_certificate_as_the_authority),
        TEST(test_unusable_files),
        TEST(test_others_do_not_wait),
        TEST(test_hanging_files_keep_few_threads),
        TEST(test_deadline_while_waiting),
        TEST(test_cancel_while_waiting),
        TEST(test_close_while_waiting),
        TEST(test_mails),
        TEST(test_changed_file_is_noticed),
        TEST(test_file_is_left_alone_for_a_while),
        TEST(test_least_used_file_is_forgotten),
    };

    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
