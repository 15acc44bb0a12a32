/* How an adapter hands an event to the agent, knowing nothing else of it. */
#ifndef RMQWATCH_SINK_H
#define RMQWATCH_SINK_H

#include "rmqwatch/event.h"

/* post() copies EVENT, stamps now_ms and wall_ms, queues it and returns; it never runs the core. Call it on
 * the loop's thread only. */
struct event_sink {
    void (*post)(void *context, struct event *event);
    void *context;
};

static inline void sink_post(const struct event_sink *sink, struct event *event)
{
    sink->post(sink->context, event);
}

#endif
