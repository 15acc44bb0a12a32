#include "alerts/fold.h"

#include "alerts/trouble.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The courses of two notices, one behind the other. */
struct course {
    size_t count;
    uint32_t more; /* left out, behind the first line */
    char lines[2 * FOLD_LINES_MAX][FOLD_LINE_MAX];
};

uint32_t fold_count(const struct notice *notice)
{
    return notice->count > 0 ? notice->count : 1;
}

static uint32_t add(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static char *next_line(struct course *course)
{
    char *line = course->lines[course->count++];

    line[0] = '\0';
    return line;
}

/* "2026-01-31T12:00:03Z crashed: exit code 1". The detail says more than the reason, which is the table's. */
static void put_notice(struct course *course, const struct notice *notice)
{
    const char *words = notice->detail[0] ? notice->detail : notice->why;
    char *line = next_line(course);
    char stamp[32];

    text_timestamp(stamp, sizeof(stamp), notice->wall_ms);
    /* One byte is the line's end. */
    text_append(line, FOLD_LINE_MAX - 1, "%s %s%s%s", stamp, notice_info(notice->kind)->event,
        words[0] ? ": " : "", words);
    for (; *line; line++)
        if (*line == '\n')
            *line = ' ';
}

static void put_course(struct course *course, const char *text)
{
    for (size_t i = 0; *text && i < FOLD_LINES_MAX; i++) {
        size_t size = strcspn(text, "\n");

        if (*text == '+')
            course->more = add(course->more, (uint32_t)strtoul(text + 1, NULL, 10));
        else
            text_append(next_line(course), FOLD_LINE_MAX - 1, "%.*s", (int)size, text);
        text += size;
        text += *text == '\n';
    }
}

static void put(struct course *course, const struct notice *notice)
{
    if (notice->course[0])
        put_course(course, notice->course);
    else
        put_notice(course, notice);
}

/* The first line says how it began, the last ones how it is. */
static void print_course(struct course *course, char text[static RMQ_COURSE_MAX])
{
    size_t first = 1;

    if (course->count + (course->more > 0) > FOLD_LINES_MAX) {
        first = course->count - (FOLD_LINES_MAX - 2);
        course->more = add(course->more, (uint32_t)first - 1);
    }
    text[0] = '\0';
    text_append(text, RMQ_COURSE_MAX, "%s", course->lines[0]);
    if (course->more > 0)
        text_append(text, RMQ_COURSE_MAX, "\n+%" PRIu32, course->more);
    for (size_t i = first; i < course->count; i++)
        text_append(text, RMQ_COURSE_MAX, "\n%s", course->lines[i]);
}

void fold_notice(struct notice *into, const struct notice *newer)
{
    struct notice folded = *newer;
    struct course course = {0};

    put(&course, into);
    put(&course, newer);
    print_course(&course, folded.course);
    folded.count = add(fold_count(into), fold_count(newer));
    folded.flaps = add(into->flaps, newer->flaps);
    folded.repeated = false;
    if (!trouble_ends(newer->kind) && !trouble_ends(into->kind) && into->severity > newer->severity)
        folded.severity = into->severity;
    if (!newer->evidence[0])
        text_copy(folded.evidence, sizeof(folded.evidence), into->evidence);
    if (!newer->cluster[0])
        text_copy(folded.cluster, sizeof(folded.cluster), into->cluster);
    *into = folded;
}
