#include "evidence/log_text.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { DETAIL_MAX = 110, NEAR = 400 /* bytes between a cause's word and the thing that it is about */ };

/* Where the thing stands that the sentence names. */
enum detail {
    DETAIL_NONE,
    DETAIL_REST,        /* after the word, up to the end of its line */
    DETAIL_WORD,        /* the word after it */
    DETAIL_WORD_BEFORE, /* the word before it */
    DETAIL_QUOTED,      /* the next text in double quotes */
    DETAIL_PATH_BEFORE, /* the last path in quotes before it */
    DETAIL_PORT_BEFORE, /* a listener's port before it */
};

/* The first one that the last run's lines hold is told: what names a thing comes before what does not, and
 * what lies deeper before what follows from it. */
static const struct known_cause {
    const char *word;
    enum detail detail;
    const char *before, *after; /* of the detail; without a detail BEFORE is the sentence */
    bool any_time;              /* also ends a broker that has booted; the others only keep it from booting */
} known_causes[] = {
    {"killed by the OOM killer", DETAIL_NONE, "out of memory: the kernel's OOM killer ended the broker", "",
        true},
    {"Failed with result 'oom-kill'", DETAIL_NONE, "out of memory: the kernel's OOM killer ended the broker",
        "", true},
    {"bytes of memory (of type", DETAIL_NONE, "out of memory: the Erlang machine was refused more of it", "",
        true},
    {"Cookie file ", DETAIL_WORD, "the Erlang cookie ", " is readable for others than its owner", false},
    {"check if the Erlang cookie is", DETAIL_NONE, "the Erlang cookie is not that of the other nodes", "",
        false},
    {"check the Erlang cookie", DETAIL_NONE, "the Erlang cookie is not that of the other nodes", "", false},
    {"Syntax error in ", DETAIL_REST, "the configuration cannot be read: syntax error in ", "", false},
    {"attempted to set unknown variable: ", DETAIL_REST, "the configuration sets what does not exist: ", "",
        false},
    {"Error transforming datatype for: ", DETAIL_REST, "the configuration has a wrong value for ", "", false},
    {" invalid, file does not exist or cannot be read", DETAIL_WORD_BEFORE,
        "the configuration names a file that is missing or cannot be read: ", "", false},
    {" invalid, PEM file does not exist", DETAIL_WORD_BEFORE,
        "the configuration names a certificate or key that is missing, unreadable or damaged: ", "", false},
    {"failed_to_parse_configuration_file", DETAIL_NONE, "the configuration cannot be read", "", false},
    {"failed_to_prepare_configuration", DETAIL_NONE, "the configuration is not valid", "", false},
    {"failed_to_load_advanced_configuration_file", DETAIL_NONE, "advanced.config cannot be read", "", false},
    {"could not bind to distribution port ", DETAIL_WORD, "port ", " between the nodes is in use already",
        false},
    {"is already running on", DETAIL_NONE, "a node of the same name runs on this machine already", "", false},
    {"eaddrinuse", DETAIL_PORT_BEFORE, "port ", " is in use by another process", false},
    {"eaddrinuse", DETAIL_NONE, "a port is in use by another process", "", false},
    {"enospc", DETAIL_PATH_BEFORE, "no space left on the disk of ", "", true},
    {"enospc", DETAIL_NONE, "no space left on the disk", "", true},
    {"no space left on device", DETAIL_NONE, "no space left on the disk", "", true},
    {"erofs", DETAIL_PATH_BEFORE, "the file system is read-only: ", "", true},
    {"eacces", DETAIL_PATH_BEFORE, "the broker has no permission to use ", "", false},
    {"eacces", DETAIL_NONE, "the broker has no permission to use one of its files", "", false},
    {"inconsistent_cluster", DETAIL_QUOTED, "inconsistent cluster: ", "", false},
    {"inconsistent_database", DETAIL_NONE,
        "inconsistent database: this node and the others were apart, and both went on", "", false},
    {"disabled_required_feature_flag", DETAIL_NONE,
        "a feature flag that this version requires was not enabled before the upgrade", "", false},
    {"required feature flag not enabled", DETAIL_NONE,
        "a feature flag that this version requires was not enabled before the upgrade", "", false},
    {"{incompatible_feature_flags", DETAIL_NONE, "its feature flags do not fit the other nodes'", "", false},
    {"is INCOMPATIBLE: feature flags", DETAIL_NONE, "its feature flags do not fit the other nodes'", "",
        false},
    {"cannot run on Erlang ", DETAIL_REST, "this version of RabbitMQ cannot run on Erlang ", "", false},
    {"schema_integrity_check_failed", DETAIL_NONE, "its database does not fit this version of RabbitMQ", "",
        false},
    {"rejected. Invalid challenge reply", DETAIL_NONE, "the Erlang cookie is not that of the other nodes", "",
        false},
    {"epmd error for host ", DETAIL_REST, "this host's own name cannot be used: ", "", false},
    {"Timeout contacting cluster nodes: ", DETAIL_REST, "it waited in vain for other nodes: ", "", false},
    {"timeout_waiting_for_tables", DETAIL_NONE, "it waited in vain for the other nodes' tables", "", false},
    {"timeout_waiting_for_leader", DETAIL_NONE, "it waited in vain for a majority to elect a leader", "",
        false},
    {"timeout_waiting_for_khepri", DETAIL_NONE, "it waited in vain for a majority of the cluster", "", false},
    {"plugins currently enabled but missing: ", DETAIL_REST, "plugins are enabled but not installed: ", "",
        false},
    {"plugins_not_found", DETAIL_NONE, "a plugin is enabled but not installed", "", false},
    {"ertificate Expired", DETAIL_NONE, "a TLS certificate has expired", "", false},
    {"certificate_expired", DETAIL_NONE, "a TLS certificate has expired", "", false},
    {"certificate has expired", DETAIL_NONE, "a TLS certificate has expired", "", false},
};

static const char *find_last(const char *text, size_t size, const char *word)
{
    const char *at = text, *found, *last = NULL;

    while ((found = memmem(at, size - (size_t)(at - text), word, strlen(word)))) {
        last = found;
        at = found + 1;
    }
    return last;
}

/* Without what surrounds it; false when nothing is left. */
static bool take_detail(const char *at, const char *end, char *detail)
{
    char raw[DETAIL_MAX + 256]; /* longer: a password is hidden before it is cut */
    size_t size = 0;

    while (end > at && (end[-1] == '.' || end[-1] == ',' || isspace((unsigned char)end[-1])))
        end--;
    for (; at < end && size < sizeof(raw) - 1; at++)
        raw[size++] = (unsigned char)*at < 0x20 || *at == 0x7f ? ' ' : *at;
    raw[size] = '\0';
    log_hide(raw);
    text_copy(detail, DETAIL_MAX, raw);
    return size > 0;
}

static bool take_word(const char *at, const char *limit, char *detail)
{
    const char *end = at;

    while (end < limit && !isspace((unsigned char)*end))
        end++;
    return take_detail(at, end, detail);
}

static bool take_word_before(const char *at, const char *limit, char *detail)
{
    const char *begin = at;

    while (begin > limit && !isspace((unsigned char)begin[-1]))
        begin--;
    return take_detail(begin, at, detail);
}

static bool take_quoted(const char *at, const char *limit, char *detail)
{
    const char *open = memchr(at, '"', (size_t)(limit - at));
    const char *close = open ? memchr(open + 1, '"', (size_t)(limit - open - 1)) : NULL;

    return close && take_detail(open + 1, close, detail);
}

static bool take_path_before(const char *at, const char *limit, char *detail)
{
    for (const char *begin = at; begin - 1 > limit; begin--) {
        const char *end;

        if (*begin != '/' || (begin[-1] != '"' && begin[-1] != '\''))
            continue;
        end = memchr(begin, begin[-1], (size_t)(at - begin));
        return end && take_detail(begin, end, detail);
    }
    return false;
}

/* "{port,5672}", or the other end of "{acceptor,{0,0,0,0},5672}". */
static bool take_port_before(const char *at, const char *limit, char *detail)
{
    static const char option[] = "{port,", listener[] = "{acceptor,";
    const char *found = find_last(limit, (size_t)(at - limit), option), *end;

    if (found) {
        found += strlen(option);
    } else {
        found = find_last(limit, (size_t)(at - limit), listener);
        found = found ? memmem(found, (size_t)(at - found), "},", 2) : NULL;
        if (!found)
            return false;
        found += 2;
    }
    for (end = found; end < at && isdigit((unsigned char)*end); end++)
        continue;
    return take_detail(found, end, detail);
}

static bool find_detail(
    const struct known_cause *known, const char *text, size_t size, const char *found, char *detail)
{
    const char *after = found + strlen(known->word), *end = text + size;
    const char *near_begin = found - text > NEAR ? found - NEAR : text;
    const char *near_end = end - after > NEAR ? after + NEAR : end;
    const char *newline = memchr(after, '\n', (size_t)(end - after));

    switch (known->detail) {
    case DETAIL_NONE:
        break;
    case DETAIL_REST:
        return take_detail(after, newline ? newline : end, detail);
    case DETAIL_WORD:
        return take_word(after, near_end, detail);
    case DETAIL_WORD_BEFORE:
        return take_word_before(found, near_begin, detail);
    case DETAIL_QUOTED:
        return take_quoted(after, near_end, detail);
    case DETAIL_PATH_BEFORE:
        return take_path_before(found, near_begin, detail);
    case DETAIL_PORT_BEFORE:
        return take_port_before(found, near_begin, detail);
    }
    detail[0] = '\0';
    return true;
}

/* The last place that also names the thing. */
static bool cause_applies(const struct known_cause *known, const char *text, size_t size, char *detail)
{
    const char *found;

    while ((found = find_last(text, size, known->word))) {
        if (find_detail(known, text, size, found, detail))
            return true;
        size = (size_t)(found - text);
    }
    return false;
}

/* Where the boot was over, counted from TEXT; 0 when it was not. */
static size_t booted_at(const char *text, size_t size)
{
    static const char *const words[] = {"Server startup complete", "]: Started "};
    size_t booted = 0;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *found = find_last(text, size, words[i]);

        if (found && (size_t)(found - text) > booted)
            booted = (size_t)(found - text);
    }
    return booted;
}

bool log_cause(const char *text, size_t size, char *cause, size_t cause_size)
{
    size_t begin = log_last_run(text, size), booted;
    char detail[DETAIL_MAX];

    text += begin;
    size -= begin;
    /* What a boot has overcome is no cause of what came later. */
    booted = booted_at(text, size);
    text += booted;
    size -= booted;
    for (size_t i = 0; i < sizeof(known_causes) / sizeof(known_causes[0]); i++) {
        const struct known_cause *known = &known_causes[i];

        if ((booted > 0 && !known->any_time) || !cause_applies(known, text, size, detail))
            continue;
        cause[0] = '\0';
        text_append(cause, cause_size, "%s%s%s", known->before, detail, known->after);
        return true;
    }
    return false;
}
