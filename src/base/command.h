/* Runs a command and keeps what it prints: no shell, none of our environment, a process group of its own that
 * is killed as a whole when its time is over. */
#ifndef RMQWATCH_BASE_COMMAND_H
#define RMQWATCH_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct command;

enum { COMMAND_ENVIRONMENT_MAX = 6 };

/* Bounds the processes of one kind that are not reaped yet: one that is killed but does not die (state D)
 * holds its place, whoever has stopped waiting for it. Static, for it outlives whoever starts commands. */
struct command_places {
    unsigned taken, max;
};

/* Only read during command_start(). */
struct command_options {
    char *const *argv;        /* ends with NULL; argv[0] is looked for in PATH */
    char *const *environment; /* "NAME=value" beside PATH and LANG, ends with NULL; NULL: nothing */
    const void *input;        /* what it can read from its standard input; NULL: nothing */
    size_t input_size;
    uint64_t timeout_ms;
    size_t output_max; /* bytes */
    bool keep_end;     /* of longer output keep the end, instead of the beginning */
};

struct command_result {
    int error;     /* 0; -ETIMEDOUT when it was killed; another negative errno: it could not be started */
    int exit_code; /* with signal 0 */
    int signal;    /* that ended it, other than ours at its deadline */
    char *output; /* standard output and standard error; the caller's from now on, to be freed; may be NULL */
    size_t size;  /* of output, without a NUL */
    bool cut;     /* it printed more than was kept */
};

/* Called once, not from within command_start(). */
typedef void command_done_fn(void *context, struct command_result *result);

/* 0, then DONE is called; -E2BIG: the environment; -EBUSY: all places are taken; -ENOMEM. That there is no
 * such command, or that it cannot be run, is told to DONE. */
int command_start(uv_loop_t *loop, struct command_places *places, const struct command_options *options,
    command_done_fn *done, void *context, struct command **ret_command);
/* Kills it; DONE is not called. Accepts NULL. */
void command_cancel(struct command *command);

#endif
