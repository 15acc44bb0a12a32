/* One call of core_step(): its time, and the actions it causes. */
#ifndef RMQWATCH_CORE_STEP_H
#define RMQWATCH_CORE_STEP_H

#include "rmqwatch/action.h"

#include <stdint.h>

struct core;

struct step {
    uint64_t now_ms;
    int64_t wall_ms;
    struct action_list *actions;
};

/* The next free action, zeroed. */
struct action *step_action(struct step *step, enum action_kind kind);
/* A new id: "rmq1-2026-01-31-235959-1a2", from the node, the wall clock and the monotonic one. WATCH is one
 * letter behind it, which tells apart what begins in one step, or empty. */
void step_incident_id(const struct step *step, const char *node, const char *watch, char *id, size_t size);
/* A notice with everything filled that does not depend on its kind. KIND is ACTION_NOTICE or ACTION_RECORD.
 */
struct notice *step_notice(struct step *step, const struct core *core, enum action_kind kind,
    enum notice_kind notice, const char *node, enum condition condition, const char *incident,
    const char *why);

#endif
