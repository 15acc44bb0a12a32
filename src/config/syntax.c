#include "config/syntax.h"

#include "config/options.h"
#include "config/scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SYNTAX_ROOT_MAX = 64,
    SYNTAX_SECTIONS_MAX = 24,
    SYNTAX_SECTION_OPTIONS_MAX = 16, /* with the end's mark */
    SYNTAX_NAME_MAX = 24
};

/* Tables for cfg_init(), which copies them. */
struct syntax_tables {
    cfg_opt_t root[SYNTAX_ROOT_MAX];
    cfg_opt_t sections[SYNTAX_SECTIONS_MAX][SYNTAX_SECTION_OPTIONS_MAX];
    size_t root_count;
    size_t section_count;
};

const char *const syntax_mode_words[] = {"observe", "act", NULL};
const char *const syntax_severity_words[] = {"info", "warning", "critical", NULL};

/* libconfuse gives its callbacks no context, and its lexer is global anyway. */
static struct report *current_report;

/* What libconfuse says, what we say instead. Its own texts show words of the file, which may be secret. */
static const struct {
    const char *theirs, *ours;
} sentences[] = {
    {"missing equal sign", "an option without '='; write: name = value"},
    {"missing opening brace", "a section's name without '{' after it; write: section { ... }"},
    {"missing title", "this section needs a name of its own; write it in quotes before the '{'"},
    {"unexpected closing brace", "a '}' too many; nothing is open here"},
    {"premature end of file", "the file ends in the middle of an option; complete its value"},
    {"unexpected token", "this character or word is out of place; write: name = value, lists as {a, b}"},
    {"found duplicate title", "a section of this kind and name is there already; put both into one"},
};

/* Levenshtein's distance of two option names, or a large number when one of them is too long for one. */
static size_t syntax_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    size_t row[SYNTAX_NAME_MAX + 1];

    if (a_size > SYNTAX_NAME_MAX || b_size > SYNTAX_NAME_MAX)
        return SYNTAX_NAME_MAX;
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_size];
}

static void syntax_report_unknown(cfg_t *cfg, const char *name)
{
    const char *nearest = NULL;
    size_t nearest_distance = 3;

    for (unsigned i = 0; cfg->opts[i].name != NULL; i++) {
        size_t distance = syntax_distance(name, cfg->opts[i].name);

        if (distance >= nearest_distance || distance >= strlen(name) ||
            strcmp(cfg->opts[i].name, SCAN_NODE_SECTION) == 0)
            continue;
        nearest = cfg->opts[i].name;
        nearest_distance = distance;
    }
    if (nearest != NULL)
        report_problem(current_report, cfg->line, -EINVAL, "unknown option '%.*s'; '%s' is meant perhaps",
            SYNTAX_NAME_MAX, name, nearest);
    else
        report_problem(current_report, cfg->line, -EINVAL,
            "unknown option '%.*s'; the sample rmqwatchd.conf shows all of them", SYNTAX_NAME_MAX, name);
}

static void on_confuse_error(cfg_t *cfg, const char *format, va_list args)
{
    static const char unknown[] = "no such option '%s'";

    if (strcmp(format, unknown) == 0) {
        syntax_report_unknown(cfg, va_arg(args, const char *));
        return;
    }
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        if (strncmp(format, sentences[i].theirs, strlen(sentences[i].theirs)) == 0)
            report_problem(current_report, cfg->line, -EINVAL, "%s", sentences[i].ours);
    report_problem(current_report, cfg->line, -EINVAL,
        "this cannot be understood; the sample rmqwatchd.conf shows how it is written");
}

/* libconfuse would take 010 for 8, 0x10 for 16 and "" for 0. */
static int on_confuse_whole_number(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    size_t size = strlen(value);

    if (size == 0 || size > 9 || strspn(value, "0123456789") != size)
        return report_problem(current_report, cfg->line, -EINVAL,
            "%s must be a whole number of at most 9 digits; write it without quotes, sign or unit",
            cfg_opt_name(opt));
    *(long *)result = strtol(value, NULL, 10);
    return 0;
}

static int on_confuse_switch(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    int parsed = cfg_parse_boolean(value);

    if (parsed != 0 && parsed != 1)
        return report_problem(current_report, cfg->line, -EINVAL,
            "%s is neither on nor off; it must be true or false", cfg_opt_name(opt));
    *(int *)result = parsed;
    return 0;
}

static cfg_opt_t syntax_option(const struct option *option)
{
    switch (option->kind) {
    case OPTION_COUNT:
    case OPTION_PORT:
        return (cfg_opt_t)CFG_INT_CB(
            option->name, strtol(option->initial, NULL, 10), CFGF_NONE, on_confuse_whole_number);
    case OPTION_SWITCH:
        return (cfg_opt_t)CFG_BOOL_CB(option->name,
            strcmp(option->initial, "true") == 0 ? cfg_true : cfg_false, CFGF_NONE, on_confuse_switch);
    case OPTION_LIST:
    case OPTION_EVENTS:
        return (cfg_opt_t)CFG_STR_LIST(option->name, (char *)option->initial, CFGF_NONE);
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_NODE:
    case OPTION_DURATION:
    case OPTION_MODE:
    case OPTION_LANGUAGE:
    case OPTION_SEVERITY:
    case OPTION_LEASE:
    case OPTION_SECRET:
        break;
    }
    return (cfg_opt_t)CFG_STR(option->name, option->initial, CFGF_NONE);
}

/* One more section, called NAME in the text; FLAGS are those of libconfuse. */
static int syntax_add_section(
    struct syntax_tables *tables, const char *name, const struct option_section *section, cfg_flag_t flags)
{
    cfg_opt_t *options;

    if (tables->section_count == SYNTAX_SECTIONS_MAX || tables->root_count + 1 >= SYNTAX_ROOT_MAX ||
        section->option_count >= SYNTAX_SECTION_OPTIONS_MAX)
        return -E2BIG;
    options = tables->sections[tables->section_count++];
    for (size_t i = 0; i < section->option_count; i++)
        options[i] = syntax_option(&section->options[i]);
    options[section->option_count] = (cfg_opt_t)CFG_END();
    tables->root[tables->root_count++] = (cfg_opt_t)CFG_SEC(name, options, flags);
    return 0;
}

static int syntax_fill_tables(struct syntax_tables *tables)
{
    const struct option_section *root = &option_sections[SECTION_ROOT];
    cfg_flag_t titled = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
    int r = 0;

    if (root->option_count >= SYNTAX_ROOT_MAX)
        return -E2BIG;
    for (size_t i = 0; i < root->option_count; i++)
        tables->root[tables->root_count++] = syntax_option(&root->options[i]);
    for (size_t i = 1; i < OPTION_SECTIONS && r == 0; i++)
        r = syntax_add_section(tables, option_sections[i].name, &option_sections[i], CFGF_NONE);
    if (r == 0)
        r = syntax_add_section(tables, SCAN_NODE_SECTION, &option_node_section, titled);
    for (size_t i = 0; channel_at(i) != NULL && r == 0; i++) {
        struct option_channel channel;

        option_channel_init(&channel, channel_at(i));
        r = syntax_add_section(tables, channel.section.name, &channel.section, titled);
    }
    tables->root[tables->root_count] = (cfg_opt_t)CFG_END();
    return r;
}

int syntax_parse(const char *text, struct report *report, cfg_t **ret_cfg)
{
    struct syntax_tables *tables = calloc(1, sizeof *tables);
    cfg_t *cfg = NULL;
    int r = tables != NULL ? syntax_fill_tables(tables) : -ENOMEM;

    if (r == 0) {
        cfg = cfg_init(tables->root, CFGF_NONE);
        r = cfg != NULL ? 0 : -ENOMEM;
    }
    free(tables);
    if (r < 0)
        return report_problem(report, 0, r, "cannot be read; %s", strerror(-r));

    current_report = report;
    cfg_set_error_function(cfg, on_confuse_error);
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
        r = report_problem(report, cfg->line, -EINVAL, "cannot be read; memory may be short");
    current_report = NULL;
    if (r < 0) {
        cfg_free(cfg);
        return r;
    }
    /* The accessors complain through it too, and there is nobody to listen any more. */
    cfg_set_error_function(cfg, NULL);
    *ret_cfg = cfg;
    return 0;
}
