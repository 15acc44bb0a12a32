#include "rmqwatchctl/operator.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *owner = operator_name();
    const struct command_option own[] = {{"owner", &owner, NULL}};
    cJSON *body, *answer = NULL;
    int first, code = command_parse(command, tool, argc, argv, own, 1, 1, &first);

    if (code >= 0)
        return code;
    if (first == argc)
        return command_misused(command, "ack: the incident's id is missing");
    body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "incident", argv[first]);
    if (owner)
        cJSON_AddStringToObject(body, "owner", owner);
    code = request_post(tool, "/v1/ack", body, &answer);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(answer);
    } else {
        printf("%s knows of %s\n", field_text(answer, "owner"), field_text(answer, "incident"));
        code = EXIT_DONE;
    }
    cJSON_Delete(answer);
    return code;
}

const struct command ack_command = {
    .name = "ack",
    .arguments = "INCIDENT",
    .summary = "note that somebody knows of an incident",
    .help = "Notes that somebody knows of INCIDENT, whose id is in each of its alerts and in the history.\n"
            "\n"
            "      --owner=NAME     who knows; you, unless given\n",
    .run = run,
};
