/* Text from anywhere (log lines, node names, systemd, operators) made fit to be shown: always valid UTF-8,
 * never a control character. */
#ifndef RMQWATCH_BASE_CLEAN_H
#define RMQWATCH_BASE_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

/* Copies SOURCE, which ends at a NUL or after SOURCE_SIZE bytes, into DEST: cut to fit at a character, always
 * NUL-terminated. What is no UTF-8 becomes U+FFFD; control characters, line separators and the characters
 * that turn the direction of text become a space each. KEEP_NEWLINES leaves "\n" alone. */
void clean_text(char *dest, size_t dest_size, const char *source, size_t source_size, bool keep_newlines);

#endif
