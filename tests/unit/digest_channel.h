/* A channel that a digest feeds, with a clock and a network of the test's. */
#ifndef RMQWATCH_TESTS_DIGEST_CHANNEL_H
#define RMQWATCH_TESTS_DIGEST_CHANNEL_H

#include "alerts/digest.h"
#include "rmqwatch/channel.h"

enum { DIGEST_CHANNEL_MAX = 256 };
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

struct digest_row {
    struct notice notice;
    int64_t due_ms;
};

struct digest_channel {
    struct digest *digest;
    struct channel_config config;
    struct alerts_config pacing;
    struct digest_time now;
    int64_t boot_ms; /* what the host's clock said when NOW began */
    bool down;       /* nothing gets through */
    int64_t retry_ms;

    size_t waiting_count;
    struct digest_row waiting[DIGEST_CHANNEL_MAX];

    uint64_t accepted; /* notices that were for this channel */
    uint64_t counted;  /* the counts of what was delivered */
    uint64_t flaps;
    size_t refreshes;
    size_t count;                               /* messages that were delivered, without refreshes */
    struct notice messages[DIGEST_CHANNEL_MAX]; /* the first of them */
    int64_t delivered_ms[DIGEST_CHANNEL_MAX];   /* since the beginning */
};

/* The product's own pacing, at DIGEST_CHANNEL_EPOCH; KIND is a kind of channel. */
#define DIGEST_CHANNEL_EPOCH INT64_C(1769904000000) /* 2026-02-01T00:00:00Z */
void digest_channel_open(struct digest_channel *channel, const char *kind);
void digest_channel_close(struct digest_channel *channel);

/* Time passes until MS since the beginning; what is due is delivered, or tried, on the way. */
void digest_channel_run(struct digest_channel *channel, int64_t ms);
/* Something is told of NODE at MS since the beginning. */
void digest_channel_put(struct digest_channel *channel, int64_t ms, enum notice_kind kind, const char *node);
void digest_channel_put_notice(struct digest_channel *channel, const struct notice *notice);
/* Another digest takes over what the old one saved; with REBOOT the host's clock has begun anew. */
void digest_channel_restart(struct digest_channel *channel, bool reboot);
/* The message that was delivered as number I, and when: fails the test when it is another one. */
void digest_channel_expect(
    const struct digest_channel *channel, size_t i, int64_t ms, enum notice_kind kind, uint32_t count);
/* What waits, as counted by its messages. */
uint64_t digest_channel_waiting(const struct digest_channel *channel);

#endif
