/* A kind of alert channel: one file in src/alerts, one line in its registry. Channels are pure: they format a
 * notice into a request and classify the reply. The outbox alone does I/O. */
#ifndef RMQWATCH_CHANNEL_H
#define RMQWATCH_CHANNEL_H

#include "rmqwatch/config.h"
#include "rmqwatch/notice.h"

/* What to send. Strings are the caller's, freed with channel_request_done(). */
struct channel_request {
    char *body; /* JSON for HTTP, a complete RFC 5322 message with CRLF for mail */
    size_t body_size;
    const char *content_type; /* static; NULL for mail */
};

/* How the target answered. */
struct channel_reply {
    bool answered;    /* false: no reply at all (refused, timeout, TLS ...): always worth a retry */
    long status;      /* HTTP status or SMTP reply code */
    const char *body; /* NUL-terminated, may be cut; never NULL */
    size_t body_size;
    uint64_t retry_after_ms; /* from Retry-After; 0 when there was none */
};

enum delivery {
    DELIVERY_SENT,
    DELIVERY_RETRY,   /* later, with back-off, not before retry_after */
    DELIVERY_REFUSED, /* for good: trying again cannot help */
};

struct channel_ops {
    const char *name; /* the section's name in the configuration: "slack" */
    bool mail;        /* SMTP instead of HTTP POST */
    /* ID is the notice's own, kept over retries ("Message-ID:", idempotency). 0 or negative errno. */
    int (*format)(const struct channel_config *channel, const struct notice *notice, const char *id,
        struct channel_request *ret_request);
    /* RET_RETRY_AFTER_MS is set for DELIVERY_RETRY: what the target asks for, or 0. */
    enum delivery (*classify)(const struct channel_reply *reply, uint64_t *ret_retry_after_ms);
};

/* The registry; NULL when there is no kind of this name. */
const struct channel_ops *channel_find(const char *name);
/* The i-th kind, NULL past the end: what the configuration's parser builds its sections from. */
const struct channel_ops *channel_at(size_t i);
void channel_request_done(struct channel_request *request); /* accepts a zeroed one */

#endif
