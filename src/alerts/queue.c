#include "alerts/queue.h"

#include "alerts/clean.h"
#include "alerts/story.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct letter *letter_new(const struct notice *notice, uint64_t seed, uint64_t number)
{
    struct letter *letter = calloc(1, sizeof(*letter));

    if (!letter)
        return NULL;
    letter->refs = 1;
    clean_notice(&letter->notice, notice);
    snprintf(letter->id, sizeof(letter->id), "%s-%s-%016" PRIx64 "-%" PRIu64, letter->notice.incident,
        notice_info(notice->kind)->event, seed, number);
    return letter;
}

struct letter *letter_ref(struct letter *letter)
{
    letter->refs++;
    return letter;
}

void letter_unref(struct letter *letter)
{
    if (letter && --letter->refs == 0)
        free(letter);
}

static void remove_at(struct letter_queue *queue, size_t at)
{
    letter_unref(queue->letters[at]);
    queue->count--;
    memmove(&queue->letters[at], &queue->letters[at + 1], (queue->count - at) * sizeof(queue->letters[0]));
}

static int importance(const struct letter *letter)
{
    return (int)letter->notice.severity * 2 + story_ends(letter->notice.kind);
}

/* The oldest of those that matter least; not the head while it is busy. */
static size_t find_least(const struct letter_queue *queue, bool head_busy)
{
    size_t least = head_busy ? 1 : 0;

    for (size_t i = least + 1; i < queue->count; i++)
        if (importance(queue->letters[i]) < importance(queue->letters[least]))
            least = i;
    return least;
}

size_t queue_push(struct letter_queue *queue, struct letter *letter, bool head_busy)
{
    bool full = queue->count == QUEUE_MAX;

    if (full) {
        size_t least = find_least(queue, head_busy);

        /* The end of a story is the last word on it: what came before is worth less by now. */
        if (importance(letter) < importance(queue->letters[least]) && !story_ends(letter->notice.kind))
            return 1;
        remove_at(queue, least);
    }
    queue->letters[queue->count++] = letter_ref(letter);
    return full;
}

struct letter *queue_head(const struct letter_queue *queue)
{
    return queue->count > 0 ? queue->letters[0] : NULL;
}

void queue_pop(struct letter_queue *queue)
{
    assert(queue->count > 0);
    remove_at(queue, 0);
}

void queue_clear(struct letter_queue *queue)
{
    while (queue->count > 0)
        remove_at(queue, queue->count - 1);
}
