/* The kinds of channels, for the registry, and what they share. */
#ifndef RMQWATCH_ALERTS_CHANNELS_H
#define RMQWATCH_ALERTS_CHANNELS_H

#include "rmqwatch/channel.h"

extern const struct channel_ops slack_channel;
extern const struct channel_ops dingtalk_channel;
extern const struct channel_ops feishu_channel;
extern const struct channel_ops wecom_channel;
extern const struct channel_ops teams_channel;
extern const struct channel_ops discord_channel;
extern const struct channel_ops pagerduty_channel;
extern const struct channel_ops alertmanager_channel;
extern const struct channel_ops webhook_channel;
extern const struct channel_ops mail_channel;
extern const struct channel_ops script_channel;

/* What an HTTP status means for a delivery, unless the target is known to mean something else by it: 2xx
 * sent; 408, 425, 429, 5xx and no answer at all: retry; everything else refused. */
struct channel_verdict channel_classify_http(const struct channel_reply *reply);

/* One of a target's own codes, which stand in the JSON of its reply. */
struct channel_code {
    long code;
    const char *phrase; /* only if the reply has it too, where a code means several things; NULL: always */
    enum delivery delivery;
    uint32_t retry_after_ms;
    const char *reason; /* static words, fit for the log */
};

/* For targets whose verdict is a number in the JSON of the reply, under NAME or else OTHER_NAME (may be
 * NULL): 0 is sent, what CODES does not list is refused. Without such a number a 2xx was not said by the
 * target: retry; another status speaks for itself. */
struct channel_verdict channel_classify_code(const struct channel_reply *reply, const char *name,
    const char *other_name, const struct channel_code *codes, size_t code_count);

struct cJSON;

/* Prints JSON into a request and frees it. JSON may be NULL or incomplete, as said by OK: -ENOMEM. */
int channel_print_json(struct cJSON *json, bool ok, struct channel_request *ret_request);

/* Adds ITEM to an object under NAME (static), or to an array when NAME is NULL; takes care of ITEM, NULL or
 * not, whatever becomes of it. */
bool channel_add_item(struct cJSON *parent, const char *name, struct cJSON *item);
/* {"type": TYPE} and the like: a new object with one text in it; NULL: no memory. */
struct cJSON *channel_new_object(const char *name, const char *text);

/* One more "Name: value" for a request. 0 or -ENOMEM. */
int channel_add_header(struct channel_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What goes behind the channel's url. 0 or -ENOMEM. */
int channel_set_suffix(struct channel_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "?" or "&": what begins one more parameter of the channel's url. */
char channel_url_separator(const struct channel_config *channel);

/* webhook.c: the body of the generic webhook, which a script gets too. 0 or -ENOMEM. */
int webhook_print(const struct notice *notice, const char *id, struct channel_request *ret_request);

#endif
