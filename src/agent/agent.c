#include "agent/agent.h"
#include "agent/parts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_MS = 500,         /* of the second that the way down may take; the store has the rest */
    CORE_MARGIN_MS = 10000, /* the core ticks at least once per interval */
};

static void on_drain(uv_idle_t *handle);

static void post(void *context, struct event *event)
{
    struct agent *agent = context;

    if (agent->stopping)
        return;
    event->now_ms = clock_boot_ms();
    event->wall_ms = clock_wall_ms();
    if (!event_queue_push(&agent->queue, event)) {
        log_line(LOG_ERR, "the event queue is full; an event was dropped (%llu so far)",
            (unsigned long long)agent->queue.dropped);
        return;
    }
    uv_idle_start(&agent->drain, on_drain);
}

static void on_tick(uv_timer_t *handle)
{
    struct agent *agent = handle->data;
    struct event event = {.kind = EVENT_TICK};

    post(agent, &event);
}

static void schedule_tick(struct agent *agent)
{
    uint64_t now_ms = clock_boot_ms();
    uint64_t deadline_ms = core_deadline_ms(&agent->core);

    uv_update_time(agent->loop);
    uv_timer_start(&agent->tick, on_tick, deadline_ms > now_ms ? deadline_ms - now_ms : 1, 0);
}

/* The only place where decisions are made, one event at a time, never inside an adapter's callback. */
static void on_drain(uv_idle_t *handle)
{
    struct agent *agent = handle->data;

    while (!agent->stopping && event_queue_pop(&agent->queue, &agent->event)) {
        recorder_take(agent->recorder, &agent->event);
        agent_follow_unit(agent, &agent->event);
        if (agent->event.kind == EVENT_OPERATOR && agent->event.operator.kind == OPERATOR_ACK)
            outbox_acked(agent->outbox, agent->event.operator.incident);
        core_step(&agent->core, &agent->event, &agent->actions);
        agent_execute(agent, &agent->actions);
        recorder_follow(agent->recorder, agent->core.rescue.incident.id);
    }
    uv_idle_stop(handle);
    if (agent->stopping)
        return;
    activity_completed(&agent->activities, agent->core_activity, clock_boot_ms());
    control_on_step(agent->control_socket);
    agent_show_status(agent);
    agent_prepare_lease(agent);
    schedule_tick(agent);
}

static void restore(struct agent *agent)
{
    struct core_snapshot snapshot;
    int r = store_load(agent->store, &snapshot);

    if (r == -ENOENT)
        return;
    if (r < 0) {
        log_line(LOG_WARNING,
            "%s: what was known before cannot be used (%s); starting afresh: a hold, if there was one, is "
            "forgotten",
            agent->config->state_dir, r == -EBADMSG ? "damaged, or of another version" : strerror(-r));
        return;
    }
    core_restore(&agent->core, &snapshot, clock_boot_ms(), clock_wall_ms());
    recorder_take_snapshot(agent->recorder, &snapshot, clock_boot_ms(), clock_wall_ms());
    if (snapshot.incident[0])
        log_line(LOG_NOTICE, "going on with incident %s, which was %s", snapshot.incident,
            state_name(snapshot.state));
}

/* Two daemons must not guard one node; whatever else keeps it from listening costs rmqwatchctl, no more. */
static int open_control(struct agent *agent)
{
    struct control_options options = {
        .path = agent->config->control_socket,
        .core = &agent->core,
        .config = &agent->config,
        .store = &agent->store,
        .outbox = &agent->outbox,
        .sink = agent->sink,
    };
    char error[256];
    int r = control_new(agent->loop, &options, &agent->control_socket, error, sizeof(error));

    if (r == -EADDRINUSE)
        log_line(LOG_ERR, "%s", error);
    else if (r < 0)
        log_line(LOG_WARNING, "%s; rmqwatchctl will not work", error);
    return r == -EADDRINUSE ? r : 0;
}

static int create_adapters(struct agent *agent)
{
    struct config *config = agent->config;
    struct unit_watch_options watch = {
        .unit = config->unit, .sink = agent->sink, .activities = &agent->activities};
    int r;

    agent->http = http_client_new(agent->loop);
    if (!agent->http)
        return -ENOMEM;
    agent->scheduler = scheduler_new(agent->loop, config, agent->http, agent->sink, &agent->activities);
    agent->outbox = outbox_new(agent->loop, agent->http, config);
    agent->heartbeat = heartbeat_new(agent->loop, agent->http, &agent->activities);
    agent->public = public_new(agent->loop, &agent->core, PUBLIC_RETRY_MS);
    if (!agent->scheduler || !agent->outbox || !agent->heartbeat || !agent->public)
        return -ENOMEM;
    r = outbox_watch(agent->outbox, &agent->activities);
    r = r < 0 ? r : notify_new(agent->loop, &agent->activities, &agent->notify);
    r = r < 0 ? r : bus_new(agent->loop, &agent->bus);
    r = r < 0 ? r : unit_control_new(agent->bus, config->unit, &agent->sink, &agent->control);
    watch.bus = agent->bus;
    watch.control = agent->control;
    r = r < 0 ? r : unit_watch_new(agent->loop, &watch, &agent->watch);
    r = r < 0 ? r : agent_create_evidence(agent);
    r = r < 0 ? r : agent_create_lease(agent);
    r = r < 0 ? r : open_control(agent);
    r = r < 0 ? r : store_open(agent->loop, config->state_dir, agent_on_store, agent, &agent->store);
    if (r < 0)
        return r;
    outbox_set_sign(agent->outbox, agent_sign, agent);
    outbox_use(agent->outbox, agent->store);
    agent->recorder = recorder_new(agent->store);
    return agent->recorder ? 0 : -ENOMEM;
}

struct agent *agent_new(uv_loop_t *loop, struct config *config)
{
    struct agent *agent = calloc(1, sizeof(*agent));
    uint64_t now_ms = clock_boot_ms();
    int r;

    if (!agent) {
        log_line(LOG_ERR, "cannot start: out of memory");
        config_free(config);
        return NULL;
    }
    agent->loop = loop;
    agent->config = config;
    agent->sink = (struct event_sink){post, agent};
    uv_idle_init(loop, &agent->drain);
    uv_timer_init(loop, &agent->tick);
    agent->drain.data = agent;
    agent->tick.data = agent;
    core_init(&agent->core, config->node, config->cluster ? config->cluster : "", &config->policy, now_ms);
    agent->core_activity =
        activity_add(&agent->activities, "core", config->policy.interval_ms + CORE_MARGIN_MS, now_ms);
    r = create_adapters(agent);
    if (r < 0) {
        if (r != -EADDRINUSE) /* that was said */
            log_line(LOG_ERR, "cannot start: %s", strerror(-r));
        agent_stop(agent);
        uv_run(loop, UV_RUN_DEFAULT);
        agent_free(agent);
        return NULL;
    }
    return agent;
}

void agent_start(struct agent *agent)
{
    const struct config *config = agent->config;
    struct members_event members = {0};

    log_line(LOG_NOTICE, "rmqwatchd " RMQWATCH_VERSION " guards %s (%s), mode = %s, %zu channels",
        config->node, config->unit, config->policy.act ? "act" : "observe", config->channel_count);
    restore(agent);
    core_begin(&agent->core, clock_boot_ms());
    /* Remembered ones: a hung local node could not tell who the others are. */
    for (size_t i = 0; i < agent->core.member_count; i++)
        text_copy(members.names[members.count++], RMQ_NODE_NAME_MAX, agent->core.members[i].name);
    agent_record_beginning(agent, &members);
    schedule_tick(agent);
    bus_start(agent->bus);
    public_listen(agent->public, config->agents.listen);
    heartbeat_configure(agent->heartbeat, &config->heartbeat);
    if (scheduler_set_members(agent->scheduler, members.count, members.names) < 0)
        log_line(LOG_ERR, "not every member can be probed: out of memory");
    notify_ready(agent->notify);
    agent_show_status(agent);
}

static void swap(char **a, char **b)
{
    char *text = *a;

    *a = *b;
    *b = text;
}

static bool same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What a reload cannot change stays as it was for all: a lease, say, must not be held under another name, nor
 * must a trouble end in another cluster than it began in. */
static void keep_fixed(struct config *config, struct config *old)
{
    if (!same_name(old->cluster, config->cluster) || strcmp(old->unit, config->unit) != 0 ||
        strcmp(old->node, config->node) != 0 || strcmp(old->state_dir, config->state_dir) != 0 ||
        strcmp(old->control_socket, config->control_socket) != 0)
        log_line(LOG_WARNING,
            "%s: cluster, node, unit, state_dir and control_socket cannot be changed by a reload; restart the"
            " daemon",
            config->path);
    text_copy(config->node, sizeof(config->node), old->node);
    swap(&config->cluster, &old->cluster);
    swap(&config->unit, &old->unit);
    swap(&config->state_dir, &old->state_dir);
    swap(&config->control_socket, &old->control_socket);
}

void agent_reload(struct agent *agent, struct config *config)
{
    struct config *old = agent->config;
    struct event event = {.kind = EVENT_POLICY, .policy = config->policy};

    notify_reloading(agent->notify);
    if (outbox_reconfigure(agent->outbox, config) < 0) {
        config_free(config);
        agent_reload_refused(agent, "out of memory");
        return;
    }
    keep_fixed(config, old);
    scheduler_reconfigure(agent->scheduler, config);
    agent_reconfigure_evidence(agent, config);
    agent_reconfigure_lease(agent, config);
    public_listen(agent->public, config->agents.listen);
    heartbeat_configure(agent->heartbeat, &config->heartbeat);
    activity_set_max_silence(
        &agent->activities, agent->core_activity, config->policy.interval_ms + CORE_MARGIN_MS);
    agent->config = config;
    config_free(old);
    post(agent, &event);
    log_line(LOG_NOTICE, "%s: read again and in use", config->path);
    notify_ready(agent->notify);
}

void agent_reload_refused(struct agent *agent, const char *error)
{
    notify_reloading(agent->notify);
    log_line(LOG_ERR, "%s; the old configuration stays in use", error);
    notify_ready(agent->notify);
}

static void on_outbox_closed(void *context)
{
    struct agent *agent = context;

    agent->outbox = NULL;
    store_close(agent->store);
    agent->store = NULL;
    agent_close_http(agent);
}

static void on_flushed(void *context)
{
    struct agent *agent = context;

    outbox_close(agent->outbox, on_outbox_closed, agent);
}

void agent_stop(struct agent *agent)
{
    if (agent->stopping)
        return;
    agent->stopping = true;
    if (agent->notify) /* a start that failed may not have come so far */
        notify_stopping(agent->notify);
    uv_close((uv_handle_t *)&agent->drain, NULL);
    uv_close((uv_handle_t *)&agent->tick, NULL);
    control_close(agent->control_socket);
    public_close(agent->public);
    heartbeat_close(agent->heartbeat);
    unit_watch_free(agent->watch);
    unit_control_free(agent->control);
    bus_free(agent->bus);
    scheduler_close(agent->scheduler, NULL, NULL);
    agent_free_evidence(agent);
    agent_free_lease(agent);
    notify_free(agent->notify);
    recorder_free(agent->recorder);
    agent->control_socket = NULL;
    agent->public = NULL;
    agent->heartbeat = NULL;
    agent->recorder = NULL;
    agent->watch = NULL;
    agent->control = NULL;
    agent->bus = NULL;
    agent->scheduler = NULL;
    agent->notify = NULL;
    if (agent->outbox) {
        outbox_flush_then(agent->outbox, FLUSH_MS, on_flushed, agent);
        return;
    }
    store_close(agent->store);
    agent->store = NULL;
    http_client_close(agent->http, NULL, NULL);
}

void agent_free(struct agent *agent)
{
    if (!agent)
        return;
    config_free(agent->config);
    free(agent);
}
