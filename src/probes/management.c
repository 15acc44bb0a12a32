/* The management API. The verdict is the answer to the health check of local alarms, alone: the broker
 * answers it from its own memory. Who is running is asked beside it, for that question makes the broker ask
 * all the others: while one of them hangs it takes 5 s (3.10) or 10 s (4.3), until the net tick time is over.
 * So the details get a moment, and what has not come by then stays unknown. */
#include "probes/context.h"
#include "probes/outcome.h"
#include "probes/parse.h"
#include "probes/registry.h"
#include "probes/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPLY_MAX = 256 * 1024,
    QUEUES_REPLY_MAX = 1024 * 1024, /* one that lists queues: some 8000 of them */
    DETAILS_MIN_MS = 250,
    LEADERS_INTERVAL_MS = 60000,
};

enum question { ASK_ALARMS, ASK_MEMBERS, ASK_NODE, ASK_VHOSTS, ASK_QUEUES, ASK_LEADERS, QUESTION_COUNT };

struct management_run;

struct asked {
    struct management_run *run;
    struct http_transfer *transfer; /* NULL: not asked, or answered */
};

struct management_run {
    struct probe *probe;
    uv_timer_t timer;    /* while the name is looked up, and again while details are awaited */
    uint64_t started_ms; /* the loop's clock */
    uint64_t http_timeout_ms;
    struct resolver_wait wait;
    struct asked asked[QUESTION_COUNT];
    bool has_addresses;
    char addresses[ADDRESS_LIST_TEXT_MAX];
    struct node_view view;
};

static const char *const paths[QUESTION_COUNT] = {
    [ASK_ALARMS] = "/api/health/checks/local-alarms",
    [ASK_MEMBERS] = "/api/nodes?disable_stats=true&columns=name,running,being_drained",
    [ASK_NODE] = "/api/nodes/", /* the node's name, and the columns */
    [ASK_VHOSTS] = "/api/health/checks/virtual-hosts",
    [ASK_QUEUES] = "/api/health/checks/node-is-quorum-critical",
    [ASK_LEADERS] = "/api/health/checks/quorum-queues-without-elected-leaders/all-vhosts/",
};
static const char node_columns[] =
    "?columns=name,partitions,mem_used,mem_limit,disk_free,disk_free_limit,fd_used,fd_total";

static void on_run_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void run_end(struct management_run *run)
{
    size_t i;

    run->probe->run = NULL;
    resolver_forget(&run->wait);
    for (i = 0; i < QUESTION_COUNT; i++)
        http_client_cancel(run->asked[i].transfer);
    uv_close((uv_handle_t *)&run->timer, on_run_closed);
}

static void run_finish(struct management_run *run, enum probe_result result)
{
    struct probe *probe = run->probe;
    char host[RMQ_NODE_NAME_MAX];

    if (result == PROBE_RESULT_TIMED_OUT || result == PROBE_RESULT_REFUSED ||
        result == PROBE_RESULT_UNREACHABLE) {
        target_url_host(probe->target->management_url, host, sizeof host);
        resolver_refresh(probe->context->resolver, host);
    }
    run_end(run);
    /* The run's memory goes with its timer, which is not closed before this returns. */
    probe->done(probe, result, result == PROBE_RESULT_OK ? &run->view : NULL);
}

static void on_lookup_slow(uv_timer_t *timer)
{
    run_finish(timer->data, PROBE_RESULT_OWN_TROUBLE); /* it is our resolver that does not answer */
}

static void on_details_slow(uv_timer_t *timer)
{
    run_finish(timer->data, PROBE_RESULT_OK);
}

static bool run_is_asking(const struct management_run *run)
{
    size_t i;

    for (i = 0; i < QUESTION_COUNT; i++)
        if (run->asked[i].transfer)
            return true;
    return false;
}

static void on_answer(void *context, const struct http_reply *reply);

static int run_ask(struct management_run *run, enum question question)
{
    static const char *const headers[] = {"Accept: application/json", "timeout: 5000"};
    const struct probe *probe = run->probe;
    const struct management_config *config = &probe->context->config->management;
    char url[sizeof probe->target->management_url + 3 * RMQ_NODE_NAME_MAX + 128];
    const struct http_request request = {
        .method = HTTP_GET,
        .url = url,
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .username = config->username,
        .password = config->password.value,
        .ca_file = config->ca_file,
        .addresses = run->has_addresses ? run->addresses : NULL,
        .timeout_ms = run->http_timeout_ms,
        .max_reply_bytes = question == ASK_QUEUES || question == ASK_LEADERS ? QUEUES_REPLY_MAX : REPLY_MAX,
        /* Only a new connection proves that the node still takes them. */
        .fresh = question == ASK_ALARMS,
    };

    (void)snprintf(url, sizeof url, "%s%s", probe->target->management_url, paths[question]);
    if (question == ASK_NODE) {
        if (!target_url_append(url, sizeof url, probe->target->node))
            return -EINVAL;
        (void)strncat(url, node_columns, sizeof url - strlen(url) - 1);
    }
    run->asked[question].run = run;
    return http_client_start(
        probe->context->http, &request, on_answer, &run->asked[question], &run->asked[question].transfer);
}

static enum probe_result result_from_status(long status)
{
    switch (status) {
    case 200:
        return PROBE_RESULT_OK;
    case 401:
        return PROBE_RESULT_UNAUTHORIZED;
    case 403:
        return PROBE_RESULT_FORBIDDEN;
    case 404:
        return PROBE_RESULT_NOT_FOUND;
    default:
        return status >= 500 && status <= 599 ? PROBE_RESULT_SERVER_ERROR : PROBE_RESULT_BAD_REPLY;
    }
}

/* The check fails with 503 and the list of alarms: that is a node that serves, with an alarm. */
static enum probe_result judge_alarms(const struct http_reply *reply, struct node_view *view)
{
    struct health_reply health;
    enum probe_result result;
    int r;

    if (reply->result != HTTP_RESULT_OK)
        return probe_result_from_reply(reply);
    result = result_from_status(reply->status);
    if (result != PROBE_RESULT_OK && reply->status != 503)
        return result;
    r = parse_health(reply->body, reply->body_size, &health);
    if (reply->status == 503 && (r < 0 || health.ok || !health.has_alarms))
        return PROBE_RESULT_SERVER_ERROR;
    if (r < 0 || (reply->status == 200 && !health.ok))
        return r == -ENOMEM ? PROBE_RESULT_OWN_TROUBLE : PROBE_RESULT_BAD_REPLY;
    view->alarms_known = true;
    view->memory_alarm = health.memory_alarm;
    view->disk_alarm = health.disk_alarm;
    view->descriptor_alarm = health.descriptor_alarm;
    return PROBE_RESULT_OK;
}

/* The checks' answers; a 404 of a broker that does not have one yet never comes here. */
static void take_check(
    struct node_view *view, enum question question, bool passed, const struct health_reply *health)
{
    if (question == ASK_VHOSTS) {
        view->vhosts_known = true;
        view->vhosts_up = passed;
    } else if (question == ASK_QUEUES) {
        view->queues_known = true;
        view->queues_critical = !passed;
    } else if (passed || health->has_queues) {
        view->leaders_known = true;
        view->leaderless_queues = passed ? 0 : health->queue_count;
    }
}

/* Details that do not come, or not as expected, stay unknown: the verdict does not depend on them. */
static void take_details(struct management_run *run, enum question question, const struct http_reply *reply)
{
    struct health_reply health;

    if (reply->result != HTTP_RESULT_OK || (reply->status != 200 && reply->status != 503))
        return;
    if (question == ASK_MEMBERS && reply->status == 200) {
        (void)parse_members(reply->body, reply->body_size, &run->view);
    } else if (question == ASK_NODE && reply->status == 200) {
        (void)parse_node(reply->body, reply->body_size, &run->view);
    } else if ((question == ASK_VHOSTS || question == ASK_QUEUES || question == ASK_LEADERS) &&
               parse_health(reply->body, reply->body_size, &health) == 0) {
        take_check(&run->view, question, health.ok && reply->status == 200, &health);
    }
}

/* Details get a quarter of the timeout, and at least a moment after the verdict. Three quarters where a
 * decision waits for the queues: the node asks all the others about them. */
static void run_limit_details(struct management_run *run)
{
    uint64_t spent = uv_now(run->probe->context->loop) - run->started_ms;
    uint64_t share = run->probe->timeout_ms / 4 * (run->asked[ASK_QUEUES].transfer ? 3 : 1);
    uint64_t wait = spent + DETAILS_MIN_MS < share ? share - spent : DETAILS_MIN_MS;
    uint64_t left = spent < run->probe->timeout_ms ? run->probe->timeout_ms - spent : 0;

    (void)uv_timer_start(&run->timer, on_details_slow, wait < left ? wait : left, 0);
}

static void on_answer(void *context, const struct http_reply *reply)
{
    struct asked *asked = context;
    struct management_run *run = asked->run;
    enum question question = (enum question)(asked - run->asked);
    enum probe_result result;

    asked->transfer = NULL;
    if (question != ASK_ALARMS) {
        take_details(run, question, reply);
    } else {
        result = judge_alarms(reply, &run->view);
        if (result != PROBE_RESULT_OK) {
            run_finish(run, result);
            return;
        }
        run->probe->answered = true;
        if (run->probe->target->local && !run->probe->deep &&
            (run->view.memory_alarm || run->view.disk_alarm || run->view.descriptor_alarm))
            (void)run_ask(run, ASK_NODE);
        run_limit_details(run);
    }
    if (run->probe->answered && !run_is_asking(run))
        run_finish(run, PROBE_RESULT_OK);
}

/* What only the local node is asked, each question no more often than it is worth its cost. */
static void run_ask_local(struct management_run *run)
{
    struct probe_context *context = run->probe->context;
    uint64_t now_ms = uv_now(context->loop);

    if (run->probe->deep) {
        (void)run_ask(run, ASK_NODE);
        (void)run_ask(run, ASK_VHOSTS);
    }
    if (run->probe->asked)
        (void)run_ask(run, ASK_QUEUES);
    if (context->leaders_asked_ms == 0 || now_ms - context->leaders_asked_ms >= LEADERS_INTERVAL_MS) {
        context->leaders_asked_ms = now_ms;
        (void)run_ask(run, ASK_LEADERS);
    }
}

static int run_begin(struct management_run *run, const struct address_list *addresses)
{
    uint64_t spent = uv_now(run->probe->context->loop) - run->started_ms;
    int r;

    /* From here on the transfer's own deadline counts: it knows whether there was a connection. */
    (void)uv_timer_stop(&run->timer);
    run->http_timeout_ms = spent < run->probe->timeout_ms ? run->probe->timeout_ms - spent : 1;
    run->has_addresses = address_list_text(addresses, run->addresses) != NULL;
    r = run_ask(run, ASK_ALARMS);
    if (r < 0)
        return r;
    (void)run_ask(run, ASK_MEMBERS);
    if (run->probe->target->local)
        run_ask_local(run);
    return 0;
}

static void on_resolved(void *context, int status, const struct address_list *addresses)
{
    struct management_run *run = context;

    if (status == 0)
        status = run_begin(run, addresses);
    if (status < 0)
        run_finish(run, probe_result_from_uv(status));
}

static bool management_applies(const struct config *config, const struct probe_target *target)
{
    return config->management.enabled && target->management_url[0] != '\0';
}

static int management_start(struct probe *probe)
{
    struct address_list addresses;
    struct management_run *run;
    char host[RMQ_NODE_NAME_MAX];
    int r;

    run = calloc(1, sizeof *run);
    if (!run)
        return -ENOMEM;
    run->probe = probe;
    probe->run = run;
    uv_update_time(probe->context->loop); /* the timeout counts from now */
    run->started_ms = uv_now(probe->context->loop);
    (void)uv_timer_init(probe->context->loop, &run->timer);
    run->timer.data = run;
    (void)uv_timer_start(&run->timer, on_lookup_slow, probe->timeout_ms, 0);
    target_url_host(probe->target->management_url, host, sizeof host);
    r = resolver_find(probe->context->resolver, host, &addresses, &run->wait, on_resolved, run);
    if (r == 0)
        r = run_begin(run, &addresses);
    if (r < 0 && r != -EAGAIN) {
        run_end(run);
        return r;
    }
    return 0;
}

static void management_cancel(struct probe *probe)
{
    if (probe->run)
        run_end(probe->run);
}

const struct probe_ops probe_management_ops = {
    .name = "management",
    .kind = PROBE_MANAGEMENT,
    .applies = management_applies,
    .start = management_start,
    .cancel = management_cancel,
};
