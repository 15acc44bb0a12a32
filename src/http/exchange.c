/* One request: from its first line to its answer, which may come late. */
#include "base/clock.h"
#include "base/text.h"
#include "http/server_parts.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json";

static void release(struct http_exchange *exchange)
{
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    free(exchange->body);
    free(exchange);
}

static void set_response(
    struct http_exchange *exchange, unsigned status, const char *content_type, char *body, size_t body_size)
{
    struct MHD_Response *response =
        body ? MHD_create_response_from_buffer(body_size, body, MHD_RESPMEM_MUST_FREE) : NULL;

    if (!response)
        free(body);
    else if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) == MHD_NO ||
             MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_NO) {
        MHD_destroy_response(response);
        response = NULL;
    }
    exchange->response = response;
    exchange->status = status;
    exchange->peer->since_ms = clock_boot_ms();
    if (!exchange->suspended)
        return;
    exchange->suspended = false;
    MHD_resume_connection(exchange->connection);
    server_wake(exchange->server);
}

/* {"error": SENTENCE}, or NULL. */
static char *error_body(const char *sentence)
{
    cJSON *json = cJSON_CreateObject();
    char *body = cJSON_AddStringToObject(json, "error", sentence) ? cJSON_PrintUnformatted(json) : NULL;

    cJSON_Delete(json);
    return body;
}

static void set_error(struct http_exchange *exchange, unsigned status, const char *sentence)
{
    char *body = error_body(sentence);

    set_response(exchange, status, json_type, body, body ? strlen(body) : 0);
}

void exchange_give_up(struct http_exchange *exchange, unsigned status, const char *sentence)
{
    if (exchange->status == 0)
        set_error(exchange, status, sentence);
}

void http_answer(
    struct http_exchange *exchange, unsigned status, const char *content_type, char *body, size_t body_size)
{
    exchange->owed = false;
    if (exchange->connection && exchange->status == 0) {
        set_response(exchange, status, content_type, body, body_size);
        return;
    }
    /* Too late: the client was sent away, or went. */
    free(body);
    if (!exchange->connection)
        release(exchange);
}

void http_answer_error(struct http_exchange *exchange, unsigned status, const char *sentence)
{
    char *body = error_body(sentence);

    http_answer(exchange, status, json_type, body, body ? strlen(body) : 0);
}

const char *http_exchange_parameter(const struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_exchange_body(const struct http_exchange *exchange, size_t *ret_size)
{
    if (ret_size)
        *ret_size = exchange->body_size;
    return exchange->body ? exchange->body : "";
}

int http_exchange_descriptor(const struct http_exchange *exchange)
{
    return exchange->peer->fd;
}

/* Says no before the body was read, which is never read then. */
static void refuse(struct http_exchange *exchange, unsigned status, const char *sentence)
{
    set_error(exchange, status, sentence);
    if (exchange->response)
        (void)MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static bool serves(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(route->method, MHD_HTTP_METHOD_GET) == 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) == 0);
}

static void find_route(struct http_exchange *exchange, const char *url, const char *method)
{
    const struct http_server *server = exchange->server;
    char allow[64] = "";

    for (size_t i = 0; i < server->route_count; i++) {
        const struct http_route *route = &server->routes[i];

        if (strcmp(route->path, url) != 0)
            continue;
        if (serves(route, method)) {
            exchange->route = route;
            return;
        }
        text_append(allow, sizeof(allow), "%s%s", allow[0] ? ", " : "",
            strcmp(route->method, MHD_HTTP_METHOD_GET) == 0 ? "GET, HEAD" : route->method);
    }
    if (!allow[0]) {
        refuse(exchange, MHD_HTTP_NOT_FOUND, "there is no such page");
        return;
    }
    refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this page does not take this method");
    if (exchange->response)
        (void)MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_ALLOW, allow);
}

/* Bodies come with their length, or not at all: so much is known before the first byte is kept. */
static void expect_body(struct http_exchange *exchange)
{
    const char *encoding =
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    const char *length =
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    size_t size = 0;

    if (encoding) {
        refuse(exchange, MHD_HTTP_LENGTH_REQUIRED, "a body must come with a Content-Length");
        return;
    }
    /* libmicrohttpd has refused what is no number. */
    for (; length && *length >= '0' && *length <= '9' && size <= HTTP_BODY_MAX; length++)
        size = size * 10 + (size_t)(*length - '0');
    if (size > HTTP_BODY_MAX) {
        refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 64 KB");
        return;
    }
    if (size > 0 && strcmp(exchange->route->method, MHD_HTTP_METHOD_GET) == 0) {
        refuse(exchange, MHD_HTTP_BAD_REQUEST, "this method takes no body");
        return;
    }
    exchange->body_room = size;
    exchange->body = size > 0 ? calloc(1, size + 1) : NULL;
    if (size > 0 && !exchange->body)
        refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}

static struct http_exchange *begin(
    struct http_server *server, struct MHD_Connection *connection, const char *url, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_exchange *exchange;

    if (!info || !info->socket_context)
        return NULL;
    exchange = calloc(1, sizeof(*exchange));
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->peer = info->socket_context;
    exchange->peer->exchange = exchange;
    find_route(exchange, url, method);
    if (exchange->route)
        expect_body(exchange);
    return exchange;
}

static void take_body(struct http_exchange *exchange, const char *bytes, size_t *size)
{
    size_t space = exchange->body_room - exchange->body_size;
    size_t taken = *size < space ? *size : space;

    if (taken > 0) {
        memcpy(exchange->body + exchange->body_size, bytes, taken);
        exchange->body_size += taken;
    }
    *size = 0;
}

static void handle(struct http_exchange *exchange)
{
    exchange->handled = true;
    if (exchange->server->closing) {
        exchange_give_up(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "this daemon is ending");
        return;
    }
    exchange->owed = true;
    exchange->route->handle(exchange->server->context, exchange);
    if (exchange->status != 0)
        return;
    /* For the handler, the time begins now, however long the client took. */
    exchange->peer->since_ms = clock_boot_ms();
    exchange->suspended = true;
    MHD_suspend_connection(exchange->connection);
}

enum MHD_Result exchange_on_request(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct http_exchange *exchange = *state;

    (void)version;
    if (!exchange) {
        exchange = begin(context, connection, url, method);
        if (!exchange)
            return MHD_NO;
        *state = exchange;
        if (exchange->status == 0)
            return MHD_YES;
    } else if (*upload_size > 0) {
        take_body(exchange, upload, upload_size);
        return MHD_YES;
    } else if (!exchange->handled && exchange->status == 0) {
        handle(exchange);
    }
    if (exchange->status == 0)
        return MHD_YES;
    /* Without memory for a response, closing the connection is all that is left. */
    return exchange->response ? MHD_queue_response(connection, exchange->status, exchange->response) : MHD_NO;
}

void exchange_on_completed(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *state;

    (void)context;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    *state = NULL;
    exchange->peer->exchange = NULL;
    exchange->peer->since_ms = clock_boot_ms();
    exchange->connection = NULL;
    exchange->peer = NULL;
    exchange->server = NULL;
    if (!exchange->owed)
        release(exchange);
}
