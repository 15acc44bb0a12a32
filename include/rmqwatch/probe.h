/* A kind of probe: one file in src/probes, one line in its registry. Probes report, they never judge. */
#ifndef RMQWATCH_PROBE_H
#define RMQWATCH_PROBE_H

#include "rmqwatch/config.h"
#include "rmqwatch/evidence.h"

/* Where and how to ask one member. Lives as long as the member is known; probes keep pointers into it. */
struct probe_target {
    char node[RMQ_NODE_NAME_MAX];
    char host[RMQ_NODE_NAME_MAX];
    uint16_t amqp_port;
    uint16_t agent_port;                         /* 0: its agent is not asked */
    char management_url[RMQ_NODE_NAME_MAX + 32]; /* no trailing slash */
    bool local;                                  /* the node that this agent guards */
};

struct probe;
struct probe_context; /* src/probes/context.h: the loop, the configuration, the HTTP client */

/* Called exactly once per started probe that was not cancelled, never from within start(). VIEW is NULL
 * unless the probe learned what the member says; it is valid during the call only. The probe is over and may
 * be freed or started again when it is called. */
typedef void probe_done_fn(struct probe *probe, enum probe_result result, const struct node_view *view);

/* One run. The scheduler owns it and fills the first part; the rest belongs to the probe while it runs. */
struct probe {
    const struct probe_ops *ops;
    struct probe_context *context;
    const struct probe_target *target;
    bool deep;           /* ask for bytes, not just a connection */
    bool asked;          /* the core wants it now, to decide on a restart: costly questions too */
    uint64_t timeout_ms; /* the whole run ends within this, whatever happens */
    uint64_t started_ms; /* CLOCK_BOOTTIME */
    bool answered;       /* set by the probe when the node has answered and only details are awaited */
    probe_done_fn *done;
    void *owner;
    void *run; /* private to the probe's kind */
};

struct probe_ops {
    const char *name;
    enum probe_kind kind;
    /* Whether the configuration uses this kind for TARGET. */
    bool (*applies)(const struct config *config, const struct probe_target *target);
    /* Negative errno when it could not even be started (our own trouble); then done() is not called. */
    int (*start)(struct probe *probe);
    /* Ends a running probe without a call of done(); safe on one that is not running. */
    void (*cancel)(struct probe *probe);
};

#endif
