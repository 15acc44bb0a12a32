/* A cluster on a virtual clock, guarded by real cores: random faults by a seed, and scenarios by their names.
 * Everything is static: one run at a time. */
#ifndef RMQWATCH_SIM_SIM_H
#define RMQWATCH_SIM_SIM_H

#include "rmqwatch/action.h"
#include "rmqwatch/event.h"
#include "rmqwatch/notice.h"
#include "rmqwatch/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sim_result {
    bool failed;
    const char *invariant; /* its name */
    const char *sentence;  /* what should have held */
    char moment[400];      /* where and when it did not */
    uint64_t steps;        /* of all cores together */
    uint64_t virtual_ms;
};

/* Hears what the agent of NODE gives to its recorder: EVENT, and what CORE has decided then (ACTIONS; NULL
 * where there was no decision: its policy and its members when it starts). */
struct core;
typedef void sim_tap_fn(void *context, const char *node, const struct event *event,
    const struct action_list *actions, const struct core *core);

struct sim_options {
    FILE *trace;     /* NULL: no story */
    bool verbose;    /* the story with every decision */
    sim_tap_fn *tap; /* NULL: nobody hears */
    void *tap_context;
    uint64_t dice; /* of a scenario; 0: those of its story */
};

/* A moment of a scenario, counted from its first fault on, and what it was in other runs. */
struct sim_moment {
    uint64_t ms; /* 0: it never came */
    uint64_t least_ms, most_ms;
};

/* How a scenario ended. */
struct sim_outcome {
    uint32_t kills;          /* of live brokers; each with the start after it */
    uint32_t restarts;       /* of live brokers, in order */
    uint32_t starts;         /* of dead ones */
    struct sim_moment acted; /* the first of all those */
    struct sim_moment gave_up;
    char held[RMQ_WHY_MAX];  /* why an agent held back, the last time; empty: none did */
    char would[RMQ_WHY_MAX]; /* what one would have done in mode = act, the last time */
    size_t told_count;
    enum notice_kind told[NOTICE_KIND_COUNT]; /* in the order in which each was first told */
    bool disturbed;                           /* not all brokers served all the time */
    struct sim_moment serve;                  /* since then all of them do */
    struct sim_moment recovered;              /* the last recovery was told */
    bool released;                            /* a hang that nobody cured was ended by the scenario */
    bool calm;                                /* all is over */
    bool violated;                            /* what must never happen did; result says what */
    uint64_t end_ms;
    struct sim_result result;
};

void sim_run_seed(uint64_t seed, const struct sim_options *options, struct sim_result *ret_result);
/* 0; -ENOENT for a name that there is not; -EPROTO when an invariant was violated, or it does not
 * end (the story tells that, too). POLICY NULL: the product's defaults. RET_OUTCOME may be NULL. */
int sim_run_scenario(const char *name, const struct policy *policy, const struct sim_options *options,
    struct sim_outcome *ret_outcome);
/* Takes in another run of the same scenario. */
void sim_outcome_widen(struct sim_outcome *outcome, const struct sim_outcome *other);
/* One sentence: what was done, or why not, and how long it took. */
void sim_outcome_describe(const struct sim_outcome *outcome, char *text, size_t size);
/* Whether they differ by more than chance. */
bool sim_outcome_differs(const struct sim_outcome *a, const struct sim_outcome *b);
/* NULL past the end. */
const char *sim_scenario_name(size_t index);
const char *sim_scenario_about(size_t index);
/* The product's defaults, with an exclusive lease. */
struct policy sim_default_policy(void);

#endif
