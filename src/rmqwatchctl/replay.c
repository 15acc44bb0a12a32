#include "replay/replay.h"
#include "base/clean.h"
#include "base/text.h"
#include "rmqwatchctl/configuration.h"
#include "rmqwatchctl/output.h"
#include "rmqwatchctl/tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Who hears of the moments: people, as they come; or JSON, when there is all of it. */
struct listener {
    const struct store_recording *recording;
    const char *through; /* which configuration */
    bool begun;
    cJSON *moments; /* NULL: for people */
};

static const char *const verdict_names[] = {
    [REPLAY_SAME] = "same",
    [REPLAY_DEPARTS] = "departs",
    [REPLAY_STRANGE] = "strange",
};

/* --- for people --- */

static void print_clean(const char *before, const char *text, const char *after)
{
    char clean[1024];

    clean_text(clean, sizeof(clean), text, strlen(text), false);
    printf("%s%s%s", before, clean, after);
}

static void print_label_of(const char *label, enum colour colour, int64_t wall_ms)
{
    char stamp[32], local[64];

    text_timestamp(stamp, sizeof(stamp), wall_ms);
    format_time(local, sizeof(local), stamp);
    print_coloured(colour, label, 11);
    printf("%s  ", local);
}

static void print_decisions(
    const char *label, enum colour colour, const struct store_entry *decisions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_label_of(label, colour, decisions[i].wall_ms);
        print_clean("", decisions[i].event, ": ");
        print_clean("", decisions[i].why, "");
        if (decisions[i].detail[0])
            print_clean(" [", decisions[i].detail, "]");
        putchar('\n');
    }
}

static void print_nothing(const char *label, enum colour colour, int64_t wall_ms)
{
    print_label_of(label, colour, wall_ms);
    fputs("nothing", stdout);
}

static void print_head(const struct store_recording *recording, const char *through)
{
    print_coloured(COLOUR_BOLD, recording->incident.id, 0);
    print_clean(" of ", recording->incident.node, "");
    printf(", replayed with %s\n\n", through);
}

static void print_moment(const struct replay_moment *moment)
{
    if (moment->verdict == REPLAY_SAME) {
        print_decisions("as it was", COLOUR_GOOD, moment->then, moment->then_count);
        return;
    }
    print_decisions("then", COLOUR_WARN, moment->then, moment->then_count);
    if (moment->then_count == 0) {
        print_nothing("then", COLOUR_WARN, moment->wall_ms);
        putchar('\n');
    }
    print_decisions("now", COLOUR_BAD, moment->now, moment->now_count);
    if (moment->now_count > 0)
        return;
    print_nothing("now", COLOUR_BAD, moment->wall_ms);
    printf(": %s", moment->state);
    if (strcmp(moment->state, "watching") != 0)
        printf(" (%s)", moment->why);
    printf(", the node counts as %s\n", moment->condition);
}

static void print_end(const struct store_recording *recording, enum replay_verdict verdict, bool recorded)
{
    const struct store_input *first = recording->inputs, *last = first + recording->input_count - 1;
    char length[32];

    text_duration(length, sizeof(length), last->now_ms - first->now_ms);
    putchar('\n');
    if (verdict == REPLAY_STRANGE)
        puts("This cannot be the configuration's doing: with that of then, too, the core decides otherwise "
             "than "
             "was\n"
             "recorded. Another version of rmqwatchd made the recording, or knew what is older than it.");
    else if (verdict == REPLAY_DEPARTS)
        puts("What follows in the recording is no evidence any more: it shows what came of what was done "
             "then.");
    else
        printf("%s decides the same, over all that was recorded: %zu events in %s.\n",
            recorded ? "The configuration of then" : "Today's configuration", recording->input_count, length);
    if (verdict == REPLAY_SAME && recording->entry_count > 0 &&
        recording->entries[recording->entry_count - 1].wall_ms > last->wall_ms)
        puts("The incident went on after the end of the recording.");
}

/* --- as JSON --- */

static void put_decisions(cJSON *json, const char *name, const struct store_entry *decisions, size_t count)
{
    cJSON *array = cJSON_AddArrayToObject(json, name);
    char text[1024];

    for (size_t i = 0; i < count; i++) {
        cJSON *decision = cJSON_CreateObject();

        cJSON_AddItemToArray(array, decision);
        cJSON_AddStringToObject(decision, "event", decisions[i].event);
        cJSON_AddStringToObject(decision, "condition", decisions[i].condition);
        clean_text(text, sizeof(text), decisions[i].why, strlen(decisions[i].why), false);
        cJSON_AddStringToObject(decision, "why", text);
        clean_text(text, sizeof(text), decisions[i].detail, strlen(decisions[i].detail), true);
        cJSON_AddStringToObject(decision, "detail", text);
    }
}

static void put_moment(cJSON *moments, const struct replay_moment *moment)
{
    cJSON *json = cJSON_CreateObject();
    char stamp[32];

    cJSON_AddItemToArray(moments, json);
    text_timestamp(stamp, sizeof(stamp), moment->wall_ms);
    cJSON_AddStringToObject(json, "time", stamp);
    cJSON_AddStringToObject(json, "verdict", verdict_names[moment->verdict]);
    put_decisions(json, "then", moment->then, moment->then_count);
    put_decisions(json, "now", moment->now, moment->now_count);
    cJSON_AddStringToObject(json, "state", moment->state);
    cJSON_AddStringToObject(json, "why", moment->why);
    cJSON_AddStringToObject(json, "condition", moment->condition);
}

static void on_moment(void *context, const struct replay_moment *moment)
{
    struct listener *listener = context;

    if (listener->moments) {
        put_moment(listener->moments, moment);
        return;
    }
    if (!listener->begun)
        print_head(listener->recording, listener->through);
    listener->begun = true;
    print_moment(moment);
}

/* --- the command --- */

static int fail_to_read(const char *directory, const char *incident, int error)
{
    char path[4096 + 32];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, STORE_FILE);
    fputs("rmqwatchctl: ", stderr);
    if (error == -ENOENT && access(path, F_OK) == 0)
        fprintf(stderr, "%s: there is no incident '%s'; 'rmqwatchctl history' lists them\n", path, incident);
    else if (error == -ENOENT)
        fprintf(stderr, "%s: No such file or directory; --directory names the daemon's state_dir\n", path);
    else if (error == -EACCES || error == -EPERM)
        fprintf(stderr, "%s: Permission denied; only root and the daemon may read it\n", path);
    else if (error == -EBADMSG)
        fprintf(stderr, "%s: damaged, or made by another version of rmqwatchd\n", path);
    else
        fprintf(stderr, "%s: %s\n", path, strerror(-error));
    return EXIT_FAILED;
}

static int fail_to_replay(const struct store_recording *recording, int error)
{
    const char *id = recording->incident.id;

    fputs("rmqwatchctl: ", stderr);
    if (recording->input_count == 0)
        fprintf(stderr,
            "%s: nothing is recorded of it; recordings are of incidents in which the node itself was in "
            "need, "
            "and of the newest %d of them\n",
            id, STORE_RECORDINGS_MAX);
    else if (error == -ENODATA)
        fprintf(stderr, "%s: the beginning of its recording is lost, so it cannot be replayed\n", id);
    else if (error == -EBADMSG)
        fprintf(stderr, "%s: its recording is damaged, or made by another version of rmqwatchd\n", id);
    else
        fprintf(stderr, "%s: %s\n", id, strerror(-error));
    return EXIT_FAILED;
}

static int tell(const struct tool *tool, const struct store_recording *recording, const struct config *config)
{
    const struct policy *policy = config ? &config->policy : NULL;
    cJSON *json = tool->json ? cJSON_CreateObject() : NULL;
    struct listener listener = {.recording = recording,
        .through = config ? config->path : "the configuration of then",
        .moments = json ? cJSON_AddArrayToObject(json, "moments") : NULL};
    enum replay_verdict verdict = REPLAY_SAME;
    int r;

    r = replay_run(recording, policy, on_moment, &listener, &verdict);
    if (r == 0 && json) {
        cJSON_AddStringToObject(json, "incident", recording->incident.id);
        cJSON_AddStringToObject(json, "node", recording->incident.node);
        cJSON_AddStringToObject(json, "configuration", config ? config->path : "recorded");
        cJSON_AddStringToObject(json, "verdict", verdict_names[verdict]);
        r = print_json(json) == EXIT_DONE ? 0 : -ENOMEM;
    } else if (r == 0) {
        print_end(recording, verdict, !config);
    }
    cJSON_Delete(json);
    if (r < 0)
        return fail_to_replay(recording, r);
    return verdict == REPLAY_STRANGE ? EXIT_FAILED : EXIT_DONE;
}

static int replay(const struct tool *tool, const char *incident, const char *directory,
    const struct config *config, bool recorded)
{
    struct store_recording *recording = NULL;
    int code, r;

    if (!directory)
        directory = config->state_dir;
    r = store_read_incident(directory, incident, &recording);
    if (r < 0)
        return fail_to_read(directory, incident, r);
    code = tell(tool, recording, recorded ? NULL : config);
    store_recording_free(recording);
    return code;
}

static int run(const struct command *command, struct tool *tool, int argc, char **argv)
{
    const char *directory = NULL, *path = DEFAULT_CONFIGURATION;
    bool recorded = false;
    const struct command_option own[] = {
        {"directory", &directory, NULL}, {"config", &path, NULL}, {"recorded", NULL, &recorded}};
    struct config *config = NULL;
    int first, code = command_parse(command, tool, argc, argv, own, 3, 1, &first);

    if (code >= 0)
        return code;
    if (first == argc)
        return command_misused(command, "replay: the incident's id is missing");
    if (!recorded || !directory) {
        config = configuration_load(path);
        if (!config)
            return EXIT_FAILED;
    }
    code = replay(tool, argv[first], directory, config, recorded);
    config_free(config);
    return code;
}

const struct command replay_command = {
    .name = "replay",
    .arguments = "INCIDENT",
    .summary = "what today's configuration would have done in a recorded incident",
    .help =
        "Takes what was recorded of INCIDENT through today's configuration, and shows where it decides as "
        "it\n"
        "was decided then, and the first moment at which it does not. There it ends: how the world would "
        "have\n"
        "answered is not known. Checks were made when they were made; other intervals make no others.\n"
        "Nothing is asked, touched or sent, and no secret is read; the daemon may run meanwhile.\n"
        "\n"
        "      --config=FILE    instead of " DEFAULT_CONFIGURATION "\n"
        "      --directory=DIR  where the daemon keeps its incidents; state_dir of the configuration, "
        "unless\n"
        "                       given\n"
        "      --recorded       with the configuration of then: proves that the recording tells how it was\n"
        "\n"
        "Exit codes: 0 done, 1 failed, or not even the configuration of then decides as it was, 2 wrong "
        "usage.\n",
    .offline = true,
    .run = run,
};
