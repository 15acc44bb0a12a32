#include "sim/agenda.h"

static bool before(const struct agenda_item *a, const struct agenda_item *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void agenda_put(struct agenda *agenda, const struct agenda_item *item)
{
    struct agenda_item entry = *item;
    size_t hole;

    if (agenda->count == AGENDA_MAX) {
        agenda->overflow = true;
        return;
    }
    entry.order = agenda->order++;
    hole = agenda->count++;
    while (hole > 0 && before(&entry, &agenda->heap[(hole - 1) / 2])) {
        agenda->heap[hole] = agenda->heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    agenda->heap[hole] = entry;
}

const struct agenda_item *agenda_first(const struct agenda *agenda)
{
    return agenda->count > 0 ? &agenda->heap[0] : NULL;
}

struct agenda_item agenda_take(struct agenda *agenda)
{
    const struct agenda_item first = agenda->heap[0];
    const struct agenda_item last = agenda->heap[--agenda->count];
    size_t hole = 0, child;

    while ((child = 2 * hole + 1) < agenda->count) {
        if (child + 1 < agenda->count && before(&agenda->heap[child + 1], &agenda->heap[child]))
            child++;
        if (!before(&agenda->heap[child], &last))
            break;
        agenda->heap[hole] = agenda->heap[child];
        hole = child;
    }
    agenda->heap[hole] = last;
    return first;
}
