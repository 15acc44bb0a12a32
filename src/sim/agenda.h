/* What is to happen, and when: a heap on the virtual clock. Entries of one moment come in the order in which
 * they were put. */
#ifndef RMQWATCH_SIM_AGENDA_H
#define RMQWATCH_SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum agenda_kind {
    AGENDA_POLL,    /* the cluster: links, views, pauses, who waits for whom */
    AGENDA_BROKER,  /* a broker's boot or stop goes on; generation: its run */
    AGENDA_UNIT,    /* a timer of a unit; generation: its timer */
    AGENDA_REQUEST, /* an agent's request reaches systemd */
    AGENDA_FAULT,
    AGENDA_AGENT, /* a dead agent is started */
    /* The following are for an agent: they wait while it is frozen, and die with it. */
    AGENDA_BUS,      /* the next message of systemd's */
    AGENDA_CHECK,    /* the timer of a check */
    AGENDA_RUN_SLOW, /* a probe has had no answer for a while */
    AGENDA_RUN_END,
    AGENDA_PRESENCE, /* it asks another agent whether it is there */
    AGENDA_PRESENCE_END,
    AGENDA_HOST,
    AGENDA_EVIDENCE,
    AGENDA_LEASE_ANSWER,
    AGENDA_LEASE_NEWS,
};

struct agenda_item {
    uint64_t at_ms;
    uint64_t order;
    uint64_t started_ms; /* of a probe's run */
    uint32_t generation;
    uint32_t value;
    uint8_t kind;   /* enum agenda_kind */
    uint8_t node;   /* whose */
    uint8_t target; /* which node a probe asks */
    uint8_t probe;  /* enum probe_kind */
    bool deep;
};

enum { AGENDA_MAX = 4096 };

struct agenda {
    uint64_t order;
    size_t count;
    bool overflow;
    struct agenda_item heap[AGENDA_MAX];
};

void agenda_put(struct agenda *agenda, const struct agenda_item *item);
/* NULL when nothing is to happen. */
const struct agenda_item *agenda_first(const struct agenda *agenda);
struct agenda_item agenda_take(struct agenda *agenda);

#endif
