/* Events between their adapters and the core: bounded, in order, drained on the loop after the callback that
 * posted them has returned. */
#ifndef RMQWATCH_AGENT_EVENT_QUEUE_H
#define RMQWATCH_AGENT_EVENT_QUEUE_H

#include "rmqwatch/event.h"

#include <stdbool.h>

enum { EVENT_QUEUE_SIZE = 64 };

struct event_queue {
    size_t first, count;
    uint64_t dropped; /* posted while full */
    struct event items[EVENT_QUEUE_SIZE];
};

/* False when full: the event is counted as dropped. Evidence comes again; nothing else fills a queue of this
 * size. */
bool event_queue_push(struct event_queue *queue, const struct event *event);
/* False when empty. */
bool event_queue_pop(struct event_queue *queue, struct event *ret_event);

#endif
