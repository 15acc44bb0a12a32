#include "base/text.h"
#include "rmqwatchctl/tool.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OWN_OPTIONS_MAX = 8, OPTION_OWN = 256 };

static void print_help(const struct command *command)
{
    printf("Usage: rmqwatchctl %s [OPTION]...%s%s\n%s\n"
           "  -j, --json           print %s as JSON\n"
           "%s"
           "  -h, --help           print this help\n",
        command->name, command->arguments[0] ? " " : "", command->arguments, command->help,
        command->offline ? "the outcome" : "the daemon's answer",
        command->offline ? "" : "  -s, --socket=PATH    ask the daemon that listens on PATH\n");
}

void command_name_option(char **argv, char *dest, size_t size)
{
    const char *word = argv[optind - 1];
    bool is_letter = optopt > 0 && optopt < OPTION_OWN;

    /* Among several letters behind one hyphen, optind has not moved on to the next word yet. The long options
     * that have a letter begin with it. */
    if (is_letter && (strncmp(word, "--", 2) != 0 || tolower((unsigned char)word[2]) != tolower(optopt)))
        (void)snprintf(dest, size, "-%c", optopt);
    else
        text_copy(dest, size, word);
}

int command_misused(const struct command *command, const char *format, ...)
{
    va_list args;

    fputs("rmqwatchctl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; try 'rmqwatchctl help %s'\n", command->name);
    return EXIT_USAGE;
}

int command_parse(const struct command *command, struct tool *tool, int argc, char **argv,
    const struct command_option *own, size_t own_count, int max, int *ret_first)
{
    struct option options[OWN_OPTIONS_MAX + 4] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
    };
    size_t common = 2;
    char word[64];
    int option;

    if (!command->offline)
        options[common++] = (struct option){"socket", required_argument, NULL, 's'};
    for (size_t i = 0; i < own_count && i < OWN_OPTIONS_MAX; i++)
        options[common + i] = (struct option){
            own[i].name, own[i].flag ? no_argument : required_argument, NULL, OPTION_OWN + (int)i};
    optind = 0; /* the global options were read before: begins anew */
    opterr = 0;
    while ((option = getopt_long(argc, argv, command->offline ? "jh" : "js:h", options, NULL)) != -1) {
        if (option == 'j')
            tool->json = true;
        else if (option == 's')
            tool->socket = optarg;
        else if (option >= OPTION_OWN && own[option - OPTION_OWN].flag)
            *own[option - OPTION_OWN].flag = true;
        else if (option >= OPTION_OWN)
            *own[option - OPTION_OWN].value = optarg;
        else if (option == 'h') {
            print_help(command);
            return EXIT_DONE;
        } else {
            command_name_option(argv, word, sizeof(word));
            return command_misused(command, "%s: '%s' is no option, or lacks its value", command->name, word);
        }
    }
    if (argc - optind > max)
        return command_misused(command, "%s: unexpected '%s'", command->name, argv[optind + max]);
    *ret_first = optind;
    return -1;
}
