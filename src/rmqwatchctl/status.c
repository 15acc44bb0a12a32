#include "base/text.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_head(const cJSON *status)
{
    const char *condition = field_text(status, "condition");
    char since[96];

    format_time_and_age(since, sizeof(since), field_text(status, "condition_since"));
    print_coloured(COLOUR_BOLD, field_text(status, "node"), 0);
    fputs(" is ", stdout);
    print_coloured(colour_of_condition(condition), condition, 0);
    printf(" since %s\n\n", since);
}

static void print_hold(const cJSON *status)
{
    const cJSON *hold = field(status, "hold");
    char until[96];

    if (cJSON_IsObject(hold)) {
        format_time_and_age(until, sizeof(until), field_text(hold, "until"));
        print_label("hold");
        printf("until %s, by %s: %s\n", until, field_text(hold, "owner"), field_text(hold, "reason"));
    }
    if (field_text(status, "package_manager")[0]) {
        print_label("hold");
        printf("as long as %s is at work\n", field_text(status, "package_manager"));
    }
}

static void print_agent(const cJSON *status)
{
    const cJSON *budget = field(status, "budget");
    const cJSON *lease = field(status, "lease");
    const cJSON *store = field(status, "store");
    const cJSON *alerts = field(status, "alerts");
    const char *cluster = field_text(status, "cluster");
    char window[32], since[96];

    text_duration(window, sizeof(window), (uint64_t)field_number(budget, "window_ms"));
    print_line("cluster", cluster[0] ? cluster : "not known yet");
    print_label("rmqwatchd");
    printf("%s, mode = %s\n", field_text(status, "version"), field_text(status, "mode"));
    print_label("does");
    printf("%s: %s\n", field_text(status, "state"), field_text(status, "why"));
    if (field_text(status, "incident")[0]) {
        format_time_and_age(since, sizeof(since), field_text(status, "since"));
        print_label("incident");
        printf("%s, since %s\n", field_text(status, "incident"), since);
    }
    print_hold(status);
    print_label("restarts");
    printf(
        "%.0f of %.0f within %s used\n", field_number(budget, "used"), field_number(budget, "max"), window);
    print_label("lease");
    printf("%s, %s%s%s%s\n", field_text(lease, "provider"), field_text(lease, "state"),
        cJSON_IsFalse(field(lease, "usable")) ? ", not usable" : "",
        field_text(lease, "detail")[0] ? ": " : "", field_text(lease, "detail"));
    print_label("store");
    if (field_true(store, "ok"))
        puts("on disk");
    else
        printf("in memory only: %s\n", field_text(store, "problem"));
    print_label("alerts");
    printf("%.0f waiting, %.0f parked\n", field_number(alerts, "waiting"), field_number(alerts, "parked"));
}

static void print_probe(const cJSON *probe)
{
    char age[32];

    format_age(age, sizeof(age), (uint64_t)field_number(probe, "age_ms"));
    printf("  %s: ", field_text(probe, "kind"));
    if (!strcmp(field_text(probe, "result"), "ok"))
        printf("ok, %s", age);
    else
        printf("%s, %.0f in a row, %s", field_text(probe, "result"), field_number(probe, "failures"), age);
}

static void print_presence(const cJSON *member)
{
    const char *agent = field_text(member, "agent");

    if (!field_true(member, "local") && agent[0] && strcmp(agent, "unknown") != 0)
        printf("  rmqwatchd: %s", agent);
}

static void print_members(const cJSON *members)
{
    const cJSON *member, *probe;
    int name_width = 0, condition_width = 0;

    cJSON_ArrayForEach(member, members)
    {
        int name = text_columns(field_text(member, "node"));
        int condition = text_columns(field_text(member, "condition"));

        name_width = name > name_width ? name : name_width;
        condition_width = condition > condition_width ? condition : condition_width;
    }
    putchar('\n');
    cJSON_ArrayForEach(member, members)
    {
        const char *condition = field_text(member, "condition");

        printf("%s ", field_true(member, "local") ? "*" : " ");
        print_coloured(COLOUR_NONE, field_text(member, "node"), name_width + 2);
        print_coloured(colour_of_condition(condition), condition, condition_width);
        cJSON_ArrayForEach(probe, field(member, "probes")) print_probe(probe);
        print_presence(member);
        putchar('\n');
    }
}

static void print_problems(const cJSON *problems)
{
    const cJSON *problem;
    char since[96];

    if (cJSON_GetArraySize(problems) > 0)
        putchar('\n');
    cJSON_ArrayForEach(problem, problems)
    {
        format_time_and_age(since, sizeof(since), field_text(problem, "since"));
        fputs("! ", stdout);
        print_coloured(COLOUR_WARN, field_text(problem, "name"), 0);
        printf(" of %s since %s, incident %s\n", field_text(problem, "node"), since,
            field_text(problem, "incident"));
    }
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    cJSON *status = NULL;
    int first, code = command_parse(command, tool, argc, argv, NULL, 0, 0, &first);

    if (code < 0)
        code = request_get(tool, "/v1/status", &status);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(status);
    } else {
        print_head(status);
        print_agent(status);
        print_members(field(status, "members"));
        print_problems(field(status, "problems"));
        code = EXIT_DONE;
    }
    if (code == EXIT_DONE && !field_true(status, "ok"))
        code = EXIT_NOT_WELL;
    cJSON_Delete(status);
    return code;
}

const struct command status_command = {
    .name = "status",
    .arguments = "",
    .summary = "how this node and its cluster are, and what rmqwatchd does about it",
    .help = "How this node and its cluster are, and what rmqwatchd does about it.\n"
            "\n"
            "Exit codes: 0 all is well, 4 this node is not healthy or an incident is open,\n"
            "            1 failed, 2 wrong usage, 3 the daemon cannot be reached.\n",
    .run = run,
};
