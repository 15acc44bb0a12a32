/* The options of channels: one table for all kinds, each of which has some of them. */
#include "config/options.h"

#include <assert.h>

#define CHANNEL(field) offsetof(struct channel_config, field)

struct channel_row {
    unsigned bit; /* of enum channel_option; 0: every kind has it */
    struct option option;
};

/* clang-format off: a table is read by its columns */
static const struct channel_row rows[] = {
    {CHANNEL_URL, {"url_file", OPTION_SECRET, CHANNEL(url), NULL, 0, 0, value_check_secret_url}},
    {CHANNEL_HTTP_SERVER, {"server", OPTION_TEXT, CHANNEL(server), NULL, 0, 0, value_check_http_base}},
    {CHANNEL_SMTP_SERVER, {"server", OPTION_TEXT, CHANNEL(server), NULL, 0, 0, value_check_smtp_url}},
    {CHANNEL_FROM, {"from", OPTION_TEXT, CHANNEL(from), NULL, 0, 0, value_check_address}},
    {CHANNEL_TO, {"to", OPTION_LIST, CHANNEL(to), NULL, 0, RMQ_RECIPIENTS_MAX, value_check_address}},
    {CHANNEL_COMMAND,
        {"command", OPTION_LIST, CHANNEL(command), NULL, 0, RMQ_COMMAND_WORDS_MAX - 1, value_check_word}},
    {CHANNEL_COMMAND, {"timeout", OPTION_DURATION, CHANNEL(timeout_ms), "15s", 1000, 600000, NULL}},
    {CHANNEL_STARTTLS, {"starttls", OPTION_SWITCH, CHANNEL(starttls), "true", 0, 0, NULL}},
    {CHANNEL_LOGIN, {"username", OPTION_TEXT, CHANNEL(username), NULL, 0, 0, value_check_username}},
    {CHANNEL_LOGIN, {"password_file", OPTION_SECRET, CHANNEL(password), NULL, 0, 0, NULL}},
    {CHANNEL_ROUTING_KEY,
        {"routing_key_file", OPTION_SECRET, CHANNEL(routing_key), NULL, 0, 0, value_check_token}},
    {CHANNEL_SECRET, {"secret_file", OPTION_SECRET, CHANNEL(secret), NULL, 0, 0, NULL}},
    {CHANNEL_METHOD, {"method", OPTION_TEXT, CHANNEL(method), "POST", 0, 0, value_check_method}},
    {CHANNEL_HEADERS,
        {"headers", OPTION_LIST, CHANNEL(headers), NULL, 0, RMQ_CHANNEL_HEADERS_MAX, value_check_header}},
    {CHANNEL_AUTHORIZATION, {"authorization_file", OPTION_SECRET, CHANNEL(authorization), NULL, 0, 0, NULL}},
    {0, {"min_severity", OPTION_SEVERITY, CHANNEL(min_severity), "info", 0, 0, NULL}},
    {0, {"events", OPTION_EVENTS, CHANNEL(events), NULL, 0, 0, NULL}},
    {CHANNEL_CA_FILE, {"ca_file", OPTION_FILE, CHANNEL(ca_file), NULL, 0, 0, value_check_path}},
};
/* clang-format on */

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

void option_channel_init(struct option_channel *channel, const struct channel_ops *ops)
{
    size_t count = 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct option *option = &channel->options[count];

        if (rows[i].bit != 0 && (ops->options & rows[i].bit) == 0)
            continue;
        assert(count < OPTION_CHANNEL_MAX);
        *option = rows[i].option;
        if (option->kind == OPTION_SEVERITY)
            option->initial = severity_name(ops->min_severity);
        else if (rows[i].bit == CHANNEL_HTTP_SERVER)
            option->initial = ops->server;
        count++;
    }
    channel->section = (struct option_section){.name = ops->name,
        .options = channel->options,
        .option_count = count,
        .offset = offsetof(struct config, channels)};
}

const struct option *option_channel_required(const struct channel_ops *ops, const struct option *already)
{
    bool behind = already == NULL;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option *option = &rows[i].option;

        /* What has a value anyhow needs none in the file. */
        if (behind && (ops->required & rows[i].bit) != 0 && option->initial == NULL)
            return option;
        behind = behind || option == already;
    }
    return NULL;
}
