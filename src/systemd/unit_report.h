/* The local unit's state, put together from what systemd says, and told when it changed. No I/O of its own.
 */
#ifndef RMQWATCH_SYSTEMD_UNIT_REPORT_H
#define RMQWATCH_SYSTEMD_UNIT_REPORT_H

#include "rmqwatch/sink.h"
#include "systemd/unit_control.h"

enum unit_told { UNIT_TOLD_NOTHING, UNIT_TOLD_STATE, UNIT_TOLD_LOST };

/* Embedded in the watch. Set sink and control, and zero the rest. */
struct unit_report {
    struct event_sink sink;
    struct unit_control *control;
    bool known;              /* state is complete */
    struct unit_state state; /* as systemd has it: true job_id, systemd's clock */
    enum unit_told told;     /* what the last event was */
    struct unit_state posted;
    uint32_t calm_restarts; /* n_restarts when systemd was not about to restart the unit */
    uint32_t automatic_job; /* systemd's own restart */
};

/* Posts EVENT_UNIT when the state is known and differs from what was posted last. In it job_id is 0 for a job
 * of our own and for systemd's own automatic restart. */
void unit_report_changes(struct unit_report *report);
/* The state is not known any more. Posts EVENT_UNIT_LOST unless that was the last event. Returns whether it
 * did. */
bool unit_report_lost(struct unit_report *report);

#endif
