#include "alerts/mime.h"

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

enum {
    LINE_MAX_SIZE = 78,   /* of a header, without CRLF (RFC 5322, 2.1.1) */
    WORD_MAX_SIZE = 75,   /* of an encoded word (RFC 2047, 2) */
    WORDS_MAX_SIZE = 76,  /* of a line with encoded words, without CRLF (there, too) */
    QUOTED_MAX_SIZE = 76, /* of a quoted-printable line (RFC 2045, 6.7) */
    RAW_MAX_SIZE = 900,   /* of an ASCII text that can not be folded: below the 998 that a line may have */
};

static const char word_start[] = "=?UTF-8?Q?";
static const char word_end[] = "?=";

static bool is_plain(const char *text)
{
    size_t size = 0;

    for (; text[size]; size++)
        if (text[size] < ' ' || text[size] > '~')
            return false;
    return size <= RAW_MAX_SIZE && !strstr(text, "=?"); /* that would be read as an encoded word */
}

/* A fold puts CRLF before a space that is there already, so that unfolding gives the same text. Both its
 * neighbours must be visible: no line may seem empty, none end in a space that is lost on the way. */
static void write_folded(FILE *out, size_t column, const char *text)
{
    while (*text) {
        size_t piece = strcspn(text + 1, " ") + 1; /* a space and the word after it */

        if (column + piece > LINE_MAX_SIZE && text[0] == ' ' && text[1] != ' ' && text[1] &&
            text[-1] != ' ') {
            fputs("\r\n", out);
            column = 0;
        }
        fwrite(text, 1, piece, out);
        column += piece;
        text += piece;
    }
}

/* The characters that RFC 2047, 5 (3) allows as they are in any place. */
static bool is_word_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!*+-/", c));
}

static size_t encoded_size(const char *text, size_t size)
{
    size_t encoded = 0;

    for (size_t i = 0; i < size; i++)
        encoded += is_word_safe(text[i]) || text[i] == ' ' ? 1 : 3;
    return encoded;
}

static void write_encoded(FILE *out, size_t column, const char *text)
{
    const size_t frame = sizeof(word_start) - 1 + sizeof(word_end) - 1;
    size_t used = frame;

    fputs(word_start, out);
    while (*text) {
        size_t size = text_character_size(text);
        size_t encoded = encoded_size(text, size);

        if (used + encoded > WORD_MAX_SIZE || column + used + encoded > WORDS_MAX_SIZE) {
            fprintf(out, "%s\r\n %s", word_end, word_start);
            column = 1;
            used = frame;
        }
        used += encoded;
        for (; size > 0; size--, text++) {
            if (is_word_safe(*text))
                fputc(*text, out);
            else if (*text == ' ')
                fputc('_', out);
            else
                fprintf(out, "=%02X", (unsigned char)*text);
        }
    }
    fputs(word_end, out);
}

void mime_write_text_header(FILE *out, const char *name, const char *text)
{
    size_t column = strlen(name) + 2;

    text += strspn(text, " ");
    fprintf(out, "%s: ", name);
    if (is_plain(text))
        write_folded(out, column, text);
    else
        write_encoded(out, column, text);
    fputs("\r\n", out);
}

void mime_write_date_header(FILE *out, int64_t wall_ms)
{
    /* Not strftime: these names are English whatever the locale. */
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (wall_ms < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900) {
        seconds = 0;
        gmtime_r(&seconds, &tm); /* a wall clock that is off must not make the mail invalid */
    }
    fprintf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
        months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Whether C must be written as =XX: END is true when it is the last one of its line (a space there is lost on
 * the way), START when it is the first (a dot there means something to SMTP). */
static bool must_quote(char c, bool start, bool end)
{
    if (c == ' ')
        return end;
    if (c == '.')
        return start;
    return c < '!' || c > '~' || c == '=';
}

void mime_write_quoted_printable(FILE *out, const char *text)
{
    size_t column = 0;

    for (; *text; text++) {
        bool end = text[1] == '\n' || text[1] == '\0';
        bool quote;

        if (*text == '\n') {
            fputs("\r\n", out);
            column = 0;
            continue;
        }
        quote = must_quote(*text, column == 0, end);
        /* One column stays free for the "=" of a soft line break. */
        if (column + (quote ? 3 : 1) > QUOTED_MAX_SIZE - 1) {
            fputs("=\r\n", out);
            column = 0;
            quote = must_quote(*text, true, end);
        }
        if (quote)
            fprintf(out, "=%02X", (unsigned char)*text);
        else
            fputc(*text, out);
        column += quote ? 3 : 1;
    }
    if (column > 0)
        fputs("\r\n", out);
}
