#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Length of TEXT[0..SIZE) without a UTF-8 character that was cut at its end. */
static size_t text_whole_size(const char *text, size_t size)
{
    size_t start = size;
    size_t need = 1;
    unsigned char lead;

    while (start > 0 && size - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return size;

    lead = (unsigned char)text[start - 1];
    if (lead >= 0xF0)
        need = 4;
    else if (lead >= 0xE0)
        need = 3;
    else if (lead >= 0xC0)
        need = 2;
    return size - (start - 1) < need ? start - 1 : size;
}

void text_copy(char *dest, size_t dest_size, const char *source)
{
    size_t size;

    if (dest_size == 0)
        return;
    if (source == NULL)
        source = "";
    size = strnlen(source, dest_size);
    if (size == dest_size)
        size = text_whole_size(source, dest_size - 1);
    memcpy(dest, source, size);
    dest[size] = '\0';
}

void text_append(char *dest, size_t dest_size, const char *format, ...)
{
    size_t used = strnlen(dest, dest_size);
    size_t space = dest_size - used;
    va_list args;
    int wanted;

    if (space == 0)
        return;
    va_start(args, format);
    wanted = vsnprintf(dest + used, space, format, args);
    va_end(args);
    if (wanted < 0)
        dest[used] = '\0';
    else if ((size_t)wanted >= space)
        dest[used + text_whole_size(dest + used, space - 1)] = '\0';
}

size_t text_character_size(const char *text)
{
    size_t size = 1;

    while (((unsigned char)text[size] & 0xC0) == 0x80)
        size++;
    return size;
}

/* "3 min 5 s"; the smaller unit is left out when there is none of it. */
static void text_two_units(
    char *dest, size_t dest_size, uint64_t big, const char *big_unit, uint64_t small, const char *small_unit)
{
    if (small == 0)
        snprintf(dest, dest_size, "%" PRIu64 " %s", big, big_unit);
    else
        snprintf(dest, dest_size, "%" PRIu64 " %s %" PRIu64 " %s", big, big_unit, small, small_unit);
}

void text_duration(char *dest, size_t dest_size, uint64_t ms)
{
    uint64_t tenths = ms / 100 + (ms % 100 >= 50);
    uint64_t seconds = ms / 1000 + (ms % 1000 >= 500);
    uint64_t minutes = seconds / 60 + (seconds % 60 >= 30);
    uint64_t hours = minutes / 60 + (minutes % 60 >= 30);

    /* Each unit is rounded before it is compared, so that 9.97 s is "10 s" and never "10.0 s". */
    if (ms > 0 && ms < 100)
        snprintf(dest, dest_size, "%" PRIu64 " ms", ms);
    else if (tenths < 100 && tenths % 10 != 0)
        snprintf(dest, dest_size, "%" PRIu64 ".%" PRIu64 " s", tenths / 10, tenths % 10);
    else if (tenths < 100)
        snprintf(dest, dest_size, "%" PRIu64 " s", tenths / 10);
    else if (seconds < 60)
        snprintf(dest, dest_size, "%" PRIu64 " s", seconds);
    else if (seconds < 3600)
        text_two_units(dest, dest_size, seconds / 60, "min", seconds % 60, "s");
    else if (minutes < 1440)
        text_two_units(dest, dest_size, minutes / 60, "h", minutes % 60, "min");
    else
        text_two_units(dest, dest_size, hours / 24, "d", hours % 24, "h");
}

int text_parse_duration(const char *text, uint64_t *ret_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *at = text;
    uint64_t number = 0;
    bool too_large = false;

    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            too_large = true;
    if (at == text)
        return -EINVAL;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(at, units[i].name) != 0)
            continue;
        if (too_large || __builtin_mul_overflow(number, units[i].ms, &number))
            return -ERANGE;
        *ret_ms = number;
        return 0;
    }
    return -EINVAL;
}

void text_timestamp(char *dest, size_t dest_size, int64_t wall_ms)
{
    /* Rounded down, also before the epoch. */
    time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    struct tm parts;

    if (dest_size == 0)
        return;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(dest, dest_size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        dest[0] = '\0';
}

uint64_t text_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}
