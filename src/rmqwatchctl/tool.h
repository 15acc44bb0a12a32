/* What the sub-commands share: options, exit codes, how a command looks like. */
#ifndef RMQWATCH_RMQWATCHCTL_TOOL_H
#define RMQWATCH_RMQWATCHCTL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3, /* the daemon */
    EXIT_NOT_WELL = 4,    /* status: the node is not healthy, or an incident is open */
};

struct tool {
    const char *socket; /* the daemon's */
    bool json;          /* print what there is to say as JSON */
};

struct command {
    const char *name;
    const char *arguments; /* of the usage line: "--for=TIME --reason=TEXT" */
    const char *summary;   /* one line of the list of commands */
    const char *help;      /* all the rest, ending in a new line */
    bool offline;          /* asks no daemon */
    /* ARGV[0] is the command's name. Returns the exit code. */
    int (*run)(const struct command *command, struct tool *tool, int argc, char **argv);
};

extern const struct command status_command, why_command, hold_command, resume_command, ack_command,
    history_command, test_alert_command, outbox_command, simulate_command, replay_command;

/* An option of a command's own: "--NAME VALUE", or "--NAME" where there is a flag. */
struct command_option {
    const char *name;
    const char **value;
    bool *flag;
};

/* Reads the options that every command has, and OWN ones; at most MAX other words stay, from ARGV[*ret_first]
 * on. Returns -1 to go on, or the exit code. */
int command_parse(const struct command *command, struct tool *tool, int argc, char **argv,
    const struct command_option *own, size_t own_count, int max, int *ret_first);
/* The option that getopt_long() has just refused, for a message. */
void command_name_option(char **argv, char *dest, size_t size);
/* One line on standard error about wrong usage. Returns EXIT_USAGE. */
int command_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
