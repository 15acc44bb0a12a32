/* What waits for one channel, in order and bounded. Memory only: what is to survive a restart of the daemon
 * is written where a letter is pushed, and taken back where it is popped or dropped. */
#ifndef RMQWATCH_ALERTS_QUEUE_H
#define RMQWATCH_ALERTS_QUEUE_H

#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LETTER_ID_MAX = 112, QUEUE_MAX = 256 };

/* A notice on its way, shared by the queues of all channels. Its texts are clean (clean.h). */
struct letter {
    unsigned refs;
    char id[LETTER_ID_MAX]; /* unique, kept over retries */
    struct notice notice;
};

/* SEED and NUMBER make the id unique: over all agents and starts, and within this one. NULL: no memory. */
struct letter *letter_new(const struct notice *notice, uint64_t seed, uint64_t number);
struct letter *letter_ref(struct letter *letter);
void letter_unref(struct letter *letter); /* accepts NULL */

/* Zeroed: empty. */
struct letter_queue {
    size_t count;
    struct letter *letters[QUEUE_MAX]; /* oldest first */
};

/* Takes a reference of its own. When full, the least important letter makes room: of those that matter least
 * (info before warning before critical, the end of a story last) the oldest, but never the head while
 * HEAD_BUSY. LETTER itself is dropped when all others matter more, unless it ends a story. Returns how many
 * were dropped: 0 or 1. */
size_t queue_push(struct letter_queue *queue, struct letter *letter, bool head_busy);
struct letter *queue_head(const struct letter_queue *queue); /* borrowed; NULL when empty */
void queue_pop(struct letter_queue *queue);                  /* not when empty */
void queue_clear(struct letter_queue *queue);

#endif
