#include "core/table.h"

const struct row *table_find(enum state from, enum trigger on, uint32_t facts)
{
    for (const struct row *row = rescue_rows;; row++) /* tests/unit/test_table.c walks every combination */
        if ((row->from & (1u << from)) && (row->on & (UINT64_C(1) << on)) &&
            (facts & row->need) == row->need && !(facts & row->forbid))
            return row;
}

const struct watch_row *watch_table_find(enum watch_kind kind, bool raised, enum sign on, uint16_t facts)
{
    for (const struct watch_row *row = watch_rows;; row++)
        if ((row->kinds & (1u << kind)) && row->raised == raised && (row->on & (1u << on)) &&
            (facts & row->need) == row->need && !(facts & row->forbid))
            return row;
}

const char *state_name(enum state state)
{
    static const char *const names[STATE_COUNT] = {
        [STATE_WATCHING] = "watching",
        [STATE_STANDBY] = "standby",
        [STATE_OBSERVED] = "observed",
        [STATE_ASKING] = "asking",
        [STATE_LEASING] = "leasing",
        [STATE_HELD] = "held",
        [STATE_KILLING] = "killing",
        [STATE_STARTING] = "starting",
        [STATE_VERIFYING] = "verifying",
        [STATE_UNVERIFIED] = "unverified",
        [STATE_BACKING_OFF] = "backing-off",
        [STATE_GAVE_UP] = "gave-up",
        [STATE_RESUMED] = "resumed",
    };

    return state < STATE_COUNT ? names[state] : "same";
}

const char *trigger_name(enum trigger trigger)
{
    static const char *const names[TRIGGER_COUNT] = {
        [TRIGGER_UNIT_ACTIVE] = "unit-active",
        [TRIGGER_UNIT_DEAD] = "unit-dead",
        [TRIGGER_JOB_DONE] = "job-done",
        [TRIGGER_JOB_FAILED] = "job-failed",
        [TRIGGER_ACCEPTED] = "accepted",
        [TRIGGER_REFUSED] = "refused",
        [TRIGGER_ASKED] = "asked",
        [TRIGGER_VERIFIED] = "verified",
        [TRIGGER_DEADLINE] = "deadline",
        [TRIGGER_GRANTED] = "lease-granted",
        [TRIGGER_TAKEN] = "lease-taken",
        [TRIGGER_UNAVAILABLE] = "lease-unavailable",
        [TRIGGER_LOST] = "lease-lost",
        [TRIGGER_RESUME] = "resume",
    };

    if (trigger < (enum trigger)CONDITION_COUNT)
        return condition_name((enum condition)trigger);
    return trigger < TRIGGER_COUNT ? names[trigger] : "unknown";
}

const char *fact_name(enum fact fact)
{
    switch (fact) {
    case FACT_ACT:
        return "act";
    case FACT_QUORUM:
        return "quorum";
    case FACT_BUDGET:
        return "budget";
    case FACT_FOREIGN_JOB:
        return "foreign-job";
    case FACT_SEEN:
        return "seen-running";
    case FACT_DEAD:
        return "dead";
    case FACT_PROOF:
        return "proof";
    case FACT_RUNNING:
        return "running";
    case FACT_OWN_STOP:
        return "own-stop";
    case FACT_HOLD:
        return "hold";
    case FACT_SPLIT:
        return "split";
    case FACT_SAFE:
        return "safe";
    case FACT_QUEUES:
        return "queues";
    case FACT_CROWD:
        return "crowd";
    case FACT_LEASE:
        return "lease";
    case FACT_GENTLE:
        return "gentle";
    case FACTS_END:
        break;
    }
    return "unknown";
}

const char *act_name(enum act act)
{
    static const char *const names[] = {[ACT_NOTHING] = "-",
        [ACT_START] = "start",
        [ACT_KILL] = "kill",
        [ACT_RESTART] = "restart",
        [ACT_STOP] = "stop",
        [ACT_ASK] = "ask",
        [ACT_LEASE] = "lease"};

    return names[act];
}
