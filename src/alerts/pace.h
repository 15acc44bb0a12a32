/* How long to wait before a delivery is tried again, and between any two. Pure. */
#ifndef RMQWATCH_ALERTS_PACE_H
#define RMQWATCH_ALERTS_PACE_H

#include "rmqwatch/channel.h"

#include <stdint.h>

enum {
    PACE_FIRST_MS = 1000,
    PACE_MAX_MS = 60000,
    PACE_ASKED_MAX_MS = 900000, /* the longest Retry-After that is honoured */
    PACE_SETUP_MS = 300000,     /* when only a change of the configuration can help */
};

/* The pause after FAILURES failures in a row (1 or more): doubles from PACE_FIRST_MS to PACE_MAX_MS, spread
 * by 20 % either way with RANDOM so that the agents of a cluster do not come all at once; never less than
 * ASKED_MS, what the target asks for. */
uint64_t pace_retry_ms(unsigned failures, uint64_t asked_ms, uint32_t random);

/* A bucket of tokens for one limit: half of what the limit allows can go at once, the rest comes evenly
 * spaced. So no period, wherever it begins, sees more than the limit's count: some targets shut out for
 * minutes who goes beyond. Zeroed: full. */
struct pace_bucket {
    uint64_t full_ms; /* when it is full again */
};

/* When there is a token: at once when that is past. Always 0 where there is no limit. */
uint64_t pace_free_ms(const struct pace_bucket *bucket, const struct channel_limit *limit);
/* Takes one, whether there is one or not. */
void pace_take(struct pace_bucket *bucket, const struct channel_limit *limit, uint64_t now_ms);

#endif
