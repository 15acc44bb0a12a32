/* The decisions. One core guards one node; it does no I/O, reads no clock, allocates nothing. */
#ifndef RMQWATCH_CORE_CORE_H
#define RMQWATCH_CORE_CORE_H

#include "core/budget.h"
#include "core/condition.h"
#include "core/member.h"
#include "core/process.h"
#include "core/table.h"
#include "core/views.h"
#include "rmqwatch/action.h"
#include "rmqwatch/event.h"

/* Parts of an incident whose duration is told. */
enum phase_kind { PHASE_DETECT, PHASE_ASK, PHASE_KILL, PHASE_BOOT, PHASE_VERIFY, PHASE_COUNT };

enum { TOLD_ROWS_MAX = 24 }; /* the table has fewer rows that are told once */

struct incident {
    char id[RMQ_INCIDENT_ID_MAX]; /* empty: no incident */
    int64_t since_wall_ms;
    uint64_t since_ms;
    uint64_t phase_ms[PHASE_COUNT];
    uint32_t told_count; /* rows that people know of already, by a hash of their sentence */
    uint32_t told[TOLD_ROWS_MAX];
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

/* A notice that waits a moment for the evidence that belongs into it. */
struct delayed_notice {
    bool waiting;
    uint64_t deadline_ms;
    struct notice notice;
};

enum { OPENINGS_MAX = 8 };

struct rescue {
    enum state state;
    uint64_t entered_ms;
    uint64_t deadline_ms;      /* UINT64_MAX: none */
    bool eager;                /* held by a former agent: asks the others as soon as there is a proof */
    uint64_t gave_up_until_ms; /* people know until then that it was given up */
    uint64_t asked_ms;         /* when the others were asked last */
    bool killed;               /* by us, and not started since: that start is paid already */
    uint64_t active_ms;        /* when the unit was seen to become active; proofs must be younger */
    struct incident incident;
    struct verify verify;
    struct budget budget;
    uint64_t collect_ms;            /* when evidence was asked for last */
    uint64_t dump_until_ms;         /* it may write a crash dump until then; 0: it was not asked to */
    bool collecting;                /* and it is still awaited */
    bool collected;                 /* for this incident, while the broker was alive */
    struct evidence_event evidence; /* of this incident; empty texts when there is none */
    struct delayed_notice delayed;
    uint32_t opening_count; /* when incidents began, oldest first */
    uint64_t openings_ms[OPENINGS_MAX];
    const char *why;   /* the sentence of the last row that changed something */
    char refusal[160]; /* systemd's last refusal */
};

/* An operator's word that nothing is to be done on this node. */
struct hold {
    bool active;
    int64_t until_wall_ms; /* for people; and for what survives a restart of the host */
    uint64_t until_ms;
    char owner[RMQ_OWNER_MAX];
    char reason[RMQ_REASON_MAX];
};

enum lease_state { LEASE_FREE, LEASE_SOUGHT, LEASE_HELD };

struct lease_memory {
    enum lease_state state;
    bool checked; /* an answer to a check was heard */
    bool usable;
    uint64_t checked_ms; /* when it was asked for last; 0: never */
    char problem[160];   /* of the last check that found it not usable */
    char detail[160];    /* of the last answer in this round of questions */
};

struct watch {
    bool raised;
    int64_t since_wall_ms;
    char incident[RMQ_INCIDENT_ID_MAX];
    uint32_t returns; /* how often in a row it was raised again soon after its end */
    uint64_t bad_ms;  /* when there was reason to raise it last; 0: never */
    bool warned;      /* told as a warning, of what may become critical: that is told, too, once */
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
    uint64_t dead_since_ms; /* since when it is failed or waits in auto-restart; 0: heard too late */
    struct process process; /* of the local broker */
    bool packages_changing;
    uint64_t packages_ms; /* when that was heard */
    char package_manager[32];
    struct views views;
    struct hold hold;
    struct lease_memory lease;
    bool store_failed;
    char store_problem[160];
    struct rescue rescue;
    struct watch watches[WATCH_PEER];
    struct watch peer_watches[RMQ_MEMBERS_MAX][PEER_WATCHES]; /* from WATCH_PEER on */
    bool stalled;
    uint64_t minority_ms;        /* when no majority was there last, even if this node served; 0: never */
    uint64_t cut_off_ms;         /* when no majority of the hosts answered last; 0: never */
    uint32_t standing;           /* bit set: what is to be written down when it begins or ends */
    bool suspected;              /* the local node's answers were on their way to a verdict */
    uint64_t kept_ms;            /* when a suspicion was written down last; 0: never */
    uint64_t stall_ms;           /* how late the loop was */
    uint64_t distrust_before_ms; /* probes that started before are not believed */
    uint64_t deadline_ms;        /* when the next tick was asked for */
};

/* Whom a member had listed: bit sets over the snapshot's list of members. */
struct core_snapshot_view {
    uint64_t said_ms; /* on the clock of taken_ms; 0: it had listed nobody */
    uint32_t listed, running, drained;
};

/* A problem that was told, so that its end will be. */
struct core_snapshot_watch {
    enum watch_kind kind;
    char node[RMQ_NODE_NAME_MAX];
    int64_t since_wall_ms;
    char incident[RMQ_INCIDENT_ID_MAX];
    bool warned;
};

enum { SNAPSHOT_WATCHES_MAX = WATCH_PEER + PEER_WATCHES * RMQ_MEMBERS_MAX };

/* What survives a restart of the agent. Times are wall time, since the machine may have been restarted too.
 * What is worth anything for a minute only is on the agent's own clock, and void on another one. */
struct core_snapshot {
    enum state state;
    char incident[RMQ_INCIDENT_ID_MAX];
    int64_t since_wall_ms;
    uint64_t phase_ms[PHASE_COUNT];
    uint32_t told_count;
    uint32_t told[TOLD_ROWS_MAX];
    uint32_t opening_count;
    int64_t openings_wall_ms[OPENINGS_MAX];
    uint32_t watch_count;
    struct core_snapshot_watch watches[SNAPSHOT_WATCHES_MAX];
    uint32_t give_ups;
    uint32_t restart_count;
    int64_t restarts_wall_ms[RMQ_RESTARTS_MAX];
    uint32_t peer_return_count;
    int64_t peer_returns_wall_ms[RMQ_CLUSTER_RESTARTS_MAX];
    struct hold hold; /* until_ms is not used */
    bool seen_running;
    bool own_stop;          /* we ended its restart loop when we gave up */
    bool killed;            /* by us, and not started since */
    bool running;           /* the unit, when this was taken */
    char invocation_id[33]; /* of it then */
    size_t member_count;
    char members[RMQ_MEMBERS_MAX][RMQ_NODE_NAME_MAX]; /* the local node first */
    uint32_t guarded;  /* bit set over members[]: whose agent has answered once */
    uint64_t taken_ms; /* when this was taken, on both clocks */
    int64_t taken_wall_ms;
    uint32_t view_count;
    struct core_snapshot_view views[RMQ_MEMBERS_MAX]; /* of members[], in their order */
    bool partitioned, drained;                        /* by the local node's own word */
    struct disagreement mutual, stale;
};

/* CLUSTER may be empty until the cluster tells its name. */
void core_init(struct core *core, const char *local_node, const char *cluster, const struct policy *policy,
    uint64_t now_ms);
/* Goes on where a former agent stopped. Call before the first step. */
void core_restore(struct core *core, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms);
/* The loop runs from now on: what the way here took, on a slow disk perhaps, is no stall. */
void core_begin(struct core *core, uint64_t now_ms);
void core_snapshot(
    const struct core *core, struct core_snapshot *ret_snapshot, uint64_t now_ms, int64_t wall_ms);

/* Whether nothing is to be done on this node now: an operator's hold, a package manager at work, a masked
 * unit. */
bool core_is_on_hold(const struct core *core, uint64_t now_ms);
/* Never fails, blocks or allocates. Time comes only from event->now_ms. ACTIONS is emptied first. */
void core_step(struct core *core, const struct event *event, struct action_list *actions);
/* When the core next wants EVENT_TICK; an event may come earlier. */
uint64_t core_deadline_ms(const struct core *core);

#endif
