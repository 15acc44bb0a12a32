#include "base/text.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/request.h"

#include <stdio.h>
#include <stdlib.h>

static void print_head(const cJSON *why)
{
    const char *condition = field_text(why, "condition");
    char since[96];

    format_time_and_age(since, sizeof(since), field_text(why, "condition_since"));
    print_coloured(COLOUR_BOLD, field_text(why, "node"), 0);
    fputs(" is ", stdout);
    print_coloured(colour_of_condition(condition), condition, 0);
    printf(" since %s\n\n", since);
}

static void print_moment(const char *label, const char *text)
{
    char moment[96] = "";

    if (text[0])
        format_time_and_age(moment, sizeof(moment), text);
    print_line(label, moment);
}

static void print_decision(const cJSON *why)
{
    const cJSON *hold = field(why, "hold");
    char text[512];

    print_label("decision");
    printf("%s: %s\n", field_text(why, "state"), field_text(why, "why"));
    print_moment("taken", field_text(why, "state_since"));
    print_moment("next step", field_text(why, "next"));
    print_line("incident", field_text(why, "incident"));
    print_moment("began", field_text(why, "since"));
    print_line("refused", field_text(why, "refusal"));
    if (cJSON_IsObject(hold)) {
        (void)snprintf(
            text, sizeof(text), "by %s: %s", field_text(hold, "owner"), field_text(hold, "reason"));
        print_line("hold", text);
        print_moment("hold until", field_text(hold, "until"));
    }
    print_line("packages", field_text(why, "package_manager"));
    print_line("cause", field_text(why, "cause"));
    print_line("evidence", field_text(why, "evidence_path"));
}

static void print_evidence(const cJSON *why)
{
    const cJSON *unit = field(why, "unit");
    const cJSON *probe;
    char age[32];

    putchar('\n');
    if (cJSON_IsFalse(field(unit, "known"))) {
        print_line("unit", "not known: systemd cannot be asked");
    } else if (unit) {
        print_label("unit");
        printf("%s (%s), result %s%s\n", field_text(unit, "active"), field_text(unit, "sub"),
            field_text(unit, "result"), field_number(unit, "job") > 0 ? ", a job is queued" : "");
    }
    cJSON_ArrayForEach(probe, field(why, "probes"))
    {
        format_age(age, sizeof(age), (uint64_t)field_number(probe, "age_ms"));
        print_label(field_text(probe, "kind"));
        printf("%s", field_text(probe, "says"));
        if (field_number(probe, "failures") > 0)
            printf(", %.0f in a row", field_number(probe, "failures"));
        printf(", %s\n", age);
    }
    print_line("others", field_text(why, "quorum"));
    print_line("proof", field_text(why, "proof"));
}

static void print_facts(const cJSON *facts, bool wanted)
{
    char text[512] = "";
    const cJSON *fact;

    cJSON_ArrayForEach(fact, facts) if (cJSON_IsTrue(fact) == wanted)
        text_append(text, sizeof(text), "%s%s", text[0] ? ", " : "", fact->string);
    print_line(wanted ? "true" : "not true", text);
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    cJSON *why = NULL;
    char *path;
    int first, code = command_parse(command, tool, argc, argv, NULL, 0, 1, &first);

    if (code >= 0)
        return code;
    path = request_path("/v1/why", first < argc ? "node" : NULL, argv[first]);
    code = request_get(tool, path, &why);
    free(path);
    if (code >= 0)
        return code;
    if (tool->json) {
        code = print_json(why);
    } else {
        print_head(why);
        print_decision(why);
        print_evidence(why);
        print_facts(field(why, "facts"), true);
        print_facts(field(why, "facts"), false);
        code = EXIT_DONE;
    }
    cJSON_Delete(why);
    return code;
}

const struct command why_command = {
    .name = "why",
    .arguments = "[NODE]",
    .summary = "the last decision about a node, and all that it rests on",
    .help = "The last decision about NODE (\"rabbit@host\"; without it: this node), what held it back, and\n"
            "all the evidence that it rests on. The facts are those of 'rmqwatchd --print-fsm'.\n",
    .run = run,
};
