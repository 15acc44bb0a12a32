/* One line for people about what is wrong with the configuration. */
#ifndef RMQWATCH_CONFIG_REPORT_H
#define RMQWATCH_CONFIG_REPORT_H

#include <stddef.h>

/* Where the line goes. Only the first problem is kept: what follows it is often only its consequence. */
struct report {
    const char *path;
    char *text;
    size_t size;
};

/* Starts with an empty TEXT. */
void report_init(struct report *report, const char *path, char *text, size_t size);

/* Writes "PATH:LINE: ..." (LINE 0: "PATH: ...") unless a problem is reported already. FORMAT says what is
 * wrong, then after a semicolon what would be right; it must never hold a value that could be a secret, so
 * by rule it holds no value of the file at all. Returns CODE, a negative errno. */
int report_problem(struct report *report, int line, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
