/* A kind of restart lease: one file in src/leases, one line in its registry. Whoever wants to disturb a live
 * node holds the lease first, and there is one for the whole cluster: so two nodes are never disturbed at the
 * same time. A lease cannot fence systemd: the core asks the others again after it was granted. */
#ifndef RMQWATCH_LEASE_H
#define RMQWATCH_LEASE_H

#include "rmqwatch/config.h"
#include "rmqwatch/sink.h"

#include <stddef.h>
#include <uv.h>

struct http_client;

/* What a lease is made of; all of it outlives the lease. */
struct lease_context {
    uv_loop_t *loop;
    struct http_client *http;
    const struct config *config;
    struct event_sink sink;
};

/* A peer that is well as far as is known: where the lease may be asked for. */
struct lease_peer {
    char node[RMQ_NODE_NAME_MAX]; /* the same for every agent, unlike its host */
    char host[RMQ_NODE_NAME_MAX];
    uint16_t amqp_port;
};

/* What is asked for, and where. */
struct lease_request {
    const struct lease_peer *peers;
    size_t peer_count;
    size_t member_count; /* of the cluster: those who are not asked, and this node, count too */
    uint64_t timeout_ms;
};

/* What every kind keeps first in its own struct. */
struct lease {
    const struct lease_ops *ops;
    struct lease_context context;
};

struct lease_ops {
    const char *name; /* lease { provider = ... } */
    /* Whether holding it proves that nobody else acts: false for "none". */
    bool exclusive;
    /* Whether it is had outside of the cluster, and so also when that has lost its majority. */
    bool independent;
    /* NULL when out of memory. */
    struct lease *(*create)(const struct lease_context *context);
    /* Ends in exactly one EVENT_LEASE within its timeout: GRANTED, TAKEN or UNAVAILABLE. After GRANTED one
     * LOST may follow, as long as it was not released. REQUEST is copied, here and below. A second acquire
     * replaces the first, silently. */
    void (*acquire)(struct lease *lease, const struct lease_request *request);
    /* Gives it back; posts nothing. Harmless when it is not held; ends an acquire silently. */
    void (*release)(struct lease *lease);
    /* Whether the lease could be had: logs in, tries what acquire needs, leaves the lease itself alone. Ends
     * in exactly one EVENT_LEASE: USABLE or UNUSABLE (only for what will not mend itself: credentials,
     * permissions, TLS trust, an unknown host; anything else is USABLE). */
    void (*check)(struct lease *lease, const struct lease_request *request);
    /* Makes at the peers what acquire will need there, as long as all is well: it may take all members to do
     * so. Posts nothing, disturbs nothing. NULL: there is nothing to make. */
    void (*prepare)(struct lease *lease, const struct lease_request *request);
    /* Releases it and frees it; the loop must run on until its handles are closed. Accepts NULL. */
    void (*destroy)(struct lease *lease);
};

/* The registry; NULL when there is no kind of this name. */
const struct lease_ops *lease_find(const char *name);
const struct lease_ops *lease_at(size_t i); /* NULL past the end */

#endif
