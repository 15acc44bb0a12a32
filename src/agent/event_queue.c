#include "agent/event_queue.h"

bool event_queue_push(struct event_queue *queue, const struct event *event)
{
    if (queue->count == EVENT_QUEUE_SIZE) {
        queue->dropped++;
        return false;
    }
    queue->items[(queue->first + queue->count++) % EVENT_QUEUE_SIZE] = *event;
    return true;
}

bool event_queue_pop(struct event_queue *queue, struct event *ret_event)
{
    if (queue->count == 0)
        return false;
    *ret_event = queue->items[queue->first];
    queue->count--;
    /* An empty queue begins anew at its first place, so that memory is touched only as far as it is needed.
     */
    queue->first = queue->count > 0 ? (queue->first + 1) % EVENT_QUEUE_SIZE : 0;
    return true;
}
