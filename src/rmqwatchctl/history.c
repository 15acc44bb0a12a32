#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int widest(const cJSON *array, const char *name)
{
    const cJSON *item;
    int width = 0;

    cJSON_ArrayForEach(item, array)
    {
        int columns = text_columns(field_text(item, name));

        width = columns > width ? columns : width;
    }
    return width;
}

static void print_incidents(const cJSON *incidents)
{
    int ids = widest(incidents, "id"), nodes = widest(incidents, "node");
    int events = widest(incidents, "last_event");
    const cJSON *incident;
    char since[64];

    if (cJSON_GetArraySize(incidents) == 0)
        puts("no incident is remembered");
    cJSON_ArrayForEach(incident, incidents)
    {
        const char *acked_by = field_text(incident, "acked_by");
        bool ended = field_true(incident, "ended");

        format_time(since, sizeof(since), field_text(incident, "since"));
        printf("%s  ", since);
        print_coloured(COLOUR_NONE, field_text(incident, "node"), nodes + 2);
        print_coloured(ended ? COLOUR_NONE : COLOUR_BAD, ended ? "over" : "open", 6);
        print_coloured(COLOUR_NONE, field_text(incident, "last_event"), events + 2);
        print_coloured(COLOUR_NONE, field_text(incident, "id"), acked_by[0] ? ids + 2 : 0);
        printf("%s%s\n", acked_by[0] ? "known to " : "", acked_by);
    }
}

/* DETAIL may have several lines, each of which stays below the entry. */
static void print_below(const char *label, const char *text)
{
    if (!text[0])
        return;
    printf("    %s", label);
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n' && text[1])
            fputs("    ", stdout);
    }
    putchar('\n');
}

static enum colour colour_of_severity(const char *severity)
{
    if (!strcmp(severity, "critical"))
        return COLOUR_BAD;
    return !strcmp(severity, "warning") ? COLOUR_WARN : COLOUR_NONE;
}

static void print_incident(const cJSON *answer)
{
    const cJSON *incident = field(answer, "incident");
    const cJSON *entries = field(answer, "entries");
    const cJSON *entry;
    int events = widest(entries, "event");
    char time[96];

    print_coloured(COLOUR_BOLD, field_text(incident, "id"), 0);
    printf(" of %s, %s", field_text(incident, "node"), field_true(incident, "ended") ? "over" : "open");
    if (field_text(incident, "acked_by")[0]) {
        format_time(time, sizeof(time), field_text(incident, "acked_at"));
        printf(", known to %s since %s", field_text(incident, "acked_by"), time);
    }
    fputs("\n\n", stdout);
    cJSON_ArrayForEach(entry, entries)
    {
        format_time(time, sizeof(time), field_text(entry, "time"));
        printf("%s  ", time);
        print_coloured(
            colour_of_severity(field_text(entry, "severity")), field_text(entry, "event"), events + 2);
        if (strcmp(field_text(entry, "node"), field_text(incident, "node")) != 0)
            printf("%s: ", field_text(entry, "node"));
        puts(field_text(entry, "why"));
        print_below("", field_text(entry, "detail"));
        print_below("evidence: ", field_text(entry, "evidence"));
    }
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *limit = NULL, *id;
    const struct command_option own[] = {{"limit", &limit, NULL}};
    cJSON *answer = NULL;
    char *path;
    int first, code = command_parse(command, tool, argc, argv, own, 1, 1, &first);

    if (code >= 0)
        return code;
    id = first < argc ? argv[first] : NULL;
    if (limit && (id || !limit[0] || strlen(limit) > 6 || limit[strspn(limit, "0123456789")]))
        return command_misused(command, id ? "history: --limit is for the list of incidents, not for one"
                                           : "history: --limit takes a number");
    path = id ? request_path("/v1/incident", "id", id)
              : request_path("/v1/history", limit ? "limit" : NULL, limit);
    code = request_get(tool, path, &answer);
    free(path);
    if (code >= 0)
        return code;
    if (tool->json)
        code = print_json(answer);
    else if (id)
        print_incident(answer);
    else
        print_incidents(field(answer, "incidents"));
    cJSON_Delete(answer);
    return code < 0 ? EXIT_DONE : code;
}

const struct command history_command = {
    .name = "history",
    .arguments = "[INCIDENT]",
    .summary = "the incidents so far, or all that was told and decided about one",
    .help =
        "The incidents so far, newest first; with INCIDENT, all that was told and decided about that one.\n"
        "\n"
        "      --limit=N        so many of them; 20 unless given\n",
    .run = run,
};
