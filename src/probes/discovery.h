/* Who belongs to the cluster, and what it is called: learnt from the local node alone, for a peer may have
 * been moved to another cluster. */
#ifndef RMQWATCH_PROBES_DISCOVERY_H
#define RMQWATCH_PROBES_DISCOVERY_H

#include "probes/context.h"
#include "rmqwatch/event.h"
#include "rmqwatch/probe.h"
#include "rmqwatch/sink.h"

struct discovery {
    struct probe_context *context;
    struct event_sink sink;
    struct members_event members; /* count is 0 before the first list */
    struct http_transfer *asking; /* for the cluster's name */
    uint64_t asked_ms;
};

void discovery_init(struct discovery *discovery, struct probe_context *context, struct event_sink sink);
void discovery_done(struct discovery *discovery);
/* The local node at TARGET said VIEW. True when the list is another one than before: discovery->members has
 * it, and EVENT_MEMBERS was posted. */
bool discovery_learn(
    struct discovery *discovery, const struct probe_target *target, const struct node_view *view);

#endif
