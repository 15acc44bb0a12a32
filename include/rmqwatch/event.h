/* What happened: the only way into the core. Adapters queue events and never decide. */
#ifndef RMQWATCH_EVENT_H
#define RMQWATCH_EVENT_H

#include "rmqwatch/evidence.h"
#include "rmqwatch/policy.h"

enum event_kind {
    EVENT_TICK,           /* the time that core_deadline_ms() asked for has come */
    EVENT_MEMBERS,        /* who belongs to the cluster */
    EVENT_PROBE_SLOW,     /* a probe of a node has had no answer for one fast interval; it goes on */
    EVENT_PROBE_DONE,     /* a probe of a node ended */
    EVENT_UNIT,           /* the local unit's properties, when they changed and at the start */
    EVENT_UNIT_LOST,      /* systemd cannot be asked: the unit's state is unknown */
    EVENT_JOB_DONE,       /* the job that our last request queued was removed by systemd */
    EVENT_REQUEST_DONE,   /* systemd accepted a request that queues no job (kill) */
    EVENT_REQUEST_FAILED, /* systemd refused a request, or could not be reached with it */
    EVENT_POLICY,         /* configuration was reloaded */
    EVENT_HOST,         /* what this machine's kernel says: the broker's process, package managers at work */
    EVENT_LEASE,        /* the restart lease was granted, refused or lost */
    EVENT_EVIDENCE,     /* what ACTION_COLLECT has collected */
    EVENT_STORE_OK,     /* what must survive is being kept (again) */
    EVENT_STORE_FAILED, /* it cannot be kept; request.error says why */
    EVENT_OPERATOR,     /* an operator said something over the control socket */
};

struct members_event {
    size_t count;
    char names[RMQ_MEMBERS_MAX][RMQ_NODE_NAME_MAX];
    char cluster[64]; /* the cluster's own name, may be empty */
};

struct probe_event {
    char node[RMQ_NODE_NAME_MAX];
    enum probe_kind kind;
    bool deep;           /* bytes were asked for, not just a connection */
    uint64_t started_ms; /* on the clock of event.now_ms */
    enum probe_result result;
    bool has_view; /* view is filled: management probes only */
    struct node_view view;
};

struct job_event {
    bool ok;         /* JobRemoved result "done" or "skipped" */
    char result[32]; /* "done", "failed", "canceled", "timeout", "dependency" ... */
};

struct request_event {
    bool permanent;  /* will not be better next time: no polkit rule, masked, no such unit */
    char error[160]; /* for people */
};

enum lease_status {
    LEASE_GRANTED,
    LEASE_TAKEN,       /* another agent holds it */
    LEASE_UNAVAILABLE, /* nobody could be asked, or not in time */
    LEASE_LOST,        /* it was held, and is not any more */
    LEASE_USABLE,      /* answers to ACTION_LEASE_CHECK */
    LEASE_UNUSABLE,
};

struct lease_event {
    enum lease_status status;
    char detail[160]; /* for people: who holds it, what went wrong; may be empty */
};

/* What was found out about an incident. */
struct evidence_event {
    char incident[RMQ_INCIDENT_ID_MAX];
    char path[RMQ_PATH_MAX];   /* the folder where it is kept; empty when it could not be kept */
    char cause[RMQ_CAUSE_MAX]; /* a known cause, recognised in the broker's log; empty when there was none */
    char log_tail[RMQ_LOG_TAIL_MAX]; /* the last lines that the broker wrote; may be empty */
};

enum operator_kind {
    OPERATOR_HOLD,   /* no action on this node until then, whatever happens */
    OPERATOR_RESUME, /* the hold is over; a node that was given up is tried again at once */
    OPERATOR_ACK,    /* somebody knows of this incident */
};

struct operator_event {
    enum operator_kind kind;
    int64_t until_wall_ms; /* OPERATOR_HOLD */
    char owner[RMQ_OWNER_MAX];
    char reason[RMQ_REASON_MAX];
    char incident[RMQ_INCIDENT_ID_MAX]; /* OPERATOR_ACK */
};

struct event {
    enum event_kind kind;
    uint64_t now_ms; /* CLOCK_BOOTTIME: also runs while the machine is suspended */
    int64_t wall_ms; /* milliseconds since the epoch, for people only; decisions never use it */
    union {
        struct members_event members;
        struct probe_event probe;
        struct unit_state unit;
        struct job_event job;
        struct request_event request;
        struct policy policy;
        struct host_sample host;
        struct lease_event lease;
        struct evidence_event evidence;
        struct operator_event operator;
    };
};

#endif
