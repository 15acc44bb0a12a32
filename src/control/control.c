#include "control/control.h"
#include "base/clock.h"
#include "control/control_parts.h"
#include "control/json.h"
#include "rmqwatch/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16, TIMEOUT_MS = 10000 };

struct control_view control_view(const struct control *control)
{
    const struct config *config = *control->options.config;

    return (struct control_view){
        .core = control->options.core,
        .lease = config->lease.provider ? config->lease.provider->name : "",
        .outbox = *control->options.outbox,
        .now_ms = clock_boot_ms(),
        .wall_ms = clock_wall_ms(),
    };
}

void control_answer(struct http_exchange *exchange, cJSON *json)
{
    char *body = json ? cJSON_PrintUnformatted(json) : NULL;

    cJSON_Delete(json);
    http_answer(exchange, 200, "application/json", body, body ? strlen(body) : 0);
}

void control_name_owner(struct http_exchange *exchange, char *owner, size_t size)
{
    if (!owner[0])
        control_socket_peer(http_exchange_descriptor(exchange), owner, size);
}

static void on_status(void *context, struct http_exchange *exchange)
{
    struct control_view view = control_view(context);

    control_answer(exchange, status_json(&view));
}

static void on_why(void *context, struct http_exchange *exchange)
{
    struct control_view view = control_view(context);
    const char *node = http_exchange_parameter(exchange, "node");
    size_t member = 0;

    while (node && member < view.core->member_count && strcmp(view.core->members[member].name, node) != 0)
        member++;
    if (member == view.core->member_count)
        http_answer_error(exchange, 404, "no member of the cluster has this name");
    else
        control_answer(exchange, why_json(&view, member));
}

static const struct http_route routes[] = {
    {"GET", "/v1/status", on_status},
    {"GET", "/v1/why", on_why},
    {"GET", "/v1/history", control_on_history},
    {"GET", "/v1/incident", control_on_incident},
    {"POST", "/v1/hold", control_on_hold},
    {"POST", "/v1/resume", control_on_resume},
    {"POST", "/v1/ack", control_on_ack},
    {"POST", "/v1/test-alert", control_on_test_alert},
    {"GET", "/v1/outbox", control_on_outbox},
    {"POST", "/v1/outbox/retry", control_on_outbox_retry},
    {"POST", "/v1/outbox/drop", control_on_outbox_drop},
};

int control_new(uv_loop_t *loop, const struct control_options *options, struct control **ret_control,
    char *error, size_t error_size)
{
    struct http_server_options server = {
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .connections_max = CONNECTIONS_MAX,
        .timeout_ms = TIMEOUT_MS,
    };
    struct control *control = calloc(1, sizeof(*control));
    int r;

    if (!control) {
        (void)snprintf(error, error_size, "%s: out of memory", options->path);
        return -ENOMEM;
    }
    control->options = *options;
    control->options.path = NULL;
    control->loop = loop;
    r = control_socket_open(options->path, &control->socket, error, error_size);
    if (r < 0) {
        free(control);
        return r;
    }
    server.listen_fd = control->socket.fd;
    server.context = control;
    r = http_server_new(loop, &server, &control->server);
    if (r < 0) {
        (void)snprintf(error, error_size, "%s: cannot be served (%s)", options->path, strerror(-r));
        control_socket_remove(&control->socket);
        close(control->socket.fd);
        free(control);
        return r;
    }
    *ret_control = control;
    return 0;
}

void control_query_begun(struct control *control)
{
    control->queries++;
}

void control_query_done(struct control *control)
{
    if (--control->queries == 0 && control->closing)
        free(control);
}

void control_close(struct control *control)
{
    if (!control)
        return;
    control->closing = true;
    /* First the name, then the voice: whoever comes now finds nobody, rather than a daemon that is ending. */
    control_socket_remove(&control->socket);
    control_dismiss(control);
    control_end_tests(control);
    http_server_close(control->server);
    control->server = NULL;
    if (control->queries == 0)
        free(control);
}
