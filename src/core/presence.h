/* Whether the agents beside the other members are there. It decides who speaks for whom, and nothing else: of
 * the member itself it says nothing. */
#ifndef RMQWATCH_CORE_PRESENCE_H
#define RMQWATCH_CORE_PRESENCE_H

#include "rmqwatch/event.h"

enum presence {
    PRESENCE_UNKNOWN, /* nobody asks, or it was not asked long enough */
    PRESENCE_HERE,
    PRESENCE_MISSING, /* it has not answered for as long as policy.agent_missing_ms */
};

/* What one member's agent answered. */
struct agent_memory {
    enum presence presence; /* as of the last step */
    bool seen;              /* it has answered once, if only to a former agent: this node is guarded */
    bool refused;           /* the last time that it did not answer, its host said so */
    uint64_t heard_ms;      /* start of the last run that said anything; 0: none yet */
    uint64_t failed_ms;     /* start of the first run in a row without an answer; 0: the last had one */
    bool down;              /* its member counts as down, or is told to be */
    uint64_t down_ms;       /* when that was so last; 0: never */
};

/* True when it has answered for the first time ever. */
bool presence_absorb(struct agent_memory *agent, const struct probe_event *probe);
/* DOWN: its member counts as down, or is told to be. Call it in every step. */
void presence_judge(struct agent_memory *agent, const struct policy *policy, bool down, uint64_t now_ms);
/* It is missing, and its member is down or has been there for as long: one that comes back with its whole
 * machine, or from behind a partition, is given the same time again. */
bool presence_is_lost(const struct agent_memory *agent, const struct policy *policy, uint64_t now_ms);
/* Forgets all answers, as after a stall; not that it was there once. */
void presence_forget(struct agent_memory *agent);
const char *presence_name(enum presence presence);

#endif
