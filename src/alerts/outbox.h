/* The way out to people: takes notices, and delivers each of them to every channel that wants it, in order,
 * with retries for a week. With a store, what waits is written down before it is sent, and survives the
 * daemon; a disk that fails or does not answer keeps nothing from being sent. Nothing is lost without being
 * counted, logged and told in the next message. On the loop's thread only. */
#ifndef RMQWATCH_ALERTS_OUTBOX_H
#define RMQWATCH_ALERTS_OUTBOX_H

#include "alerts/outbox_result.h"
#include "base/activity.h"
#include "http/client.h"
#include "rmqwatch/config.h"

#include <uv.h>

struct outbox;

/* CONFIG's channels are used until outbox_reconfigure() or the end; the client must live longer than the
 * outbox. NULL when out of memory. */
struct outbox *outbox_new(uv_loop_t *loop, struct http_client *client, const struct config *config);

struct store;

/* Reads what waits in STORE, which goes on before all that is put from now on, and keeps there what comes:
 * once, before the first outbox_put(). STORE must live longer than the outbox. Without this call all is in
 * memory. */
void outbox_use(struct outbox *outbox, struct store *store);

/* Completes a notice of the outbox's own (cluster, node, observer) and writes it down. */
typedef void outbox_sign_fn(void *context, struct notice *notice);
/* From now on it is told through the other channels, once, when the target of one refuses for good what it is
 * sent (NOTICE_DELIVERY_REFUSED), and when it takes something again (NOTICE_DELIVERY_OK). */
void outbox_set_sign(struct outbox *outbox, outbox_sign_fn *sign, void *context);

/* Proves its progress to the watchdog from now on; LIST must live longer than the outbox. 0 or -ENOSPC. */
int outbox_watch(struct outbox *outbox, struct activity_list *list);

/* Takes NOTICE for the channels that want its severity, or that were told of its trouble and are now told of
 * its end, in each as its digest says (digest.h): at once, later, or as one with others. Does no I/O itself.
 * 0 or -ENOMEM, which is logged and told like any other loss. */
int outbox_put(struct outbox *outbox, const struct notice *notice);

/* Somebody knows of this incident: it is not told again and again any more. */
void outbox_acked(struct outbox *outbox, const char *incident);

/* What waits stays for channels of the same kind and name and is tried at once with the new settings; what
 * waits for others is parked, with a warning. The old configuration may be freed afterwards. On -ENOMEM
 * nothing has changed, and the old one must live on. */
int outbox_reconfigure(struct outbox *outbox, const struct config *config);

/* Deliveries that are not over yet: one notice for two channels counts twice. */
size_t outbox_pending(const struct outbox *outbox);

struct outbox_counts {
    uint64_t sent, refused, dropped, retries; /* since the start, over all channels configured now */
    size_t waiting;
    size_t parked;        /* also for channels that are configured no more */
    uint64_t max_loop_us; /* the longest that the outbox has kept the loop at a time */
};
void outbox_count(const struct outbox *outbox, struct outbox_counts *ret_counts);

struct outbox_channel_counts {
    const char *kind, *name;                  /* valid until the next outbox_reconfigure() */
    uint64_t sent, refused, dropped, retries; /* since the start */
    uint64_t lost;                            /* not told of by a message yet */
    size_t waiting, parked;
    unsigned failures; /* tries in a row */
    bool refusing;     /* the last that it was sent was refused for good */
};
/* Of the i-th channel of the configuration; false past the end. */
bool outbox_channel_count(const struct outbox *outbox, size_t i, struct outbox_channel_counts *ret_counts);

/* RESULT: 0; -ENOENT: there is no such letter, it was sent or dropped, or its channel is configured no more;
 * -EBUSY: it is being sent right now, or its queue is full; -EBADMSG: it cannot be read any more; or what the
 * store says. Once, on the loop. */
typedef void outbox_done_fn(void *context, int result);
/* The letter with this number in the store is tried now, parked or waiting; one that waits behind others lets
 * them go first. 0, then FN is called; or a negative errno of the above. */
int outbox_retry(struct outbox *outbox, int64_t number, outbox_done_fn *fn, void *context);
/* The letter with this number will not be sent. */
int outbox_drop(struct outbox *outbox, int64_t number, outbox_done_fn *fn, void *context);
/* Sends NOTICE to one channel, whatever that wants: for tests. KIND NULL: any. It waits its turn, and is kept
 * like any other. FN hears what became of it: when it was sent or refused, or at its first failed try, or
 * that there will be none; WHEN_KEPT: or already when it is written down. 0; -ENOENT: there is no such
 * channel; -ENOMEM. */
int outbox_put_to(struct outbox *outbox, const char *kind, const char *name, const struct notice *notice,
    bool when_kept, outbox_result_fn *fn, void *context);
/* Whoever waits with this CONTEXT is told nothing any more. */
void outbox_forget(struct outbox *outbox, const void *context);

/* For the way down: tries all that waits once more, now, and calls DONE from the loop as soon as nothing can
 * be delivered before TIMEOUT_MS is over, at the latest then. Once; the outbox goes on until it is closed. */
void outbox_flush_then(
    struct outbox *outbox, uint64_t timeout_ms, void (*done)(void *context), void *context);

/* Cancels what is in flight, says how much was not delivered, gives the store what it has not got yet, frees
 * all once the loop has closed the handles; then DONE (may be NULL) is called, from the loop. The store may
 * be closed as soon as this returns. Accepts NULL: DONE is then called at once. */
void outbox_close(struct outbox *outbox, void (*done)(void *context), void *context);

#endif
