/* The open incident and the restart budget on disk, so that a restarted agent goes on where it was. One small
 * JSON file, replaced atomically; losing it costs no more than that. */
#ifndef RMQWATCH_STORE_INCIDENT_FILE_H
#define RMQWATCH_STORE_INCIDENT_FILE_H

#include "core/core.h"

/* Replaces DIRECTORY/incident.json. 0 or a negative errno; the former file is intact then. */
int incident_file_save(const char *directory, const struct core_snapshot *snapshot);
/* 0; -ENOENT when there is none; -EBADMSG when it is damaged or of another version; other negative errno.
 * *ret_snapshot is left alone on failure. */
int incident_file_load(const char *directory, struct core_snapshot *ret_snapshot);

#endif
