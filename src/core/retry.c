#include "core/retry.h"

static bool boot_waits_for_others(const struct core *core)
{
    size_t count = 1;

    for (size_t i = 1; i < core->member_count; i++)
        count += !member_is_down(&core->members[i]);
    return count < views_majority(core);
}

uint64_t retry_pause_ms(const struct core *core, int64_t wall_ms)
{
    uint64_t pause_ms = budget_give_up_pause_ms(&core->rescue.budget, &core->policy);
    uint64_t earliest_ms = (wall_ms > 0 ? (uint64_t)wall_ms : 0) + pause_ms / 2;

    if (!boot_waits_for_others(core))
        return pause_ms;
    return (earliest_ms / pause_ms + 1) * pause_ms - (earliest_ms - pause_ms / 2);
}
