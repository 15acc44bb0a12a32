/* What waits for one channel, in order and bounded. Memory only: the ledger (ledger.h) keeps what is to
 * survive a restart of the daemon. */
#ifndef RMQWATCH_ALERTS_QUEUE_H
#define RMQWATCH_ALERTS_QUEUE_H

#include "alerts/letter.h"

enum { QUEUE_MAX = 1000 };

/* Zeroed: empty. */
struct letter_queue {
    size_t count, room;
    struct parcel **items; /* oldest first */
};

/* Puts PARCEL at the place AT (or the end, if that is nearer), with a reference of the queue's own. When
 * the queue is full, the least important letter makes room: of those that matter least (info before warning
 * before critical, the end of a story last) the oldest, but never the head while HEAD_BUSY. PARCEL itself
 * is dropped when all others matter more, unless it ends a story; and when there is no memory. Returns what
 * was dropped, with a reference for the caller; NULL: nothing. */
struct parcel *queue_push(struct letter_queue *queue, struct parcel *parcel, size_t at, bool head_busy);
struct parcel *queue_head(const struct letter_queue *queue); /* borrowed; NULL when empty */
/* Where the letter with this id is; queue->count: nowhere. */
size_t queue_find(const struct letter_queue *queue, const char *id);
void queue_remove(struct letter_queue *queue, size_t at);
/* What is at FROM is at TO afterwards. */
void queue_move(struct letter_queue *queue, size_t from, size_t to);
void queue_clear(struct letter_queue *queue);

#endif
