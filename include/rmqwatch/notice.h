/* What people are told. The core fills notices, channels format them, the journal records them. */
#ifndef RMQWATCH_NOTICE_H
#define RMQWATCH_NOTICE_H

#include "rmqwatch/condition.h"
#include "rmqwatch/language.h"
#include "rmqwatch/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum severity {
    SEVERITY_INFO,     /* for the record */
    SEVERITY_WARNING,  /* informs */
    SEVERITY_CRITICAL, /* pages */
};

enum notice_kind {
    NOTICE_NONE,
    NOTICE_CRASHED,    /* the broker died and is being started */
    NOTICE_HUNG,       /* the broker hangs; asking the others whether a restart is safe */
    NOTICE_RESTARTING, /* a live but hung broker is being killed and started */
    NOTICE_HELD,       /* something keeps us from acting; why says what */
    NOTICE_WOULD_ACT,  /* mode = observe: what would have been done */
    NOTICE_RECOVERED,  /* proven; phases say how long each took */
    NOTICE_UNVERIFIED, /* running again, but a proof is missing; detail names it */
    NOTICE_RETRYING,   /* died again; waiting before the next start */
    NOTICE_GAVE_UP,    /* restarts used up */
    NOTICE_STOPPED,    /* an operator stopped it: we keep our hands off */
    NOTICE_SLOW_BOOT,
    NOTICE_BOOT_ENDED, /* the slow boot is over */
    NOTICE_ALARM,
    NOTICE_ALARM_CLEARED,
    NOTICE_PEER_DOWN,
    NOTICE_PEER_BACK,
    NOTICE_ALL_DOWN,
    NOTICE_ALL_DOWN_OVER,
    NOTICE_CHECK_MISCONFIGURED,
    NOTICE_CHECK_OK,
    NOTICE_AGENT_STALLED,
    NOTICE_AGENT_OK,
    NOTICE_BUSY, /* looks hung, but works: not restarted */
    NOTICE_BUSY_OVER,
    NOTICE_APP_STOPPED,
    NOTICE_APP_BACK,
    NOTICE_PAUSED,
    NOTICE_PAUSE_OVER,
    NOTICE_DRAINED,
    NOTICE_REVIVED,
    NOTICE_LISTENER_LOST,
    NOTICE_LISTENER_BACK,
    NOTICE_NOT_SERVING, /* a port fails in a way that nothing else explains */
    NOTICE_SERVING_AGAIN,
    NOTICE_PARTITION,
    NOTICE_PARTITION_HEALED,
    NOTICE_STALE_VIEW,
    NOTICE_VIEWS_AGREE,
    NOTICE_ISOLATED,
    NOTICE_ISOLATION_OVER,
    NOTICE_QUORUM_LOST,
    NOTICE_QUORUM_BACK,
    NOTICE_LEADERLESS, /* quorum queues without a leader */
    NOTICE_LEADERS_BACK,
    NOTICE_FLAPPING, /* it falls and recovers again and again */
    NOTICE_FLAPPING_OVER,
    NOTICE_HOLD_SET, /* an operator, or a package manager, keeps us from acting */
    NOTICE_HOLD_OVER,
    NOTICE_AGENT_DEGRADED, /* its own disk fails it; it goes on in memory */
    NOTICE_AGENT_SOUND,
    NOTICE_LEASE_LOST,       /* while acting under it */
    NOTICE_DELIVERY_REFUSED, /* a channel's target refuses what it is sent; told through the others */
    NOTICE_DELIVERY_OK,
    NOTICE_TEST,          /* an operator tries a channel */
    NOTICE_AGENT_MISSING, /* another member's agent does not answer any more */
    NOTICE_AGENT_BACK,
    NOTICE_KIND_COUNT,
};

struct phase {
    const char *name; /* static: "detect", "ask", "kill", "boot", "verify", "total" */
    uint64_t ms;
};

struct notice {
    enum notice_kind kind;
    enum severity severity;
    enum condition condition;
    enum language language;             /* of why and detail, and of all that a message puts around them */
    char incident[RMQ_INCIDENT_ID_MAX]; /* groups the notices of one story; never empty */
    char cluster[64];                   /* empty when not known yet */
    char node[RMQ_NODE_NAME_MAX];       /* the node that it is about */
    char observer[RMQ_NODE_NAME_MAX];   /* the node whose agent says so */
    char why[RMQ_WHY_MAX];              /* the table's sentence */
    char detail[RMQ_DETAIL_MAX];        /* numbers and names; may be empty */
    char trouble[RMQ_TROUBLE_MAX];      /* tells troubles of one kind apart: "disk-alarm"; may be empty */
    int64_t wall_ms;                    /* now, milliseconds since the epoch */
    int64_t since_wall_ms;              /* when the incident began */
    char evidence[RMQ_PATH_MAX];        /* the folder with what was collected; may be empty */
    size_t phase_count;
    struct phase phases[RMQ_PHASES_MAX];
    /* What follows is the digest's (src/alerts/digest.h); the core leaves it zero. */
    uint32_t count; /* how many notices this message tells of; 0 counts as 1 */
    uint32_t flaps; /* how often the trouble came again; 0: not at all */
    bool repeated;  /* it was told before and is not over; count says how often it was told by now */
    /* What happened, oldest first: lines "TIME EVENT: WORDS" (RFC 3339, notice_info()->event), and one "+N"
     * where N of them are left out. Empty when the notice tells of itself only. */
    char course[RMQ_COURSE_MAX];
};

/* What a kind of notice is called and how loud it is. */
struct notice_info {
    const char *event; /* stable word for RMQ_EVENT= and JSON: "gave-up" */
    const char *title; /* for people: "Gave up" */
    enum severity severity;
    const char *message_id; /* 32 hex digits, the journal's MESSAGE_ID= */
};

/* Never NULL; a value out of range gives the entry of NOTICE_NONE. */
const struct notice_info *notice_info(enum notice_kind kind);
const char *severity_name(enum severity severity);

#endif
