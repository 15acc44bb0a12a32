#include "config/scan.h"

#include "base/text.h"
#include "config/token.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum scan_state {
    SCAN_NAME,     /* an option, a section, or the end of one */
    SCAN_NAMED,    /* "=", a title or "{" */
    SCAN_TITLED,   /* "{" */
    SCAN_VALUE,    /* a value, or "{" of a list */
    SCAN_LIST,     /* values, commas, "}" */
    SCAN_STRANGER, /* no shape that we know: libconfuse will refuse it */
};

struct scanner {
    struct scan *scan;
    struct report *report;
    enum scan_state state;
    size_t section; /* where we are */
    struct token name;
    struct token title;
};

static bool scan_is(const char *text, size_t size, const char *name)
{
    return strlen(name) == size && memcmp(text, name, size) == 0;
}

static int scanner_add_option(struct scanner *scanner)
{
    struct scan *scan = scanner->scan;
    const struct token *name = &scanner->name;

    for (size_t i = 0; i < scan->option_count; i++) {
        const struct scan_option *other = &scan->options[i];

        if (other->section == scanner->section && other->name_size == name->size &&
            memcmp(other->name, name->text, name->size) == 0)
            return report_problem(scanner->report, name->line, -EINVAL,
                "'%.*s' is set twice; line %d has it already, keep one of them", (int)name->size, name->text,
                other->line);
    }
    if (scan->option_count == SCAN_OPTIONS_MAX)
        return report_problem(scanner->report, name->line, -E2BIG,
            "more than %d options; this is no configuration of rmqwatchd", SCAN_OPTIONS_MAX);
    scan->options[scan->option_count++] = (struct scan_option){
        .section = scanner->section, .name = name->text, .name_size = name->size, .line = name->line};
    return 0;
}

static int scanner_enter_section(struct scanner *scanner)
{
    struct scan *scan = scanner->scan;
    const struct token *name = &scanner->name;
    struct scan_section *section;

    if (scanner->section != 0)
        return report_problem(scanner->report, name->line, -EINVAL,
            "section '%.*s' begins inside another one; close that of line %d with '}' first", (int)name->size,
            name->text, scan->sections[scanner->section].line);

    /* Two with a title are libconfuse's to compare; two without one it would mix into one. */
    for (size_t i = 1; i < scan->section_count && scanner->title.size == 0; i++)
        if (scan->sections[i].title_size == 0 && scan_is(name->text, name->size, scan->sections[i].name))
            return report_problem(scanner->report, name->line, -EINVAL,
                "section '%.*s' is there twice; put its options into the one of line %d", (int)name->size,
                name->text, scan->sections[i].line);
    if (scan->section_count == SCAN_SECTIONS_MAX)
        return report_problem(scanner->report, name->line, -E2BIG,
            "more than %d sections; this is no configuration of rmqwatchd", SCAN_SECTIONS_MAX - 1);

    scanner->section = scan->section_count;
    section = &scan->sections[scan->section_count++];
    *section = (struct scan_section){.title_size = scanner->title.size, .line = name->line};
    text_append(section->name, sizeof section->name, "%.*s", (int)name->size, name->text);
    if (strcmp(section->name, "node") == 0)
        memcpy(name->text, SCAN_NODE_SECTION, name->size);
    return 0;
}

static int scanner_take_name(struct scanner *scanner, const struct token *token)
{
    if (token->kind == TOKEN_STRING)
        return report_problem(scanner->report, token->line, -EINVAL,
            "a quoted text stands where an option's name should be; write: name = value");
    if (token->kind == TOKEN_WORD) {
        scanner->name = *token;
        scanner->title = (struct token){0};
        scanner->state = SCAN_NAMED;
    } else if (token->kind == '}' && scanner->section != 0) {
        scanner->section = 0;
    } else {
        scanner->state = SCAN_STRANGER;
    }
    return 0;
}

/* After a name, and after a title. */
static int scanner_take_after_name(struct scanner *scanner, const struct token *token)
{
    if (scanner->state == SCAN_NAMED && token->kind == '=') {
        scanner->state = SCAN_VALUE;
        return scanner_add_option(scanner);
    }
    if (token->kind == '{') {
        scanner->state = SCAN_NAME;
        return scanner_enter_section(scanner);
    }
    if (scanner->state == SCAN_NAMED && (token->kind == TOKEN_STRING || token->kind == TOKEN_WORD)) {
        scanner->title = *token;
        scanner->state = SCAN_TITLED;
        return 0;
    }
    /* Not left to libconfuse, which would show the word, and it may be the second word of a password. */
    return report_problem(scanner->report, scanner->name.line, -EINVAL,
        "a word without '=' or '{' after it; write: name = value, with quotes around a value with spaces");
}

static int scanner_take(struct scanner *scanner, const struct token *token)
{
    bool value = token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;

    switch (scanner->state) {
    case SCAN_NAME:
        return scanner_take_name(scanner, token);
    case SCAN_NAMED:
    case SCAN_TITLED:
        return scanner_take_after_name(scanner, token);
    case SCAN_VALUE:
        if (value)
            scanner->state = SCAN_NAME;
        else
            scanner->state = token->kind == '{' ? SCAN_LIST : SCAN_STRANGER;
        return 0;
    case SCAN_LIST:
        if (token->kind == '}')
            scanner->state = SCAN_NAME;
        else if (!value && token->kind != ',')
            scanner->state = SCAN_STRANGER;
        return 0;
    case SCAN_STRANGER:
        break;
    }
    return 0;
}

int scan_text(struct scan *scan, char *text, size_t size, struct report *report)
{
    struct token_reader reader;
    struct scanner scanner = {.scan = scan, .report = report, .state = SCAN_NAME};
    struct token token;
    int r;

    *scan = (struct scan){.section_count = 1};
    r = token_reader_init(&reader, text, size, report);
    if (r < 0)
        return r;

    /* To the very end even behind a strange shape: comments must be gone and the text must be clean. */
    for (;;) {
        r = token_next(&reader, &token);
        if (r < 0)
            return r;
        if (token.kind == TOKEN_END)
            break;
        r = scanner_take(&scanner, &token);
        if (r < 0)
            return r;
    }
    if (scanner.state == SCAN_NAMED || scanner.state == SCAN_TITLED)
        return scanner_take_after_name(&scanner, &token);
    if (scanner.state == SCAN_NAME && scanner.section != 0)
        return report_problem(report, scan->sections[scanner.section].line, -EINVAL,
            "the section that begins here never ends; close it with '}'");
    return 0;
}

/* Index of a section, or 0 for the file itself and for one that is not there (*RET_FOUND says which). */
static size_t scan_find(const struct scan *scan, const char *name, size_t ordinal, bool *ret_found)
{
    *ret_found = name == NULL;
    for (size_t i = 1; i < scan->section_count && name != NULL; i++) {
        if (strcmp(scan->sections[i].name, name) != 0 || ordinal-- > 0)
            continue;
        *ret_found = true;
        return i;
    }
    return 0;
}

int scan_section_line(const struct scan *scan, const char *name, size_t ordinal)
{
    bool found;

    return scan->sections[scan_find(scan, name, ordinal, &found)].line;
}

int scan_option_line(const struct scan *scan, const char *name, size_t ordinal, const char *option)
{
    bool found;
    size_t section = scan_find(scan, name, ordinal, &found);

    for (size_t i = 0; i < scan->option_count && found; i++)
        if (scan->options[i].section == section &&
            scan_is(scan->options[i].name, scan->options[i].name_size, option))
            return scan->options[i].line;
    return 0;
}
