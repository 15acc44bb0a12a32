/* How many restarts are left, and how long to wait before the next. */
#ifndef RMQWATCH_CORE_BUDGET_H
#define RMQWATCH_CORE_BUDGET_H

#include "rmqwatch/limits.h"
#include "rmqwatch/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct budget {
    uint32_t count; /* remembered restarts, oldest first */
    uint64_t restarts_ms[RMQ_RESTARTS_MAX];
    uint32_t peer_count; /* remembered returns of other members, oldest first */
    uint64_t peer_returns_ms[RMQ_CLUSTER_RESTARTS_MAX];
    uint32_t give_ups; /* slow retries since giving up; 0: not given up */
};

/* After giving up nothing is left until the node has recovered: slow retries are not paid from the budget. */
bool budget_left(const struct budget *budget, const struct policy *policy, uint64_t now_ms);
/* Restarts within the window. */
uint32_t budget_used(const struct budget *budget, const struct policy *policy, uint64_t now_ms);
/* Restarts in the whole cluster within the window: ours, and each time that another member came back. */
uint32_t budget_cluster_used(const struct budget *budget, const struct policy *policy, uint64_t now_ms);
void budget_note_peer(struct budget *budget, uint64_t now_ms);
void budget_spend(struct budget *budget, uint64_t now_ms);
/* Pause before the next start: doubles with each restart of the window. */
uint64_t budget_backoff_ms(const struct budget *budget, const struct policy *policy, uint64_t now_ms);
/* Pause before the next slow retry: doubles with each. */
uint64_t budget_give_up_pause_ms(const struct budget *budget, const struct policy *policy);

#endif
