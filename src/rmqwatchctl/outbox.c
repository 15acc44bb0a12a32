#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 15 }; /* a number that JSON carries exactly */

static const struct {
    const char *state;
    enum colour colour;
} states[] = {{"waiting", COLOUR_WARN}, {"parked", COLOUR_BAD}, {"sent", COLOUR_NONE}};

enum { STATE_COUNT = sizeof(states) / sizeof(states[0]) };

static enum colour colour_of_state(const char *state)
{
    for (size_t i = 0; i < STATE_COUNT; i++)
        if (!strcmp(states[i].state, state))
            return states[i].colour;
    return COLOUR_NONE;
}

static bool is_state(const char *text)
{
    for (size_t i = 0; i < STATE_COUNT; i++)
        if (!strcmp(states[i].state, text))
            return true;
    return false;
}

static void print_channels(const cJSON *channels)
{
    const cJSON *channel;

    if (cJSON_GetArraySize(channels) == 0)
        puts("no channel is configured");
    cJSON_ArrayForEach(channel, channels)
    {
        double waiting = field_number(channel, "waiting"), parked = field_number(channel, "parked");

        printf("%s \"%s\": ", field_text(channel, "kind"), field_text(channel, "channel"));
        printf("%.0f waiting, %.0f parked; since the start %.0f sent, %.0f tried again, %.0f refused, "
               "%.0f dropped\n",
            waiting, parked, field_number(channel, "sent"), field_number(channel, "retries"),
            field_number(channel, "refused"), field_number(channel, "dropped"));
    }
}

static void print_letters(const cJSON *letters)
{
    const cJSON *letter;
    char time[64];

    cJSON_ArrayForEach(letter, letters)
    {
        const char *result = field_text(letter, "result");
        double tries = field_number(letter, "tries");

        format_time(time, sizeof(time), field_text(letter, "time"));
        printf("%8.0f  ", field_number(letter, "number"));
        print_coloured(colour_of_state(field_text(letter, "state")), field_text(letter, "state"), 9);
        printf("%s  \"%s\"  %s of %s", time, field_text(letter, "channel"), field_text(letter, "event"),
            field_text(letter, "node"));
        if (result[0])
            printf("; %.0f %s: %s", tries, tries == 1 ? "try" : "tries", result);
        putchar('\n');
    }
}

static int list(struct tool *tool, const char *state)
{
    char *path = request_path("/v1/outbox", state ? "state" : NULL, state);
    cJSON *answer = NULL;
    int code = request_get(tool, path, &answer);

    free(path);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(answer);
    } else {
        print_channels(field(answer, "channels"));
        if (!field_true(answer, "durable"))
            puts("the disk fails: what waits is in memory only");
        print_letters(field(answer, "letters"));
        code = EXIT_DONE;
    }
    cJSON_Delete(answer);
    return code;
}

/* "retry" or "drop", of one letter or of all that are parked for a channel. */
static int act(struct tool *tool, const char *verb, const char *which)
{
    bool number = which[0] && strlen(which) <= DIGITS_MAX && which[strspn(which, "0123456789")] == '\0';
    cJSON *body = cJSON_CreateObject(), *answer = NULL;
    const char *path = !strcmp(verb, "retry") ? "/v1/outbox/retry" : "/v1/outbox/drop";
    int code;

    if (number)
        cJSON_AddNumberToObject(body, "number", strtod(which, NULL));
    else
        cJSON_AddStringToObject(body, "channel", which);
    code = request_post(tool, path, body, &answer);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(answer);
    } else {
        double count = field_number(answer, "count");

        printf("%.0f %s %s\n", count, count == 1 ? "notice" : "notices",
            !strcmp(verb, "retry") ? (count == 1 ? "is tried again" : "are tried again") : "dropped");
        code = EXIT_DONE;
    }
    cJSON_Delete(answer);
    return code;
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *verb;
    int first, code = command_parse(command, tool, argc, argv, NULL, 0, 2, &first);

    if (code >= 0)
        return code;
    verb = first < argc ? argv[first] : NULL;
    if (!verb || is_state(verb))
        return first + 1 < argc ? command_misused(command, "outbox: unexpected '%s'", argv[first + 1])
                                : list(tool, verb);
    if (strcmp(verb, "retry") != 0 && strcmp(verb, "drop") != 0)
        return command_misused(command, "outbox: '%s' is none of waiting, parked, sent, retry, drop", verb);
    if (first + 1 == argc)
        return command_misused(command, "outbox: %s what? A number of the list, or a channel", verb);
    return act(tool, verb, argv[first + 1]);
}

const struct command outbox_command = {
    .name = "outbox",
    .arguments = "[waiting|parked|sent] | retry WHICH | drop WHICH",
    .summary = "the alerts that wait, were refused, or were sent; try them again, or drop them",
    .help =
        "What the outbox has for each channel, and what waits or was parked, in its order; with 'sent', the\n"
        "last that were delivered. What a target refuses for good is parked.\n"
        "\n"
        "  retry WHICH          try it now; WHICH is a number of the list, or a channel: all that is\n"
        "                       parked for it, and all that waits\n"
        "  drop WHICH           give it up, for good\n",
    .run = run,
};
