#include "core/dump.h"
#include "core/condition.h"
#include "core/step.h"
#include "words/words.h"

uint64_t dump_time_ms(const struct core *core, uint64_t now_ms)
{
    return process_takes_signals(&core->process, now_ms) ? core->policy.crash_dump_ms : 0;
}

void dump_or_kill(struct core *core, struct step *step)
{
    uint64_t time_ms = dump_time_ms(core, step->now_ms);

    core->rescue.dump_until_ms = time_ms > 0 ? step->now_ms + time_ms : 0;
    step_action(step, time_ms > 0 ? ACTION_DUMP_UNIT : ACTION_KILL_UNIT);
}

static bool is_waiting(const struct core *core)
{
    return core->rescue.state == STATE_KILLING && core->rescue.dump_until_ms > 0;
}

/* While it writes, it is as silent as it was, and busy: what it looks like does not matter any more. One that
 * serves again has not heard of it. */
void dump_evaluate(struct core *core, struct step *step)
{
    const struct member *local = &core->members[0];

    if (!is_waiting(core) || step->now_ms < core->rescue.dump_until_ms)
        return;
    core->rescue.dump_until_ms = 0;
    if (!core->unit.known || unit_is_dead(&core->unit) || condition_in(local->condition, CONDITIONS_SERVING))
        return;
    (void)step_notice(step, core, ACTION_RECORD, NOTICE_NONE, local->name, local->condition,
        core->rescue.incident.id, WORD("it did not die of the request for a crash dump in time: kill it"));
    step_action(step, ACTION_KILL_UNIT);
}

bool dump_refused(struct core *core, uint64_t now_ms)
{
    if (!is_waiting(core))
        return false;
    core->rescue.dump_until_ms = now_ms;
    return true;
}

void dump_forgive(struct core *core, uint64_t now_ms)
{
    uint64_t dump_ms = core->policy.crash_dump_ms, news_ms = core->policy.timeout_ms;

    if (is_waiting(core))
        core->rescue.dump_until_ms = now_ms + (dump_ms > news_ms ? dump_ms : news_ms);
}

uint64_t dump_deadline_ms(const struct core *core)
{
    return is_waiting(core) ? core->rescue.dump_until_ms : UINT64_MAX;
}
