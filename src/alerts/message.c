#include "alerts/message.h"

#include "alerts/clean.h"
#include "alerts/fold.h"
#include "alerts/trouble.h"
#include "base/text.h"

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

/* Every word of ours that people read. Another language is another one of these. */
struct language {
    const char *tones[MESSAGE_GOOD + 1];
    const char *facts[MESSAGE_FACTS_MAX];
    const char *earlier;
    const char *look_before;
    const char *look_after;
    const char *titles[NOTICE_KIND_COUNT]; /* NULL: the title of notice_info() */
    const char *title_again;               /* title, how often it came back */
    const char *title_repeated;            /* title */
    const char *again_goes_on;             /* notices, time of the first one, how often it came back, time */
    const char *again_over;
    const char *repeated; /* how often it was told, time */
    const char *more;     /* lines of the course that are left out */
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
            [FACT_COUNT] = "Count",
            [FACT_COURSE] = "What happened",
            [FACT_INCIDENT] = "Incident",
            [FACT_EVIDENCE] = "Evidence",
        },
    .earlier = " earlier",
    .look_before = "Look further, on the host of ",
    .look_after = ":",
    .title_again = "%s (%" PRIu32 "x)",
    .title_repeated = "still: %s",
    .again_goes_on = "%" PRIu32 " since %s; times that it came back: %" PRIu32 "; it goes on since %s",
    .again_over = "%" PRIu32 " since %s; times that it came back: %" PRIu32 "; it is over since %s",
    .repeated = "told %" PRIu32 " times; it goes on since %s",
    .more = "(%" PRIu32 " more)",
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

static const char *title_of(const struct language *language, enum notice_kind kind)
{
    const char *title = (unsigned)kind < NOTICE_KIND_COUNT ? language->titles[kind] : NULL;

    return title ? title : notice_info(kind)->title;
}

/* The formats are a language's, and of the arguments that it says. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* "CRITICAL rabbit@rmq2: gave up": the kind's title goes on after a colon, so it starts small, unless it
 * starts with an abbreviation. */
static void compose_title(struct message *message, const struct language *language)
{
    const struct notice *notice = &message->notice;
    char title[MESSAGE_TITLE_MAX];
    char whole[MESSAGE_TITLE_MAX] = "";

    text_copy(title, sizeof(title), title_of(language, notice->kind));
    if (title[0] >= 'A' && title[0] <= 'Z' && !(title[1] >= 'A' && title[1] <= 'Z'))
        title[0] = (char)(title[0] - 'A' + 'a');
    if (notice->repeated)
        text_append(whole, sizeof(whole), language->title_repeated, title);
    else if (notice->flaps > 0)
        text_append(whole, sizeof(whole), language->title_again, title, notice->flaps);
    else
        text_copy(whole, sizeof(whole), title);
    message->title[0] = '\0';
    text_append(message->title, sizeof(message->title), "%s%s%s: %s", language->tones[message->tone],
        notice->node[0] ? " " : "", notice->node, whole);
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

static void compose_count(struct message *message, const struct language *language)
{
    const struct notice *notice = &message->notice;
    bool over = trouble_ends(notice->kind);
    char first[32], last[32];
    char text[MESSAGE_FACT_MAX] = "";

    text_timestamp(last, sizeof(last), over ? notice->wall_ms : notice->since_wall_ms);
    text_copy(first, sizeof(first), last);
    if (notice->course[0])
        snprintf(first, sizeof(first), "%.*s", (int)strcspn(notice->course, " \n"), notice->course);
    if (notice->repeated)
        text_append(text, sizeof(text), language->repeated, fold_count(notice), last);
    else if (notice->flaps > 0)
        text_append(text, sizeof(text), over ? language->again_over : language->again_goes_on,
            fold_count(notice), first, notice->flaps, last);
    else if (fold_count(notice) > 1)
        text_append(text, sizeof(text), "%" PRIu32, fold_count(notice));
    add_fact(message, language, FACT_COUNT, text);
}

/* "2026-01-31T12:00:03Z crashed: exit code 1" becomes "12:00:03 Crashed: exit code 1"; the date stays where
 * it is not the message's. A line of another make is shown as it is. */
static void add_line(const struct message *message, const struct language *language, const char *line,
    size_t size, char text[static MESSAGE_FACT_MAX])
{
    char today[32], word[RMQ_COURSE_MAX];
    size_t stamp = strcspn(line, " \n"), event;
    int kind = NOTICE_NONE;

    text_append(text, MESSAGE_FACT_MAX, "%s", text[0] ? "\n" : "");
    if (line[0] == '+') {
        text_append(text, MESSAGE_FACT_MAX, language->more, (uint32_t)strtoul(line + 1, NULL, 10));
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
#pragma GCC diagnostic pop

static void compose_course(struct message *message, const struct language *language)
{
    const char *line = message->notice.course;
    char text[MESSAGE_FACT_MAX] = "";

    while (*line) {
        size_t size = strcspn(line, "\n");

        add_line(message, language, line, size, text);
        line += size + (line[size] == '\n');
    }
    add_fact(message, language, FACT_COURSE, text);
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
    compose_count(message, language);
    compose_course(message, language);
    add_fact(message, language, FACT_INCIDENT, clean->incident);
    add_fact(message, language, FACT_EVIDENCE, clean->evidence);
    message->look[0] = '\0';
    text_append(message->look, sizeof(message->look), "%s%s%s", language->look_before,
        clean->observer[0] ? clean->observer : clean->node, language->look_after);
    compose_command(message);
}

/* Several lines stand below each other. */
static void print_fact(const struct message_fact *fact, int width, FILE *out)
{
    const char *text = fact->text;

    fprintf(out, "%-*s  ", width, fact->label);
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
        if ((int)strlen(message->facts[i].label) > width)
            width = (int)strlen(message->facts[i].label);
    for (size_t i = 0; i < message->fact_count; i++)
        print_fact(&message->facts[i], width, out);
    fprintf(out, "\n%s\n  %s\n", message->look, message->command);
}
