#include "base/text.h"
#include "rmqwatchctl/operator.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>
#include <string.h>

/* A node that was killed is not left dead. */
static void print_what_goes_on(const cJSON *answer)
{
    const char *state = field_text(answer, "state");

    if (!strcmp(state, "killing") || !strcmp(state, "starting"))
        puts("but it is being restarted right now, and that is finished first; see rmqwatchctl status");
}

static int hold(const struct tool *tool, uint64_t for_ms, const char *reason, const char *owner)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *answer = NULL;
    char until[96];
    int code;

    cJSON_AddNumberToObject(body, "for_ms", (double)for_ms);
    cJSON_AddStringToObject(body, "reason", reason);
    if (owner)
        cJSON_AddStringToObject(body, "owner", owner);
    code = request_post(tool, "/v1/hold", body, &answer);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(answer);
    } else {
        format_time_and_age(until, sizeof(until), field_text(field(answer, "hold"), "until"));
        printf("hands off %s until %s\n", field_text(answer, "node"), until);
        print_what_goes_on(answer);
        print_durability(answer);
        code = EXIT_DONE;
    }
    cJSON_Delete(answer);
    return code;
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *time = NULL, *reason = NULL, *owner = operator_name();
    const struct command_option own[] = {
        {"for", &time, NULL}, {"reason", &reason, NULL}, {"owner", &owner, NULL}};
    uint64_t for_ms;
    int first, code = command_parse(command, tool, argc, argv, own, 3, 0, &first);

    if (code >= 0)
        return code;
    if (!time || !reason || !reason[0])
        return command_misused(command, "hold: --%s is missing", time ? "reason" : "for");
    if (text_parse_duration(time, &for_ms) < 0 || for_ms == 0)
        return command_misused(command, "hold: '%s' is no time; write 30min, 2h or 1d", time);
    return hold(tool, for_ms, reason, owner);
}

const struct command hold_command = {
    .name = "hold",
    .arguments = "--for=TIME --reason=TEXT",
    .summary = "keep hands off this node for a while, whatever happens",
    .help =
        "Keeps rmqwatchd's hands off this node for TIME, whatever happens to it: for maintenance. It goes\n"
        "on watching and telling. A hold replaces the one before; 'rmqwatchctl resume' ends it early; it\n"
        "outlives a restart of rmqwatchd, unless the disk fails, which is said then.\n"
        "\n"
        "      --for=TIME       30min, 2h, 1d; at most 31d\n"
        "      --reason=TEXT    one line, shown to everybody who asks\n"
        "      --owner=NAME     whose hold it is; you, unless given\n",
    .run = run,
};
