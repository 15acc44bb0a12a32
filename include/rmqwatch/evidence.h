/* What probes, systemd and the members themselves say. Evidence is reported, never judged: a judgement is
 * a condition (condition.h), and only the core makes one. All texts are NUL-terminated and cut to size. */
#ifndef RMQWATCH_EVIDENCE_H
#define RMQWATCH_EVIDENCE_H

#include "rmqwatch/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum probe_kind {
    PROBE_AMQP,       /* TCP connect and clean close; deep: the protocol header must bring bytes back */
    PROBE_MANAGEMENT, /* the management API: alarms, and who this member says is running */
    PROBE_EXEC,       /* a command of the operator's, for clusters without the management plugin */
    PROBE_KIND_COUNT, /* of those above, which say something of the node */
    /* GET /health of the agent beside another member: tells who is there to speak for it, and nothing of the
     * node itself. */
    PROBE_AGENT = PROBE_KIND_COUNT,
    PROBE_ALL_KINDS,
};

/* Health has three values; our own trouble is not theirs. */
enum health { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN };

/* How one run of a probe ended. probe_result_info() has the meaning of each. */
enum probe_result {
    PROBE_RESULT_OK,
    PROBE_RESULT_TIMED_OUT, /* no connection within the timeout */
    PROBE_RESULT_SILENT,    /* connected, but no bytes within the timeout: the kernel accepts for a hung VM */
    PROBE_RESULT_REFUSED,   /* the host answers, nothing listens there */
    PROBE_RESULT_UNREACHABLE,  /* no route, host or network down */
    PROBE_RESULT_CLOSED,       /* connected, then closed or reset without a proper answer */
    PROBE_RESULT_SERVER_ERROR, /* the broker answered that it is not well (HTTP 5xx, exit code of a command)
                                */
    PROBE_RESULT_UNAUTHORIZED, /* 401: our credentials */
    PROBE_RESULT_FORBIDDEN,    /* 403: our user's tags */
    PROBE_RESULT_NOT_FOUND,    /* 404: not in this version, or no management plugin behind this URL */
    PROBE_RESULT_TLS_TRUST,    /* certificate not trusted by our configuration */
    PROBE_RESULT_UNKNOWN_HOST, /* our resolver does not know the name */
    PROBE_RESULT_BAD_REPLY,    /* not the protocol we asked for: HTML, broken JSON, other bytes */
    PROBE_RESULT_TOO_LARGE,    /* more bytes than any honest answer has */
    PROBE_RESULT_NOT_RUNNABLE, /* the exec probe's command cannot be started */
    PROBE_RESULT_OWN_TROUBLE,  /* out of descriptors, memory or the like on our side */
    PROBE_RESULT_COUNT,
};

struct probe_result_info {
    const char *tag;      /* short and stable, for logs and metrics: "timed-out" */
    const char *sentence; /* for people: "no answer within the timeout" */
    enum health health;   /* what it says of the node */
    bool misconfigured;   /* the check itself is set up wrongly: one warning, never a failure of the node */
    bool timed_out;       /* TIMED_OUT and SILENT: what a hung node looks like */
    bool host_answers;    /* the host's kernel or something on it answered */
};

/* Never NULL; a value out of range gives the entry of PROBE_RESULT_OWN_TROUBLE. */
const struct probe_result_info *probe_result_info(enum probe_result result);
const char *probe_kind_name(enum probe_kind kind);

/* What one member says of another in GET /api/nodes?disable_stats=true (field "running"). */
struct member_view {
    char name[RMQ_NODE_NAME_MAX];
    bool running;
    bool being_drained; /* in maintenance mode; brokers before 3.11 do not tell */
};

/* What one member's management API says. Each part has its own "known" flag: absent means unknown, not 0. */
struct node_view {
    bool alarms_known; /* GET /api/health/checks/local-alarms */
    bool memory_alarm;
    bool disk_alarm;
    bool descriptor_alarm; /* brokers before 4.0: no new connection is accepted until it clears */

    bool members_known; /* GET /api/nodes?disable_stats=true */
    size_t member_count;
    struct member_view members[RMQ_MEMBERS_MAX];

    bool partitions_known; /* GET /api/nodes/NAME, asked of the local node only */
    bool partitioned;

    bool vhosts_known; /* GET /api/health/checks/virtual-hosts, asked of the local node only */
    bool vhosts_up;

    bool queues_known;    /* GET /api/health/checks/node-is-quorum-critical, asked of the local node only */
    bool queues_critical; /* some queue would lose its quorum without this node */

    bool leaders_known; /* GET .../quorum-queues-without-elected-leaders/all-vhosts/, brokers from 4.1 on */
    uint32_t leaderless_queues;

    bool resources_known; /* GET /api/nodes/NAME, the numbers for an alarm's text */
    uint64_t memory_used_bytes;
    uint64_t memory_limit_bytes;
    uint64_t disk_free_bytes;
    uint64_t disk_limit_bytes;

    bool descriptors_known; /* the same page; a broker may not count them */
    uint64_t descriptors_used;
    uint64_t descriptors_limit;
};

/* org.freedesktop.systemd1.Unit.ActiveState */
enum unit_active {
    UNIT_ACTIVE_UNKNOWN,
    UNIT_ACTIVE,
    UNIT_RELOADING,
    UNIT_INACTIVE,
    UNIT_FAILED,
    UNIT_ACTIVATING,
    UNIT_DEACTIVATING,
};

const char *unit_active_name(enum unit_active active); /* systemd's word for it */

/* The properties of the local broker's unit, as of one moment. Names follow org.freedesktop.systemd1(5). */
struct unit_state {
    enum unit_active active;
    char load_state[16];    /* "loaded", "not-found", "masked" ... */
    char sub_state[40];     /* "running", "auto-restart", "failed-before-auto-restart" ... */
    char result[24];        /* "success", "signal", "exit-code", "oom-kill" ... */
    char invocation_id[33]; /* 32 hex digits; empty before the first start */
    char status_text[96];   /* the broker's own STATUS=; a hint, no proof */
    uint32_t job_id;        /* queued job, 0 for none */
    uint32_t main_pid;
    int32_t exec_main_code;   /* CLD_EXITED, CLD_KILLED, CLD_DUMPED; 0 unknown */
    int32_t exec_main_status; /* exit code or signal number */
    uint32_t n_restarts;
    uint64_t timeout_start_ms; /* TimeoutStartUSec; UINT64_MAX for infinity */
    uint64_t restart_delay_ms; /* RestartUSec: how long systemd itself waits in auto-restart */
    /* InactiveEnterTimestampMonotonic, on the clock of event.now_ms: when it died or was stopped last, 0 for
     * never. Unlike StateChangeTimestamp it stays while the wait for a restart becomes a start. */
    uint64_t inactive_enter_ms;
};

/* What this machine's kernel says. Each part has its own "known" flag. */
struct host_sample {
    bool process_known;    /* what follows is known of the unit's main process */
    uint32_t pid;          /* in this namespace; 0 when it has ended */
    char process_state;    /* 'R', 'S', 'D', 'T' ... of proc_pid_stat(5), of its first thread */
    uint64_t cpu_ms;       /* CPU time of all its threads since its start */
    bool run_delay_known;  /* /proc/PID/task/TID/schedstat could be read */
    uint64_t run_delay_ms; /* time that its threads were runnable, and waited for a processor */
    /* How many of its threads are on a processor or wait for one. A group that has used up its CPU quota gets
     * nothing for seconds, and run_delay_ms grows only when it gets its turn again. */
    uint32_t runnable_threads;
    bool io_known;     /* the unit's I/O accounting is on */
    uint64_t io_bytes; /* read and written by the unit */

    bool packages_known;
    bool packages_changing;   /* a package manager holds its lock */
    char package_manager[32]; /* "dpkg" */
};

#endif
