#include "probes/target.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct url_parts {
    int scheme_size;
    const char *host; /* without brackets */
    int host_size;
    const char *port; /* ":15672" or "" */
    int port_size;
    const char *path; /* "/prefix" or "" */
};

static struct url_parts url_split(const char *url)
{
    const char *scheme_end = strstr(url, "://"), *authority, *bracket, *host_end;
    struct url_parts parts = {0};

    parts.scheme_size = scheme_end ? (int)(scheme_end - url) : 0;
    authority = scheme_end ? scheme_end + 3 : url;
    parts.path = authority + strcspn(authority, "/");
    bracket = authority[0] == '[' ? strchr(authority, ']') : NULL;
    if (bracket && bracket < parts.path) {
        parts.host = authority + 1;
        host_end = bracket;
        parts.port = bracket + 1;
    } else {
        parts.host = authority;
        host_end = authority + strcspn(authority, ":/");
        parts.port = host_end;
    }
    parts.host_size = (int)(host_end - parts.host);
    parts.port_size = (int)(parts.path - parts.port);
    return parts;
}

void target_url_host(const char *url, char *ret_host, size_t host_size)
{
    struct url_parts parts = url_split(url);

    (void)snprintf(ret_host, host_size, "%.*s", parts.host_size, parts.host);
}

static bool is_ipv6(const char *host)
{
    return strchr(host, ':') != NULL;
}

void target_url(char *url, size_t url_size, const char *scheme, const char *host, uint16_t port)
{
    (void)snprintf(url, url_size, "%s://%s%s%s:%u", scheme, is_ipv6(host) ? "[" : "", host,
        is_ipv6(host) ? "]" : "", port);
}

bool target_url_append(char *url, size_t url_size, const char *text)
{
    size_t start = strlen(url), size = start;

    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-._~", *text);

        if (size + (plain ? 1 : 3) >= url_size) {
            url[start] = '\0';
            return false;
        }
        if (plain) {
            url[size++] = *text;
            url[size] = '\0';
        } else {
            size += (size_t)snprintf(url + size, url_size - size, "%%%02X", (unsigned char)*text);
        }
    }
    return true;
}

static const struct node_config *find_section(const struct config *config, const char *node)
{
    size_t i;

    for (i = 0; i < config->node_count; i++)
        if (strcmp(config->nodes[i].name, node) == 0)
            return &config->nodes[i];
    return NULL;
}

/* The local node's URL is written down; a peer has the same scheme, port and path at its own host. */
static int set_management_url(
    struct probe_target *target, const struct config *config, const struct node_config *section)
{
    const char *url = config->management.url ? config->management.url : "";
    struct url_parts parts = url_split(url);
    size_t size;
    int wanted;

    if (section && section->management_url)
        wanted =
            snprintf(target->management_url, sizeof target->management_url, "%s", section->management_url);
    else if (target->local)
        wanted = snprintf(target->management_url, sizeof target->management_url, "%s", url);
    else
        wanted = snprintf(target->management_url, sizeof target->management_url, "%.*s://%s%s%s%.*s%s",
            parts.scheme_size, url, is_ipv6(target->host) ? "[" : "", target->host,
            is_ipv6(target->host) ? "]" : "", parts.port_size, parts.port, parts.path);
    if (wanted < 0 || (size_t)wanted >= sizeof target->management_url)
        return -EINVAL;
    size = (size_t)wanted;
    while (size > 0 && target->management_url[size - 1] == '/')
        target->management_url[--size] = '\0';
    return 0;
}

int target_init(struct probe_target *ret_target, const struct config *config, const char *node, bool local)
{
    const struct node_config *section = find_section(config, node);
    const char *at = strchr(node, '@');
    struct probe_target target = {.local = local};
    const char *host = section && section->host ? section->host : at ? at + 1 : "";
    int r;

    if (host[0] == '\0' || strlen(node) >= sizeof target.node || strlen(host) >= sizeof target.host)
        return -EINVAL;
    text_copy(target.node, sizeof target.node, node);
    text_copy(target.host, sizeof target.host, host);
    target.amqp_port = section && section->amqp_port > 0 ? section->amqp_port : config->amqp.port;
    if (config->agents.port > 0)
        target.agent_port = section && section->agent_port > 0 ? section->agent_port : config->agents.port;
    r = set_management_url(&target, config, section);
    if (r < 0)
        return r;
    *ret_target = target;
    return 0;
}
