/* Small tools for text with a bound. */
#ifndef RMQWATCH_BASE_TEXT_H
#define RMQWATCH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies SOURCE (NULL counts as "") into DEST, cut to fit at a UTF-8 character, always NUL-terminated. */
void text_copy(char *dest, size_t dest_size, const char *source);
/* Appends printf-wise to a NUL-terminated DEST, cut to fit at a UTF-8 character. */
void text_append(char *dest, size_t dest_size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Bytes of the UTF-8 character that valid TEXT, not empty, begins with. */
size_t text_character_size(const char *text);
/* FNV-1a: the same in every run and on every machine, so that it may be written down. No protection. */
uint64_t text_hash(const char *text);
/* Milliseconds for people: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
void text_duration(char *dest, size_t dest_size, uint64_t ms);
/* "500ms", "5s", "2min", "1h", "1d"; a bare number has no unit and is refused. 0 or -EINVAL, -ERANGE. */
int text_parse_duration(const char *text, uint64_t *ret_ms);
/* Seconds since the epoch as "2026-01-31T23:59:59Z" (RFC 3339, UTC). */
void text_timestamp(char *dest, size_t dest_size, int64_t wall_ms);

#endif
