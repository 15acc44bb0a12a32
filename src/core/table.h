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
    STATE_ASKING,      /* hung: the others are asked whether a restart is safe */
    STATE_HELD,        /* hung, and something forbids to act */
    STATE_KILLING,     /* SIGKILL was sent, the unit is not dead yet */
    STATE_STARTING,    /* a start is on its way: ours, systemd's or somebody's */
    STATE_VERIFYING,   /* running again: the proofs are being collected */
    STATE_UNVERIFIED,  /* running again, a proof is missing, people know */
    STATE_BACKING_OFF, /* died again: a pause before the next start */
    STATE_GAVE_UP,     /* restarts used up: slow retries */
    STATE_RESUMED,     /* this agent was restarted in the middle of an incident */
    STATE_COUNT,
};

/* What moves the rescue: the node's condition, on every evaluation, and things that happen once. */
enum trigger {
    /* 0 .. CONDITION_COUNT - 1: the local node's condition */
    TRIGGER_UNIT_ACTIVE = CONDITION_COUNT, /* the unit became active */
    TRIGGER_UNIT_DEAD,                     /* the unit became failed, inactive or waits in auto-restart */
    TRIGGER_JOB_DONE,
    TRIGGER_JOB_FAILED,
    TRIGGER_ACCEPTED, /* systemd took the kill */
    TRIGGER_REFUSED,  /* systemd refused a request */
    TRIGGER_ASKED,    /* all the others have answered */
    TRIGGER_VERIFIED, /* every proof holds, and has held for verify_stable */
    TRIGGER_DEADLINE, /* the state's deadline has come */
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
    FACT_HUNG = 1 << 6,        /* the proof of a hang holds right now */
    FACT_RUNNING = 1 << 7,     /* the unit is active */
    FACT_OWN_STOP = 1 << 8,    /* it is inactive because we ended its restart loop */
    FACTS_END = 1 << 9,
};

enum act { ACT_NOTHING, ACT_START, ACT_KILL, ACT_STOP, ACT_ASK };

struct row {
    uint16_t from;         /* bit set of enum state */
    uint32_t on;           /* bit set of enum trigger */
    uint16_t need, forbid; /* facts */
    enum state to;         /* STATE_COUNT: stay, and let the deadline run on */
    enum act act;
    enum notice_kind tell;
    const char *why; /* the sentence in the journal, in the alert and in answer to "why" */
};

/* A problem that is watched and told, but never cured by a restart. */
enum watch_kind {
    WATCH_MEMORY_ALARM,
    WATCH_DISK_ALARM,
    WATCH_SLOW_BOOT,
    WATCH_CHECK_AMQP,
    WATCH_CHECK_MANAGEMENT,
    WATCH_CHECK_EXEC,
    WATCH_CHECK_UNIT,
    WATCH_AGENT,
    WATCH_ALL_DOWN,
    WATCH_PEER, /* one for each other member */
    WATCH_KIND_COUNT,
};

enum sign { SIGN_UNSURE, SIGN_GOOD, SIGN_BAD, SIGN_COUNT };

enum watch_fact {
    WATCH_FACT_LEAD = 1 << 0,        /* this agent speaks for the cluster */
    WATCH_FACT_HOST_SILENT = 1 << 1, /* nothing on that host answers, so its own agent cannot be heard */
    WATCH_FACTS_END = 1 << 2,
};

struct watch_row {
    uint16_t kinds; /* bit set of enum watch_kind */
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
const struct row *table_find(enum state from, enum trigger on, uint16_t facts);
const struct watch_row *watch_table_find(enum watch_kind kind, bool raised, enum sign on, uint16_t facts);

const char *state_name(enum state state);
const char *trigger_name(enum trigger trigger);
const char *fact_name(enum fact fact);
const char *act_name(enum act act);

#endif
