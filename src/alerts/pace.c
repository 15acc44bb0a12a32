#include "alerts/pace.h"

uint64_t pace_retry_ms(unsigned failures, uint64_t asked_ms, uint32_t random)
{
    uint64_t pause_ms = PACE_FIRST_MS;

    for (unsigned i = 1; i < failures && pause_ms < PACE_MAX_MS; i++)
        pause_ms *= 2;
    if (pause_ms > PACE_MAX_MS)
        pause_ms = PACE_MAX_MS;
    pause_ms = pause_ms * (800 + random % 401) / 1000;
    if (asked_ms > PACE_ASKED_MAX_MS)
        asked_ms = PACE_ASKED_MAX_MS;
    return pause_ms > asked_ms ? pause_ms : asked_ms;
}

static unsigned burst_of(const struct channel_limit *limit)
{
    return (limit->count + 1) / 2;
}

/* Between two tokens. A period sees the burst, and what drops in while it lasts. */
static uint64_t interval_of(const struct channel_limit *limit)
{
    unsigned rest = limit->count - burst_of(limit) + 1;

    return (limit->period_ms + rest - 1) / rest;
}

uint64_t pace_free_ms(const struct pace_bucket *bucket, const struct channel_limit *limit)
{
    uint64_t spare_ms;

    if (limit->count == 0)
        return 0;
    spare_ms = interval_of(limit) * (burst_of(limit) - 1);
    return bucket->full_ms > spare_ms ? bucket->full_ms - spare_ms : 0;
}

void pace_take(struct pace_bucket *bucket, const struct channel_limit *limit, uint64_t now_ms)
{
    if (limit->count == 0)
        return;
    if (bucket->full_ms < now_ms)
        bucket->full_ms = now_ms;
    bucket->full_ms += interval_of(limit);
}
