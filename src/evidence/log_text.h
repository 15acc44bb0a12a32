/* Texts of a broker's log, from its own file or from the journal. Pure: no I/O, no state. Texts need no NUL,
 * and may begin and end in the middle of a line. */
#ifndef RMQWATCH_EVIDENCE_LOG_TEXT_H
#define RMQWATCH_EVIDENCE_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Where the broker's last run begins; 0 when that cannot be seen. */
size_t log_last_run(const char *text, size_t size);

/* Of the journal's text: its size without a run that has only just begun, as the one that the watchdog itself
 * started after the death in question. */
size_t log_ended_runs(const char *journal, size_t size);

/* A known cause of crashes and of boots that fail, as one sentence for people, written to CAUSE. False when
 * none is recognised in TEXT; CAUSE is then untouched. */
bool log_cause(const char *text, size_t size, char *cause, size_t cause_size);

/* The last lines that say something, oldest first: without time stamps, banner, the inside of crash reports
 * and control characters, each cut at a character, and without passwords as far as these can be told.
 * systemd's own lines are left out. Warnings and worse are preferred. Empty when there are none. */
void log_tail(const char *text, size_t size, char *tail, size_t tail_size);

/* Asterisks over passwords in URLs, and over what follows "password", "secret" and their like in TEXT. */
void log_hide(char *text);

#endif
