/* The operator's tool: asks the daemon on this machine, over its control socket, or runs its core itself. */
#include "rmqwatchctl/tool.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef RMQWATCH_VERSION
#error "RMQWATCH_VERSION is set by the Makefile"
#endif

#define DEFAULT_SOCKET "/run/rmqwatchd/control.sock"

static const struct command *const commands[] = {
    &status_command,
    &why_command,
    &hold_command,
    &resume_command,
    &ack_command,
    &history_command,
    &test_alert_command,
    &outbox_command,
    &simulate_command,
    &replay_command,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
    fputs("Usage: rmqwatchctl [OPTION]... COMMAND [ARGUMENT]...\n"
          "Asks and tells the rmqwatchd of this machine; without it, shows what a configuration would do.\n"
          "\n",
        out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help       more about a command: rmqwatchctl help COMMAND\n"
          "\n"
          "  -s, --socket=PATH    ask the daemon that listens on PATH, instead of $RMQWATCH_SOCKET\n"
          "                       or " DEFAULT_SOCKET "\n"
          "  -j, --json           print the answer as JSON\n"
          "  -h, --help           print this help\n"
          "  -V, --version        print the version\n"
          "\n"
          "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the daemon cannot be reached,\n"
          "            4 status only: this node is not healthy, or an incident is open.\n",
        out);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    fprintf(stderr, "rmqwatchctl: '%s' is no command; try 'rmqwatchctl --help'\n", name);
    return NULL;
}

static int help(struct tool *tool, int argc, char **argv)
{
    static char option[] = "--help";
    const struct command *command;
    char *words[] = {NULL, option, NULL};

    if (argc > 2) {
        fprintf(stderr, "rmqwatchctl: help: unexpected '%s'; try 'rmqwatchctl --help'\n", argv[2]);
        return EXIT_USAGE;
    }
    if (argc < 2) {
        print_help(stdout);
        return EXIT_DONE;
    }
    command = find_command(argv[1]);
    words[0] = argv[1];
    return command ? command->run(command, tool, 2, words) : EXIT_USAGE;
}

/* Returns -1 to go on, or the exit code. */
static int parse_options(int argc, char **argv, struct tool *tool)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    char word[64];
    int option;

    /* + : the first other word is the command, and what follows is its own. */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+s:jhV", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            tool->json = true;
            break;
        case 's':
            tool->socket = optarg;
            break;
        case 'h':
            print_help(stdout);
            return EXIT_DONE;
        case 'V':
            puts("rmqwatchctl " RMQWATCH_VERSION);
            return EXIT_DONE;
        default:
            command_name_option(argv, word, sizeof(word));
            fprintf(stderr, "rmqwatchctl: '%s' is no option, or lacks its value; try 'rmqwatchctl --help'\n",
                word);
            return EXIT_USAGE;
        }
    }
    return -1;
}

static int run(struct tool *tool, int argc, char **argv)
{
    const struct command *command;

    if (argc == 0) {
        fputs("rmqwatchctl: a command is missing; try 'rmqwatchctl --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[0], "help"))
        return help(tool, argc, argv);
    command = find_command(argv[0]);
    return command ? command->run(command, tool, argc, argv) : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const char *socket = getenv("RMQWATCH_SOCKET");
    struct tool tool = {.socket = socket && socket[0] ? socket : DEFAULT_SOCKET};
    int code = parse_options(argc, argv, &tool);

    if (code < 0) {
        (void)curl_global_init(CURL_GLOBAL_NOTHING);
        code = run(&tool, argc - optind, argv + optind);
        curl_global_cleanup();
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("rmqwatchctl: standard output cannot be written\n", stderr);
        return EXIT_FAILED;
    }
    return code;
}
