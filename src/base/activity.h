/* Proof of progress: who must complete a cycle how often, and who has not. The watchdog ping depends on it.
 */
#ifndef RMQWATCH_BASE_ACTIVITY_H
#define RMQWATCH_BASE_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

enum { ACTIVITIES_MAX = 64 };

struct activity {
    char name[48];
    uint64_t max_silence_ms;
    uint64_t completed_ms;
    bool used;
};

struct activity_list {
    struct activity items[ACTIVITIES_MAX];
};

/* Registers NAME, counted as completed now. Returns a slot for the other calls, or -ENOSPC. */
int activity_add(struct activity_list *list, const char *name, uint64_t max_silence_ms, uint64_t now_ms);
void activity_remove(struct activity_list *list, int slot); /* accepts a negative slot */
void activity_completed(struct activity_list *list, int slot, uint64_t now_ms);
void activity_set_max_silence(struct activity_list *list, int slot, uint64_t max_silence_ms);
/* Counts all of them as completed now: after a time in which nobody could run (the machine was suspended). */
void activity_forgive(struct activity_list *list, uint64_t now_ms);
/* The most overdue activity, or NULL when all of them are on time. */
const struct activity *activity_overdue(const struct activity_list *list, uint64_t now_ms);

#endif
