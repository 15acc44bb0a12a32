/* The members' views of each other, compared pair by pair: who calls whom down, and for how long. */
#ifndef RMQWATCH_CORE_VIEWS_H
#define RMQWATCH_CORE_VIEWS_H

#include "core/member.h"

/* Two members that disagree on whether one of them runs. Indexes into core->members. */
struct disagreement {
    uint64_t since_ms; /* 0: they agree */
    uint32_t accuser, accused;
};

struct views {
    struct disagreement mutual; /* each of the two calls the other down: a partition */
    struct disagreement stale;  /* one calls the other down, and is alone with that */
};

struct core;

/* Compares what the members have said. A disagreement begins between two that have spoken lately; it stands
 * until one of them says otherwise, or is gone. */
void views_compare(struct core *core, uint64_t now_ms);
/* The broker itself says so, or two members have called each other down for longer than views_settle. */
bool views_partitioned(const struct core *core, uint64_t now_ms);
bool views_stale(const struct core *core, uint64_t now_ms);
/* How many members there are on this side: those whose host answers, this one included. */
size_t views_reachable(const struct core *core);
/* The same without those of which nothing answered last, `fall` times or not. */
size_t views_answering(const struct core *core);
/* How many members serve, this one included when it does. */
size_t views_serving(const struct core *core);
size_t views_majority(const struct core *core);
/* The local node's ports are closed, and that began while most of the others were gone: it has paused itself,
 * or resumes, for which it has verify_timeout. */
bool views_local_pauses(const struct core *core, uint64_t now_ms);
/* Whether the others say that the local node runs, from views younger than the closing of its ports: 1 most
 * of those that tell say yes, 0 most say no, -1 nobody tells. */
int views_of_local(const struct core *core, uint64_t now_ms);
/* Another member, or the local node itself, says that the local node is in maintenance mode. */
bool views_local_drained(const struct core *core, uint64_t now_ms);
/* "rabbit@a calls rabbit@b down, and rabbit@b calls rabbit@a down; ...", behind what TEXT says already. */
void views_describe(const struct core *core, char *text, size_t size);

#endif
