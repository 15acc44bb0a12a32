/* What the core wants done: the only way out of it. The agent executes actions in their order. */
#ifndef RMQWATCH_ACTION_H
#define RMQWATCH_ACTION_H

#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stddef.h>

enum action_kind {
    ACTION_START_UNIT, /* StartUnit(unit, "fail"): cannot disturb a live node */
    /* RestartUnit(unit, "fail"), of a unit that waits in auto-restart: StartUnit would only be queued there
     * until systemd's own RestartSec is over. Both end in EVENT_JOB_DONE or EVENT_REQUEST_FAILED. */
    ACTION_RESTART_UNIT,
    ACTION_KILL_UNIT, /* KillUnit(unit, "all", SIGKILL); ends in EVENT_REQUEST_DONE or _FAILED */
    ACTION_DUMP_UNIT, /* KillUnit(unit, "main", SIGUSR1): a crash dump, and the end; the same */
    ACTION_STOP_UNIT, /* StopUnit of a unit that is dead already: ends systemd's own restart loop */
    ACTION_PACE,      /* probe a node at the fast interval and deep, or normally again */
    ACTION_ASK,       /* probe a node's management API now, within ask_timeout_ms */
    ACTION_NOTICE,    /* tell people: journal and every channel */
    ACTION_RECORD,    /* a decision for the journal only */
    ACTION_SEND,      /* tell the channels only: the journal knows already */
    /* Collect evidence on an incident into a folder of its own; ends in one EVENT_EVIDENCE. */
    ACTION_COLLECT,
    ACTION_LEASE_ACQUIRE, /* of the named peers, who serve; ends in one EVENT_LEASE */
    ACTION_LEASE_RELEASE,
    ACTION_LEASE_CHECK, /* whether the named peers would give it; ends in one EVENT_LEASE */
    ACTION_SAVE,        /* the incident changed: write core_snapshot() to disk */
};

struct pace_action {
    char node[RMQ_NODE_NAME_MAX];
    bool fast;
};

struct collect_action {
    char incident[RMQ_INCIDENT_ID_MAX];
    bool live; /* the broker runs: also what each member says, and its process; false: it is dead */
};

struct lease_action {
    size_t count;
    char peers[RMQ_MEMBERS_MAX][RMQ_NODE_NAME_MAX];
};

struct action {
    enum action_kind kind;
    union {
        struct pace_action pace;
        char node[RMQ_NODE_NAME_MAX]; /* ACTION_ASK */
        struct notice notice;         /* ACTION_NOTICE, ACTION_RECORD and ACTION_SEND */
        struct collect_action collect;
        struct lease_action lease; /* ACTION_LEASE_ACQUIRE and ACTION_LEASE_CHECK */
    };
};

enum { ACTIONS_MAX = 128 }; /* what one event can cause at most; the core asserts it */

struct action_list {
    size_t count;
    struct action items[ACTIONS_MAX];
};

#endif
