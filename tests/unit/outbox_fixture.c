#include "outbox_fixture.h"

#include "alert_samples.h"
#include "cmocka_all.h"
#include "rmqwatch/channel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char mail_from[] = "rmqwatchd@example.com";
static char mail_to[] = "oncall@example.com";

static void on_poll(uv_timer_t *timer)
{
    (void)timer; /* wakes uv_run() so that conditions are looked at */
}

void outbox_fixture_open(struct outbox_fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    uv_timer_init(&fixture->loop, &fixture->poll);
    uv_timer_start(&fixture->poll, on_poll, 5, 5);
    fixture->client = http_client_new(&fixture->loop);
    assert_non_null(fixture->client);
    fixture->config = calloc(1, sizeof(*fixture->config));
    assert_non_null(fixture->config);
}

static void free_config(struct config *config)
{
    for (size_t i = 0; config && i < config->channel_count; i++) {
        free(config->channels[i].url.value);
        free(config->channels[i].server);
    }
    free(config);
}

void outbox_fixture_rewrite(struct outbox_fixture *fixture)
{
    fixture->used = fixture->config;
    fixture->config = calloc(1, sizeof(*fixture->config));
    assert_non_null(fixture->config);
}

void outbox_fixture_reload(struct outbox_fixture *fixture)
{
    assert_int_equal(outbox_reconfigure(fixture->outbox, fixture->config), 0);
    free_config(fixture->used);
    fixture->used = NULL;
}

/* Standard error is the log's only between these two: a test's own complaints must be seen. */
static void begin_log(struct outbox_fixture *fixture)
{
    fixture->saved_stderr = dup(STDERR_FILENO);
    fixture->log_fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(fixture->saved_stderr >= 0 && fixture->log_fd >= 0);
    dup2(fixture->log_fd, STDERR_FILENO);
}

static void end_log(struct outbox_fixture *fixture)
{
    size_t used = strlen(fixture->log);
    ssize_t size;

    dup2(fixture->saved_stderr, STDERR_FILENO);
    close(fixture->saved_stderr);
    size = pread(fixture->log_fd, fixture->log + used, sizeof(fixture->log) - 1 - used, 0);
    close(fixture->log_fd);
    assert_true(size >= 0);
    fixture->log[used + (size_t)size] = '\0';
}

static void run_once(struct outbox_fixture *fixture)
{
    begin_log(fixture);
    uv_run(&fixture->loop, UV_RUN_ONCE);
    end_log(fixture);
}

void outbox_fixture_close(struct outbox_fixture *fixture)
{
    outbox_fixture_close_then(fixture, NULL, NULL);
}

void outbox_fixture_close_then(struct outbox_fixture *fixture, void (*closed)(void *context), void *context)
{
    size_t done = fixture->done;

    begin_log(fixture);
    outbox_close(fixture->outbox, outbox_fixture_done, fixture);
    end_log(fixture);
    if (closed)
        closed(context);
    outbox_fixture_wait(fixture, &fixture->done, done + 1);
    http_client_close(fixture->client, outbox_fixture_done, fixture);
    outbox_fixture_wait(fixture, &fixture->done, done + 2);
    uv_close((uv_handle_t *)&fixture->poll, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    free_config(fixture->config);
    assert_null(strstr(fixture->log, FIXTURE_SECRET));
}

struct channel_config *outbox_fixture_channel(
    struct outbox_fixture *fixture, const char *kind, const char *name, int port)
{
    struct channel_config *channel = &fixture->config->channels[fixture->config->channel_count++];
    bool mail = strcmp(kind, "mail") == 0;
    char url[96];

    snprintf(
        url, sizeof(url), mail ? "smtp://127.0.0.1:%d" : "http://127.0.0.1:%d/hook/" FIXTURE_SECRET, port);
    channel->ops = channel_find(kind);
    channel->name = (char *)(uintptr_t)name;
    if (mail) {
        channel->server = strdup(url);
        channel->from = mail_from;
        channel->to[channel->to_count++] = mail_to;
    } else {
        channel->url.value = strdup(url);
    }
    return channel;
}

void outbox_fixture_start(struct outbox_fixture *fixture)
{
    fixture->outbox = outbox_new(&fixture->loop, fixture->client, fixture->config);
    assert_non_null(fixture->outbox);
}

void outbox_fixture_put(struct outbox_fixture *fixture, enum notice_kind kind, const char *incident)
{
    outbox_fixture_put_of(fixture, kind, incident, "rabbit@rmq2");
}

void outbox_fixture_put_of(
    struct outbox_fixture *fixture, enum notice_kind kind, const char *incident, const char *node)
{
    struct notice notice = sample_gave_up();
    int r;

    notice.kind = kind;
    notice.severity = notice_info(kind)->severity;
    snprintf(notice.incident, sizeof(notice.incident), "%s", incident);
    snprintf(notice.trouble, sizeof(notice.trouble), "%s", incident);
    snprintf(notice.node, sizeof(notice.node), "%s", node);
    begin_log(fixture);
    r = outbox_put(fixture->outbox, &notice);
    end_log(fixture);
    assert_int_equal(r, 0);
}

void outbox_fixture_drain(struct outbox_fixture *fixture)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 10000;

    while (outbox_pending(fixture->outbox) > 0) {
        assert_true(uv_hrtime() / 1000000 < end_ms);
        run_once(fixture);
    }
}

void outbox_fixture_wait(struct outbox_fixture *fixture, atomic_size_t *count, size_t wanted)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 10000;

    while (*count < wanted) {
        assert_true(uv_hrtime() / 1000000 < end_ms);
        run_once(fixture);
    }
}

void outbox_fixture_run_ms(struct outbox_fixture *fixture, uint64_t ms)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + ms;

    while (uv_hrtime() / 1000000 < end_ms)
        run_once(fixture);
}

void outbox_fixture_done(void *fixture)
{
    ((struct outbox_fixture *)fixture)->done++;
}

struct outbox_counts outbox_fixture_counts(const struct outbox_fixture *fixture)
{
    struct outbox_counts counts;

    outbox_count(fixture->outbox, &counts);
    return counts;
}
