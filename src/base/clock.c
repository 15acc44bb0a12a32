#include "base/clock.h"

#include <time.h>

static int64_t clock_read_ms(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts); /* cannot fail for these ids on Linux */
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint64_t clock_boot_ms(void)
{
    return (uint64_t)clock_read_ms(CLOCK_BOOTTIME);
}

uint64_t clock_suspended_ms(void)
{
    int64_t monotonic_ms = clock_read_ms(CLOCK_MONOTONIC); /* first, so that the other one is not behind */

    return (uint64_t)(clock_read_ms(CLOCK_BOOTTIME) - monotonic_ms);
}

int64_t clock_wall_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}
