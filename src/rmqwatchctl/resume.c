#include "rmqwatchctl/operator.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>

static void print_guard(const cJSON *answer)
{
    const char *packages = field_text(answer, "package_manager");

    if (packages[0])
        printf("no operator holds %s any more, but it is left alone as long as %s is at work\n",
            field_text(answer, "node"), packages);
    else
        printf("%s is on guard again: %s\n", field_text(answer, "node"), field_text(answer, "state"));
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *owner = operator_name();
    cJSON *body, *answer = NULL;
    int first, code = command_parse(command, tool, argc, argv, NULL, 0, 0, &first);

    if (code >= 0)
        return code;
    body = cJSON_CreateObject();
    if (owner)
        cJSON_AddStringToObject(body, "owner", owner);
    code = request_post(tool, "/v1/resume", body, &answer);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(answer);
    } else {
        print_guard(answer);
        print_durability(answer);
        code = EXIT_DONE;
    }
    cJSON_Delete(answer);
    return code;
}

const struct command resume_command = {
    .name = "resume",
    .arguments = "",
    .summary = "end a hold; try a node that was given up again at once",
    .help = "Ends a hold. A node that rmqwatchd gave up is tried again at once.\n",
    .run = run,
};
