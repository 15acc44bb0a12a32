#include "base/activity.h"

#include "base/text.h"

#include <errno.h>
#include <stddef.h>

int activity_add(struct activity_list *list, const char *name, uint64_t max_silence_ms, uint64_t now_ms)
{
    for (int slot = 0; slot < ACTIVITIES_MAX; slot++) {
        struct activity *item = &list->items[slot];

        if (item->used)
            continue;
        *item = (struct activity){.max_silence_ms = max_silence_ms, .completed_ms = now_ms, .used = true};
        text_copy(item->name, sizeof(item->name), name);
        return slot;
    }
    return -ENOSPC;
}

static struct activity *activity_at(struct activity_list *list, int slot)
{
    if (slot < 0 || slot >= ACTIVITIES_MAX || !list->items[slot].used)
        return NULL;
    return &list->items[slot];
}

void activity_remove(struct activity_list *list, int slot)
{
    struct activity *item = activity_at(list, slot);

    if (item)
        item->used = false;
}

void activity_completed(struct activity_list *list, int slot, uint64_t now_ms)
{
    struct activity *item = activity_at(list, slot);

    if (item)
        item->completed_ms = now_ms;
}

void activity_set_max_silence(struct activity_list *list, int slot, uint64_t max_silence_ms)
{
    struct activity *item = activity_at(list, slot);

    if (item)
        item->max_silence_ms = max_silence_ms;
}

void activity_forgive(struct activity_list *list, uint64_t now_ms)
{
    for (int slot = 0; slot < ACTIVITIES_MAX; slot++)
        activity_completed(list, slot, now_ms);
}

const struct activity *activity_overdue(const struct activity_list *list, uint64_t now_ms)
{
    const struct activity *worst = NULL;
    uint64_t worst_excess_ms = 0;

    for (int slot = 0; slot < ACTIVITIES_MAX; slot++) {
        const struct activity *item = &list->items[slot];
        uint64_t silent_ms;

        /* A completion stamped after NOW is one of this very moment. */
        if (!item->used || now_ms <= item->completed_ms)
            continue;
        silent_ms = now_ms - item->completed_ms;
        if (silent_ms > item->max_silence_ms && silent_ms - item->max_silence_ms > worst_excess_ms) {
            worst_excess_ms = silent_ms - item->max_silence_ms;
            worst = item;
        }
    }
    return worst;
}
