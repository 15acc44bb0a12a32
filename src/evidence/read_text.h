/* Small files as they are. */
#ifndef RMQWATCH_EVIDENCE_READ_TEXT_H
#define RMQWATCH_EVIDENCE_READ_TEXT_H

#include <stddef.h>

/* Reads PATH (below FOLDER, or AT_FDCWD) from its beginning, SIZE bytes at most; no NUL is added. 0 or a
 * negative errno, then *ret_size is left alone. Waits for what is not on a disk only: else off the loop. */
int read_text(int folder, const char *path, char *buffer, size_t size, size_t *ret_size);

#endif
