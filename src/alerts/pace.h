/* How long to wait before a delivery is tried again. Pure. */
#ifndef RMQWATCH_ALERTS_PACE_H
#define RMQWATCH_ALERTS_PACE_H

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

#endif
