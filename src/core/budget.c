#include "core/budget.h"

#include <string.h>

static uint32_t count_since(
    const uint64_t *times_ms, uint32_t count, const struct policy *policy, uint64_t now_ms)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < count; i++)
        if (now_ms - times_ms[i] < policy->restart_window_ms)
            used++;
    return used;
}

/* Keeps the newest. */
static void remember(uint64_t *times_ms, uint32_t *count, uint32_t max, uint64_t now_ms)
{
    if (*count == max)
        memmove(times_ms, times_ms + 1, sizeof(uint64_t) * --*count);
    times_ms[(*count)++] = now_ms;
}

uint32_t budget_used(const struct budget *budget, const struct policy *policy, uint64_t now_ms)
{
    return count_since(budget->restarts_ms, budget->count, policy, now_ms);
}

bool budget_left(const struct budget *budget, const struct policy *policy, uint64_t now_ms)
{
    return budget->give_ups == 0 && budget_used(budget, policy, now_ms) < policy->max_restarts;
}

uint32_t budget_cluster_used(const struct budget *budget, const struct policy *policy, uint64_t now_ms)
{
    return budget_used(budget, policy, now_ms) +
           count_since(budget->peer_returns_ms, budget->peer_count, policy, now_ms);
}

void budget_note_peer(struct budget *budget, uint64_t now_ms)
{
    remember(budget->peer_returns_ms, &budget->peer_count, RMQ_CLUSTER_RESTARTS_MAX, now_ms);
}

void budget_spend(struct budget *budget, uint64_t now_ms)
{
    remember(budget->restarts_ms, &budget->count, RMQ_RESTARTS_MAX, now_ms);
}

static uint64_t doubled(uint64_t base_ms, uint32_t times, uint64_t max_ms)
{
    uint64_t ms = base_ms;

    while (times-- > 0 && ms < max_ms)
        ms *= 2;
    return ms < max_ms ? ms : max_ms;
}

uint64_t budget_backoff_ms(const struct budget *budget, const struct policy *policy, uint64_t now_ms)
{
    uint32_t used = budget_used(budget, policy, now_ms);

    return doubled(policy->backoff_ms, used > 0 ? used - 1 : 0, policy->backoff_max_ms);
}

uint64_t budget_give_up_pause_ms(const struct budget *budget, const struct policy *policy)
{
    return doubled(policy->give_up_retry_ms, budget->give_ups > 0 ? budget->give_ups - 1 : 0,
        policy->give_up_retry_max_ms);
}
