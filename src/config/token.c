#include "config/token.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Bytes of the UTF-8 character at AT, 0 when it is none. Overlong forms and surrogates are none either. */
static size_t token_utf8_size(const char *at, const char *end)
{
    const unsigned char *byte = (const unsigned char *)at;
    size_t size;

    if (byte[0] < 0x80)
        return 1;
    if (byte[0] >= 0xC2 && byte[0] <= 0xDF)
        size = 2;
    else if (byte[0] >= 0xE0 && byte[0] <= 0xEF)
        size = 3;
    else if (byte[0] >= 0xF0 && byte[0] <= 0xF4)
        size = 4;
    else
        return 0;
    if ((size_t)(end - at) < size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    if ((byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xED && byte[1] > 0x9F) ||
        (byte[0] == 0xF0 && byte[1] < 0x90) || (byte[0] == 0xF4 && byte[1] > 0x8F))
        return 0;
    return size;
}

int token_reader_init(struct token_reader *reader, char *text, size_t size, struct report *report)
{
    const char *end = text + size;
    int line = 1;

    *reader = (struct token_reader){.at = text, .end = text + size, .line = 1, .report = report};

    /* Some editors begin a file with a mark that libconfuse would take for a part of the first name. */
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        memset(text, ' ', 3);

    for (const char *at = text; at < end;) {
        size_t step = token_utf8_size(at, end);
        unsigned char c = (unsigned char)*at;

        if (c == '\0')
            return report_problem(
                report, line, -EINVAL, "a NUL byte; the configuration must be plain text in UTF-8");
        if ((c < 0x20 && c != '\t' && c != '\n' && !(c == '\r' && at + 1 < end && at[1] == '\n')) ||
            c == 0x7f)
            return report_problem(report, line, -EINVAL,
                "a control character (0x%02x); the configuration must be plain text", c);
        if (step == 0)
            return report_problem(report, line, -EINVAL, "not UTF-8; save the file in that encoding");
        if (c == '\n')
            line++;
        at += step;
    }
    return 0;
}

static void token_blank_comment(struct token_reader *reader)
{
    while (reader->at < reader->end && *reader->at != '\n')
        *reader->at++ = ' ';
}

/* At the opening quote. Only what means the same to everybody is accepted inside. */
static int token_read_string(struct token_reader *reader, struct token *ret_token)
{
    char quote = *reader->at++;
    char *begin = reader->at;

    for (; reader->at < reader->end; reader->at++) {
        char c = *reader->at;
        char next = reader->end - reader->at > 1 ? reader->at[1] : '\0';

        if (c == quote) {
            *ret_token = (struct token){.kind = TOKEN_STRING,
                .text = begin,
                .size = (size_t)(reader->at - begin),
                .line = reader->line};
            reader->at++;
            return 0;
        }
        if (c == '\n' || c == '\r')
            break;
        if (c == '\\' && next != '\\' && next != quote)
            return report_problem(reader->report, reader->line, -EINVAL,
                "a backslash in a quoted text stands before neither a backslash nor the quote; write \\\\");
        if (c == '\\')
            reader->at++;
        else if (c == '$' && next == '{' && quote == '"')
            return report_problem(reader->report, reader->line, -EINVAL,
                "'${' in double quotes; variables are not expanded here, use single quotes if it is meant");
    }
    return report_problem(
        reader->report, reader->line, -EINVAL, "a quote is opened and not closed on this line; close it");
}

static int token_read_word(struct token_reader *reader, struct token *ret_token)
{
    char *begin = reader->at;
    size_t left = (size_t)(reader->end - reader->at);

    if (left >= 2 && begin[0] == '/' && (begin[1] == '/' || begin[1] == '*'))
        return report_problem(
            reader->report, reader->line, -EINVAL, "'%.2s' is no comment here; comments begin with #", begin);

    for (; reader->at < reader->end && strchr(" \t\r\n#\"'={},", *reader->at) == NULL; reader->at++) {
        char c = *reader->at;
        char next = reader->end - reader->at > 1 ? reader->at[1] : '\0';

        if (strchr("()*+|\\", c) != NULL || (c == '$' && next == '{'))
            return report_problem(reader->report, reader->line, -EINVAL,
                "'%c' outside quotes; put the whole value in quotes", c);
    }
    *ret_token = (struct token){
        .kind = TOKEN_WORD, .text = begin, .size = (size_t)(reader->at - begin), .line = reader->line};
    return 0;
}

int token_next(struct token_reader *reader, struct token *ret_token)
{
    for (; reader->at < reader->end; reader->at++) {
        if (*reader->at == '#')
            token_blank_comment(reader);
        if (reader->at == reader->end)
            break;
        if (*reader->at == '\n')
            reader->line++;
        else if (strchr(" \t\r", *reader->at) == NULL)
            break;
    }

    if (reader->at == reader->end) {
        *ret_token = (struct token){.kind = TOKEN_END, .line = reader->line};
        return 0;
    }
    if (*reader->at == '"' || *reader->at == '\'')
        return token_read_string(reader, ret_token);
    if (strchr("={},", *reader->at) == NULL)
        return token_read_word(reader, ret_token);
    *ret_token = (struct token){.kind = *reader->at, .text = reader->at, .size = 1, .line = reader->line};
    reader->at++;
    return 0;
}
