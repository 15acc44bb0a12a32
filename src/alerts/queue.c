#include "alerts/queue.h"

#include "alerts/trouble.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 16 };

static bool set_room(struct letter_queue *queue, size_t room)
{
    struct parcel **items = reallocarray(queue->items, room, sizeof(*items));

    if (!items)
        return false;
    queue->items = items;
    queue->room = room;
    return true;
}

void queue_remove(struct letter_queue *queue, size_t at)
{
    assert(at < queue->count);
    parcel_unref(queue->items[at]);
    queue->count--;
    memmove(&queue->items[at], &queue->items[at + 1], (queue->count - at) * sizeof(queue->items[0]));
    if (queue->count == 0)
        queue_clear(queue);
}

/* The oldest of those that matter least; not the head while it is busy. */
static size_t find_least(const struct letter_queue *queue, bool head_busy)
{
    size_t least = head_busy ? 1 : 0;

    for (size_t i = least + 1; i < queue->count; i++)
        if (letter_importance(queue->items[i]->letter) < letter_importance(queue->items[least]->letter))
            least = i;
    return least;
}

struct parcel *queue_push(struct letter_queue *queue, struct parcel *parcel, size_t at, bool head_busy)
{
    const struct letter *letter = parcel->letter;
    struct parcel *dropped = NULL;

    if (queue->count == queue->room && queue->room < QUEUE_MAX) {
        size_t room = queue->room ? queue->room * 2 : ROOM_MIN;

        if (!set_room(queue, room < QUEUE_MAX ? room : QUEUE_MAX))
            return parcel_ref(parcel);
    }
    if (queue->count == QUEUE_MAX) {
        size_t least = find_least(queue, head_busy);

        dropped = queue->items[least];
        /* The end of a story is the last word on it: what came before is worth less by now. */
        if (letter_importance(letter) < letter_importance(dropped->letter) &&
            !trouble_is_answered(letter->kind))
            return parcel_ref(parcel);
        (void)parcel_ref(dropped);
        queue_remove(queue, least);
        at -= at > least;
    }
    at = at < queue->count ? at : queue->count;
    memmove(&queue->items[at + 1], &queue->items[at], (queue->count - at) * sizeof(queue->items[0]));
    queue->items[at] = parcel_ref(parcel);
    queue->count++;
    return dropped;
}

struct parcel *queue_head(const struct letter_queue *queue)
{
    return queue->count > 0 ? queue->items[0] : NULL;
}

void queue_move(struct letter_queue *queue, size_t from, size_t to)
{
    struct parcel *parcel = queue->items[from];

    assert(from < queue->count && to < queue->count);
    memmove(
        &queue->items[from], &queue->items[from + 1], (queue->count - from - 1) * sizeof(queue->items[0]));
    memmove(&queue->items[to + 1], &queue->items[to], (queue->count - to - 1) * sizeof(queue->items[0]));
    queue->items[to] = parcel;
}

size_t queue_find(const struct letter_queue *queue, const char *id)
{
    size_t at = 0;

    while (at < queue->count && strcmp(queue->items[at]->letter->id, id) != 0)
        at++;
    return at;
}

void queue_clear(struct letter_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        parcel_unref(queue->items[i]);
    free(queue->items);
    *queue = (struct letter_queue){0};
}
