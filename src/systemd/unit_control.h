/* Asks systemd to start, kill or stop the local unit, and tells how it went. It never waits. */
#ifndef RMQWATCH_SYSTEMD_UNIT_CONTROL_H
#define RMQWATCH_SYSTEMD_UNIT_CONTROL_H

#include "rmqwatch/sink.h"
#include "systemd/bus.h"

enum {
    UNIT_REPLY_TIMEOUT_MS = 10000
}; /* for systemd's answer to one request, not for the job that it queues */

struct unit_control;

/* Registers itself with BUS; create it before the unit's watch and before bus_start(). UNIT is copied. 0 or a
 * negative errno, then *ret_control is left alone. */
int unit_control_new(
    struct bus *bus, const char *unit, const struct event_sink *sink, struct unit_control **ret_control);
/* Before bus_free(). Accepts NULL. */
void unit_control_free(struct unit_control *control);

/* Each request ends in exactly one event, posted through the sink:
 *   start, restart, stop  EVENT_JOB_DONE when systemd has done with the job, or EVENT_REQUEST_FAILED
 *   kill, dump            EVENT_REQUEST_DONE, or EVENT_REQUEST_FAILED
 * A newer request replaces one that systemd has not answered yet, and a newer start, restart or stop replaces
 * a job that is not done yet: what was replaced ends silently. A kill leaves a job alone; both end in their
 * own events. */

void unit_control_start(struct unit_control *control); /* StartUnit(unit, "fail") */
/* The same for a unit that systemd does not start any more, for it was started too often (Result
 * "start-limit-hit"): ResetFailedUnit, whose answer is not waited for by anybody else, then StartUnit. How
 * often is too often is the core's budget to say. */
void unit_control_start_over_limit(struct unit_control *control);
void unit_control_restart(struct unit_control *control); /* RestartUnit(unit, "fail") */
void unit_control_kill(struct unit_control *control);    /* KillUnit(unit, "all", SIGKILL) */
/* KillUnit(unit, "main", SIGUSR1): an Erlang machine writes a crash dump and ends. */
void unit_control_dump(struct unit_control *control);
void unit_control_stop(struct unit_control *control); /* StopUnit(unit, "fail") */

/* --- between the watch and the control --- */

/* Whether job JOB_ID of the unit is one that we asked for. A job that is first seen while systemd's answer to
 * a request that queues one is outstanding counts as ours until the answer says otherwise; and so does one
 * that is first seen within a minute after that answer was given up. */
bool unit_control_owns_job(struct unit_control *control, uint32_t job_id);
/* From the lifting of the limit until the start is done: the unit looks as if somebody had stopped it. */
bool unit_control_starts_anew(const struct unit_control *control);
/* The job of our last request as long as it is not done, otherwise 0. */
uint32_t unit_control_own_job(const struct unit_control *control);
/* STATE was read anew and completely, with the unit's true job_id; JOB_BEFORE is what unit_control_own_job()
 * said before the reading began. Ends a job whose signal was lost with a connection. */
void unit_control_check_job(
    struct unit_control *control, const struct unit_state *state, uint32_t job_before);
/* Called when unit_control_owns_job() may answer differently than before. */
void unit_control_on_ownership(struct unit_control *control, void (*changed)(void *context), void *context);

#endif
