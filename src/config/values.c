#include "config/values.h"

#include "rmqwatch/limits.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
    VALUE_CLUSTER_MAX = 63, /* notice.cluster */
    VALUE_HOST_MAX = 253,   /* RFC 1035, without the final dot */
    VALUE_ADDRESS_MAX = 254,
    VALUE_LOCAL_PART_MAX = 64,
    VALUE_CHANNEL_NAME_MAX = RMQ_CHANNEL_NAME_MAX - 1,
    VALUE_UNIT_MAX = 255,
    VALUE_USERNAME_MAX = 255,
    VALUE_PATH_MAX = 4095,
    VALUE_LABEL_MAX = 255,
    VALUE_SOCKET_MAX = 107, /* sun_path without its NUL */
};

static bool value_has_control(const char *value)
{
    for (; *value != '\0'; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return true;
    return false;
}

/* 1 to MAX characters, all of them out of ALLOWED. */
static bool value_consists_of(const char *value, size_t size, const char *allowed, size_t max)
{
    return size > 0 && size <= max && strspn(value, allowed) >= size;
}

/* The underscore is in no host name of the standards, but in many of container networks. */
static bool value_is_host_name(const char *value, size_t size)
{
    return value_consists_of(value, size, LETTERS DIGITS ".-_", VALUE_HOST_MAX) && value[0] != '.' &&
           value[0] != '-' && value[size - 1] != '-';
}

static bool value_is_ipv6(const char *value, size_t size)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (size >= sizeof text)
        return false;
    memcpy(text, value, size);
    text[size] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool value_is_port(const char *value)
{
    size_t size = strlen(value);
    unsigned port = 0;

    if (!value_consists_of(value, size, DIGITS, 5))
        return false;
    for (; *value != '\0'; value++)
        port = port * 10 + (unsigned)(*value - '0');
    return port >= 1 && port <= 65535;
}

/* host or host:port; an IPv6 address stands in brackets. */
static bool value_is_host_port(const char *value)
{
    size_t size;
    bool good;

    if (*value == '[') {
        size = strcspn(++value, "]");
        good = value_is_ipv6(value, size);
        value += size;
        if (*value++ != ']')
            return false;
    } else {
        size = strcspn(value, ":");
        good = value_is_host_name(value, size);
        value += size;
    }
    return good && (*value == '\0' || (*value == ':' && value_is_port(value + 1)));
}

/* The first SIZE bytes of VALUE are host or host:port. */
static bool value_starts_with_host_port(const char *value, size_t size)
{
    char host[VALUE_HOST_MAX + 8] = "";

    if (size >= sizeof host)
        return false;
    memcpy(host, value, size);
    return value_is_host_port(host);
}

/* The part of URL behind SCHEME, NULL when it begins otherwise. */
static const char *value_after(const char *url, const char *scheme)
{
    size_t size = strlen(scheme);

    return strncmp(url, scheme, size) == 0 ? url + size : NULL;
}

const char *value_check_cluster(const char *value)
{
    return strlen(value) > VALUE_CLUSTER_MAX || value_has_control(value)
               ? "must be at most 63 bytes long, without control characters"
               : NULL;
}

const char *value_check_node_name(const char *value)
{
    static const char wanted[] = "must look like rabbit@host";
    size_t name_size = strcspn(value, "@");

    if (strlen(value) >= RMQ_NODE_NAME_MAX || value[name_size] != '@' ||
        !value_consists_of(value, name_size, LETTERS DIGITS "_-", RMQ_NODE_NAME_MAX))
        return wanted;
    value += name_size + 1;
    return value_is_host_name(value, strlen(value)) ? NULL : wanted;
}

const char *value_check_unit(const char *value)
{
    static const char suffix[] = ".service";
    size_t size = strlen(value);

    if (!value_consists_of(value, size, LETTERS DIGITS ":_.@-\\", VALUE_UNIT_MAX) || size < sizeof suffix ||
        strcmp(value + size - strlen(suffix), suffix) != 0)
        return "must be the name of a systemd service, ending in .service";
    return NULL;
}

const char *value_check_path(const char *value)
{
    return value[0] != '/' || strlen(value) > VALUE_PATH_MAX || value_has_control(value)
               ? "must be an absolute path"
               : NULL;
}

const char *value_check_socket(const char *value)
{
    return value_check_path(value) != NULL || strlen(value) > VALUE_SOCKET_MAX
               ? "must be an absolute path of at most 107 bytes"
               : NULL;
}

const char *value_check_host(const char *value)
{
    return value_is_host_name(value, strlen(value)) || value_is_ipv6(value, strlen(value))
               ? NULL
               : "must be a host name or an address";
}

const char *value_check_http_url(const char *value)
{
    const char *rest = value_after(value, "http://");

    if (rest == NULL)
        rest = value_after(value, "https://");
    return rest != NULL && value_is_host_port(rest)
               ? NULL
               : "must be http://host:port or https://host:port, without a user, a path or a final slash";
}

const char *value_check_smtp_url(const char *value)
{
    const char *rest = value_after(value, "smtp://");

    if (rest == NULL)
        rest = value_after(value, "smtps://");
    return rest != NULL && value_is_host_port(rest)
               ? NULL
               : "must be smtp://host:587 or smtps://host:465, without a user, a path or a final slash";
}

const char *value_check_secret_url(const char *value)
{
    const char *rest = value_after(value, "http://");

    if (rest == NULL)
        rest = value_after(value, "https://");
    /* A user in it is refused by whoever sends; behind a "#", what a channel appends would not be sent. */
    return rest != NULL && value_starts_with_host_port(rest, strcspn(rest, "/?")) &&
                   strpbrk(rest, " #") == NULL && !value_has_control(rest)
               ? NULL
               : "must hold a URL that begins with https://host or http://host, without a user or a "
                 "fragment, "
                 "and nothing else";
}

const char *value_check_listen(const char *value)
{
    struct in_addr address;
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *port = strrchr(value, ':');
    size_t size = port != NULL ? (size_t)(port - value) : 0;

    if (value[0] == '\0')
        return NULL;
    if (size > 0 && size < sizeof host)
        memcpy(host, value, size);
    if (port != NULL && value_is_port(port + 1) &&
        (strcmp(host, "*") == 0 || inet_pton(AF_INET, host, &address) == 1 ||
            (host[0] == '[' && host[size - 1] == ']' && value_is_ipv6(host + 1, size - 2))))
        return NULL;
    return "must be an address and a port: *:15693 for all of them, 10.0.0.1:15693 or [fd00::1]:15693; or "
           "\"\"";
}

const char *value_check_username(const char *value)
{
    return *value == '\0' || strlen(value) > VALUE_USERNAME_MAX || value_has_control(value)
               ? "must be 1 to 255 bytes long, without control characters"
               : NULL;
}

const char *value_check_word(const char *value)
{
    return *value == '\0' || strlen(value) > VALUE_PATH_MAX || value_has_control(value)
               ? "must have no empty word and no control characters"
               : NULL;
}

const char *value_check_label(const char *value)
{
    return *value == '\0' || strlen(value) > VALUE_LABEL_MAX || value_has_control(value)
               ? "must be a text of 1 to 255 bytes without control characters"
               : NULL;
}

const char *value_check_address(const char *value)
{
    static const char wanted[] = "must be a plain mail address like oncall@example.com";
    size_t local_size = strcspn(value, "@");

    if (strlen(value) > VALUE_ADDRESS_MAX || value[local_size] != '@' ||
        !value_consists_of(value, local_size, LETTERS DIGITS ".!#$%&'*+-/=?^_`{|}~", VALUE_LOCAL_PART_MAX) ||
        value[0] == '.' || value[local_size - 1] == '.' || strstr(value, "..") != NULL)
        return wanted;
    value += local_size + 1;
    return value_is_host_name(value, strlen(value)) && value[strlen(value) - 1] != '.' ? NULL : wanted;
}

const char *value_check_channel_name(const char *value)
{
    return value_consists_of(value, strlen(value), LETTERS DIGITS "._-", VALUE_CHANNEL_NAME_MAX)
               ? NULL
               : "must be 1 to 64 letters, digits, dots, underscores or hyphens";
}

const char *value_check_http_base(const char *value)
{
    static const char wanted[] =
        "must be http://host:port or https://host:port, perhaps with a path, without a final slash";
    const char *rest = value_after(value, "http://");
    size_t size;

    if (rest == NULL)
        rest = value_after(value, "https://");
    if (rest == NULL)
        return wanted;
    size = strcspn(rest, "/");
    if (!value_starts_with_host_port(rest, size))
        return wanted;
    rest += size;
    return strspn(rest, LETTERS DIGITS "/._~-") == strlen(rest) &&
                   (*rest == '\0' || rest[strlen(rest) - 1] != '/')
               ? NULL
               : wanted;
}

const char *value_check_token(const char *value)
{
    return value_consists_of(value, strlen(value), LETTERS DIGITS "_-", VALUE_LABEL_MAX)
               ? NULL
               : "must hold 1 to 255 letters, digits, underscores or hyphens, and nothing else";
}

const char *value_check_method(const char *value)
{
    return strcmp(value, "POST") == 0 || strcmp(value, "PUT") == 0 || strcmp(value, "PATCH") == 0
               ? NULL
               : "must be one of: POST PUT PATCH";
}

const char *value_check_header(const char *value)
{
    /* Made here or by libcurl, or secret. */
    static const char *const taken[] = {"authorization", "content-type", "content-length", "host", "expect",
        "transfer-encoding", "x-rmqwatch-timestamp", "x-rmqwatch-signature"};
    size_t name_size = strcspn(value, ":");

    if (strlen(value) > VALUE_LABEL_MAX || value_has_control(value) ||
        !value_consists_of(value, name_size, LETTERS DIGITS "-_", VALUE_LABEL_MAX) ||
        strncmp(value + name_size, ": ", 2) != 0 || value[name_size + 2] == '\0')
        return "must look like \"Name: value\", with at most 255 bytes";
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strlen(taken[i]) == name_size && strncasecmp(taken[i], value, name_size) == 0)
            return "must not set a header that is made anyway; for Authorization there is authorization_file";
    return NULL;
}
