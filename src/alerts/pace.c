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
