/* The kinds of channels, for the registry, and what they share. */
#ifndef RMQWATCH_ALERTS_CHANNELS_H
#define RMQWATCH_ALERTS_CHANNELS_H

#include "rmqwatch/channel.h"

extern const struct channel_ops slack_channel;
extern const struct channel_ops webhook_channel;
extern const struct channel_ops mail_channel;

/* What an HTTP status means for a delivery, unless the target is known to mean something else by it: 2xx
 * sent; 408, 425, 429, 5xx and no answer at all: retry; everything else refused. */
enum delivery channel_classify_http(const struct channel_reply *reply, uint64_t *ret_retry_after_ms);

struct cJSON;

/* Prints JSON into a request and frees it. JSON may be NULL or incomplete, as said by OK: -ENOMEM. */
int channel_print_json(struct cJSON *json, bool ok, struct channel_request *ret_request);

#endif
