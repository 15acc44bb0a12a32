/* The AMQP port: a connection, or with deep the protocol's first bytes. The kernel accepts connections on
 * behalf of a broker that hangs, so a connection alone proves that the host lives, and no more. */
#include "probes/connect.h"
#include "probes/context.h"
#include "probes/outcome.h"
#include "probes/parse.h"
#include "probes/registry.h"
#include "probes/target.h"

#include <errno.h>
#include <stdlib.h>

struct amqp_run {
    struct probe *probe;
    uv_timer_t deadline;
    struct resolver_wait wait;
    struct connector *connector;
    uv_stream_t *stream;
    struct http_transfer *handshake;
    unsigned char bytes[256];
    size_t size;
};

static void on_run_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Ends the run; its memory goes with its timer. */
static void run_end(struct amqp_run *run)
{
    run->probe->run = NULL;
    resolver_forget(&run->wait);
    connector_cancel(run->connector);
    http_client_cancel(run->handshake);
    if (run->stream)
        connection_close(run->stream);
    uv_close((uv_handle_t *)&run->deadline, on_run_closed);
}

static void run_finish(struct amqp_run *run, enum probe_result result)
{
    struct probe *probe = run->probe;

    if (result == PROBE_RESULT_TIMED_OUT || result == PROBE_RESULT_REFUSED ||
        result == PROBE_RESULT_UNREACHABLE)
        resolver_refresh(probe->context->resolver, probe->target->host);
    run_end(run);
    probe->done(probe, result, NULL);
}

static void on_deadline(uv_timer_t *timer)
{
    struct amqp_run *run = timer->data;

    if (run->wait.host)
        run_finish(run, PROBE_RESULT_OWN_TROUBLE); /* it is our resolver that does not answer */
    else
        run_finish(run, run->stream ? PROBE_RESULT_SILENT : PROBE_RESULT_TIMED_OUT);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct amqp_run *run = handle->data;

    (void)suggested;
    *buffer = uv_buf_init((char *)run->bytes + run->size, (unsigned)(sizeof run->bytes - run->size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct amqp_run *run = stream->data;

    (void)buffer;
    if (size < 0) {
        run_finish(run, probe_result_from_uv((int)size));
        return;
    }
    run->size += (size_t)size;
    switch (parse_amqp(run->bytes, run->size)) {
    case AMQP_REPLY_INCOMPLETE:
        return;
    case AMQP_REPLY_START:
    case AMQP_REPLY_HEADER: /* another version of AMQP: the broker lives */
        run_finish(run, PROBE_RESULT_OK);
        return;
    case AMQP_REPLY_OTHER:
        run_finish(run, PROBE_RESULT_BAD_REPLY);
        return;
    }
}

static void on_connected(void *context, int status, uv_stream_t *stream)
{
    static char header[] = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
    struct amqp_run *run = context;
    uv_buf_t buffer = uv_buf_init(header, sizeof header);
    int r;

    run->connector = NULL;
    run->stream = stream;
    if (status < 0 || !run->probe->deep) {
        run_finish(run, status < 0 ? probe_result_from_uv(status) : PROBE_RESULT_OK);
        return;
    }
    stream->data = run;
    /* A fresh connection's buffer takes eight bytes at once, so no write need be waited for. */
    r = uv_try_write(stream, &buffer, 1);
    if (r == (int)sizeof header)
        r = uv_read_start(stream, on_alloc, on_read);
    else if (r >= 0)
        r = -ENOBUFS;
    if (r < 0)
        run_finish(run, probe_result_from_uv(r));
}

static void on_handshake_done(void *context, const struct http_reply *reply)
{
    struct amqp_run *run = context;

    run->handshake = NULL;
    run_finish(run, probe_result_from_reply(reply));
}

/* A TLS port says nothing in AMQP before a handshake; that it completes one says as much. */
static int run_shake_hands(struct amqp_run *run, const struct address_list *addresses)
{
    const struct probe *probe = run->probe;
    const uint64_t left = uv_timer_get_due_in(&run->deadline);
    char url[RMQ_NODE_NAME_MAX + 32], list[ADDRESS_LIST_TEXT_MAX];
    const struct http_request request = {
        .method = HTTP_CONNECT,
        .url = url,
        .addresses = address_list_text(addresses, list),
        .ca_file = probe->context->config->amqp.ca_file,
        .timeout_ms = left > 0 ? left : 1,
        .fresh = true,
    };

    /* From here on the transfer's own deadline counts: it knows whether there was a connection. */
    (void)uv_timer_stop(&run->deadline);
    target_url(url, sizeof url, "https", probe->target->host, probe->target->amqp_port);
    return http_client_start(probe->context->http, &request, on_handshake_done, run, &run->handshake);
}

static int run_connect(struct amqp_run *run, const struct address_list *addresses)
{
    const struct probe *probe = run->probe;

    if (probe->deep && probe->context->config->amqp.tls)
        return run_shake_hands(run, addresses);
    return connector_start(
        probe->context->loop, addresses, probe->target->amqp_port, on_connected, run, &run->connector);
}

static void on_resolved(void *context, int status, const struct address_list *addresses)
{
    struct amqp_run *run = context;

    if (status == 0)
        status = run_connect(run, addresses);
    if (status < 0)
        run_finish(run, probe_result_from_uv(status));
}

static bool amqp_applies(const struct config *config, const struct probe_target *target)
{
    (void)target;
    return config->amqp.enabled;
}

static int amqp_start(struct probe *probe)
{
    struct address_list addresses;
    struct amqp_run *run;
    int r;

    run = calloc(1, sizeof *run);
    if (!run)
        return -ENOMEM;
    run->probe = probe;
    probe->run = run;
    (void)uv_timer_init(probe->context->loop, &run->deadline);
    run->deadline.data = run;
    uv_update_time(probe->context->loop); /* the deadline counts from now */
    (void)uv_timer_start(&run->deadline, on_deadline, probe->timeout_ms, 0);
    r = resolver_find(
        probe->context->resolver, probe->target->host, &addresses, &run->wait, on_resolved, run);
    if (r == 0)
        r = run_connect(run, &addresses);
    if (r < 0 && r != -EAGAIN) {
        run_end(run);
        return r;
    }
    return 0;
}

static void amqp_cancel(struct probe *probe)
{
    if (probe->run)
        run_end(probe->run);
}

const struct probe_ops probe_amqp_ops = {
    .name = "amqp",
    .kind = PROBE_AMQP,
    .applies = amqp_applies,
    .start = amqp_start,
    .cancel = amqp_cancel,
};
