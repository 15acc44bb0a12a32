/* The decisions. One core guards one node; it does no I/O, reads no clock, allocates nothing. */
#ifndef RMQWATCH_CORE_CORE_H
#define RMQWATCH_CORE_CORE_H

#include "core/budget.h"
#include "core/condition.h"
#include "core/member.h"
#include "core/table.h"
#include "rmqwatch/action.h"
#include "rmqwatch/event.h"

/* Parts of an incident whose duration is told. */
enum phase_kind { PHASE_DETECT, PHASE_ASK, PHASE_KILL, PHASE_BOOT, PHASE_VERIFY, PHASE_COUNT };

enum { TOLD_ROWS_MAX = 16 }; /* the table has fewer rows that tell NOTICE_HELD or NOTICE_RESTARTING */

struct incident {
    char id[RMQ_INCIDENT_ID_MAX]; /* empty: no incident */
    int64_t since_wall_ms;
    uint64_t since_ms;
    uint64_t phase_ms[PHASE_COUNT];
    size_t told_count; /* rows that people know of already */
    const struct row *told[TOLD_ROWS_MAX];
};

/* The steps of the proof, in their order. */
enum verify_step {
    VERIFY_UNIT,      /* the unit is active */
    VERIFY_BOOT,      /* the node lists itself as running */
    VERIFY_AMQP,      /* the AMQP port brings bytes */
    VERIFY_ALARM,     /* no local alarm */
    VERIFY_PEERS,     /* a majority of the other living nodes list it as running */
    VERIFY_PARTITION, /* no partition */
    VERIFY_VHOSTS,    /* the virtual hosts are up */
    VERIFY_STABLE,    /* all of it for verify_stable */
    VERIFY_DONE,
};

struct verify {
    enum verify_step step;
    uint64_t step_since_ms;
    uint64_t stable_since_ms;
    uint64_t ask_ms; /* when to ask again, beside the timers; each pause is twice the one before */
    uint64_t ask_pause_ms;
};

struct rescue {
    enum state state;
    uint64_t entered_ms;
    uint64_t deadline_ms; /* UINT64_MAX: none */
    uint64_t asked_ms;    /* when the others were asked last */
    uint64_t active_ms;   /* when the unit was seen to become active; proofs must be younger */
    struct incident incident;
    struct verify verify;
    struct budget budget;
    const char *why;   /* the sentence of the last row that changed something */
    char refusal[160]; /* systemd's last refusal */
};

struct watch {
    bool raised;
    int64_t since_wall_ms;
    char incident[RMQ_INCIDENT_ID_MAX];
};

struct core {
    struct policy policy;
    char cluster[64];
    bool members_known;  /* a member list was heard, not just our own name */
    size_t member_count; /* members[0] is the local node */
    struct member members[RMQ_MEMBERS_MAX];
    struct unit_evidence unit;
    char stopped_invocation[33]; /* restored: the run of the broker that an operator had stopped */
    bool seen_running;
    uint64_t dead_since_ms; /* since when it is failed or waits in auto-restart; 0: before this agent */
    struct rescue rescue;
    struct watch watches[WATCH_PEER];
    struct watch peer_watches[RMQ_MEMBERS_MAX];
    bool stalled;
    uint64_t stall_ms;           /* how late the loop was */
    uint64_t distrust_before_ms; /* probes that started before are not believed */
    uint64_t deadline_ms;        /* when the next tick was asked for */
};

/* What survives a restart of the agent. Times are wall time, since the machine may have been restarted too.
 */
struct core_snapshot {
    enum state state;
    char incident[RMQ_INCIDENT_ID_MAX];
    int64_t since_wall_ms;
    uint64_t phase_ms[PHASE_COUNT];
    uint32_t give_ups;
    uint32_t restart_count;
    int64_t restarts_wall_ms[BUDGET_RESTARTS_MAX];
    bool seen_running;
    char invocation_id[33]; /* of the unit when this was taken */
    size_t member_count;
    char members[RMQ_MEMBERS_MAX][RMQ_NODE_NAME_MAX];
};

/* CLUSTER may be empty until the cluster tells its name. */
void core_init(struct core *core, const char *local_node, const char *cluster, const struct policy *policy,
    uint64_t now_ms);
/* Goes on where a former agent stopped. Call before the first step. */
void core_restore(struct core *core, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms);
void core_snapshot(
    const struct core *core, struct core_snapshot *ret_snapshot, uint64_t now_ms, int64_t wall_ms);

/* Never fails, blocks or allocates. Time comes only from event->now_ms. ACTIONS is emptied first. */
void core_step(struct core *core, const struct event *event, struct action_list *actions);
/* When the core next wants EVENT_TICK; an event may come earlier. */
uint64_t core_deadline_ms(const struct core *core);

#endif
