/* One word per node: what state it is in. A pure function of the evidence (src/core/condition.c). */
#ifndef RMQWATCH_CONDITION_H
#define RMQWATCH_CONDITION_H

enum condition {
    CONDITION_UNKNOWN, /* not enough evidence yet, or evidence that contradicts itself */
    CONDITION_HEALTHY,
    CONDITION_CRASHED,       /* unit failed, or waiting in auto-restart */
    CONDITION_ALL_DOWN,      /* crashed, and so is every other member */
    CONDITION_STOPPED,       /* by an operator: inactive, masked, or being stopped */
    CONDITION_BOOTING,       /* unit activating */
    CONDITION_HUNG,          /* unit active, AMQP and API both time out */
    CONDITION_ALARM,         /* serving, with a memory, disk or descriptor alarm */
    CONDITION_PEER_DOWN,     /* another member is down; its own agent acts */
    CONDITION_MISCONFIGURED, /* our check cannot be trusted: credentials, URL, TLS, name */
    CONDITION_STALLED,       /* our own loop was late: evidence is stale */
    CONDITION_FROZEN, /* hung, and its process has used no CPU time, or is stopped or waits in the kernel */
    CONDITION_BUSY,   /* as hung, but its process works: starved, collecting garbage, recovering queues */
    CONDITION_APP_STOPPED,   /* unit active, client ports refused, and the others say that it does not run */
    CONDITION_PAUSED,        /* the same, while it sees no majority: it resumes by itself */
    CONDITION_DRAINED,       /* in maintenance mode: client ports refused, but it runs */
    CONDITION_LISTENER_LOST, /* API well, AMQP port not */
    CONDITION_PARTITIONED,   /* members call each other down for longer than the tick time */
    CONDITION_STALE_VIEW,    /* one member calls another down, which nobody else does */
    CONDITION_ISOLATED,      /* this node sees no majority of members */
    CONDITION_QUORUM_LOST,   /* fewer members run than a majority */
    CONDITION_COUNT,
};

/* "healthy", "crashed", "peer down" ...; "unknown" for a value out of range. */
const char *condition_name(enum condition condition);

#endif
