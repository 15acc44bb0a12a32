#include "alerts/message.h"

#include "alerts/advice.h"
#include "alerts/clean.h"
#include "alerts/fold.h"
#include "alerts/trouble.h"
#include "base/text.h"
#include "words/words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum fact {
    FACT_NODE,
    FACT_CLUSTER,
    FACT_OBSERVER,
    FACT_TIME,
    FACT_BEGAN,
    FACT_TOOK,
    FACT_COUNT,
    FACT_COURSE,
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
    [FACT_COUNT] = WORD("Count"),
    [FACT_COURSE] = WORD("What happened"),
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
    if (trouble_ends_well(notice->kind))
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

static const char *title_of(enum language language, enum notice_kind kind)
{
    return words(language, notice_info(kind)->title);
}

/* "CRITICAL rabbit@rmq2: gave up": the kind's title goes on after a colon, so it starts small, unless it
 * starts with an abbreviation. What starts with a capital in Chinese is a name. */
static void compose_title(struct message *message)
{
    const struct notice *notice = &message->notice;
    const enum language language = notice->language;
    char title[MESSAGE_TITLE_MAX];
    char whole[MESSAGE_TITLE_MAX] = "";

    text_copy(title, sizeof(title), title_of(language, notice->kind));
    if (language == LANGUAGE_ENGLISH && title[0] >= 'A' && title[0] <= 'Z' &&
        !(title[1] >= 'A' && title[1] <= 'Z'))
        title[0] = (char)(title[0] - 'A' + 'a');
    if (notice->repeated)
        text_append(whole, sizeof(whole), words(language, "still: %s"), title);
    else if (notice->flaps > 0)
        text_append(whole, sizeof(whole), words(language, "%s (came back %ux)"), title, notice->flaps);
    else
        text_copy(whole, sizeof(whole), title);
    message->title[0] = '\0';
    text_append(message->title, sizeof(message->title), words(language, "%s%s%s: "),
        words(language, tones[message->tone]), notice->node[0] ? " " : "", notice->node);
    text_append(message->title, sizeof(message->title), "%s", whole);
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

static void compose_count(struct message *message)
{
    const struct notice *notice = &message->notice;
    const enum language language = notice->language;
    bool over = trouble_ends(notice->kind);
    char first[32], last[32];
    char text[MESSAGE_FACT_MAX] = "";

    text_timestamp(last, sizeof(last), over ? notice->wall_ms : notice->since_wall_ms);
    text_copy(first, sizeof(first), last);
    if (notice->course[0])
        snprintf(first, sizeof(first), "%.*s", (int)strcspn(notice->course, " \n"), notice->course);
    if (notice->repeated)
        text_append(
            text, sizeof(text), words(language, "told %u times; goes on since %s"), fold_count(notice), last);
    else if (notice->flaps > 0)
        text_append(text, sizeof(text),
            over ? words(language, "%u notices since %s; came back %ux; over since %s")
                 : words(language, "%u notices since %s; came back %ux; goes on since %s"),
            fold_count(notice), first, notice->flaps, last);
    else if (fold_count(notice) > 1)
        text_append(text, sizeof(text), "%" PRIu32, fold_count(notice));
    add_fact(message, FACT_COUNT, text);
}

/* "2026-01-31T12:00:03Z crashed: exit code 1" becomes "12:00:03 Crashed: exit code 1"; the date stays where
 * it is not the message's. A line of another make is shown as it is. */
static void add_line(
    const struct message *message, const char *line, size_t size, char text[static MESSAGE_FACT_MAX])
{
    const enum language language = message->notice.language;
    char today[32], word[RMQ_COURSE_MAX];
    size_t stamp = strcspn(line, " \n"), event;
    int kind = NOTICE_NONE;

    text_append(text, MESSAGE_FACT_MAX, "%s", text[0] ? "\n" : "");
    if (line[0] == '+') {
        text_append(
            text, MESSAGE_FACT_MAX, words(language, "(%u more)"), (uint32_t)strtoul(line + 1, NULL, 10));
        return;
    }
    text_timestamp(today, sizeof(today), message->notice.wall_ms);
    event = stamp < size ? strcspn(line + stamp + 1, ":\n") : 0;
    snprintf(word, sizeof(word), "%.*s", (int)event, line + (stamp < size ? stamp + 1 : size));
    while (kind < NOTICE_KIND_COUNT && strcmp(notice_info((enum notice_kind)kind)->event, word) != 0)
        kind++;
    if (stamp != strlen("2026-01-31T12:00:03Z") || kind == NOTICE_KIND_COUNT)
        text_append(text, MESSAGE_FACT_MAX, "%.*s", (int)size, line);
    else if (strncmp(line, today, strlen("2026-01-31")) == 0)
        text_append(text, MESSAGE_FACT_MAX, "%.8s %s%.*s", line + strlen("2026-01-31T"),
            title_of(language, (enum notice_kind)kind), (int)(size - stamp - 1 - event),
            line + stamp + 1 + event);
    else
        text_append(text, MESSAGE_FACT_MAX, "%.*s %s%.*s", (int)stamp, line,
            title_of(language, (enum notice_kind)kind), (int)(size - stamp - 1 - event),
            line + stamp + 1 + event);
}

static void compose_course(struct message *message)
{
    const char *line = message->notice.course;
    char text[MESSAGE_FACT_MAX] = "";

    while (*line) {
        size_t size = strcspn(line, "\n");

        add_line(message, line, size, text);
        line += size + (line[size] == '\n');
    }
    add_fact(message, FACT_COURSE, text);
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

static void compose_look(struct message *message)
{
    const struct notice *notice = &message->notice;
    const char *advice = advice_for(notice->kind);

    message->look[0] = '\0';
    if (advice) {
        text_append(message->look, sizeof(message->look), words(notice->language, "To do: %s"),
            words(notice->language, advice));
        text_append(message->look, sizeof(message->look), "\n");
    }
    text_append(message->look, sizeof(message->look),
        words(notice->language, "Look further, on the host of %s:"),
        notice->observer[0] ? notice->observer : notice->node);
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
    compose_count(message);
    compose_course(message);
    add_fact(message, FACT_INCIDENT, clean->incident);
    add_fact(message, FACT_EVIDENCE, clean->evidence);
    compose_look(message);
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

/* Several lines stand below each other. */
static void print_fact(const struct message_fact *fact, int width, FILE *out)
{
    const char *text = fact->text;

    fprintf(out, "%s%*s  ", fact->label, width - columns_of(fact->label), "");
    for (; *text; text++) {
        fputc(*text, out);
        if (*text == '\n')
            fprintf(out, "%*s", width + 2, "");
    }
    fputc('\n', out);
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
    for (size_t i = 0; i < message->fact_count; i++)
        print_fact(&message->facts[i], width, out);
    fprintf(out, "\n%s\n  %s\n", message->look, message->command);
}
