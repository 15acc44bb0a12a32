/* A kind of alert channel: one file in src/alerts, one line in its registry. Channels are pure: they format a
 * notice into a request and classify the reply. The outbox alone does I/O. */
#ifndef RMQWATCH_CHANNEL_H
#define RMQWATCH_CHANNEL_H

#include "rmqwatch/config.h"
#include "rmqwatch/notice.h"

enum {
    CHANNEL_LIMITS_MAX = 2,
    CHANNEL_REQUEST_HEADERS_MAX = RMQ_CHANNEL_HEADERS_MAX + 3 /* ours: authorization, time, signature */
};

enum channel_transport {
    CHANNEL_HTTP, /* to the channel's url, or its server, with the request's suffix behind it */
    CHANNEL_MAIL, /* SMTP to the channel's server */
    CHANNEL_EXEC, /* the channel's command, with the body on its standard input */
};

/* One try at delivering a notice. */
struct channel_attempt {
    const char *id;  /* the notice's own, kept over retries ("Message-ID:", idempotency) */
    int64_t wall_ms; /* now, for signatures that expire; the notice has its own time */
};

/* What to send. Strings are the caller's, wiped and freed with channel_request_done(). */
struct channel_request {
    char *body; /* JSON for HTTP and scripts, a complete RFC 5322 message with CRLF for mail */
    size_t body_size;
    const char *content_type;                   /* static; NULL: mail and scripts */
    const char *method;                         /* HTTP; static or the configuration's; NULL: POST */
    char *url_suffix;                           /* HTTP; NULL: nothing */
    char *headers[CHANNEL_REQUEST_HEADERS_MAX]; /* HTTP: "Name: value" */
    size_t header_count;
    bool wordless; /* shows people nothing of the notice: it only ends what they were told of */
};

/* What sh, env and the like say of a command that they cannot run, and so do we. */
enum { CHANNEL_EXIT_NOT_EXECUTABLE = 126, CHANNEL_EXIT_NOT_FOUND = 127 };

/* How the target answered. */
struct channel_reply {
    bool answered;    /* false: no reply at all (refused, timeout, TLS, signal ...): always worth a retry */
    long status;      /* HTTP status, SMTP reply code or exit code */
    const char *body; /* NUL-terminated, may be cut; never NULL; of a script what it printed */
    size_t body_size;
    uint64_t retry_after_ms; /* from Retry-After; 0 when there was none */
};

enum delivery {
    DELIVERY_SENT,
    DELIVERY_RETRY,   /* later, with back-off, not before retry_after_ms */
    DELIVERY_REFUSED, /* for good: trying again cannot help */
};

/* What a reply means. */
struct channel_verdict {
    enum delivery delivery;
    uint64_t retry_after_ms; /* DELIVERY_RETRY: what the target asks for, or 0 */
    long code;               /* of the target's own, from the body; 0: none */
    const char *reason;      /* static words for the log, never the target's; NULL: the status says it all */
};

/* At most COUNT deliveries in any period, as the target documents it. */
struct channel_limit {
    unsigned count; /* 0: there is no limit */
    uint32_t period_ms;
};

/* The options that a kind's section can have, beside min_severity and events, which each has. */
enum channel_option {
    CHANNEL_URL = 1 << 0,           /* url_file */
    CHANNEL_HTTP_SERVER = 1 << 1,   /* server */
    CHANNEL_SMTP_SERVER = 1 << 2,   /* server */
    CHANNEL_SECRET = 1 << 3,        /* secret_file */
    CHANNEL_ROUTING_KEY = 1 << 4,   /* routing_key_file */
    CHANNEL_AUTHORIZATION = 1 << 5, /* authorization_file */
    CHANNEL_HEADERS = 1 << 6,
    CHANNEL_METHOD = 1 << 7,
    CHANNEL_FROM = 1 << 8,
    CHANNEL_TO = 1 << 9,
    CHANNEL_STARTTLS = 1 << 10,
    CHANNEL_LOGIN = 1 << 11,   /* username and password_file, both or neither */
    CHANNEL_COMMAND = 1 << 12, /* command and timeout */
    CHANNEL_CA_FILE = 1 << 13,
};

struct channel_ops {
    const char *name; /* the section's name in the configuration: "slack" */
    enum channel_transport transport;
    unsigned options;           /* of enum channel_option */
    unsigned required;          /* those that must be set */
    const char *server;         /* what the option server is by default; NULL: nothing */
    enum severity min_severity; /* what the option is by default */
    bool keyed; /* matches a trouble's end to its begin by trouble_key(), which needs the cluster's name */
    /* The target forgets what it does not hear again: how often it is told, silently, what is not over; 0: it
     * does not. */
    uint32_t refresh_ms;
    struct channel_limit limits[CHANNEL_LIMITS_MAX];
    /* 0 or negative errno. */
    int (*format)(const struct channel_config *channel, const struct notice *notice,
        const struct channel_attempt *attempt, struct channel_request *ret_request);
    struct channel_verdict (*classify)(const struct channel_reply *reply);
};

/* The registry; NULL when there is no kind of this name. */
const struct channel_ops *channel_find(const char *name);
/* The i-th kind, NULL past the end: what the configuration's parser builds its sections from. */
const struct channel_ops *channel_at(size_t i);
void channel_request_done(struct channel_request *request); /* accepts a zeroed one */

#endif
