/* The clocks. Decisions use the first, people read the last. */
#ifndef RMQWATCH_BASE_CLOCK_H
#define RMQWATCH_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_BOOTTIME in milliseconds: steady, and it goes on while the machine is suspended. */
uint64_t clock_boot_ms(void);
/* How far that one is ahead of CLOCK_MONOTONIC, which stands still while the machine is suspended. */
uint64_t clock_suspended_ms(void);
/* CLOCK_REALTIME in milliseconds since the epoch. */
int64_t clock_wall_ms(void);

#endif
