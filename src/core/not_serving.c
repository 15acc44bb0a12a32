#include "core/not_serving.h"

/* One that works hard, or gets no processor, is silent now and then: it may be so for so many times as long.
 */
enum { BUSY_TIMES = 10 };

static bool fails(const struct probe_memory *memory)
{
    return memory->health == HEALTH_DOWN && memory->failures > 0;
}

/* Since when one port or the other fails; UINT64_MAX: none does. */
static uint64_t failing_since_ms(const struct member *local)
{
    uint64_t since_ms = UINT64_MAX;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (fails(&local->probes[kind]) && local->probes[kind].failed_since_ms < since_ms)
            since_ms = local->probes[kind].failed_since_ms;
    return since_ms;
}

static bool any_is_silent(const struct member *local)
{
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (local->probes[kind].timeouts > 0)
            return true;
    return false;
}

/* A check that is misconfigured is told, but not what the other one finds. */
static bool is_unexplained(const struct core *core)
{
    const uint64_t unexplained = CONDITION_BIT(UNKNOWN) | CONDITION_BIT(MISCONFIGURED);
    const unsigned at_rest = 1u << STATE_WATCHING | 1u << STATE_STANDBY;

    return condition_in(core->members[0].condition, unexplained) && (at_rest >> core->rescue.state & 1) &&
           core->unit.known && unit_is_running(&core->unit.state) && core->unit.state.job_id == 0;
}

/* What has failed since then has done so for longer than it takes to prove anything. */
static bool lasts(const struct core *core, uint64_t since_ms, uint64_t now_ms)
{
    const struct member *local = &core->members[0];
    uint64_t patience_ms = core->policy.verify_timeout_ms;

    if (local->condition_since_ms > since_ms)
        since_ms = local->condition_since_ms;
    if (any_is_silent(local) && process_is_busy(&core->process, since_ms, now_ms))
        patience_ms *= BUSY_TIMES;
    return now_ms - since_ms >= patience_ms;
}

bool not_serving(const struct core *core, uint64_t now_ms)
{
    const struct member *local = &core->members[0];
    uint64_t since_ms = failing_since_ms(local);

    return since_ms != UINT64_MAX && is_unexplained(core) && !member_may_hang(local, &core->policy) &&
           lasts(core, since_ms, now_ms);
}

bool not_serving_clients(const struct core *core, uint64_t now_ms)
{
    const struct probe_memory *amqp = &core->members[0].probes[PROBE_AMQP];

    return fails(amqp) && lasts(core, amqp->failed_since_ms, now_ms);
}

bool not_serving_is_over(const struct core *core)
{
    const struct member *local = &core->members[0];

    if (!condition_in(local->condition, CONDITIONS_SERVING))
        return false;
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (member_is_asked(&core->policy, (enum probe_kind)kind) &&
            (!local->probes[kind].seen || local->probes[kind].failures > 0))
            return false;
    return true;
}

enum severity not_serving_severity(const struct core *core)
{
    return fails(&core->members[0].probes[PROBE_AMQP]) ? SEVERITY_CRITICAL : SEVERITY_WARNING;
}
