#include "config/load.h"
#include "config/secret.h"
#include "config/syntax.h"

#include "base/text.h"
#include "rmqwatch/lease.h"
#include "words/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fill_problem(
    struct load *load, const struct load_place *place, const struct option *option, const char *wanted)
{
    char sentence[256];

    snprintf(sentence, sizeof sentence, "is not usable; it %s", wanted);
    return load_problem(load, place, option->name, -EINVAL, sentence);
}

static int fill_no_memory(struct load *load, const struct load_place *place, const struct option *option)
{
    return load_problem(load, place, option->name, -ENOMEM, "cannot be kept; memory is short");
}

static int fill_text(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, char **field)
{
    const char *wanted;

    if (value == NULL || (value[0] == '\0' && option->initial == NULL))
        return 0;
    wanted = option->check != NULL ? option->check(value) : NULL;
    if (wanted != NULL)
        return fill_problem(load, place, option, wanted);
    if (option->kind == OPTION_FILE && !load->without_secrets && access(value, R_OK) < 0)
        return load_problem(load, place, option->name, -errno,
            "names a file that the daemon cannot read; check the path and its permissions");
    *field = strdup(value);
    return *field != NULL ? 0 : fill_no_memory(load, place, option);
}

static int fill_node(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, char *field)
{
    char name[RMQ_NODE_NAME_MAX] = "";
    char host[RMQ_NODE_NAME_MAX] = "";

    if (value != NULL && value[0] != '\0') {
        const char *wanted = option->check(value);

        if (wanted != NULL)
            return fill_problem(load, place, option, wanted);
        text_copy(field, RMQ_NODE_NAME_MAX, value);
        return 0;
    }

    /* As RabbitMQ does: rabbit@ and the host's name up to the first dot. */
    if (gethostname(host, sizeof host - 1) == 0) {
        host[strcspn(host, ".")] = '\0';
        text_append(name, sizeof name, "rabbit@%s", host);
    }
    if (option->check(name) != NULL)
        return load_problem(load, place, option->name, -EINVAL,
            "is not set and this host's name makes no node name; set it to what rabbitmqctl status shows");
    text_copy(field, RMQ_NODE_NAME_MAX, name);
    return 0;
}

static int fill_duration(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, uint64_t *field)
{
    char least[32], most[32], wanted[128];
    uint64_t ms = 0;
    int r = text_parse_duration(value, &ms);

    if (r == -EINVAL)
        return fill_problem(
            load, place, option, "must be a whole number with its unit: 500ms, 5s, 2min, 1h or 1d");
    if (r < 0 || ms < option->min || ms > option->max) {
        text_duration(least, sizeof least, option->min);
        text_duration(most, sizeof most, option->max);
        snprintf(wanted, sizeof wanted, "must be from %s to %s", least, most);
        return fill_problem(load, place, option, wanted);
    }
    *field = ms;
    return 0;
}

static int fill_number(
    struct load *load, const struct load_place *place, const struct option *option, long value, void *field)
{
    char wanted[128];

    if (value < 0 || (uint64_t)value < option->min || (uint64_t)value > option->max) {
        snprintf(
            wanted, sizeof wanted, "must be from %ju to %ju", (uintmax_t)option->min, (uintmax_t)option->max);
        return fill_problem(load, place, option, wanted);
    }
    if (option->kind == OPTION_PORT)
        *(uint16_t *)field = (uint16_t)value;
    else
        *(uint32_t *)field = (uint32_t)value;
    return 0;
}

static int fill_choice(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, void *field)
{
    const char *const *words = option->kind == OPTION_MODE ? syntax_mode_words : syntax_severity_words;
    char wanted[128] = "must be one of:";
    unsigned i = 0;

    while (words[i] != NULL && strcmp(words[i], value) != 0)
        i++;
    if (words[i] == NULL) {
        for (i = 0; words[i] != NULL; i++)
            text_append(wanted, sizeof wanted, " %s", words[i]);
        return fill_problem(load, place, option, wanted);
    }
    if (option->kind == OPTION_MODE)
        *(bool *)field = i != 0;
    else
        *(enum severity *)field = (enum severity)i;
    return 0;
}

static int fill_language(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, enum language *field)
{
    char wanted[128] = "must be one of:";

    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        *field = (enum language)i;
        if (strcmp(language_name(*field), value) == 0)
            return 0;
        text_append(wanted, sizeof wanted, " %s", language_name(*field));
    }
    return fill_problem(load, place, option, wanted);
}

static int fill_lease(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, const struct lease_ops **field)
{
    char wanted[128] = "must be one of:";

    *field = lease_find(value);
    if (*field)
        return 0;
    for (size_t i = 0; lease_at(i); i++)
        text_append(wanted, sizeof wanted, " %s", lease_at(i)->name);
    return fill_problem(load, place, option, wanted);
}

static int fill_list(struct load *load, const struct load_place *place, const struct option *option,
    cfg_t *section, char **field)
{
    unsigned count = cfg_size(section, option->name);
    char wanted[128];

    if (count > option->max) {
        snprintf(wanted, sizeof wanted, "must have at most %ju entries", (uintmax_t)option->max);
        return fill_problem(load, place, option, wanted);
    }
    for (unsigned i = 0; i < count; i++) {
        const char *value = cfg_getnstr(section, option->name, i);
        const char *problem = option->check(value);

        if (problem != NULL)
            return fill_problem(load, place, option, problem);
        field[i] = strdup(value);
        if (field[i] == NULL)
            return fill_no_memory(load, place, option);
    }
    return 0;
}

/* The words that a notice's event can have, but for that of decisions, which no channel sees. */
static int fill_events(struct load *load, const struct load_place *place, const struct option *option,
    cfg_t *section, uint64_t *field)
{
    _Static_assert(NOTICE_KIND_COUNT <= 64, "there is a bit for each of them");
    uint64_t events = 0;

    for (unsigned i = 0; i < cfg_size(section, option->name); i++) {
        const char *word = cfg_getnstr(section, option->name, i);
        int kind = NOTICE_NONE + 1;

        while (kind < NOTICE_KIND_COUNT && strcmp(notice_info((enum notice_kind)kind)->event, word) != 0)
            kind++;
        if (kind == NOTICE_KIND_COUNT)
            return fill_problem(load, place, option,
                "must be a list of events, as in {\"gave-up\", \"held\"}; the sample rmqwatchd.conf names "
                "all of them");
        events |= UINT64_C(1) << kind;
    }
    *field = events;
    return 0;
}

static int fill_secret(struct load *load, const struct load_place *place, const struct option *option,
    const char *value, struct secret *field)
{
    const char *problem = NULL;
    int r;

    if (value == NULL || value[0] == '\0')
        return 0;
    if (load->without_secrets) {
        field->value = strdup("");
        return field->value != NULL ? 0 : fill_no_memory(load, place, option);
    }
    r = secret_read(value, field, &problem);
    if (r < 0)
        return load_problem(load, place, option->name, r, problem);
    problem = option->check != NULL ? option->check(field->value) : NULL;
    return problem != NULL ? fill_problem(load, place, option, problem) : 0;
}

int load_fill(struct load *load, const struct load_place *place, cfg_t *section, void *target)
{
    const struct option_section *description = place->section;
    int r = 0;

    for (size_t i = 0; i < description->option_count && r == 0; i++) {
        const struct option *option = &description->options[i];
        void *field = (char *)target + option->offset;

        switch (option->kind) {
        case OPTION_TEXT:
        case OPTION_FILE:
            r = fill_text(load, place, option, cfg_getstr(section, option->name), field);
            break;
        case OPTION_NODE:
            r = fill_node(load, place, option, cfg_getstr(section, option->name), field);
            break;
        case OPTION_DURATION:
            r = fill_duration(load, place, option, cfg_getstr(section, option->name), field);
            break;
        case OPTION_COUNT:
        case OPTION_PORT:
            r = fill_number(load, place, option, cfg_getint(section, option->name), field);
            break;
        case OPTION_SWITCH:
            *(bool *)field = cfg_getbool(section, option->name) == cfg_true;
            break;
        case OPTION_MODE:
        case OPTION_SEVERITY:
            r = fill_choice(load, place, option, cfg_getstr(section, option->name), field);
            break;
        case OPTION_LANGUAGE:
            r = fill_language(load, place, option, cfg_getstr(section, option->name), field);
            break;
        case OPTION_LEASE:
            r = fill_lease(load, place, option, cfg_getstr(section, option->name), field);
            break;
        case OPTION_LIST:
            r = fill_list(load, place, option, section, field);
            break;
        case OPTION_EVENTS:
            r = fill_events(load, place, option, section, field);
            break;
        case OPTION_SECRET:
            r = fill_secret(load, place, option, cfg_getstr(section, option->name), field);
            break;
        }
    }
    return r;
}
