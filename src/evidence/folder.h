/* Where evidence is kept: STATE_DIR/evidence/INCIDENT/, for its owner only. All of it waits for the disk: not
 * on the loop. */
#ifndef RMQWATCH_EVIDENCE_FOLDER_H
#define RMQWATCH_EVIDENCE_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Makes the folder of INCIDENT, or INCIDENT.2 and so on when that is there already: what was found first
 * stays. Writes its path to RET_PATH. Returns its descriptor, or a negative errno: -EINVAL for an incident
 * that is no file name, -ENAMETOOLONG when the path does not fit. */
int folder_create(const char *state_dir, const char *incident, char *ret_path, size_t path_size);

/* A new file in it. 0 or a negative errno. */
int folder_write(int folder, const char *name, const char *data, size_t size);

/* Removes the oldest folders beside PATH until at most KEEP are left, with at most MAX_BYTES in all; PATH
 * itself stays. 0 or a negative errno. */
int folder_prune(const char *path, size_t keep, uint64_t max_bytes);

#endif
