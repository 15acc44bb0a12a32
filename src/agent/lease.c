/* The restart lease: what the core wants of it, from whom, and how it outlives a reload. */
#include "agent/parts.h"
#include "base/clock.h"
#include "base/text.h"
#include "probes/target.h"

#include <errno.h>
#include <string.h>

enum {
    GOODBYE_MS = 200,   /* for the lease to be given back over HTTP, on the way down */
    PREPARE_MS = 30000, /* between two times at least, however often members come and go */
};

static struct lease *create(struct agent *agent, const struct config *config)
{
    const struct lease_context context = {
        .loop = agent->loop, .http = agent->http, .config = config, .sink = agent->sink};

    return config->lease.provider->create(&context);
}

int agent_create_lease(struct agent *agent)
{
    agent->lease = create(agent, agent->config);
    return agent->lease ? 0 : -ENOMEM;
}

static void post(struct agent *agent, enum lease_status status, const char *detail)
{
    struct event event = {.kind = EVENT_LEASE, .lease = {.status = status}};

    text_copy(event.lease.detail, sizeof(event.lease.detail), detail);
    sink_post(&agent->sink, &event);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* All that a lease may depend on. */
static bool same_lease(const struct config *a, const struct config *b)
{
    const struct lease_config *x = &a->lease, *y = &b->lease;

    for (size_t i = 0; i < RMQ_LEASE_ENDPOINTS_MAX; i++)
        if (!same_text(x->endpoints[i], y->endpoints[i]))
            return false;
    return x->provider == y->provider && same_text(x->username, y->username) &&
           same_text(x->password.value, y->password.value) && same_text(x->vhost, y->vhost) &&
           same_text(x->key, y->key) && same_text(x->ca_file, y->ca_file) && x->ttl_ms == y->ttl_ms &&
           same_text(a->management.username, b->management.username) &&
           same_text(a->management.password.value, b->management.password.value) &&
           a->amqp.tls == b->amqp.tls && same_text(a->amqp.ca_file, b->amqp.ca_file);
}

/* A lease that is held goes on over a reload, unless it is another one from now on. */
void agent_reconfigure_lease(struct agent *agent, const struct config *config)
{
    struct lease *former = agent->lease;

    if (former && same_lease(agent->config, config)) {
        former->context.config = config;
        return;
    }
    agent->lease = create(agent, config);
    agent->lease_prepared = false;
    if (former)
        former->ops->destroy(former);
    /* Its answer may be on the way to the core: the core takes the one that fits. */
    if (agent->lease_wanted) {
        post(agent, LEASE_UNAVAILABLE, "it was configured anew");
        post(agent, LEASE_LOST, "it was configured anew");
    }
    agent->lease_wanted = false;
}

/* PEERS must outlive the request. */
static struct lease_request request_of(
    const struct agent *agent, const struct lease_action *action, struct lease_peer peers[RMQ_MEMBERS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < action->count && i < RMQ_MEMBERS_MAX; i++) {
        const struct probe_target *target = scheduler_target(agent->scheduler, action->peers[i]);

        if (!target)
            continue;
        text_copy(peers[count].node, sizeof(peers[count].node), target->node);
        text_copy(peers[count].host, sizeof(peers[count].host), target->host);
        peers[count++].amqp_port = target->amqp_port;
    }
    return (struct lease_request){
        .peers = peers,
        .peer_count = count,
        .member_count = agent->core.member_count,
        .timeout_ms = agent->config->lease.timeout_ms,
    };
}

void agent_acquire_lease(struct agent *agent, const struct lease_action *action)
{
    struct lease_peer peers[RMQ_MEMBERS_MAX];
    const struct lease_request request = request_of(agent, action, peers);

    agent->lease_wanted = true;
    if (agent->lease)
        agent->lease->ops->acquire(agent->lease, &request);
    else
        post(agent, LEASE_UNAVAILABLE, "out of memory");
}

void agent_release_lease(struct agent *agent)
{
    agent->lease_wanted = false;
    if (agent->lease)
        agent->lease->ops->release(agent->lease);
}

void agent_check_lease(struct agent *agent, const struct lease_action *action)
{
    struct lease_peer peers[RMQ_MEMBERS_MAX];
    const struct lease_request request = request_of(agent, action, peers);

    if (agent->lease)
        agent->lease->ops->check(agent->lease, &request);
}

static bool all_serve(const struct core *core)
{
    for (size_t i = 0; i < core->member_count; i++)
        if (core->members[i].condition != CONDITION_HEALTHY && core->members[i].condition != CONDITION_ALARM)
            return false;
    return core->members_known && core->member_count > 1;
}

/* Whenever all members have come to serve: at the start, and after any of them was away, new or made anew. */
void agent_prepare_lease(struct agent *agent)
{
    const struct core *core = &agent->core;
    struct lease_action everyone = {0};
    struct lease_peer peers[RMQ_MEMBERS_MAX];
    struct lease_request request;
    uint64_t now_ms = clock_boot_ms();

    if (!all_serve(core)) {
        agent->lease_prepared = false;
        return;
    }
    if (agent->lease_prepared || !agent->lease || !agent->lease->ops->prepare ||
        (agent->lease_prepared_ms > 0 && now_ms - agent->lease_prepared_ms < PREPARE_MS))
        return;
    for (size_t i = 1; i < core->member_count; i++)
        text_copy(everyone.peers[everyone.count++], RMQ_NODE_NAME_MAX, core->members[i].name);
    agent->lease_prepared = true;
    agent->lease_prepared_ms = now_ms;
    request = request_of(agent, &everyone, peers);
    request.timeout_ms *= everyone.count;
    agent->lease->ops->prepare(agent->lease, &request);
}

void agent_free_lease(struct agent *agent)
{
    if (agent->lease)
        agent->lease->ops->destroy(agent->lease);
    agent->lease = NULL;
}

static void on_goodbye(uv_timer_t *timer)
{
    struct agent *agent = timer->data;

    uv_close((uv_handle_t *)timer, NULL);
    http_client_close(agent->http, NULL, NULL);
    agent->http = NULL;
}

void agent_close_http(struct agent *agent)
{
    if (agent->lease_wanted) {
        (void)uv_timer_init(agent->loop, &agent->goodbye);
        agent->goodbye.data = agent;
        (void)uv_timer_start(&agent->goodbye, on_goodbye, GOODBYE_MS, 0);
        return;
    }
    http_client_close(agent->http, NULL, NULL);
    agent->http = NULL;
}
