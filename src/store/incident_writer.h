/* Writes the incident's file on another thread: a stalled disk, which may be why the broker hangs, must not
 * hold the loop. The newest snapshot wins. */
#ifndef RMQWATCH_STORE_INCIDENT_WRITER_H
#define RMQWATCH_STORE_INCIDENT_WRITER_H

#include "core/core.h"

#include <uv.h>

struct incident_writer;

/* How a write ended: 0 or a negative errno. On the loop's thread. */
typedef void incident_saved_fn(void *context, int result);

/* Writes into DIRECTORY, which is copied. NULL when out of memory. */
struct incident_writer *incident_writer_new(
    uv_loop_t *loop, const char *directory, incident_saved_fn *saved, void *context);
/* Takes a copy of SNAPSHOT; while a write is under way, it is written after it. */
void incident_writer_save(struct incident_writer *writer, const struct core_snapshot *snapshot);
/* Lets the newest snapshot be written without a call of SAVED, then frees the writer; the loop must run on
 * until then. Accepts NULL. */
void incident_writer_free(struct incident_writer *writer);

#endif
