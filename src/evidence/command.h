/* Runs a command of the system's and keeps what it prints: no shell, none of our environment, a process group
 * of its own that is killed as a whole when its time is over. */
#ifndef RMQWATCH_EVIDENCE_COMMAND_H
#define RMQWATCH_EVIDENCE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct command;

struct command_result {
    int error;     /* 0; -ETIMEDOUT when it was killed; another negative errno: it could not be started */
    int exit_code; /* 128 and more: ended by a signal */
    char *output; /* standard output and standard error; the caller's from now on, to be freed; may be NULL */
    size_t size;  /* of output, without a NUL */
    bool cut;     /* it printed more than was kept: the end is lost */
};

/* Called once, not from within command_start(). */
typedef void command_done_fn(void *context, struct command_result *result);

/* ARGV ends with NULL; its strings are only read during the call. 0 or a negative errno, then DONE is not
 * called. */
int command_start(uv_loop_t *loop, char *const *argv, uint64_t timeout_ms, size_t output_max,
    command_done_fn *done, void *context, struct command **ret_command);
/* Kills it; DONE is not called. Accepts NULL. */
void command_cancel(struct command *command);

#endif
