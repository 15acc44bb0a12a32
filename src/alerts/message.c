#include "alerts/message.h"

#include "alerts/clean.h"
#include "alerts/story.h"
#include "base/text.h"
#include "words/words.h"

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

static const char *const labels[MESSAGE_FACTS_MAX] = {
    [FACT_NODE] = WORD("Node"),
    [FACT_CLUSTER] = WORD("Cluster"),
    [FACT_OBSERVER] = WORD("Observer"),
    [FACT_TIME] = WORD("Time"),
    [FACT_BEGAN] = WORD("Began"),
    [FACT_TOOK] = WORD("Took"),
    [FACT_INCIDENT] = WORD("Incident"),
    [FACT_EVIDENCE] = WORD("Evidence"),
};

static const char *const tones[] = {
    [MESSAGE_INFO] = WORD("INFO"),
    [MESSAGE_WARNING] = WORD("WARNING"),
    [MESSAGE_CRITICAL] = WORD("CRITICAL"),
    [MESSAGE_GOOD] = WORD("OK"),
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
 * starts with an abbreviation. What starts with a capital in Chinese is a name. */
static void compose_title(struct message *message)
{
    const enum language language = message->notice.language;
    const char *title = words(language, notice_info(message->notice.kind)->title);
    char first = title[0];

    if (language == LANGUAGE_ENGLISH && first >= 'A' && first <= 'Z' && !(title[1] >= 'A' && title[1] <= 'Z'))
        first = (char)(first - 'A' + 'a');
    message->title[0] = '\0';
    text_append(message->title, sizeof(message->title), words(language, "%s%s%s: "),
        words(language, tones[message->tone]), message->notice.node[0] ? " " : "", message->notice.node);
    text_append(message->title, sizeof(message->title), "%c%s", first, title + 1);
}

static void add_fact(struct message *message, enum fact fact, const char *text)
{
    struct message_fact *added;

    if (!text[0])
        return;
    added = &message->facts[message->fact_count++];
    added->label = words(message->notice.language, labels[fact]);
    text_copy(added->text, sizeof(added->text), text);
}

static void compose_times(struct message *message)
{
    const struct notice *notice = &message->notice;
    const enum language language = notice->language;
    char text[MESSAGE_FACT_MAX];
    char duration[64];

    text_timestamp(text, sizeof(text), notice->wall_ms);
    add_fact(message, FACT_TIME, text);
    text_timestamp(text, sizeof(text), notice->since_wall_ms);
    /* The wall clock may have been set back in between: then a difference would be a lie. */
    if (notice->wall_ms > notice->since_wall_ms) {
        text_duration(duration, sizeof(duration), (uint64_t)(notice->wall_ms - notice->since_wall_ms));
        text_append(text, sizeof(text), words(language, ", %s earlier"), duration);
    }
    add_fact(message, FACT_BEGAN, text);

    text[0] = '\0';
    for (size_t i = 0; i < notice->phase_count; i++) {
        text_duration(duration, sizeof(duration), notice->phases[i].ms);
        text_append(text, sizeof(text), "%s%s %s", i ? words(language, ", ") : "",
            words(language, notice->phases[i].name), duration);
    }
    add_fact(message, FACT_TOOK, text);
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
    const struct notice *clean = &message->notice;

    clean_notice(&message->notice, notice);
    message->tone = tone_of(clean);
    compose_title(message);
    message->fact_count = 0;
    add_fact(message, FACT_NODE, clean->node);
    add_fact(message, FACT_CLUSTER, clean->cluster);
    add_fact(message, FACT_OBSERVER, clean->observer);
    compose_times(message);
    add_fact(message, FACT_INCIDENT, clean->incident);
    add_fact(message, FACT_EVIDENCE, clean->evidence);
    message->look[0] = '\0';
    text_append(message->look, sizeof(message->look),
        words(clean->language, "Look further, on the host of %s:"),
        clean->observer[0] ? clean->observer : clean->node);
    compose_command(message);
}

/* How wide TEXT is where every character has the same width, and a Chinese one twice that. */
static int columns_of(const char *text)
{
    int columns = 0;

    for (; *text; text += text_character_size(text))
        columns += text_character_size(text) > 2 ? 2 : 1;
    return columns;
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
        if (columns_of(message->facts[i].label) > width)
            width = columns_of(message->facts[i].label);
    for (size_t i = 0; i < message->fact_count; i++) {
        const struct message_fact *fact = &message->facts[i];

        fprintf(out, "%s%*s  %s\n", fact->label, width - columns_of(fact->label), "", fact->text);
    }
    fprintf(out, "\n%s\n  %s\n", message->look, message->command);
}
