#include "base/log_format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define COLOUR_RESET "\033[0m"
#define COLOUR_DIM "\033[2m"

/* Bytes appended up to a bound. `full` stays set, so that a half-written piece can be taken back. */
struct sink {
    char *bytes;
    size_t size;
    size_t used;
    bool full;
};

static void put_bytes(struct sink *sink, const void *bytes, size_t count)
{
    if (sink->full || count > sink->size - sink->used) {
        sink->full = true;
        return;
    }
    memcpy(sink->bytes + sink->used, bytes, count);
    sink->used += count;
}

static void put_text(struct sink *sink, const char *text)
{
    put_bytes(sink, text, strlen(text));
}

/* --- journald --- */

/* journald drops an entry's fields with other names without a word, and a newline in one would forge fields.
 */
static bool field_name_valid(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return length > 0 && length <= 64 && name[length] == '\0' && name[0] >= 'A' && name[0] <= 'Z';
}

static void put_journal_field(struct sink *sink, const char *name, const char *value)
{
    size_t before = sink->used;
    size_t length = strlen(value);

    put_text(sink, name);
    if (strchr(value, '\n')) {
        /* The form with a length: NAME, newline, 64 bits little-endian, the bytes. */
        unsigned char bytes[8];

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
        put_text(sink, "\n");
        put_bytes(sink, bytes, sizeof(bytes));
    } else {
        put_text(sink, "=");
    }
    put_bytes(sink, value, length);
    put_text(sink, "\n");
    if (sink->full) {
        sink->used = before;
        sink->full = false;
    }
}

static bool field_shown(const struct log_field *field)
{
    return field->value && field->value[0] && field_name_valid(field->name);
}

size_t log_format_journal(const struct log_record *record, char *buffer, size_t size)
{
    struct sink sink = {.bytes = buffer, .size = size};
    char priority[2] = {(char)('0' + (record->priority & LOG_PRIMASK)), '\0'};

    put_journal_field(&sink, "PRIORITY", priority);
    put_journal_field(&sink, "SYSLOG_IDENTIFIER", record->identifier);
    put_journal_field(&sink, "MESSAGE", record->message);
    if (record->message_id)
        put_journal_field(&sink, "MESSAGE_ID", record->message_id);
    for (size_t i = 0; i < record->field_count; i++)
        if (field_shown(&record->fields[i]))
            put_journal_field(&sink, record->fields[i].name, record->fields[i].value);
    return sink.used;
}

/* --- text --- */

/* Decodes one UTF-8 character. Returns its length, or 0 for bytes that are none. */
static size_t utf8_character(const unsigned char *text, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80       ? 1
                    : text[0] >> 5 == 6  ? 2
                    : text[0] >> 4 == 14 ? 3
                    : text[0] >> 3 == 30 ? 4
                                         : 0;
    uint32_t code = length == 1 ? text[0] : length ? text[0] & (0x7fU >> length) : 0;

    for (size_t i = 1; i < length; i++) {
        if (text[i] >> 6 != 2)
            return 0; /* also stops at the NUL */
        code = code << 6 | (text[i] & 0x3fU);
    }
    if (length == 0 || code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return length;
}

/* Control characters move the cursor or change colours; direction marks make a line read as another. */
static bool character_safe(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x200e && code != 0x200f &&
           !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

static void put_safe(struct sink *sink, const char *text)
{
    while (*text && !sink->full) {
        uint32_t code = 0;
        size_t length = utf8_character((const unsigned char *)text, &code);

        if (length && character_safe(code)) {
            put_bytes(sink, text, length);
            text += length;
        } else if (*text == '\n' || *text == '\t') {
            put_text(sink, *text == '\n' ? "\\n" : " ");
            text++;
        } else {
            for (size_t i = 0; i < (length ? length : 1); i++) {
                char escape[5];

                snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)*text++);
                put_text(sink, escape);
            }
        }
    }
}

/* " node=rabbit@a": the name without its prefix, the value in quotes where it has spaces. */
static void put_text_field(struct sink *sink, const struct log_field *field)
{
    size_t before = sink->used;
    const char *name = strncmp(field->name, "RMQ_", 4) == 0 ? field->name + 4 : field->name;
    const char *quote = strpbrk(field->value, " \t\n\"=") ? "\"" : "";

    put_text(sink, " ");
    for (; *name; name++) {
        char lower = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;

        put_bytes(sink, &lower, 1);
    }
    put_text(sink, "=");
    put_text(sink, quote);
    put_safe(sink, field->value);
    put_text(sink, quote);
    if (sink->full)
        sink->used = before;
}

static void put_text_fields(struct sink *sink, const struct log_record *record)
{
    for (size_t i = 0; i < record->field_count && !sink->full; i++)
        if (field_shown(&record->fields[i]) && !strstr(record->message, record->fields[i].value))
            put_text_field(sink, &record->fields[i]);
}

struct level {
    const char *name;
    const char *colour;
};

static const struct level levels[] = {
    {"EMERG ", "\033[1;31m"},
    {"ALERT ", "\033[1;31m"},
    {"CRIT  ", "\033[1;31m"},
    {"ERROR ", "\033[31m"},
    {"WARN  ", "\033[33m"},
    {"NOTICE", "\033[36m"},
    {"INFO  ", "\033[32m"},
    {"DEBUG ", COLOUR_DIM},
};

/* What ends every line. Its room is set aside first, so that a line which is cut still ends and still resets
 * the colour. */
static void open_line(struct sink *sink, char *buffer, size_t size, const char *end)
{
    size_t reserved = strlen(end);

    *sink = (struct sink){.bytes = buffer, .size = size > reserved ? size - reserved : 0};
}

static size_t close_line(struct sink *sink, size_t size, const char *end)
{
    sink->size = size;
    sink->full = false;
    put_text(sink, end);
    return sink->used;
}

size_t log_format_terminal(
    const struct log_record *record, int64_t wall_ms, bool colour, char *buffer, size_t size)
{
    const struct level *level = &levels[record->priority & LOG_PRIMASK];
    const char *end = colour ? COLOUR_RESET "\n" : "\n";
    time_t seconds = (time_t)(wall_ms / 1000);
    struct sink sink;
    struct tm local;
    char stamp[40];

    open_line(&sink, buffer, size, end);
    localtime_r(&seconds, &local);
    snprintf(stamp, sizeof(stamp), "%02d:%02d:%02d.%03d ", local.tm_hour, local.tm_min, local.tm_sec,
        (int)(wall_ms % 1000));
    if (colour)
        put_text(&sink, COLOUR_DIM);
    put_text(&sink, stamp);
    if (colour)
        put_text(&sink, COLOUR_RESET);
    if (colour)
        put_text(&sink, level->colour);
    put_text(&sink, level->name);
    if (colour)
        put_text(&sink, COLOUR_RESET);
    put_text(&sink, " ");
    put_safe(&sink, record->message);
    if (colour)
        put_text(&sink, COLOUR_DIM);
    put_text_fields(&sink, record);
    return close_line(&sink, size, end);
}

size_t log_format_plain(const struct log_record *record, char *buffer, size_t size)
{
    struct sink sink;
    char prefix[4] = {'<', (char)('0' + (record->priority & LOG_PRIMASK)), '>', '\0'};

    open_line(&sink, buffer, size, "\n");
    put_text(&sink, prefix);
    put_safe(&sink, record->message);
    put_text_fields(&sink, record);
    return close_line(&sink, size, "\n");
}
