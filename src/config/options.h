/* The options of the configuration file as data. A new option is one line here, one field in
 * rmqwatch/config.h and one stanza in etc/rmqwatchd.conf. */
#ifndef RMQWATCH_CONFIG_OPTIONS_H
#define RMQWATCH_CONFIG_OPTIONS_H

#include "config/values.h"
#include "rmqwatch/channel.h"

#include <stddef.h>
#include <stdint.h>

/* How an option is written and what field it fills. */
enum option_kind {
    OPTION_TEXT,     /* char *; "" is NULL where there is no initial value */
    OPTION_FILE,     /* as text: the path of a file that must be readable */
    OPTION_NODE,     /* char[RMQ_NODE_NAME_MAX] */
    OPTION_DURATION, /* uint64_t, milliseconds */
    OPTION_COUNT,    /* uint32_t */
    OPTION_PORT,     /* uint16_t */
    OPTION_SWITCH,   /* bool */
    OPTION_MODE,     /* bool: whether to act */
    OPTION_LANGUAGE, /* enum language */
    OPTION_SEVERITY, /* enum severity */
    OPTION_LIST,     /* char *[], at least MAX long */
    OPTION_LEASE,    /* const struct lease_ops *, by its name */
    OPTION_EVENTS,   /* uint64_t: a bit for each kind of notice in the list */
    OPTION_SECRET,   /* struct secret, out of the file that the option names */
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;         /* of the field in what the section fills */
    const char *initial;   /* the default as it would be written in the file; NULL: not set */
    uint64_t min, max;     /* durations in ms, counts, ports; entries of a list */
    value_check_fn *check; /* texts, lists, and what is in a secret's file; NULL: anything */
};

struct option_section {
    const char *name; /* NULL: the file itself */
    const struct option *options;
    size_t option_count;
    size_t offset; /* of what it fills in struct config; titled sections fill an array's element */
};

/* The file itself and the sections without a title. */
enum {
    SECTION_ROOT,
    SECTION_AMQP,
    SECTION_MANAGEMENT,
    SECTION_EXEC,
    SECTION_LEASE,
    SECTION_EVIDENCE,
    SECTION_AGENTS,
    SECTION_HEARTBEAT,
    SECTION_ALERTS,
    OPTION_SECTIONS,
};
extern const struct option_section option_sections[OPTION_SECTIONS];
/* node "rabbit@host" { }: fills a struct node_config. */
extern const struct option_section option_node_section;

/* The section of a kind of channel; fills a struct channel_config. */
enum { OPTION_CHANNEL_MAX = 12 };
struct option_channel {
    struct option_section section; /* its options are those of below */
    struct option options[OPTION_CHANNEL_MAX];
};
void option_channel_init(struct option_channel *channel, const struct channel_ops *ops);

/* The options that a channel of this kind must set, after ALREADY; NULL: that was the last. */
const struct option *option_channel_required(const struct channel_ops *ops, const struct option *already);

#endif
