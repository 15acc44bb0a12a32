/* Evidence in, one word out. Pure: the same evidence always gives the same condition. */
#ifndef RMQWATCH_CORE_CONDITION_H
#define RMQWATCH_CORE_CONDITION_H

#include "core/member.h"

struct core;

/* What systemd says of the local unit, and what this agent remembers around it. */
struct unit_evidence {
    bool known;
    struct unit_state state;
    uint64_t since_ms; /* when it last began or ceased to run; 0: before this agent */
    bool own_job;      /* a start of ours is under way: passing through inactive is part of it */
    bool awaited;      /* a start was asked for, and nothing was told of the unit since */
    uint64_t ended_ms; /* when its job was over all the same; 0: it is not */
    bool ended_well;
    bool own_stop;       /* we ended its restart loop when we gave up */
    bool stop_requested; /* it was seen being stopped by a job that is not ours */
};

/* Dead and not on purpose: failed, or waiting for systemd to restart it. */
bool unit_is_dead(const struct unit_evidence *unit);
bool unit_is_waiting_to_restart(const struct unit_state *state);
bool unit_is_masked(const struct unit_state *state);
bool unit_is_unknown(const struct unit_state *state); /* systemd has no unit of this name */
bool unit_is_running(const struct unit_state *state); /* active, or reloading */

/* The local node's condition, by everything that the core knows. */
enum condition condition_of_local(const struct core *core, uint64_t now_ms);
enum condition condition_of_peer(const struct member *member, const struct policy *policy);

#endif
