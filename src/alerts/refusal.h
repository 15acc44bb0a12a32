/* What is told of a channel whose target refuses what it is sent: once, through the others, and its end. */
#ifndef RMQWATCH_ALERTS_REFUSAL_H
#define RMQWATCH_ALERTS_REFUSAL_H

#include "alerts/lane.h"

enum { REFUSAL_PAUSE_MS = 600000 }; /* between two that begin, of one channel */

/* CLOCK_BOOTTIME; UINT64_MAX: there is nothing to tell. */
uint64_t refusal_due_ms(const struct lane *lane);
/* Composes it, but for cluster, node and observer, and notes that it is told. Only when it is due. */
void refusal_compose(
    struct lane *lane, enum language language, uint64_t now_ms, int64_t wall_ms, struct notice *ret_notice);

/* The channel is configured no more: composes the end, if the begin was told, or is false. */
bool refusal_compose_end(
    struct lane *lane, enum language language, int64_t wall_ms, struct notice *ret_notice);

#endif
