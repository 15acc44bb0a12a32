#include "config/load.h"
#include "config/secret.h"
#include "config/syntax.h"

#include "rmqwatch/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOAD_FILE_MAX = 256 * 1024 };

int load_line(const struct load *load, const struct load_place *place, const char *option)
{
    const char *section = place->section->name;
    int line = option != NULL ? scan_option_line(&load->scan, section, place->ordinal, option) : 0;

    return line > 0 ? line : scan_section_line(&load->scan, section, place->ordinal);
}

int load_problem(
    struct load *load, const struct load_place *place, const char *option, int code, const char *sentence)
{
    int line = load_line(load, place, option);
    const char *section = place->section->name;

    if (section == NULL)
        return report_problem(&load->report, line, code, "%s %s", option, sentence);
    if (place->title == NULL)
        return report_problem(&load->report, line, code, "%s.%s %s", section, option, sentence);
    if (option == NULL)
        return report_problem(&load->report, line, code, "%s \"%s\" %s", section, place->title, sentence);
    return report_problem(
        &load->report, line, code, "%s \"%s\": %s %s", section, place->title, option, sentence);
}

/* The whole file, NUL-terminated, to be freed by the caller. libconfuse is not given the file itself: it
 * would exit() on a directory and stop at a FIFO. */
static int load_read_file(struct load *load, char **ret_text, size_t *ret_size)
{
    const char *path = load->report.path;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    char *text = NULL;
    size_t size = 0;
    int r = 0;

    if (fd < 0)
        return report_problem(&load->report, 0, -errno,
            "cannot be opened: %s; give the path of a configuration file", strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        r = report_problem(
            &load->report, 0, -EINVAL, "is not a regular file; give the path of a configuration file");
    else if (st.st_size > LOAD_FILE_MAX)
        r = report_problem(&load->report, 0, -EFBIG,
            "is larger than %d KiB; this is no configuration of rmqwatchd", LOAD_FILE_MAX / 1024);
    else if ((text = malloc(LOAD_FILE_MAX + 1)) == NULL)
        r = report_problem(&load->report, 0, -ENOMEM, "cannot be read; memory is short");

    /* It may be cut or grow meanwhile: what counts is what was read. */
    while (r == 0 && size < LOAD_FILE_MAX) {
        ssize_t got = read(fd, text + size, LOAD_FILE_MAX - size);

        if (got == 0)
            break;
        if (got > 0)
            size += (size_t)got;
        else if (errno != EINTR)
            r = report_problem(
                &load->report, 0, -errno, "cannot be read: %s; check the disk", strerror(errno));
    }
    close(fd);
    if (r < 0) {
        free(text);
        return r;
    }
    text[size] = '\0';
    *ret_text = text;
    *ret_size = size;
    return 0;
}

static int load_nodes(struct load *load, cfg_t *cfg, struct config *config)
{
    unsigned count = cfg_size(cfg, SCAN_NODE_SECTION);
    int r = 0;

    for (unsigned i = 0; i < count && r == 0; i++) {
        cfg_t *section = cfg_getnsec(cfg, SCAN_NODE_SECTION, i);
        struct load_place place = {.section = &option_node_section, .ordinal = i};
        int line = load_line(load, &place, NULL);
        const char *wanted = value_check_node_name(cfg_title(section));

        if (wanted != NULL)
            return report_problem(
                &load->report, line, -EINVAL, "the name of this node is not usable; it %s", wanted);
        if (i == RMQ_MEMBERS_MAX)
            return report_problem(&load->report, line, -E2BIG,
                "too many nodes; a cluster can have %d at most", RMQ_MEMBERS_MAX);
        place.title = cfg_title(section);
        snprintf(config->nodes[i].name, sizeof config->nodes[i].name, "%s", place.title);
        config->node_count = i + 1;
        r = load_fill(load, &place, section, &config->nodes[i]);
    }
    return r;
}

static int load_channel(
    struct load *load, cfg_t *cfg, const struct channel_ops *ops, unsigned ordinal, struct config *config)
{
    struct option_channel description;
    struct load_place place = {.section = &description.section, .ordinal = ordinal};
    cfg_t *section = cfg_getnsec(cfg, ops->name, ordinal);
    const char *wanted = value_check_channel_name(cfg_title(section));
    struct channel_config *channel;
    int line, r;

    option_channel_init(&description, ops);
    line = load_line(load, &place, NULL);
    if (wanted != NULL)
        return report_problem(
            &load->report, line, -EINVAL, "the name of this channel is not usable; it %s", wanted);
    if (config->channel_count == RMQ_CHANNELS_MAX)
        return report_problem(
            &load->report, line, -E2BIG, "too many channels; there can be %d at most", RMQ_CHANNELS_MAX);

    channel = &config->channels[config->channel_count++];
    channel->ops = ops;
    channel->name = strdup(cfg_title(section));
    if (channel->name == NULL)
        return report_problem(&load->report, line, -ENOMEM, "cannot be kept; memory is short");
    place.title = channel->name;
    r = load_fill(load, &place, section, channel);
    while (channel->to_count < RMQ_RECIPIENTS_MAX && channel->to[channel->to_count] != NULL)
        channel->to_count++;
    return r;
}

static int load_config(struct load *load, cfg_t *cfg, struct config *config)
{
    int r = 0;

    config->path = strdup(load->report.path);
    if (config->path == NULL)
        return report_problem(&load->report, 0, -ENOMEM, "cannot be kept; memory is short");

    for (size_t i = 0; i < OPTION_SECTIONS && r == 0; i++) {
        const struct option_section *description = &option_sections[i];
        struct load_place place = {.section = description};
        cfg_t *section = description->name != NULL ? cfg_getsec(cfg, description->name) : cfg;

        r = load_fill(load, &place, section, (char *)config + description->offset);
    }
    if (r == 0)
        r = load_nodes(load, cfg, config);
    for (size_t i = 0; channel_at(i) != NULL && r == 0; i++)
        for (unsigned j = 0; j < cfg_size(cfg, channel_at(i)->name) && r == 0; j++)
            r = load_channel(load, cfg, channel_at(i), j, config);
    config->policy.probe_amqp = config->amqp.enabled;
    config->policy.probe_management = config->management.enabled;
    config->policy.probe_exec = config->exec.enabled;
    if (config->agents.listen != NULL && config->agents.listen[0] != '\0') {
        config->agents.port = (uint16_t)strtoul(strrchr(config->agents.listen, ':') + 1, NULL, 10);
        config->policy.agent_missing_ms = config->agents.missing_ms;
    }
    config->policy.crash_dump_ms = config->evidence.crash_dump_ms;
    config->policy.lease_timeout_ms = config->lease.timeout_ms;
    config->policy.lease_exclusive = config->lease.provider != NULL && config->lease.provider->exclusive;
    config->policy.lease_independent = config->policy.lease_exclusive && config->lease.provider->independent;
    return r == 0 ? load_check(load, config) : r;
}

static int load_file(
    const char *path, bool without_secrets, struct config **ret_config, char *error, size_t error_size)
{
    struct load *load = calloc(1, sizeof *load); /* too large for a stack */
    struct config *config = calloc(1, sizeof *config);
    char *text = NULL;
    size_t size = 0;
    cfg_t *cfg = NULL;
    int r = -ENOMEM;

    if (load != NULL && config != NULL) {
        load->without_secrets = without_secrets;
        report_init(&load->report, path, error, error_size);
        r = load_read_file(load, &text, &size);
        if (r == 0)
            r = scan_text(&load->scan, text, size, &load->report);
        if (r == 0)
            r = syntax_parse(text, &load->report, &cfg);
        if (r == 0)
            r = load_config(load, cfg, config);
    } else if (error_size > 0) {
        snprintf(error, error_size, "%s: cannot be read; memory is short", path);
    }

    if (cfg != NULL)
        cfg_free(cfg);
    free(text);
    free(load);
    if (r < 0) {
        config_free(config);
        return r;
    }
    *ret_config = config;
    return 0;
}

static void channel_config_done(struct channel_config *channel)
{
    free(channel->name);
    secret_done(&channel->url);
    secret_done(&channel->secret);
    secret_done(&channel->routing_key);
    secret_done(&channel->authorization);
    secret_done(&channel->password);
    free(channel->server);
    free(channel->method);
    free(channel->ca_file);
    free(channel->username);
    free(channel->from);
    for (size_t i = 0; i < RMQ_CHANNEL_HEADERS_MAX; i++)
        free(channel->headers[i]);
    for (size_t i = 0; i < RMQ_RECIPIENTS_MAX; i++)
        free(channel->to[i]);
    for (size_t i = 0; i < RMQ_COMMAND_WORDS_MAX; i++)
        free(channel->command[i]);
}

int config_load(const char *path, struct config **ret_config, char *error, size_t error_size)
{
    return load_file(path, false, ret_config, error, error_size);
}

int config_load_without_secrets(const char *path, struct config **ret_config, char *error, size_t error_size)
{
    return load_file(path, true, ret_config, error, error_size);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < RMQ_COMMAND_WORDS_MAX; i++)
        free(config->exec.command[i]);
    for (size_t i = 0; i < config->node_count; i++) {
        free(config->nodes[i].host);
        free(config->nodes[i].management_url);
    }
    for (size_t i = 0; i < config->channel_count; i++)
        channel_config_done(&config->channels[i]);
    free(config->amqp.ca_file);
    free(config->management.url);
    free(config->management.username);
    secret_done(&config->management.password);
    free(config->management.ca_file);
    free(config->lease.username);
    secret_done(&config->lease.password);
    free(config->lease.vhost);
    for (size_t i = 0; i < RMQ_LEASE_ENDPOINTS_MAX; i++)
        free(config->lease.endpoints[i]);
    free(config->lease.key);
    free(config->lease.ca_file);
    free(config->agents.listen);
    secret_done(&config->heartbeat.url);
    free(config->heartbeat.ca_file);
    free(config->control_socket);
    free(config->unit);
    free(config->state_dir);
    free(config->cluster);
    free(config->path);
    free(config);
}
