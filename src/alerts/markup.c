#include "alerts/markup.h"

#include "base/text.h"
#include "words/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

static const struct markup_rule markdown_rules[] = {
    {'\\', false, "\\\\"}, {'`', false, "\\`"}, {'*', false, "\\*"}, {'_', false, "\\_"}, {'~', false, "\\~"},
    {'|', false, "\\|"}, {'[', false, "\\["}, {']', false, "\\]"}, {'<', false, "\\<"}, {'>', true, "\\>"},
    {'#', true, "\\#"}, {'-', true, "\\-"}, {'+', true, "\\+"}, {'=', true, "\\="},
    {' ', true, ""}, /* four of them would begin a block of code */
};

const struct markup markup_markdown = {
    .rules = markdown_rules,
    .rule_count = sizeof(markdown_rules) / sizeof(markdown_rules[0]),
};

/* Nothing means anything there but its end. */
static const struct markup_rule code_rules[] = {{'`', false, "'"}};

const struct markup markup_code = {
    .rules = code_rules,
    .rule_count = sizeof(code_rules) / sizeof(code_rules[0]),
};

/* What the character at TEXT becomes; its size is *RET_SIZE. */
static const char *instead_of(
    const struct markup *markup, const char *text, bool line_start, size_t *ret_size)
{
    if (*text == '\n' && markup->line_break[0]) {
        *ret_size = strlen(markup->line_break);
        return markup->line_break;
    }
    for (size_t i = 0; i < markup->rule_count; i++) {
        const struct markup_rule *rule = &markup->rules[i];

        if (rule->character == *text && (line_start || !rule->at_line_start)) {
            *ret_size = strlen(rule->instead);
            return rule->instead;
        }
    }
    *ret_size = text_character_size(text);
    return text;
}

/* Leading characters that vanish leave the next one at the start of its line. */
static bool starts_line(const char *text, size_t instead_size, bool line_start)
{
    return *text == '\n' || (line_start && instead_size == 0);
}

size_t markup_size(const struct markup *markup, const char *text)
{
    bool line_start = true;
    size_t size = 0;

    while (*text) {
        size_t instead_size;

        (void)instead_of(markup, text, line_start, &instead_size);
        size += instead_size;
        line_start = starts_line(text, instead_size, line_start);
        text += text_character_size(text);
    }
    return size;
}

/* Up to MAX bytes of TEXT in MARKUP to DEST, with an ellipsis instead of what is too much; returns the size.
 */
static size_t write_cut(char *dest, size_t max, const struct markup *markup, const char *text)
{
    bool fits = markup_size(markup, text) <= max;
    bool line_start = true;
    size_t used = 0;

    if (!fits && max < sizeof(ellipsis) - 1)
        return 0;
    while (*text) {
        size_t size;
        const char *instead = instead_of(markup, text, line_start, &size);

        if (!fits && used + size + sizeof(ellipsis) - 1 > max) {
            memcpy(dest + used, ellipsis, sizeof(ellipsis) - 1);
            return used + sizeof(ellipsis) - 1;
        }
        memcpy(dest + used, instead, size);
        used += size;
        line_start = starts_line(text, size, line_start);
        text += text_character_size(text);
    }
    return used;
}

void markup_append(char *dest, size_t dest_size, const struct markup *markup, const char *text)
{
    size_t used = strlen(dest);

    used += write_cut(dest + used, dest_size - used - 1, markup, text);
    dest[used] = '\0';
}

/* Cuts TEXT, in place and not escaped yet, so that it takes at most MAX bytes in MARKUP. */
static void cut(char *text, size_t text_size, const struct markup *markup, size_t max)
{
    bool line_start = true;
    size_t used = 0, at = 0;

    if (markup_size(markup, text) <= max)
        return;
    while (text[at]) {
        size_t size;

        (void)instead_of(markup, text + at, line_start, &size);
        if (used + size + sizeof(ellipsis) - 1 > max)
            break;
        used += size;
        line_start = starts_line(text + at, size, line_start);
        at += text_character_size(text + at);
    }
    text[at] = '\0';
    if (max >= sizeof(ellipsis) - 1)
        text_append(text, text_size, "%s", ellipsis);
}

static size_t fact_size(const struct markup *markup, const struct message_fact *fact)
{
    return strlen(fact->label) + markup_size(markup, fact->text);
}

void markup_fit(struct message *message, const struct markup *markup, size_t room)
{
    char *const texts[] = {message->notice.detail, message->notice.why};
    const size_t sizes[] = {sizeof(message->notice.detail), sizeof(message->notice.why)};
    size_t total = markup_size(markup, message->title) + markup_size(markup, message->look) +
                   markup_size(markup, message->command);

    for (size_t i = 0; i < message->fact_count; i++)
        total += fact_size(markup, &message->facts[i]);
    for (size_t i = 0; i < 2; i++)
        total += markup_size(markup, texts[i]);
    for (size_t i = 0; i < 2 && total > room; i++) {
        size_t size = markup_size(markup, texts[i]);
        size_t excess = total - room;

        cut(texts[i], sizes[i], markup, size > excess ? size - excess : 0);
        total -= size - markup_size(markup, texts[i]);
    }
    while (message->fact_count > 1 && total > room)
        total -= fact_size(markup, &message->facts[--message->fact_count]);
}

static void print_text(FILE *out, const struct markup *markup, const char *text)
{
    char escaped[MARKUP_TEXT_MAX] = "";

    markup_append(escaped, sizeof(escaped), markup, text);
    fputs(escaped, out);
}

char *markup_print(const struct message *message, const struct markup_layout *layout)
{
    const char *const paragraphs[] = {message->notice.why, message->notice.detail};
    char *document = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&document, &size);
    bool failed;

    if (!out)
        return NULL;
    fputs(layout->title_before, out);
    print_text(out, layout->text, message->title);
    fprintf(out, "%s%s", layout->title_after, layout->paragraph);
    for (size_t i = 0; i < 2; i++) {
        if (!paragraphs[i][0])
            continue;
        print_text(out, layout->text, paragraphs[i]);
        fputs(layout->paragraph, out);
    }
    for (size_t i = 0; i < message->fact_count; i++) {
        fprintf(out, "%s**%s**%s", layout->bullet, message->facts[i].label,
            words(message->notice.language, ": "));
        print_text(out, layout->text, message->facts[i].text);
        fputs(i + 1 < message->fact_count ? "\n" : layout->paragraph, out);
    }
    print_text(out, layout->text, message->look);
    fprintf(out, "%s`", layout->paragraph);
    print_text(out, layout->code, message->command);
    fputc('`', out);
    failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(document);
        return NULL;
    }
    return document;
}
