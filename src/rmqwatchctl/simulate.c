#include "rmqwatch/lease.h"
#include "rmqwatchctl/configuration.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/tool.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCENARIOS_MAX = 64, OTHER_DICE = 10, SENTENCE_MAX = 1024 };

/* One scenario with the operator's policy, and with the product's defaults. */
struct trial {
    const char *name, *about;
    struct sim_outcome outcome;
    char sentence[SENTENCE_MAX];
    char defaults[SENTENCE_MAX]; /* empty: no different */
};

static int print_list(void)
{
    for (size_t i = 0; sim_scenario_name(i); i++)
        printf("%-14s %s\n", sim_scenario_name(i), sim_scenario_about(i));
    return EXIT_DONE;
}

static int print_list_json(void)
{
    cJSON *json = cJSON_CreateObject(), *array = cJSON_AddArrayToObject(json, "scenarios");
    int code;

    for (size_t i = 0; sim_scenario_name(i); i++) {
        cJSON *scenario = cJSON_CreateObject();

        cJSON_AddStringToObject(scenario, "name", sim_scenario_name(i));
        cJSON_AddStringToObject(scenario, "about", sim_scenario_about(i));
        cJSON_AddItemToArray(array, scenario);
    }
    code = print_json(json);
    cJSON_Delete(json);
    return code;
}

static bool find_scenario(const char *name, size_t *ret_index)
{
    for (size_t i = 0; sim_scenario_name(i); i++)
        if (!strcmp(sim_scenario_name(i), name)) {
            *ret_index = i;
            return true;
        }
    return false;
}

/* The story is told with its own dice; what chance does to its times is seen with others. */
static void run_often(const char *name, const struct policy *policy, const struct sim_options *options,
    struct sim_outcome *ret_outcome)
{
    (void)sim_run_scenario(name, policy, options, ret_outcome);
    for (uint64_t dice = 1; dice <= OTHER_DICE; dice++) {
        const struct sim_options silent = {.dice = 1000 + dice};
        struct sim_outcome other;

        (void)sim_run_scenario(name, policy, &silent, &other);
        sim_outcome_widen(ret_outcome, &other);
    }
}

static void run_trial(
    size_t scenario, const struct policy *policy, const struct sim_options *options, struct trial *ret_trial)
{
    const struct sim_options silent = {0};
    struct sim_outcome defaults;

    memset(ret_trial, 0, sizeof(*ret_trial));
    ret_trial->name = sim_scenario_name(scenario);
    ret_trial->about = sim_scenario_about(scenario);
    run_often(ret_trial->name, policy, options, &ret_trial->outcome);
    sim_outcome_describe(&ret_trial->outcome, ret_trial->sentence, sizeof(ret_trial->sentence));
    run_often(ret_trial->name, NULL, &silent, &defaults);
    if (sim_outcome_differs(&ret_trial->outcome, &defaults))
        sim_outcome_describe(&defaults, ret_trial->defaults, sizeof(ret_trial->defaults));
}

/* --- for people --- */

static void print_summary(const struct trial *trial)
{
    const struct sim_result *result = &trial->outcome.result;

    print_coloured(COLOUR_BOLD, trial->name, 15);
    puts(trial->sentence);
    if (trial->defaults[0])
        printf("%15swith the defaults: %s\n", "", trial->defaults);
    if (!trial->outcome.violated)
        return;
    printf("%15s", "");
    print_coloured(COLOUR_BAD, "VIOLATED", 0);
    printf(": %s: %s (%s)\n", result->invariant, result->sentence, result->moment);
}

static int tell(const struct config *config, const size_t *scenarios, size_t count, bool verbose)
{
    const struct sim_options options = {.trace = stdout, .verbose = verbose};
    struct trial *trials = calloc(count, sizeof(*trials));
    int code = EXIT_DONE;

    if (!trials) {
        fputs("rmqwatchctl: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        run_trial(scenarios[i], &config->policy, &options, &trials[i]);
        putchar('\n');
    }
    printf("%s: mode = %s, lease %s; three nodes; in brackets: with other dice\n\n", config->path,
        config->policy.act ? "act" : "observe", config->lease.provider->name);
    for (size_t i = 0; i < count; i++) {
        print_summary(&trials[i]);
        if (trials[i].outcome.violated)
            code = EXIT_FAILED;
    }
    free(trials);
    return code;
}

/* --- as JSON --- */

static void put_moment(cJSON *json, const char *name, const struct sim_moment *moment)
{
    cJSON *object = moment->ms > 0 ? cJSON_AddObjectToObject(json, name) : cJSON_AddNullToObject(json, name);

    if (moment->ms == 0)
        return;
    cJSON_AddNumberToObject(object, "ms", (double)moment->ms);
    cJSON_AddNumberToObject(object, "least_ms", (double)moment->least_ms);
    cJSON_AddNumberToObject(object, "most_ms", (double)moment->most_ms);
}

static void put_text(cJSON *json, const char *name, const char *text)
{
    if (text[0])
        cJSON_AddStringToObject(json, name, text);
    else
        cJSON_AddNullToObject(json, name);
}

static void put_outcome(cJSON *json, const struct sim_outcome *outcome)
{
    cJSON *told = cJSON_AddArrayToObject(json, "told");

    for (size_t i = 0; i < outcome->told_count; i++)
        cJSON_AddItemToArray(told, cJSON_CreateString(notice_info(outcome->told[i])->event));
    cJSON_AddNumberToObject(json, "kills", outcome->kills);
    cJSON_AddNumberToObject(json, "restarts", outcome->restarts);
    cJSON_AddNumberToObject(json, "starts", outcome->starts);
    put_text(json, "held", outcome->held);
    put_text(json, "would_act", outcome->would);
    put_moment(json, "acted", &outcome->acted);
    put_moment(json, "gave_up", &outcome->gave_up);
    put_moment(json, "serve", &outcome->serve);
    put_moment(json, "recovered", &outcome->recovered);
    cJSON_AddBoolToObject(json, "released", outcome->released);
    cJSON_AddBoolToObject(json, "over", outcome->calm);
    put_text(json, "violated", outcome->violated ? outcome->result.sentence : "");
}

static void put_story(cJSON *json, char *story)
{
    cJSON *lines = cJSON_AddArrayToObject(json, "story");
    char *rest = NULL;

    for (char *line = strtok_r(story, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        cJSON_AddItemToArray(lines, cJSON_CreateString(line));
}

static bool put_trial(cJSON *array, size_t scenario, const struct policy *policy, bool verbose)
{
    struct sim_options options = {.verbose = verbose};
    struct trial trial;
    char *story = NULL;
    size_t size = 0;
    cJSON *json = cJSON_CreateObject();

    cJSON_AddItemToArray(array, json);
    options.trace = open_memstream(&story, &size);
    run_trial(scenario, policy, &options, &trial);
    cJSON_AddStringToObject(json, "name", trial.name);
    cJSON_AddStringToObject(json, "about", trial.about);
    cJSON_AddStringToObject(json, "outcome", trial.sentence);
    put_text(json, "defaults", trial.defaults);
    put_outcome(json, &trial.outcome);
    if (options.trace && fclose(options.trace) == 0)
        put_story(json, story);
    free(story);
    return trial.outcome.violated;
}

static int tell_json(const struct config *config, const size_t *scenarios, size_t count, bool verbose)
{
    cJSON *json = cJSON_CreateObject(), *array;
    bool violated = false;
    int code;

    cJSON_AddStringToObject(json, "configuration", config->path);
    cJSON_AddStringToObject(json, "mode", config->policy.act ? "act" : "observe");
    cJSON_AddStringToObject(json, "lease", config->lease.provider->name);
    array = cJSON_AddArrayToObject(json, "scenarios");
    for (size_t i = 0; i < count; i++)
        violated = put_trial(array, scenarios[i], &config->policy, verbose) || violated;
    code = print_json(json);
    cJSON_Delete(json);
    return violated ? EXIT_FAILED : code;
}

/* --- the command --- */

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    bool list = false, verbose = false;
    const struct command_option own[] = {{"list", NULL, &list}, {"verbose", NULL, &verbose}};
    const char *path = DEFAULT_CONFIGURATION;
    size_t scenarios[SCENARIOS_MAX], count = 0;
    struct config *config;
    int first, code = command_parse(command, tool, argc, argv, own, 2, SCENARIOS_MAX, &first);

    if (code >= 0)
        return code;
    if (list && first < argc)
        return command_misused(command, "simulate: '%s' beside --list, which shows all", argv[first]);
    if (list)
        return tool->json ? print_list_json() : print_list();
    if (first < argc && !find_scenario(argv[first], &scenarios[0])) {
        path = argv[first++];
        if (!strchr(path, '/') && access(path, F_OK) < 0)
            return command_misused(
                command, "simulate: '%s' is neither a file nor a scenario, see --list", path);
    }
    for (; first < argc; first++)
        if (!find_scenario(argv[first], &scenarios[count++]))
            return command_misused(command, "simulate: '%s' is no scenario, see --list", argv[first]);
    for (size_t i = 0; count == i && sim_scenario_name(i); i++)
        scenarios[count++] = i;
    config = configuration_load(path);
    if (!config)
        return EXIT_FAILED;
    config->policy.language = LANGUAGE_ENGLISH; /* as all that this tool itself says */
    code = (tool->json ? tell_json : tell)(config, scenarios, count, verbose);
    config_free(config);
    return code;
}

const struct command simulate_command = {
    .name = "simulate",
    .arguments = "[FILE] [SCENARIO]...",
    .summary = "what a configuration would do when a node hangs, crashes, is cut off ...",
    .help =
        "What rmqwatchd would do with the configuration FILE (" DEFAULT_CONFIGURATION "\n"
        "unless given) in each SCENARIO (in all of them unless given): the story of a modelled cluster of\n"
        "three nodes, each guarded by the daemon's own core; then the outcome in one line each, and what it\n"
        "would have been with the defaults, where that is different. Nothing is asked, touched or sent, and\n"
        "no secret is read. What only a real cluster has does not count: addresses, unit, channels, and how\n"
        "long its brokers need to boot (here: 3 to 9 s). A FILE with the name of a scenario: ./FILE.\n"
        "\n"
        "      --list           list the scenarios\n"
        "      --verbose        tell every decision\n"
        "\n"
        "Exit codes: 0 done, 1 bad configuration, or what must never happen did: please report that,\n"
        "            2 wrong usage.\n",
    .offline = true,
    .run = run,
};
