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

    /* However near: with a least pause, some would begin at every second one only, and miss the others. */
    if (boot_waits_for_others(core))
        return pause_ms - (uint64_t)wall_ms % pause_ms;
    return pause_ms;
}
