/* Text from anywhere (log lines, node names, systemd) made fit for a message: always valid UTF-8, never a
 * control character. What a channel formats has gone through here, so that no field can break out of its
 * place.
 */
#ifndef RMQWATCH_ALERTS_CLEAN_H
#define RMQWATCH_ALERTS_CLEAN_H

#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stddef.h>

/* Copies SOURCE, which ends at a NUL or after SOURCE_SIZE bytes, into DEST: cut to fit at a character, always
 * NUL-terminated. What is no UTF-8 becomes U+FFFD; control characters, line separators and the characters
 * that turn the direction of text become a space each. KEEP_NEWLINES leaves "\n" alone. */
void clean_text(char *dest, size_t dest_size, const char *source, size_t source_size, bool keep_newlines);

/* The same notice with every text cleaned; only the detail may have more than one line. */
void clean_notice(struct notice *dest, const struct notice *source);

#endif
