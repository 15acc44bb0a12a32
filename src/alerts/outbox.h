/* The way out to people: takes notices, and delivers each of them to every channel that wants it, in order,
 * with retries for as long as the daemon lives. Nothing is lost without being counted, logged and told in the
 * next message. On the loop's thread only. */
#ifndef RMQWATCH_ALERTS_OUTBOX_H
#define RMQWATCH_ALERTS_OUTBOX_H

#include "base/activity.h"
#include "http/client.h"
#include "rmqwatch/config.h"

#include <uv.h>

struct outbox;

/* CONFIG's channels are used until outbox_reconfigure() or the end; the client must live longer than the
 * outbox. NULL when out of memory. */
struct outbox *outbox_new(uv_loop_t *loop, struct http_client *client, const struct config *config);

/* Proves its progress to the watchdog from now on; LIST must live longer than the outbox. 0 or -ENOSPC. */
int outbox_watch(struct outbox *outbox, struct activity_list *list);

/* Queues NOTICE for the channels that want its severity, or that were told of its story and are now told of
 * its end. Does no I/O itself. 0 or -ENOMEM, which is logged and told like any other loss. */
int outbox_put(struct outbox *outbox, const struct notice *notice);

/* What waits stays for channels of the same kind and name and is tried at once with the new settings; what
 * waits for others is given up, with a warning. The old configuration may be freed afterwards. On -ENOMEM
 * nothing has changed, and the old one must live on. */
int outbox_reconfigure(struct outbox *outbox, const struct config *config);

/* Deliveries that are not over yet: one notice for two channels counts twice. */
size_t outbox_pending(const struct outbox *outbox);

struct outbox_counts {
    uint64_t sent, refused, dropped, retries; /* since the start, over all channels configured now */
};
void outbox_count(const struct outbox *outbox, struct outbox_counts *ret_counts);

/* For the way down: tries all that waits once more, now, and calls DONE from the loop as soon as nothing can
 * be delivered before TIMEOUT_MS is over, at the latest then. Once; the outbox goes on until it is closed. */
void outbox_flush_then(
    struct outbox *outbox, uint64_t timeout_ms, void (*done)(void *context), void *context);

/* Cancels what is in flight, says how much was not delivered, frees all once the loop has closed the handles;
 * then DONE (may be NULL) is called, from the loop. Accepts NULL: DONE is then called at once. */
void outbox_close(struct outbox *outbox, void (*done)(void *context), void *context);

#endif
