/* How long the loop was kept at most. */
#ifndef RMQWATCH_ALERTS_STOPWATCH_H
#define RMQWATCH_ALERTS_STOPWATCH_H

#include <stdint.h>
#include <uv.h>

static inline void stopwatch_note(uint64_t *max_us, uint64_t since_ns)
{
    const uint64_t us = (uv_hrtime() - since_ns) / 1000;

    if (us > *max_us)
        *max_us = us;
}

#endif
