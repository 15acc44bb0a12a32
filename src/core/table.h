/* Policy as data. Every decision is one row: in this state, on this trigger, with these facts, go there, do
 * that, tell this, because. tests/unit/test_table.c proves that each combination matches exactly one row. */
#ifndef RMQWATCH_CORE_TABLE_H
#define RMQWATCH_CORE_TABLE_H

#include "rmqwatch/condition.h"
#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What this agent is doing about its own node. */
enum state {
    STATE_WATCHING,    /* no incident */
    STATE_STANDBY,     /* an operator stopped the node; no incident */
    STATE_OBSERVED,    /* mode = observe: it was said what would be done */
    STATE_ASKING,      /* it should be restarted: the others are asked whether that is safe */
    STATE_LEASING,     /* it is safe: the restart lease is being sought */
    STATE_HELD,        /* it should be restarted, and something forbids to act */
    STATE_KILLING,     /* SIGKILL was sent, the unit is not dead yet */
    STATE_STARTING,    /* a start is on its way: ours, systemd's or somebody's */
    STATE_VERIFYING,   /* running again: the proofs are being collected */
    STATE_UNVERIFIED,  /* running again, a proof is missing, people know */
    STATE_BACKING_OFF, /* died again: a pause before the next start */
    STATE_GAVE_UP,     /* restarts used up: slow retries */
    STATE_RESUMED,     /* in the middle of an incident that is to be judged anew, by a new agent perhaps */
    STATE_COUNT,
};

/* What moves the rescue: the node's condition, on every evaluation, and things that happen once. */
enum trigger {
    /* 0 .. CONDITION_COUNT - 1: the local node's condition */
    TRIGGER_UNIT_ACTIVE = CONDITION_COUNT, /* the unit became active */
    TRIGGER_UNIT_DEAD,                     /* the unit became failed, inactive or waits in auto-restart */
    TRIGGER_JOB_DONE,
    TRIGGER_JOB_FAILED,
    TRIGGER_ACCEPTED,    /* systemd took the kill */
    TRIGGER_REFUSED,     /* systemd refused a request */
    TRIGGER_ASKED,       /* all the others have answered */
    TRIGGER_VERIFIED,    /* every proof holds, and has held for verify_stable */
    TRIGGER_DEADLINE,    /* the state's deadline has come */
    TRIGGER_GRANTED,     /* the restart lease is ours */
    TRIGGER_TAKEN,       /* another agent has it */
    TRIGGER_UNAVAILABLE, /* nobody could be asked for it */
    TRIGGER_LOST,        /* it was ours */
    TRIGGER_RESUME,      /* an operator ends a hold, or a give-up */
    TRIGGER_COUNT,
};

/* What is true right now. A gate is a fact that a row needs or forbids. */
enum fact {
    FACT_ACT = 1 << 0,         /* mode = act */
    FACT_QUORUM = 1 << 1,      /* the others, by their own word, are a majority without this node */
    FACT_BUDGET = 1 << 2,      /* restarts left in the window */
    FACT_FOREIGN_JOB = 1 << 3, /* systemd has a job for the unit that is not ours */
    FACT_SEEN = 1 << 4,        /* this agent has seen the unit running, or on its way up */
    FACT_DEAD = 1 << 5,        /* the unit is dead right now, and no operator wanted that */
    FACT_PROOF = 1 << 6,       /* what a restart would cure is proven right now */
    FACT_RUNNING = 1 << 7,     /* the unit is active */
    FACT_OWN_STOP = 1 << 8,    /* it is inactive because we ended its restart loop */
    FACT_HOLD = 1 << 9,        /* an operator's hold, or a package manager at work */
    FACT_SPLIT = 1 << 10,      /* a partition, or members that disagree for long: no side is chosen */
    /* A restart takes nothing from the others: they have quorum; or it is frozen, or counted out by them all
     * already, and a lease from outside of the cluster keeps a second agent from thinking the same. */
    FACT_SAFE = 1 << 11,
    FACT_QUEUES = 1 << 12, /* a queue would lose its quorum with this node, or that cannot be told */
    FACT_CROWD = 1 << 13,  /* too many restarts in the whole cluster lately */
    FACT_LEASE = 1 << 14,  /* the restart lease is ours */
    FACT_GENTLE = 1 << 15, /* it is to be restarted in order: its Erlang machine is well */
    FACTS_END = 1 << 16,
};

enum act { ACT_NOTHING, ACT_START, ACT_KILL, ACT_RESTART, ACT_STOP, ACT_ASK, ACT_LEASE };

struct row {
    uint16_t from;         /* bit set of enum state */
    uint64_t on;           /* bit set of enum trigger */
    uint32_t need, forbid; /* facts */
    enum state to;         /* STATE_COUNT: stay, and let the deadline run on */
    enum act act;
    enum notice_kind tell;
    const char *why; /* the sentence in the journal, in the alert and in answer to "why" */
};

/* A problem that is watched and told, but never cured by a restart. */
enum watch_kind {
    WATCH_MEMORY_ALARM,
    WATCH_DISK_ALARM,
    WATCH_DESCRIPTOR_ALARM,
    WATCH_SLOW_BOOT,
    WATCH_CHECK_AMQP,
    WATCH_CHECK_MANAGEMENT,
    WATCH_CHECK_EXEC,
    WATCH_CHECK_UNIT,
    WATCH_CHECK_LEASE,
    WATCH_AGENT,
    WATCH_STORE,
    WATCH_HOLD,
    WATCH_BUSY,
    WATCH_APP_STOPPED,
    WATCH_PAUSED,
    WATCH_DRAINED,
    WATCH_LISTENER,
    WATCH_NOT_SERVING,
    WATCH_ISOLATED,
    WATCH_FLAPPING,
    WATCH_LEADERLESS,
    WATCH_PARTITION,
    WATCH_STALE_VIEW,
    WATCH_QUORUM,
    WATCH_ALL_DOWN,
    WATCH_PEER, /* from here on: one for each other member */
    WATCH_PEER_AGENT,
    WATCH_KIND_COUNT,
};

enum { PEER_WATCHES = WATCH_KIND_COUNT - WATCH_PEER };

enum sign { SIGN_UNSURE, SIGN_GOOD, SIGN_BAD, SIGN_COUNT };

enum watch_fact {
    WATCH_FACT_LEAD = 1 << 0,          /* this agent speaks for the cluster */
    WATCH_FACT_HOST_SILENT = 1 << 1,   /* nothing on that host answers, so its own agent cannot be heard */
    WATCH_FACT_AGENT_MISSING = 1 << 2, /* its own agent does not answer, whatever its host does */
    WATCH_FACT_CUT_OFF = 1 << 3,       /* this agent sees no majority of the members, or may be about to */
    WATCH_FACT_WORSE = 1 << 4,         /* it was told as a warning, and is critical now */
    WATCH_FACTS_END = 1 << 5,
};

struct watch_row {
    uint32_t kinds; /* bit set of enum watch_kind */
    bool raised;
    uint8_t on; /* bit set of enum sign */
    uint16_t need, forbid;
    bool to_raised;
    const char *why;
};

/* What raising and clearing a watch is called. */
struct watch_info {
    const char *name;
    enum notice_kind raise;
    enum notice_kind clear;
};

extern const struct row rescue_rows[];
extern const size_t rescue_row_count;
extern const struct watch_row watch_rows[];
extern const size_t watch_row_count;
extern const struct watch_info watch_infos[WATCH_KIND_COUNT];

/* The row for this combination. There is always one. */
const struct row *table_find(enum state from, enum trigger on, uint32_t facts);
const struct watch_row *watch_table_find(enum watch_kind kind, bool raised, enum sign on, uint16_t facts);

/* Conditions that the rows take together. */
#define CONDITION_BIT(name) (UINT64_C(1) << CONDITION_##name)
/* It answers as it should: a restart could only make things worse. */
#define CONDITIONS_SERVING                                                                                   \
    (CONDITION_BIT(HEALTHY) | CONDITION_BIT(ALARM) | CONDITION_BIT(PARTITIONED) |                            \
        CONDITION_BIT(STALE_VIEW) | CONDITION_BIT(ISOLATED) | CONDITION_BIT(QUORUM_LOST))
/* They say nothing certain about the node. */
#define CONDITIONS_UNSURE                                                                                    \
    (CONDITION_BIT(UNKNOWN) | CONDITION_BIT(MISCONFIGURED) | CONDITION_BIT(STALLED) |                        \
        CONDITION_BIT(PEER_DOWN))
/* It lives, does not serve, and is never disturbed. */
#define CONDITIONS_PATIENT (CONDITION_BIT(BUSY) | CONDITION_BIT(PAUSED) | CONDITION_BIT(DRAINED))
/* It lives, does not serve, and is restarted only where the operator opted in. */
#define CONDITIONS_OPTED (CONDITION_BIT(APP_STOPPED) | CONDITION_BIT(LISTENER_LOST))
#define CONDITIONS_CURABLE (CONDITION_BIT(HUNG) | CONDITION_BIT(FROZEN))
#define CONDITIONS_DEAD (CONDITION_BIT(CRASHED) | CONDITION_BIT(ALL_DOWN))

static inline bool condition_in(enum condition condition, uint64_t conditions)
{
    return (conditions >> condition) & 1;
}

/* Nobody proves the recovery of one that was not restarted by us: its answer does. */
static inline bool state_wants_answer(enum state state)
{
    const unsigned states =
        1u << STATE_OBSERVED | 1u << STATE_ASKING | 1u << STATE_LEASING | 1u << STATE_HELD;

    return (states >> state) & 1;
}

const char *state_name(enum state state);
const char *trigger_name(enum trigger trigger);
const char *fact_name(enum fact fact);
const char *act_name(enum act act);

#endif
