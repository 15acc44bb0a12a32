/* How the outbox is doing, in numbers. */
#include "alerts/outbox_parts.h"

size_t outbox_pending(const struct outbox *outbox)
{
    size_t pending = outbox->early_count;

    for (size_t i = 0; i < outbox->lane_count; i++)
        pending += outbox->lanes[i]->queue.count;
    return pending;
}

void outbox_count(const struct outbox *outbox, struct outbox_counts *ret_counts)
{
    struct outbox_counts counts = {0};

    for (size_t i = 0; i < outbox->lane_count; i++) {
        const struct lane *lane = outbox->lanes[i];

        counts.sent += lane->sent;
        counts.refused += lane->refused;
        counts.dropped += lane->dropped;
        counts.retries += lane->retries;
        counts.waiting += lane->queue.count;
        counts.parked += lane->parked;
    }
    counts.parked += outbox->parked_elsewhere;
    counts.max_loop_us = outbox->ledger.max_loop_us;
    *ret_counts = counts;
}

bool outbox_channel_count(const struct outbox *outbox, size_t i, struct outbox_channel_counts *ret_counts)
{
    const struct lane *lane = i < outbox->lane_count ? outbox->lanes[i] : NULL;

    if (!lane)
        return false;
    *ret_counts = (struct outbox_channel_counts){
        .kind = lane->key->kind,
        .name = lane->key->name,
        .sent = lane->sent,
        .refused = lane->refused,
        .dropped = lane->dropped,
        .retries = lane->retries,
        .lost = lane->state.lost,
        .waiting = lane->queue.count,
        .parked = lane->parked,
        .failures = lane->failures,
        .refusing = lane->refusing,
    };
    return true;
}
