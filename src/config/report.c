#include "config/report.h"

#include "base/clean.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void report_init(struct report *report, const char *path, char *text, size_t size)
{
    *report = (struct report){.path = path, .text = text, .size = size};
    text_copy(text, size, "");
}

int report_problem(struct report *report, int line, int code, const char *format, ...)
{
    char sentence[512], whole[1024] = "";
    va_list args;

    if (report->size == 0 || report->text[0] != '\0')
        return code;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (line > 0)
        text_append(whole, sizeof whole, "%s:%d: %s", report->path, line, sentence);
    else
        text_append(whole, sizeof whole, "%s: %s", report->path, sentence);

    /* A path can hold anything, and a name that was cut may end within a character; a line for people cannot.
     */
    for (char *at = whole; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    clean_text(report->text, report->size, whole, strlen(whole), false);
    return code;
}
