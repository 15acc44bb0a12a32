#include "rmqwatchctl/output.h"
#include "base/clock.h"
#include "base/text.h"
#include "rmqwatchctl/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LABEL_WIDTH = 12 };

const cJSON *field(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *field_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(field(object, name));

    return text ? text : "";
}

double field_number(const cJSON *object, const char *name)
{
    const cJSON *number = field(object, name);

    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

bool field_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(field(object, name));
}

static bool use_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

int text_columns(const char *text)
{
    int columns = 0;

    for (; *text; text++)
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    return columns;
}

void print_coloured(enum colour colour, const char *text, int width)
{
    static const char *const codes[] = {
        [COLOUR_GOOD] = "\033[32m",
        [COLOUR_WARN] = "\033[33m",
        [COLOUR_BAD] = "\033[1;31m",
        [COLOUR_BOLD] = "\033[1m",
    };
    int padding = width - text_columns(text);

    if (colour != COLOUR_NONE && use_colours())
        printf("%s%s\033[0m", codes[colour], text);
    else
        fputs(text, stdout);
    printf("%*s", padding > 0 ? padding : 0, "");
}

void print_label(const char *label)
{
    printf("  %-*s ", LABEL_WIDTH, label);
}

void print_line(const char *label, const char *text)
{
    if (!text[0])
        return;
    print_label(label);
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n' && text[1])
            printf("  %-*s ", LABEL_WIDTH, "");
    }
    putchar('\n');
}

void print_durability(const cJSON *answer)
{
    if (cJSON_IsFalse(field(answer, "durable")))
        puts("the disk fails: this is in memory only, and a restart of rmqwatchd forgets it");
}

int print_json(const cJSON *json)
{
    char *text = cJSON_Print(json);

    if (!text) {
        fputs("rmqwatchctl: out of memory\n", stderr);
        return EXIT_FAILED;
    }
    puts(text);
    free(text);
    return EXIT_DONE;
}

enum colour colour_of_condition(const char *condition)
{
    static const char *const bad[] = {
        "crashed", "all down", "hung", "frozen", "partitioned", "isolated", "quorum lost", "peer down"};

    if (!strcmp(condition, "healthy"))
        return COLOUR_GOOD;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (!strcmp(condition, bad[i]))
            return COLOUR_BAD;
    return COLOUR_WARN;
}

/* Seconds since the epoch; false when TEXT is no RFC 3339 in UTC. */
static bool parse_time(const char *text, time_t *ret_seconds)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);

    if (!end || *end)
        return false;
    *ret_seconds = timegm(&parts);
    return true;
}

void format_time(char *dest, size_t size, const char *text)
{
    struct tm parts;
    time_t seconds;

    if (!parse_time(text, &seconds) || !localtime_r(&seconds, &parts) ||
        strftime(dest, size, "%Y-%m-%d %H:%M:%S %Z", &parts) == 0)
        text_copy(dest, size, text);
}

void format_age(char *dest, size_t size, uint64_t ms)
{
    char age[32];

    text_duration(age, sizeof(age), ms);
    (void)snprintf(dest, size, "%s ago", age);
}

void format_time_and_age(char *dest, size_t size, const char *text)
{
    int64_t now_ms = clock_wall_ms();
    char distance[32];
    time_t seconds;
    int64_t ms;

    format_time(dest, size, text);
    if (!parse_time(text, &seconds))
        return;
    ms = now_ms - (int64_t)seconds * 1000;
    text_duration(distance, sizeof(distance), (uint64_t)(ms < 0 ? -ms : ms) / 1000 * 1000);
    text_append(dest, size, ms < 0 ? " (in %s)" : " (%s ago)", distance);
}
