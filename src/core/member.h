/* What is known of one member, with rise and fall on top of the raw answers. */
#ifndef RMQWATCH_CORE_MEMBER_H
#define RMQWATCH_CORE_MEMBER_H

#include "core/presence.h"
#include "rmqwatch/condition.h"
#include "rmqwatch/event.h"

/* The runs of one probe kind against one member, in the order of their starts. */
struct probe_memory {
    bool seen;                 /* at least one run counted */
    enum probe_result result;  /* of the last run that counted */
    uint64_t started_ms;       /* when that run started */
    uint64_t counted_ms;       /* start of the last failure that counted */
    uint64_t failed_since_ms;  /* start of the first failure in a row */
    uint64_t refused_since_ms; /* start of the first of the refusals */
    uint64_t silent_since_ms;  /* start of the first of the timeouts */
    uint64_t succeeded_ms;     /* start of the last success */
    uint64_t up_since_ms;      /* start of the first success in a row */
    uint64_t deep_ok_ms;       /* start of the last deep success */
    uint32_t failures;         /* in a row, of any kind */
    uint32_t timeouts;         /* in a row, all of them timeouts */
    uint32_t refusals;         /* in a row, none of them a timeout */
    uint32_t mutes;            /* in a row: nothing on the host answered */
    uint32_t successes;        /* in a row */
    uint32_t misconfigured;    /* in a row: our setting is at fault */
    bool slow;                 /* a run is waiting longer than it should */
    enum health health;        /* after rise and fall */
};

struct member {
    char name[RMQ_NODE_NAME_MAX];
    bool local;
    struct probe_memory probes[PROBE_KIND_COUNT];
    struct node_view view;      /* each part as last known */
    uint64_t alarms_started_ms; /* start of the run that brought that part; 0 never */
    uint64_t members_started_ms;
    uint64_t members_heard_ms; /* when that run ended: it may tell of any moment in between */
    uint64_t partitions_started_ms;
    uint64_t vhosts_started_ms;
    uint64_t queues_started_ms;
    bool recalled;            /* whom it lists was heard by a former agent */
    bool drained;             /* it has said last of itself that it is in maintenance mode */
    uint32_t leaderless_seen; /* answers in a row with queues that have no leader */
    enum condition condition;
    bool was_down;             /* with closed ports, and has not served since */
    struct agent_memory agent; /* the one beside it; not asked of the local node */
    uint64_t condition_since_ms;
    bool fast; /* the pace that was ordered last */
};

void member_init(struct member *member, const char *name, bool local);
/* Forgets all answers, as after a stall: counting starts afresh. */
void member_forget(struct member *member);
/* Remembers of the past only that its AMQP port was silent: that the kernel accepts a connection is no
 * answer. */
void member_suspect(struct member *member);
/* Takes one result in; results of runs that started before the last success are out of date and ignored. */
void member_absorb(
    struct member *member, const struct probe_event *probe, const struct policy *policy, uint64_t now_ms);
void member_mark_slow(struct member *member, enum probe_kind kind);

/* Whether its answers are still on their way to a verdict: then it is probed fast and deep. */
bool member_unsettled(const struct member *member, const struct policy *policy);
/* Two independent probes, one of them AMQP, have timed out `fall` times in a row, a fast interval apart.
 * SINCE_MS is when the broker was started: one that has not answered yet since then is given verify_timeout,
 * for after a start it may be busy with recovery and with clients that all come back at once. */
bool member_hangs(
    const struct member *member, const struct policy *policy, uint64_t since_ms, uint64_t now_ms);
/* Both of the probes that prove a hang were silent last: it may be on its way. */
bool member_may_hang(const struct member *member, const struct policy *policy);
/* Since when both of the probes that prove a hang have been silent. */
uint64_t member_silent_since_ms(const struct member *member);
/* AMQP and management API both refuse connections, `fall` times in a row: the host is there, nothing listens.
 */
bool member_ports_closed(const struct member *member, const struct policy *policy);
/* The management API answers, and for as long as it takes to count as down the AMQP port does not: right
 * after a start, a pause or a hang the one is open before the other. */
bool member_lost_listener(const struct member *member, const struct policy *policy);
/* A port of it is closed: its host is there, and nothing listens. */
bool member_refuses(const struct member *member);
/* This kind of probe is in use. */
bool member_is_asked(const struct policy *policy, enum probe_kind kind);
/* Forgets the answers to kinds of probes that are not in use any more, and what they told. */
void member_forget_unused(struct member *member, const struct policy *policy);
/* One of the two whose silence proves a hang has failed last, if only once. */
bool member_fails(const struct member *member, const struct policy *policy);
/* Every kind of probe that is in use says down. */
bool member_is_down(const struct member *member);
/* No probe in use says down, and at least one says up. */
bool member_is_up(const struct member *member);
/* It counts as down, and its last answer was a good one: it is coming back. */
bool member_is_rising(const struct member *member);
/* Something on the member's host answered last. */
bool member_host_answers(const struct member *member);
/* Nothing on the member's host answered last. */
bool member_host_hesitates(const struct member *member);
/* Nothing on the member's host has answered, `fall` times in a row: its own agent is not likely to be there.
 */
bool member_host_is_silent(const struct member *member, const struct policy *policy);
/* Whether OTHER is listed as running: 1 yes, 0 no, -1 not known. */
int member_says_running(const struct member *member, const char *other);
/* It does not list itself as not running: a broker that boots opens its API early, and then calls everybody
 * down. */
bool member_is_witness(const struct member *member);
/* OTHER is listed as being in maintenance mode. */
bool member_says_drained(const struct member *member, const char *other);

#endif
