#include "evidence/log_text.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { TAIL_LINE_MAX = 160, TAIL_LINES_MAX = 12, LINES_LOOKED_AT_MAX = 400 };

struct line {
    const char *at, *end;
};

/* The beginning of the line in which one of WORDS stands last; 0 when none does. */
static size_t last_line_with(const char *text, size_t size, const char *const *words, size_t word_count)
{
    const char *last = text, *newline;

    for (size_t i = 0; i < word_count; i++) {
        const char *at = text, *found;

        while ((found = memmem(at, size - (size_t)(at - text), words[i], strlen(words[i])))) {
            last = found > last ? found : last;
            at = found + 1;
        }
    }
    newline = memrchr(text, '\n', (size_t)(last - text));
    return newline ? (size_t)(newline + 1 - text) : 0;
}

size_t log_last_run(const char *text, size_t size)
{
    /* systemd's words in the journal, and the broker's in its file: the first line there of a run. */
    static const char *const starts[] = {"]: Starting ", "configured log handlers are now ACTIVE"};

    return last_line_with(text, size, starts, 2);
}

size_t log_ended_runs(const char *journal, size_t size)
{
    static const char start[] = "]: Starting ", end[] = ": Main process exited";
    static const char *const starts[] = {start};
    size_t begin = last_line_with(journal, size, starts, 1);

    return begin == 0 || memmem(journal + begin, size - begin, end, strlen(end)) ? size : begin;
}

/* The line before *end; false at the beginning. */
static bool previous_line(const char *text, const char **end, struct line *ret_line)
{
    const char *newline;

    if (*end <= text)
        return false;
    ret_line->end = (*end)[-1] == '\n' ? *end - 1 : *end;
    newline = memrchr(text, '\n', (size_t)(ret_line->end - text));
    ret_line->at = newline ? newline + 1 : text;
    *end = ret_line->at;
    return true;
}

static bool begins_with(struct line line, const char *text)
{
    return (size_t)(line.end - line.at) >= strlen(text) && memcmp(line.at, text, strlen(text)) == 0;
}

static void skip_word(struct line *line)
{
    while (line->at < line->end && *line->at != ' ')
        line->at++;
    while (line->at < line->end && *line->at == ' ')
        line->at++;
}

static bool begins_with_date(struct line line)
{
    static const char shape[] = "dddd-dd-dd";

    if ((size_t)(line.end - line.at) < sizeof(shape) - 1)
        return false;
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == 'd' ? !isdigit((unsigned char)line.at[i]) : line.at[i] != shape[i])
            return false;
    return true;
}

/* "2026-01-31T12:00:00.000000+0000 host broker[12]: ". False: it is systemd's own line. */
static bool strip_journal(struct line *line)
{
    const char *colon;

    if (!begins_with_date(*line) || line->end - line->at < 11 || line->at[10] != 'T')
        return true;
    skip_word(line);
    skip_word(line);
    if (begins_with(*line, "systemd[") || begins_with(*line, "kernel: "))
        return false;
    colon = memmem(line->at, (size_t)(line->end - line->at), ": ", 2);
    if (colon)
        line->at = colon + 2;
    return true;
}

/* "2026-01-31 12:00:00.000000+00:00 [error] <0.1.0> " becomes LEVEL and the message. */
static void strip_broker(struct line *line, struct line *ret_level)
{
    *ret_level = (struct line){line->at, line->at};
    if (!begins_with_date(*line) || line->end - line->at < 11 || line->at[10] != ' ')
        return;
    skip_word(line);
    skip_word(line);
    if (!begins_with(*line, "["))
        return;
    ret_level->at = line->at;
    while (line->at < line->end && *line->at != ' ')
        line->at++;
    ret_level->end = line->at;
    if (line->at < line->end)
        line->at++;
    if (!begins_with(*line, "<"))
        return;
    while (line->at < line->end && *line->at != ' ')
        line->at++;
    if (line->at < line->end)
        line->at++; /* one blank only: more of them are an indentation */
}

/* Indented lines are the inside of a report whose first lines say it better. */
static bool says_something(struct line line)
{
    bool letters = false;

    if (begins_with(line, "  ") || begins_with(line, "##") || begins_with(line, "-- "))
        return false;
    /* Not the cookie itself, but nobody needs it in a chat. */
    if (memmem(line.at, (size_t)(line.end - line.at), "cookie hash", strlen("cookie hash")))
        return false;
    for (const char *at = line.at; at < line.end; at++)
        letters = letters || isalpha((unsigned char)*at) || (unsigned char)*at >= 0x80;
    return letters;
}

static bool is_loud(struct line level)
{
    return level.at == level.end ||
           !(begins_with(level, "[info]") || begins_with(level, "[debug]") || begins_with(level, "[notice]"));
}

static void write_line(struct line level, struct line line, char *text, size_t text_size)
{
    /* The first is longer: its copy is cut at a character, and a password is hidden before it is cut. */
    char raw[TAIL_LINE_MAX + 256], cut[TAIL_LINE_MAX];
    size_t size = 0;

    for (; line.at < line.end && size < sizeof(raw) - 1; line.at++)
        raw[size++] = (unsigned char)*line.at < 0x20 || *line.at == 0x7f ? ' ' : *line.at;
    raw[size] = '\0';
    log_hide(raw); /* chats and mailboxes are read by others than the broker's log is */
    text_copy(cut, sizeof(cut), raw);
    text[0] = '\0';
    if (level.end > level.at)
        text_append(text, text_size, "%.*s ", (int)(level.end - level.at), level.at);
    text_append(text, text_size, "%s%s", cut, strlen(cut) < size ? "..." : "");
}

/* Collects into LINES, newest first; returns how many. */
static size_t collect(
    const char *text, size_t size, bool loud_only, char (*lines)[TAIL_LINE_MAX + 16], size_t room)
{
    const char *end = text + size;
    struct line line, level;
    size_t count = 0, used = 0;

    for (int looked = 0; looked < LINES_LOOKED_AT_MAX && count < TAIL_LINES_MAX; looked++) {
        if (!previous_line(text, &end, &line))
            break;
        if (!strip_journal(&line))
            continue;
        strip_broker(&line, &level);
        if (!says_something(line) || (loud_only && !is_loud(level)))
            continue;
        write_line(level, line, lines[count], sizeof(lines[count]));
        if (count > 0 && strcmp(lines[count], lines[count - 1]) == 0)
            continue;
        used += strlen(lines[count]) + 1;
        if (used > room)
            break;
        count++;
    }
    return count;
}

/* A boot that failed says why below these words, in a form for people, then gives advice that is not for
 * everybody, and then reports of its parts. */
static bool boot_failure(const char *text, size_t size, char *tail, size_t tail_size)
{
    static const char *const title[] = {"BOOT FAILED"}, *const ends[] = {
                                                            "BACKGROUND", "crasher:", "supervisor:"};
    const char *at = text + last_line_with(text, size, title, 1), *end = text + size;
    char one[TAIL_LINE_MAX + 16], former[TAIL_LINE_MAX + 16] = "";
    struct line line, level;
    bool over = false, inside;

    if (!memmem(at, (size_t)(end - at), title[0], strlen(title[0])))
        return false;
    while (at < end && !over && strlen(tail) + 2 < tail_size) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        line = (struct line){at, newline ? newline : end};
        at = newline ? newline + 1 : end;
        if (!strip_journal(&line))
            continue;
        strip_broker(&line, &level);
        inside = begins_with(line, " "); /* the term goes on */
        while (line.at < line.end && *line.at == ' ')
            line.at++;
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
            over = over || begins_with(line, ends[i]);
        if (over || !says_something(line))
            continue;
        write_line((struct line){line.at, line.at}, line, one, sizeof(one));
        if (!strcmp(one, former)) /* the journal has what goes to both, output and errors */
            continue;
        text_copy(former, sizeof(former), one);
        text_append(tail, tail_size, "%s%s", !tail[0] ? "" : inside ? " " : "\n", one);
    }
    return true;
}

void log_tail(const char *text, size_t size, char *tail, size_t tail_size)
{
    char lines[TAIL_LINES_MAX][TAIL_LINE_MAX + 16];
    size_t begin = log_last_run(text, size), count;

    tail[0] = '\0';
    text += begin;
    size -= begin;
    if (boot_failure(text, size, tail, tail_size))
        return;
    count = collect(text, size, true, lines, tail_size - 1);
    if (count == 0)
        count = collect(text, size, false, lines, tail_size - 1);
    while (count-- > 0)
        text_append(tail, tail_size, "%s%s", lines[count], count > 0 ? "\n" : "");
}
