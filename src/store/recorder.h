/* Remembers what the core took in during the last two minutes, and writes it down once an incident opens, and
 * on while it is open: so that the incident can be replayed from its beginning. What was known before those
 * two minutes (the last snapshot, policy, members, unit ...) comes first. */
#ifndef RMQWATCH_STORE_RECORDER_H
#define RMQWATCH_STORE_RECORDER_H

#include "store/store.h"

struct recorder;

struct recorder *recorder_new(struct store *store); /* NULL when out of memory */
/* Before or after the core took EVENT in, with its times; every event, and the policy and the members that
 * the core began with. Out of memory: this one is missing. */
void recorder_take(struct recorder *recorder, const struct event *event);
/* What the core knew that no event tells again (its budget ...): what was saved; and at the start, before the
 * policy, what it goes on from. */
void recorder_take_snapshot(
    struct recorder *recorder, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms);
/* After each step: the incident that is open now, "" for none. */
void recorder_follow(struct recorder *recorder, const char *incident);
/* Hands on what it holds back; then frees it. Accepts NULL. Before store_close(). */
void recorder_free(struct recorder *recorder);

#endif
