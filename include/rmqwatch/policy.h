/* The numbers that decisions depend on: the part of the configuration that the core sees. */
#ifndef RMQWATCH_POLICY_H
#define RMQWATCH_POLICY_H

#include "rmqwatch/language.h"

#include <stdbool.h>
#include <stdint.h>

struct policy {
    bool act;        /* mode = act; false: observe, say what would be done */
    bool probe_amqp; /* which kinds of probe are in use */
    bool probe_management;
    bool probe_exec;
    enum language language;     /* of what people are told; no decision depends on it */
    uint64_t interval_ms;       /* between two probes of a node that is well */
    uint64_t fast_interval_ms;  /* between two probes of a node that is suspected, or being verified */
    uint64_t timeout_ms;        /* of one probe */
    uint32_t fall;              /* consecutive failures before a node is down */
    uint32_t rise;              /* consecutive successes before it is up again */
    uint64_t views_settle_ms;   /* members may disagree on who runs for so long: the net tick time and more */
    uint64_t agent_missing_ms;  /* another member's agent that does not answer for so long is missing; 0:
                                 * nobody  asks them */
    uint64_t busy_patience_ms;  /* how long one that works but does not answer is left alone; 0: for ever */
    bool restart_stopped_app;   /* opted in: restart a node whose application is stopped */
    bool restart_lost_listener; /* opted in: restart a node that lost its AMQP listener */
    bool lease_independent;     /* and can be had while the cluster has no majority */
    bool lease_exclusive;       /* the lease proves that nobody else acts */
    uint64_t lease_timeout_ms;  /* for the lease to be granted */
    uint64_t ask_timeout_ms;    /* for the others to answer whether a restart is safe */
    uint64_t held_retry_ms;     /* before a held incident asks again */
    uint64_t kill_timeout_ms;   /* for a killed unit to be dead */
    uint64_t crash_dump_ms;   /* for a hung broker to write a crash dump before that; 0: it is not asked to */
    uint64_t start_margin_ms; /* added to the unit's own start timeout */
    uint64_t slow_boot_ms;    /* a boot that takes longer is told */
    uint64_t verify_timeout_ms;    /* for each step of the proof */
    uint64_t verify_stable_ms;     /* how long everything must stay well */
    uint32_t max_restarts;         /* starts and kills in one window before giving up */
    uint32_t max_cluster_restarts; /* of all members in one window, before a live node is left alone */
    uint64_t restart_window_ms;
    uint64_t backoff_ms; /* pause before the second start in a row; doubles */
    uint64_t backoff_max_ms;
    uint64_t give_up_retry_ms; /* pause before a retry after giving up; doubles */
    uint64_t give_up_retry_max_ms;
};

#endif
