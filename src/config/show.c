#include "rmqwatch/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Only its name: what stands behind it may be worth hiding. */
static void print_headers(const struct channel_config *channel, FILE *out)
{
    for (size_t i = 0; channel->headers[i] != NULL; i++)
        fprintf(out, "%s %.*s", i == 0 ? "; headers" : ",", (int)strcspn(channel->headers[i], ":"),
            channel->headers[i]);
}

static void print_events(const struct channel_config *channel, FILE *out)
{
    bool first = true;

    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        if ((channel->events & UINT64_C(1) << kind) == 0)
            continue;
        fprintf(out, "%s %s", first ? "; events" : ",", notice_info((enum notice_kind)kind)->event);
        first = false;
    }
}

static void print_channel(const struct channel_config *channel, FILE *out)
{
    const struct {
        const struct secret *secret;
        const char *words;
    } secrets[] = {
        {&channel->url, "url_file"},
        {&channel->routing_key, "routing_key_file"},
        {&channel->secret, "secret_file"},
        {&channel->authorization, "authorization_file"},
        {&channel->password, "password_file"},
    };

    fprintf(out, "%s \"%s\": min_severity %s", channel->ops->name, channel->name,
        severity_name(channel->min_severity));
    print_events(channel, out);
    if (channel->server != NULL)
        fprintf(out, "; server %s", channel->server);
    if (channel->from != NULL)
        fprintf(out, "; from %s", channel->from);
    for (size_t i = 0; i < channel->to_count; i++)
        fprintf(out, "%s %s", i == 0 ? "; to" : ",", channel->to[i]);
    if (channel->username != NULL)
        fprintf(out, "; username %s", channel->username);
    if (channel->method != NULL)
        fprintf(out, "; method %s", channel->method);
    print_headers(channel, out);
    if (channel->command[0] != NULL)
        fprintf(out, "; command %s", channel->command[0]);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (secrets[i].secret->value != NULL)
            fprintf(out, "; %s read", secrets[i].words);
    fputc('\n', out);
}

static bool can_run(
    const struct config *config, const char *section, const char *command, char *error, size_t error_size)
{
    if (access(command, X_OK) == 0)
        return true;
    snprintf(error, error_size, "%s: %s: command %s cannot be run: %s; check the path and its permissions",
        config->path, section, command, strerror(errno));
    return false;
}

bool config_commands_run(const struct config *config, char *error, size_t error_size)
{
    if (config->exec.enabled && !can_run(config, "exec", config->exec.command[0], error, error_size))
        return false;
    for (size_t i = 0; i < config->channel_count; i++) {
        const struct channel_config *channel = &config->channels[i];

        if (channel->command[0] && !can_run(config, channel->name, channel->command[0], error, error_size))
            return false;
    }
    return true;
}

void config_print_channels(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < config->channel_count; i++)
        print_channel(&config->channels[i], out);
}
