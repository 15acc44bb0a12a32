/* The agent beside another member: GET /health (src/control/public.h). A new connection each time, for only
 * that proves that it still takes them; no name, no password. */
#include "base/text.h"
#include "probes/context.h"
#include "probes/outcome.h"
#include "probes/parse.h"
#include "probes/registry.h"
#include "probes/target.h"

#include <errno.h>
#include <stdlib.h>

enum { REPLY_MAX = 4 * 1024 };

struct agent_run {
    struct probe *probe;
    uv_timer_t timer;    /* while the name is looked up */
    uint64_t started_ms; /* the loop's clock */
    struct resolver_wait wait;
    struct http_transfer *transfer; /* NULL: not asked yet, or answered */
    char addresses[ADDRESS_LIST_TEXT_MAX];
};

static void on_run_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void run_end(struct agent_run *run)
{
    run->probe->run = NULL;
    resolver_forget(&run->wait);
    http_client_cancel(run->transfer);
    uv_close((uv_handle_t *)&run->timer, on_run_closed);
}

static void run_finish(struct agent_run *run, enum probe_result result)
{
    struct probe *probe = run->probe;

    if (result == PROBE_RESULT_TIMED_OUT || result == PROBE_RESULT_REFUSED ||
        result == PROBE_RESULT_UNREACHABLE)
        resolver_refresh(probe->context->resolver, probe->target->host);
    run_end(run);
    probe->done(probe, result, NULL);
}

static void on_lookup_slow(uv_timer_t *timer)
{
    run_finish(timer->data, PROBE_RESULT_OWN_TROUBLE); /* it is our resolver that does not answer */
}

/* Something else may listen there, or the agent of another node: that one does not speak for this. */
static enum probe_result judge(const struct http_reply *reply, const char *node)
{
    int r;

    if (reply->result != HTTP_RESULT_OK)
        return probe_result_from_reply(reply);
    if (reply->status != 200)
        return reply->status == 404 ? PROBE_RESULT_NOT_FOUND : PROBE_RESULT_BAD_REPLY;
    r = parse_agent(reply->body, reply->body_size, node);
    if (r == -ENOMEM)
        return PROBE_RESULT_OWN_TROUBLE;
    return r == 0 ? PROBE_RESULT_OK : PROBE_RESULT_BAD_REPLY;
}

static void on_answer(void *context, const struct http_reply *reply)
{
    struct agent_run *run = context;

    run->transfer = NULL;
    run_finish(run, judge(reply, run->probe->target->node));
}

static int run_begin(struct agent_run *run, const struct address_list *addresses)
{
    const struct probe *probe = run->probe;
    uint64_t spent_ms = uv_now(probe->context->loop) - run->started_ms;
    char url[RMQ_NODE_NAME_MAX + 32];
    const struct http_request request = {
        .method = HTTP_GET,
        .url = url,
        .addresses = address_list_text(addresses, run->addresses),
        .timeout_ms = spent_ms < probe->timeout_ms ? probe->timeout_ms - spent_ms : 1,
        .max_reply_bytes = REPLY_MAX,
        .fresh = true,
    };

    (void)uv_timer_stop(&run->timer);
    target_url(url, sizeof url, "http", probe->target->host, probe->target->agent_port);
    text_append(url, sizeof url, "/health");
    return http_client_start(probe->context->http, &request, on_answer, run, &run->transfer);
}

static void on_resolved(void *context, int status, const struct address_list *addresses)
{
    struct agent_run *run = context;

    if (status == 0)
        status = run_begin(run, addresses);
    if (status < 0)
        run_finish(run, probe_result_from_uv(status));
}

static bool agent_applies(const struct config *config, const struct probe_target *target)
{
    (void)config; /* the target's port says whether they are asked */
    return !target->local && target->agent_port > 0;
}

static int agent_start(struct probe *probe)
{
    struct agent_run *run = calloc(1, sizeof *run);
    struct address_list addresses;
    int r;

    if (!run)
        return -ENOMEM;
    run->probe = probe;
    probe->run = run;
    uv_update_time(probe->context->loop); /* the timeout counts from now */
    run->started_ms = uv_now(probe->context->loop);
    (void)uv_timer_init(probe->context->loop, &run->timer);
    run->timer.data = run;
    (void)uv_timer_start(&run->timer, on_lookup_slow, probe->timeout_ms, 0);
    r = resolver_find(
        probe->context->resolver, probe->target->host, &addresses, &run->wait, on_resolved, run);
    if (r == 0)
        r = run_begin(run, &addresses);
    if (r < 0 && r != -EAGAIN) {
        run_end(run);
        return r;
    }
    return 0;
}

static void agent_cancel(struct probe *probe)
{
    if (probe->run)
        run_end(probe->run);
}

const struct probe_ops probe_agent_ops = {
    .name = "agent",
    .kind = PROBE_AGENT,
    .applies = agent_applies,
    .start = agent_start,
    .cancel = agent_cancel,
};
