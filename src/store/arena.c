#include "store/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN = 512, BLOCK_MAX = 16384 };

struct block {
    struct block *next;
    size_t size, used;
    max_align_t bytes[];
};

struct arena {
    struct block *newest;
    size_t bytes;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

/* Each block is twice the one before, so that one entry costs little, and a long list few blocks. */
static struct block *add_block(struct arena *arena, size_t need)
{
    size_t size = arena->newest ? arena->newest->size * 2 : BLOCK_MIN;
    struct block *block;

    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < need)
        size = need;
    block = calloc(1, sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->next = arena->newest;
    arena->newest = block;
    return block;
}

void *arena_take(struct arena *arena, size_t size)
{
    struct block *block = arena->newest;
    void *taken;

    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    taken = (char *)block->bytes + block->used;
    block->used += size;
    arena->bytes += size;
    return taken;
}

const char *arena_text(struct arena *arena, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy;

    if (size <= 1)
        return "";
    copy = arena_take(arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->bytes;
}

void arena_free(struct arena *arena)
{
    struct block *block, *next;

    for (block = arena ? arena->newest : NULL; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}
