/* What people read: calm, aligned, in their own time zone. Colours on a terminal only, and never with
 * NO_COLOR or TERM=dumb. */
#ifndef RMQWATCH_RMQWATCHCTL_OUTPUT_H
#define RMQWATCH_RMQWATCHCTL_OUTPUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD, COLOUR_BOLD };

/* Fields of an answer; "", 0, false or NULL when they are not there. */
const char *field_text(const cJSON *object, const char *name);
double field_number(const cJSON *object, const char *name);
bool field_true(const cJSON *object, const char *name);
const cJSON *field(const cJSON *object, const char *name);

/* Prints TEXT, padded with spaces to WIDTH. */
void print_coloured(enum colour colour, const char *text, int width);
/* "  LABEL     VALUE"; the value is printed by the caller, with its new line. */
void print_label(const char *label);
/* The whole line; left out when TEXT is "". Further lines of TEXT are indented like the first. */
void print_line(const char *label, const char *text);

/* A line more where ANSWER says that what was told to the daemon is not on its disk. */
void print_durability(const cJSON *answer);

/* On standard output. Returns the exit code. */
int print_json(const cJSON *json);

enum colour colour_of_condition(const char *condition);

/* "2026-01-31 23:59:59 CET"; TEXT itself when it is no RFC 3339. */
void format_time(char *dest, size_t size, const char *text);
/* The same with how long ago that is, or how long until then: "2026-01-31 23:59:59 CET (3 min ago)". */
void format_time_and_age(char *dest, size_t size, const char *text);
/* "12 s ago" */
void format_age(char *dest, size_t size, uint64_t ms);
/* How many columns TEXT takes, as long as all of its characters take one. */
int text_columns(const char *text);

#endif
