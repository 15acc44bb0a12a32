#include "rmqwatchctl/operator.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>
#include <string.h>

static bool is_good(const char *result)
{
    return !strcmp(result, "delivered") || !strcmp(result, "kept");
}

/* The target's own words, each line of them below the channel's. */
static void print_answer(const char *answer)
{
    while (*answer) {
        size_t length = strcspn(answer, "\n");

        printf("    %.*s\n", (int)length, answer);
        answer += length + (answer[length] == '\n');
    }
}

/* What goes on although this command ends. */
static const char *what_next(const char *result)
{
    if (!strcmp(result, "failed"))
        return "    it stays in the outbox, and is tried again";
    if (!strcmp(result, "waiting"))
        return "    no try yet: others are before it, or the target wants a pause; it stays in the outbox";
    if (!strcmp(result, "refused"))
        return "    it is parked in the outbox, and not tried again by itself";
    return NULL;
}

/* Returns the exit code. */
static int print_tests(const cJSON *tests)
{
    const cJSON *test;
    int code = EXIT_DONE;

    cJSON_ArrayForEach(test, tests)
    {
        const char *result = field_text(test, "result");
        const char *how = field_text(test, "how");
        bool good = is_good(result);

        printf("%s \"%s\": ", field_text(test, "kind"), field_text(test, "channel"));
        print_coloured(good ? COLOUR_GOOD : COLOUR_BAD, result, 0);
        printf("%s%s\n", how[0] ? ": " : "", how);
        print_answer(field_text(test, "answer"));
        if (what_next(result))
            puts(what_next(result));
        if (!good)
            code = EXIT_FAILED;
    }
    return code;
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *text = NULL, *owner = operator_name();
    bool no_wait = false;
    const struct command_option own[] = {
        {"text", &text, NULL}, {"owner", &owner, NULL}, {"no-wait", NULL, &no_wait}};
    cJSON *body, *answer = NULL;
    int first, code = command_parse(command, tool, argc, argv, own, 3, 1, &first);

    if (code >= 0)
        return code;
    body = cJSON_CreateObject();
    if (first < argc)
        cJSON_AddStringToObject(body, "channel", argv[first]);
    if (text)
        cJSON_AddStringToObject(body, "text", text);
    if (owner)
        cJSON_AddStringToObject(body, "owner", owner);
    if (no_wait)
        cJSON_AddFalseToObject(body, "wait");
    code = request_post(tool, "/v1/test-alert", body, &answer);
    if (code >= 0)
        return code;
    code = tool->json ? print_json(answer) : print_tests(field(answer, "tests"));
    cJSON_Delete(answer);
    return code;
}

const struct command test_alert_command = {
    .name = "test-alert",
    .arguments = "[CHANNEL]",
    .summary = "send a test through the outbox, and show the target's own answer",
    .help =
        "Sends a test to CHANNEL, or to every channel, the way that an alert goes: through the outbox, in "
        "its\n"
        "turn. Prints what became of it, and what the target itself answered. What is not delivered at the\n"
        "first try stays in the outbox. Exit code 1 when any of them was not delivered.\n"
        "\n"
        "      --text=TEXT      one line, to be sent along\n"
        "      --no-wait        be content when the outbox has it\n"
        "      --owner=NAME     who tests; you, unless given\n",
    .run = run,
};
