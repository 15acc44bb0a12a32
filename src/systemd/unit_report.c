#include "systemd/unit_report.h"

#include "base/clock.h"
#include "systemd/unit_properties.h"

#include <string.h>

/* systemd counts n_restarts up in the moment in which it queues its own restart: that tells its job from one
 * that a person queues during the wait. */
static uint32_t foreign_job(struct unit_report *report)
{
    uint32_t job = report->state.job_id;

    if (job == 0) {
        if (!strstr(report->state.sub_state, "auto-restart"))
            report->calm_restarts = report->state.n_restarts;
        return 0;
    }
    if (job == report->automatic_job || unit_control_owns_job(report->control, job))
        return 0;
    if (report->told == UNIT_TOLD_STATE && report->state.n_restarts > report->calm_restarts) {
        report->automatic_job = job;
        report->calm_restarts = report->state.n_restarts;
        return 0;
    }
    return job;
}

/* On its way from the wait, or from failure, to the start a unit is inactive for a moment. Without its job,
 * which we do not tell, that would look as if an operator had stopped it. The next signal follows when the
 * job goes on. */
static bool passing(const struct unit_report *report, uint32_t foreign)
{
    return report->told == UNIT_TOLD_STATE && report->state.active == UNIT_INACTIVE && foreign == 0 &&
           (report->state.job_id != 0 || unit_control_starts_anew(report->control));
}

void unit_report_changes(struct unit_report *report)
{
    struct event event = {.kind = EVENT_UNIT};

    if (!report->known)
        return;
    event.unit = report->state;
    event.unit.job_id = foreign_job(report);
    if (passing(report, event.unit.job_id))
        return;
    if (report->told == UNIT_TOLD_STATE && unit_properties_equal(&event.unit, &report->posted))
        return;
    report->told = UNIT_TOLD_STATE;
    report->posted = event.unit;
    /* systemd's stamps, and its wait for a restart, are of the clock that a suspend stops. */
    if (event.unit.inactive_enter_ms > 0)
        event.unit.inactive_enter_ms += clock_suspended_ms();
    sink_post(&report->sink, &event);
}

bool unit_report_lost(struct unit_report *report)
{
    struct event event = {.kind = EVENT_UNIT_LOST};

    report->known = false;
    if (report->told == UNIT_TOLD_LOST)
        return false;
    report->told = UNIT_TOLD_LOST;
    sink_post(&report->sink, &event);
    return true;
}
