/* Reads the store's file without the daemon: for the operator's tool. Changes nothing. */
#ifndef RMQWATCH_STORE_READER_H
#define RMQWATCH_STORE_READER_H

#include "store/store.h"

struct arena;

/* An incident with all that was kept of it. */
struct store_recording {
    struct store_incident incident;
    size_t entry_count;
    struct store_entry *entries;
    size_t input_count;
    struct store_input *inputs; /* to be replayed into a fresh core that guards incident.node */
    struct arena *texts;        /* where all texts are; private */
};

/* 0; -ENOENT: no file, or no such incident in it; -EBADMSG: damaged; -EACCES and other negative errnos.
 * Success: *ret_recording is the caller's, to be freed. Works beside a running daemon, too. */
int store_read_incident(const char *directory, const char *id, struct store_recording **ret_recording);
void store_recording_free(struct store_recording *recording); /* accepts NULL */

#endif
