/* Memory that is taken in small pieces and given back all at once. */
#ifndef RMQWATCH_STORE_ARENA_H
#define RMQWATCH_STORE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void); /* NULL when out of memory */
/* Zeroed, aligned for anything. NULL when out of memory. */
void *arena_take(struct arena *arena, size_t size);
/* A copy; NULL counts as "". NULL when out of memory. */
const char *arena_text(struct arena *arena, const char *text);
size_t arena_bytes(const struct arena *arena); /* taken so far */
void arena_free(struct arena *arena);          /* accepts NULL */

#endif
