#include "config/load.h"

#include "base/text.h"
#include "rmqwatch/lease.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { REPEAT_MIN_MS = 60000 };

static const struct load_place root = {.section = &option_sections[SECTION_ROOT]};
static const struct load_place amqp = {.section = &option_sections[SECTION_AMQP]};
static const struct load_place management = {.section = &option_sections[SECTION_MANAGEMENT]};
static const struct load_place exec = {.section = &option_sections[SECTION_EXEC]};
static const struct load_place lease_place = {.section = &option_sections[SECTION_LEASE]};
static const struct load_place alerts_place = {.section = &option_sections[SECTION_ALERTS]};

/* SMALL must not be larger than LARGE. The line is the later one of the two that the file sets. */
static int check_order(struct load *load, const struct load_place *place, const char *small,
    uint64_t small_ms, const char *large, uint64_t large_ms)
{
    const char *section = place->section->name;
    char sentence[160];

    if (small_ms <= large_ms)
        return 0;
    if (scan_option_line(&load->scan, section, place->ordinal, large) >
        scan_option_line(&load->scan, section, place->ordinal, small)) {
        snprintf(sentence, sizeof sentence, "is shorter than %s; it must be as long or longer", small);
        return load_problem(load, place, large, -EINVAL, sentence);
    }
    snprintf(sentence, sizeof sentence, "is longer than %s; it must be as long or shorter", large);
    return load_problem(load, place, small, -EINVAL, sentence);
}

static int check_policy(struct load *load, const struct policy *policy)
{
    const struct {
        const char *small;
        uint64_t small_ms;
        const char *large;
        uint64_t large_ms;
    } orders[] = {
        {"fast_interval", policy->fast_interval_ms, "interval", policy->interval_ms},
        /* A probe counts as slow after one fast interval; it must still be under way then. */
        {"fast_interval", policy->fast_interval_ms, "timeout", policy->timeout_ms},
        {"verify_stable", policy->verify_stable_ms, "verify_timeout", policy->verify_timeout_ms},
        {"backoff", policy->backoff_ms, "backoff_max", policy->backoff_max_ms},
        {"give_up_retry", policy->give_up_retry_ms, "give_up_retry_max", policy->give_up_retry_max_ms},
    };
    int r = 0;

    for (size_t i = 0; i < sizeof orders / sizeof orders[0] && r == 0; i++)
        r = check_order(
            load, &root, orders[i].small, orders[i].small_ms, orders[i].large, orders[i].large_ms);
    return r;
}

static int check_probes(struct load *load, const struct config *config)
{
    if (!config->amqp.enabled && !config->management.enabled && !config->exec.enabled)
        return load_problem(load, &amqp, "enabled", -EINVAL,
            "is false, as it is for management and exec; at least one kind of probe must be enabled");
    if (config->management.enabled && config->management.username == NULL)
        return load_problem(load, &management, "username", -EINVAL,
            "is not set; name a user with the tag 'monitoring', or set enabled = false");
    if (config->management.enabled && config->management.password.value == NULL)
        return load_problem(
            load, &management, "password_file", -EINVAL, "is not set; name the file that holds the password");
    if (config->exec.enabled && (config->exec.command[0] == NULL || config->exec.command[0][0] != '/'))
        return load_problem(load, &exec, "command", -EINVAL,
            "does not begin with an absolute path; write {\"/path/to/program\", \"argument\"}");
    return check_order(load, &exec, "timeout", config->exec.timeout_ms, "interval", config->exec.interval_ms);
}

static int check_lease(struct load *load, const struct lease_config *lease)
{
    const char *missing = NULL;

    if (lease->username != NULL && lease->password.value == NULL)
        missing = "password_file";
    else if (lease->username == NULL && lease->password.value != NULL)
        missing = "username";
    if (missing != NULL)
        return load_problem(load, &lease_place, missing, -EINVAL,
            "is not set; a login needs username and password_file, or neither of them");
    if (strcmp(lease->provider->name, "etcd") != 0)
        return 0;
    if (lease->endpoints[0] == NULL)
        return load_problem(load, &lease_place, "endpoints", -EINVAL,
            "is not set; name where etcd answers, as in {\"http://etcd1:2379\", \"http://etcd2:2379\"}");
    return check_order(load, &lease_place, "timeout", lease->timeout_ms, "ttl", lease->ttl_ms);
}

/* Whether what OPTION fills is still empty. */
static bool is_unset(const struct channel_config *channel, const struct option *option)
{
    const void *field = (const char *)channel + option->offset;

    /* A text, the first one of a list, or a secret, which is one. */
    return *(char *const *)field == NULL;
}

/* "is not set; mail needs server, from and to" */
static int check_required(
    struct load *load, const struct load_place *place, const struct channel_config *channel)
{
    const struct option *missing = NULL, *option = NULL;
    char sentence[160];

    while ((option = option_channel_required(channel->ops, option)) != NULL && missing == NULL)
        if (is_unset(channel, option))
            missing = option;
    if (missing == NULL)
        return 0;
    snprintf(sentence, sizeof sentence, "is not set; %s needs", channel->ops->name);
    option = NULL;
    while ((option = option_channel_required(channel->ops, option)) != NULL) {
        bool last = option_channel_required(channel->ops, option) == NULL;
        bool first = option == option_channel_required(channel->ops, NULL);

        text_append(sentence, sizeof sentence, "%s %s", first ? "" : last ? " and" : ",", option->name);
    }
    return load_problem(load, place, missing->name, -EINVAL, sentence);
}

static int check_login(
    struct load *load, const struct load_place *place, const struct channel_config *channel)
{
    const char *server = channel->server;

    if ((channel->username == NULL) != (channel->password.value == NULL))
        return load_problem(load, place, channel->username == NULL ? "username" : "password_file", -EINVAL,
            "is not set; a login needs username and password_file, or neither of them");
    if (channel->username != NULL && !channel->starttls && strncmp(server, "smtp://", 7) == 0)
        return load_problem(load, place, "starttls", -EINVAL,
            "is false, so the password would go over the network in the clear; use true, or smtps://");
    return 0;
}

static int check_channel(
    struct load *load, const struct load_place *place, const struct config *config, size_t i)
{
    const struct channel_config *channel = &config->channels[i];
    int r;

    for (size_t j = 0; j < i; j++)
        if (strcmp(config->channels[j].name, channel->name) == 0)
            return load_problem(load, place, NULL, -EEXIST,
                "is the name of another channel too; each channel needs a name of its own");
    r = check_required(load, place, channel);
    if (r == 0)
        r = check_login(load, place, channel);
    if (r == 0 && channel->command[0] != NULL && channel->command[0][0] != '/')
        r = load_problem(load, place, "command", -EINVAL,
            "does not begin with an absolute path; write {\"/path/to/program\", \"argument\"}");
    /* It may be learned too late: then an alert's end would not be known as that of the same alert. */
    if (r == 0 && channel->ops->keyed && config->cluster == NULL)
        r = load_problem(load, place, NULL, -EINVAL,
            "matches alerts and their ends by the cluster's name; set the option cluster");
    return r;
}

static int check_channels(struct load *load, const struct config *config)
{
    size_t ordinal = 0;
    int r = 0;

    for (size_t i = 0; i < config->channel_count && r == 0; i++) {
        const struct channel_config *channel = &config->channels[i];
        struct option_channel description;
        struct load_place place = {.section = &description.section, .title = channel->name};

        /* Channels of one kind stand together, in the order of the file. */
        ordinal = i > 0 && config->channels[i - 1].ops == channel->ops ? ordinal + 1 : 0;
        place.ordinal = ordinal;
        option_channel_init(&description, channel->ops);
        r = check_channel(load, &place, config, i);
    }
    return r;
}

static int check_alerts(struct load *load, const struct alerts_config *alerts)
{
    if (alerts->repeat_interval_ms > 0 && alerts->repeat_interval_ms < REPEAT_MIN_MS)
        return load_problem(load, &alerts_place, "repeat_interval", -EINVAL,
            "is less than a minute; it must be 0s (never) or 1min or more");
    return 0;
}

int load_check(struct load *load, const struct config *config)
{
    int r = check_policy(load, &config->policy);

    if (r == 0)
        r = check_probes(load, config);
    if (r == 0)
        r = check_lease(load, &config->lease);
    if (r == 0)
        r = check_alerts(load, &config->alerts);
    if (r == 0)
        r = check_channels(load, config);
    return r;
}
