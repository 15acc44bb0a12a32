/* The parts of a mail (RFC 5322, 2045, 2047): every line ends in CRLF, is ASCII and at most 78 characters
 * where folding can do it. Errors show in ferror(OUT). Texts are clean (clean.h). */
#ifndef RMQWATCH_ALERTS_MIME_H
#define RMQWATCH_ALERTS_MIME_H

#include <stdint.h>
#include <stdio.h>

/* "NAME: TEXT": folded at spaces when TEXT is printable ASCII, else in encoded words of at most 75
 * characters, split between characters. */
void mime_write_text_header(FILE *out, const char *name, const char *text);

/* "Date: Sat, 31 Jan 2026 23:59:59 +0000" */
void mime_write_date_header(FILE *out, int64_t wall_ms);

/* TEXT with "\n" ends as quoted-printable. */
void mime_write_quoted_printable(FILE *out, const char *text);

#endif
