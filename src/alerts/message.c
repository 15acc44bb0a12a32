#include "alerts/message.h"

#include "alerts/clean.h"
#include "alerts/story.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

enum fact {
    FACT_NODE,
    FACT_CLUSTER,
    FACT_OBSERVER,
    FACT_TIME,
    FACT_BEGAN,
    FACT_TOOK,
    FACT_INCIDENT,
    FACT_EVIDENCE
};

/* Every word of ours that people read. Another language is another one of these. */
struct language {
    const char *tones[MESSAGE_GOOD + 1];
    const char *facts[MESSAGE_FACTS_MAX];
    const char *earlier;
    const char *look_before;
    const char *look_after;
    const char *titles[NOTICE_KIND_COUNT]; /* NULL: the title of notice_info() */
};

static const struct language english = {
    .tones =
        {
            [MESSAGE_INFO] = "INFO",
            [MESSAGE_WARNING] = "WARNING",
            [MESSAGE_CRITICAL] = "CRITICAL",
            [MESSAGE_GOOD] = "OK",
        },
    .facts =
        {
            [FACT_NODE] = "Node",
            [FACT_CLUSTER] = "Cluster",
            [FACT_OBSERVER] = "Observer",
            [FACT_TIME] = "Time",
            [FACT_BEGAN] = "Began",
            [FACT_TOOK] = "Took",
            [FACT_INCIDENT] = "Incident",
            [FACT_EVIDENCE] = "Evidence",
        },
    .earlier = " earlier",
    .look_before = "Look further, on the host of ",
    .look_after = ":",
};

static enum message_tone tone_of(const struct notice *notice)
{
    if (story_ends_well(notice->kind))
        return MESSAGE_GOOD;
    switch (notice->severity) {
    case SEVERITY_INFO:
        return MESSAGE_INFO;
    case SEVERITY_WARNING:
        return MESSAGE_WARNING;
    case SEVERITY_CRITICAL:
        return MESSAGE_CRITICAL;
    }
    return MESSAGE_CRITICAL; /* a loudness that we do not know must not pass quietly */
}

/* "CRITICAL rabbit@rmq2: gave up": the kind's title goes on after a colon, so it starts small, unless it
 * starts with an abbreviation. */
static void compose_title(struct message *message, const struct language *language)
{
    enum notice_kind kind = message->notice.kind;
    const char *title = (unsigned)kind < NOTICE_KIND_COUNT ? language->titles[kind] : NULL;
    char first;

    if (!title)
        title = notice_info(kind)->title;
    first = title[0];
    if (first >= 'A' && first <= 'Z' && !(title[1] >= 'A' && title[1] <= 'Z'))
        first = (char)(first - 'A' + 'a');
    message->title[0] = '\0';
    text_append(message->title, sizeof(message->title), "%s%s%s: ", language->tones[message->tone],
        message->notice.node[0] ? " " : "", message->notice.node);
    if (title[0])
        text_append(message->title, sizeof(message->title), "%c%s", first, title + 1);
}

static void add_fact(
    struct message *message, const struct language *language, enum fact fact, const char *text)
{
    struct message_fact *added;

    if (!text[0])
        return;
    added = &message->facts[message->fact_count++];
    added->label = language->facts[fact];
    text_copy(added->text, sizeof(added->text), text);
}

static void compose_times(struct message *message, const struct language *language)
{
    const struct notice *notice = &message->notice;
    char text[MESSAGE_FACT_MAX];
    char duration[64];

    text_timestamp(text, sizeof(text), notice->wall_ms);
    add_fact(message, language, FACT_TIME, text);
    text_timestamp(text, sizeof(text), notice->since_wall_ms);
    /* The wall clock may have been set back in between: then a difference would be a lie. */
    if (notice->wall_ms > notice->since_wall_ms) {
        text_duration(duration, sizeof(duration), (uint64_t)(notice->wall_ms - notice->since_wall_ms));
        text_append(text, sizeof(text), ", %s%s", duration, language->earlier);
    }
    add_fact(message, language, FACT_BEGAN, text);

    text[0] = '\0';
    for (size_t i = 0; i < notice->phase_count; i++) {
        text_duration(duration, sizeof(duration), notice->phases[i].ms);
        text_append(text, sizeof(text), "%s%s %s", i ? ", " : "", notice->phases[i].name, duration);
    }
    add_fact(message, language, FACT_TOOK, text);
}

/* The incident's id is pasted into a shell: quoted as soon as it holds anything unusual. */
static void compose_command(struct message *message)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@%+-";
    const char *incident = message->notice.incident;
    bool quote = incident[strspn(incident, usual)] != '\0';
    char *command = message->command;

    text_copy(command, MESSAGE_COMMAND_MAX, "journalctl -u rmqwatchd ");
    text_append(command, MESSAGE_COMMAND_MAX, "%sRMQ_INCIDENT=", quote ? "'" : "");
    while (*incident) {
        size_t plain = strcspn(incident, "'");

        text_append(command, MESSAGE_COMMAND_MAX, "%.*s", (int)plain, incident);
        incident += plain;
        for (; *incident == '\''; incident++)
            text_append(command, MESSAGE_COMMAND_MAX, "'\\''");
    }
    if (quote)
        text_append(command, MESSAGE_COMMAND_MAX, "'");
}

void message_compose(struct message *message, const struct notice *notice)
{
    const struct language *language = &english;
    const struct notice *clean = &message->notice;

    clean_notice(&message->notice, notice);
    message->tone = tone_of(clean);
    compose_title(message, language);
    message->fact_count = 0;
    add_fact(message, language, FACT_NODE, clean->node);
    add_fact(message, language, FACT_CLUSTER, clean->cluster);
    add_fact(message, language, FACT_OBSERVER, clean->observer);
    compose_times(message, language);
    add_fact(message, language, FACT_INCIDENT, clean->incident);
    add_fact(message, language, FACT_EVIDENCE, clean->evidence);
    message->look[0] = '\0';
    text_append(message->look, sizeof(message->look), "%s%s%s", language->look_before,
        clean->observer[0] ? clean->observer : clean->node, language->look_after);
    compose_command(message);
}

void message_print(const struct message *message, FILE *out)
{
    int width = 0;

    fprintf(out, "%s\n", message->title);
    if (message->notice.why[0] || message->notice.detail[0])
        fputc('\n', out);
    if (message->notice.why[0])
        fprintf(out, "%s\n", message->notice.why);
    if (message->notice.detail[0])
        fprintf(out, "%s\n", message->notice.detail);
    fputc('\n', out);
    for (size_t i = 0; i < message->fact_count; i++)
        if ((int)strlen(message->facts[i].label) > width)
            width = (int)strlen(message->facts[i].label);
    for (size_t i = 0; i < message->fact_count; i++)
        fprintf(out, "%-*s  %s\n", width, message->facts[i].label, message->facts[i].text);
    fprintf(out, "\n%s\n  %s\n", message->look, message->command);
}
