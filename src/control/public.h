/* What anybody may ask who reaches this machine over the network: HTTP over TCP, read-only, without a login.
 *
 *   GET /health   {"node": NAME, "version": TEXT, "state": what the agent does about its node: "watching"
 * ...}
 *
 * So it shows that a watchdog is alive, of which node, which version it is, and whether it is at work. The
 * agents of the other members ask it (src/probes/agent.c). Anything else gets a 4xx. Fields are only ever
 * added. Bounded: so many connections, of all and of one address, and five seconds for each request. */
#ifndef RMQWATCH_CONTROL_PUBLIC_H
#define RMQWATCH_CONTROL_PUBLIC_H

#include "core/core.h"

#include <uv.h>

struct public;

enum { PUBLIC_RETRY_MS = 30000 };

/* CORE outlives it, and is read on the loop, between two steps. Listens nowhere yet. NULL: out of memory. */
struct public *public_new(uv_loop_t *loop, const struct core *core, uint64_t retry_ms);
/* Listens on ADDRESS ("*:15693", "10.0.0.1:15693", "[fd00::1]:15693") and nowhere else; "": nowhere. Where
 * that cannot be had, says so once, and tries again every RETRY_MS. */
void public_listen(struct public *public, const char *address);
/* Sends everybody away; the loop must run on until its handles are closed. Accepts NULL. */
void public_close(struct public *public);

#endif
