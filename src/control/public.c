#include "control/public.h"
#include "base/log.h"
#include "base/text.h"
#include "control/json.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    ADDRESS_MAX = 64,
    CONNECTIONS_MAX = 32,
    CONNECTIONS_PER_ADDRESS_MAX = 8,
    TIMEOUT_MS = 5000
};

struct public
{
    uv_loop_t *loop;
    const struct core *core;
    uint64_t retry_ms;
    char address[ADDRESS_MAX]; /* where it listens, or wants to; "": nowhere */
    struct http_server *server;
    uv_timer_t retry;
    int error; /* what was said to be wrong; 0: nothing */
};

static void on_health(void *context, struct http_exchange *exchange)
{
    const struct public *public = context;
    const struct core *core = public->core;
    cJSON *json = cJSON_CreateObject();
    char *body;

    json = json_whole(json, json_put_text(json, "node", core->members[0].name) &&
                                json_put_text(json, "version", RMQWATCH_VERSION) &&
                                json_put_text(json, "state", state_name(core->rescue.state)));
    body = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    http_answer(exchange, 200, "application/json", body, body ? strlen(body) : 0);
}

static const struct http_route routes[] = {
    {"GET", "/health", on_health},
};

/* --- the socket --- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* The configuration has checked it. V4: all addresses are those of IPv4 only. */
static socklen_t parse_address(const char *text, bool v4, union address *ret_address)
{
    const char *colon = strrchr(text, ':');
    in_port_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    char host[ADDRESS_MAX];

    memset(ret_address, 0, sizeof(*ret_address));
    text_copy(host, sizeof(host), text);
    host[colon - text] = '\0';
    if (host[0] == '[' || (!v4 && !strcmp(host, "*"))) {
        host[strcspn(host, "]")] = '\0';
        ret_address->v6.sin6_family = AF_INET6;
        ret_address->v6.sin6_port = port;
        if (host[0] == '[')
            (void)inet_pton(AF_INET6, host + 1, &ret_address->v6.sin6_addr);
        return sizeof(ret_address->v6);
    }
    ret_address->v4.sin_family = AF_INET;
    ret_address->v4.sin_port = port;
    if (host[0] != '*')
        (void)inet_pton(AF_INET, host, &ret_address->v4.sin_addr);
    return sizeof(ret_address->v4);
}

static int open_socket(const union address *address, socklen_t size)
{
    const int yes = 1, no = 0;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r = 0;

    if (fd < 0)
        return -errno;
    /* A daemon that was restarted need not wait for the connections of the former one. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
        (address->any.sa_family == AF_INET6 &&
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0) ||
        bind(fd, &address->any, size) < 0 || listen(fd, BACKLOG) < 0) {
        r = -errno;
        close(fd);
    }
    return r < 0 ? r : fd;
}

/* A listening, non-blocking socket, or a negative errno. */
static int listen_on(const char *address)
{
    union address parsed;
    socklen_t size = parse_address(address, false, &parsed);
    int fd = open_socket(&parsed, size);

    /* A machine without IPv6. */
    if (address[0] == '*' && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)) {
        size = parse_address(address, true, &parsed);
        fd = open_socket(&parsed, size);
    }
    return fd;
}

/* --- life --- */

static int open_server(struct public *public)
{
    struct http_server_options options = {
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .context = public,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = CONNECTIONS_PER_ADDRESS_MAX,
        .timeout_ms = TIMEOUT_MS,
    };
    int r;

    options.listen_fd = listen_on(public->address);
    if (options.listen_fd < 0)
        return options.listen_fd;
    r = http_server_new(public->loop, &options, &public->server);
    if (r < 0)
        close(options.listen_fd);
    return r;
}

static void on_retry(uv_timer_t *timer)
{
    struct public *public = timer->data;
    int r = open_server(public);

    if (r == 0)
        uv_timer_stop(&public->retry);
    else if (!uv_is_active((uv_handle_t *)&public->retry))
        uv_timer_start(&public->retry, on_retry, public->retry_ms, public->retry_ms);
    if (r < 0 && r != public->error)
        log_line(LOG_WARNING,
            "%s: cannot listen there (%s), so the other agents cannot know that this one is there; trying "
            "again; "
            "see agents.listen",
            public->address, strerror(-r));
    else if (r == 0 && public->error != 0)
        log_line(LOG_NOTICE, "%s: listening now", public->address);
    public->error = r;
}

struct public *public_new(uv_loop_t *loop, const struct core *core, uint64_t retry_ms)
{
    struct public *public = calloc(1, sizeof(*public));

    if (!public)
        return NULL;
    public->loop = loop;
    public->core = core;
    public->retry_ms = retry_ms;
    uv_timer_init(loop, &public->retry);
    public->retry.data = public;
    return public;
}

void public_listen(struct public *public, const char *address)
{
    if (strcmp(public->address, address) == 0)
        return;
    http_server_close(public->server);
    public->server = NULL;
    public->error = 0;
    uv_timer_stop(&public->retry);
    text_copy(public->address, sizeof(public->address), address);
    if (address[0])
        on_retry(&public->retry);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void public_close(struct public *public)
{
    if (!public)
        return;
    http_server_close(public->server);
    uv_close((uv_handle_t *)&public->retry, on_closed);
}
