/* The numbers that decisions depend on: the part of the configuration that the core sees. */
#ifndef RMQWATCH_POLICY_H
#define RMQWATCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct policy {
    bool act;        /* mode = act; false: observe, say what would be done */
    bool probe_amqp; /* which kinds of probe are in use */
    bool probe_management;
    bool probe_exec;
    uint64_t interval_ms;       /* between two probes of a node that is well */
    uint64_t fast_interval_ms;  /* between two probes of a node that is suspected, or being verified */
    uint64_t timeout_ms;        /* of one probe */
    uint32_t fall;              /* consecutive failures before a node is down */
    uint32_t rise;              /* consecutive successes before it is up again */
    uint64_t ask_timeout_ms;    /* for the others to answer whether a restart is safe */
    uint64_t held_retry_ms;     /* before a held incident asks again */
    uint64_t kill_timeout_ms;   /* for a killed unit to be dead */
    uint64_t start_margin_ms;   /* added to the unit's own start timeout */
    uint64_t slow_boot_ms;      /* a boot that takes longer is told */
    uint64_t verify_timeout_ms; /* for each step of the proof */
    uint64_t verify_stable_ms;  /* how long everything must stay well */
    uint32_t max_restarts;      /* starts and kills in one window before giving up */
    uint64_t restart_window_ms;
    uint64_t backoff_ms; /* pause before the second start in a row; doubles */
    uint64_t backoff_max_ms;
    uint64_t give_up_retry_ms; /* pause before a retry after giving up; doubles */
    uint64_t give_up_retry_max_ms;
};

#endif
