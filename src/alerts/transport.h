/* Carries one request of a channel to its target: over HTTP, over SMTP, or into a command. */
#ifndef RMQWATCH_ALERTS_TRANSPORT_H
#define RMQWATCH_ALERTS_TRANSPORT_H

#include "http/client.h"
#include "rmqwatch/channel.h"

struct command;

/* Called once per start that was not cancelled, never from within it. REPLY is valid during the call. HOW is
 * what happened, in words that hold nothing of the request, the configuration or the target's answer: "HTTP
 * 503", "timed out". */
typedef void transport_done_fn(void *context, const struct channel_reply *reply, const char *how);

/* One at a time. Zeroed but for loop and client: nothing under way. */
struct transport {
    uv_loop_t *loop;
    struct http_client *client;
    enum channel_transport kind; /* of what is under way */
    struct http_transfer *transfer;
    struct command *command;
    transport_done_fn *done;
    void *context;
};

/* FRESH: do not trust a connection that was kept. 0 or negative errno; -EINVAL: only a change of the
 * configuration can help. CONFIG and REQUEST are only read during the call. */
int transport_start(struct transport *transport, const struct channel_config *config,
    const struct channel_request *request, bool fresh, transport_done_fn *done, void *context);
bool transport_is_busy(const struct transport *transport);
void transport_cancel(struct transport *transport);

/* How long one delivery may take. */
uint64_t transport_timeout_ms(const struct channel_config *config);

#endif
