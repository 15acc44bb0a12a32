/* The control socket: what an operator may ask of a running agent, and tell it. HTTP over a unix socket; who
 * may do so is a matter of the socket's owner, group and mode (0660). The answers are JSON:
 *
 *   GET  /v1/status                  how things are: status_json.c
 *   GET  /v1/why?node=NAME           the last decision about a node, and all that it rests on: why_json.c
 *   GET  /v1/history?limit=N         the incidents, newest first: history.c
 *   GET  /v1/incident?id=ID          one of them, with all that was told and decided
 *   POST /v1/hold   {"for_ms": N, "reason": TEXT, "owner": TEXT}    hands off this node for a while: told.c
 *   POST /v1/resume {}               end that, or a give-up
 *   POST /v1/ack    {"incident": ID, "owner": TEXT}                 somebody knows
 *   POST /v1/test-alert {"channel": NAME, "text": TEXT, "wait": BOOL, "owner": TEXT}    test_alert.c
 *   GET  /v1/outbox?state=STATE      what waits, was parked, was sent: outbox.c
 *   POST /v1/outbox/retry {"number": N} or {"channel": NAME}        try it now
 *   POST /v1/outbox/drop  the same                                  give it up
 *
 * "owner" may be left out: then it is who asks. Anything else gets a 4xx with {"error": "one sentence"}.
 * Fields are only ever added. Times are RFC 3339. */
#ifndef RMQWATCH_CONTROL_CONTROL_H
#define RMQWATCH_CONTROL_CONTROL_H

#include "alerts/outbox.h"
#include "core/core.h"
#include "rmqwatch/config.h"
#include "rmqwatch/sink.h"
#include "store/store.h"

#include <uv.h>

struct control;

struct control_options {
    const char *path;             /* of the socket */
    const struct core *core;      /* read on the loop, between two steps */
    struct config *const *config; /* what is in use right now */
    struct store *const *store;   /* the same; NULL in there: there is none */
    struct outbox *const *outbox; /* the same */
    struct event_sink sink;       /* outlives the control */
};

/* Listens. 0, or a negative errno and *ret_control is left alone; ERROR has a line for people then.
 * -EADDRINUSE: another daemon listens there. */
int control_new(uv_loop_t *loop, const struct control_options *options, struct control **ret_control,
    char *error, size_t error_size);
/* The core has taken in all that was posted: who told it something gets the answer. */
void control_on_step(struct control *control);
/* Removes the socket, sends everybody away; the loop must run on until its handles are closed, and the store,
 * if there is one, must be closed after this. Accepts NULL. */
void control_close(struct control *control);

#endif
