#include "leases/etcd_walk.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REVOKE_MS = 2000, URL_MAX = 512 };

static const char *const paths[] = {
    [ETCD_STEP_AUTHENTICATE] = "/v3/auth/authenticate",
    [ETCD_STEP_GRANT] = "/v3/lease/grant",
    [ETCD_STEP_PUT] = "/v3/kv/txn",
    [ETCD_STEP_TRY] = "/v3/kv/txn",
    [ETCD_STEP_KEEP] = "/v3/lease/keepalive",
};

static const struct lease_config *config_of(const struct etcd_walk *walk)
{
    return &walk->context->config->lease;
}

static size_t count_endpoints(const struct lease_config *config)
{
    size_t count = 0;

    while (count < RMQ_LEASE_ENDPOINTS_MAX && config->endpoints[count])
        count++;
    return count;
}

static char *format(const struct etcd_walk *walk, enum etcd_step step)
{
    const struct lease_config *config = config_of(walk);

    switch (step) {
    case ETCD_STEP_AUTHENTICATE:
        return etcd_format_authenticate(
            config->username, config->password.value ? config->password.value : "");
    case ETCD_STEP_GRANT:
        return etcd_format_grant(config->ttl_ms);
    case ETCD_STEP_PUT:
        return etcd_format_put(config->key, walk->context->config->node, walk->lease, walk->revision);
    case ETCD_STEP_TRY:
        return etcd_format_try(config->key);
    case ETCD_STEP_KEEP:
        return etcd_format_lease(walk->lease);
    }
    return NULL;
}

/* BODY is freed and wiped, as it may hold a password. */
static int post(struct etcd_walk *walk, const char *path, char *body, uint64_t timeout_ms, http_done_fn *done,
    struct http_transfer **ret_transfer)
{
    const struct lease_config *config = config_of(walk);
    char url[URL_MAX], header[ETCD_TOKEN_MAX + 32];
    const char *headers[] = {header};
    int r;

    if (!body)
        return -ENOMEM;
    snprintf(url, sizeof(url), "%s%s", config->endpoints[walk->endpoint], path);
    snprintf(header, sizeof(header), "Authorization: %s", walk->token);
    r = http_client_start(walk->context->http,
        &(struct http_request){
            .method = HTTP_POST,
            .url = url,
            .headers = headers,
            .header_count = walk->token[0] != '\0' ? 1 : 0,
            .body = body,
            .body_size = strlen(body),
            .content_type = "application/json",
            .ca_file = config->ca_file,
            .timeout_ms = timeout_ms,
        },
        done, walk, ret_transfer);
    explicit_bzero(header, sizeof(header));
    explicit_bzero(body, strlen(body));
    free(body);
    return r;
}

static void on_reply(void *context, const struct http_reply *reply);

static int send_step(struct etcd_walk *walk, enum etcd_step step)
{
    uint64_t now_ms = clock_boot_ms();
    uint64_t left_ms = walk->endpoint_deadline_ms > now_ms ? walk->endpoint_deadline_ms - now_ms : 1;

    walk->step = step;
    walk->sent_ms = now_ms;
    if (step == ETCD_STEP_AUTHENTICATE) {
        explicit_bzero(walk->token, sizeof(walk->token));
        walk->authenticated = true;
    }
    return post(walk, paths[step], format(walk, step), left_ms, on_reply, &walk->transfer);
}

/* After the login, or without one. A lease that was granted at an endpoint before is as good at the next: it
 * may be that only the answer to the transaction was lost. */
static enum etcd_step first_step(const struct etcd_walk *walk)
{
    switch (walk->goal) {
    case ETCD_ACQUIRE:
        return walk->lease[0] != '\0' ? ETCD_STEP_PUT : ETCD_STEP_GRANT;
    case ETCD_CHECK:
        return ETCD_STEP_TRY;
    case ETCD_KEEP:
        break;
    }
    return ETCD_STEP_KEEP;
}

/* At walk->endpoint, with its share of the time. */
static int begin_endpoint(struct etcd_walk *walk)
{
    uint64_t now_ms = clock_boot_ms();
    uint64_t left_ms = walk->deadline_ms > now_ms ? walk->deadline_ms - now_ms : 1;
    bool login = config_of(walk)->username && walk->token[0] == '\0';

    walk->endpoint_deadline_ms = now_ms + left_ms / walk->endpoints_left + 1;
    walk->authenticated = false;
    return send_step(walk, login ? ETCD_STEP_AUTHENTICATE : first_step(walk));
}

static void finish(struct etcd_walk *walk, enum etcd_result result)
{
    walk->done(walk, result, walk->detail);
}

/* The host is told, not the whole address: it names the endpoint well enough. */
static void explain(struct etcd_walk *walk, const char *text)
{
    const char *host = strstr(config_of(walk)->endpoints[walk->endpoint], "://");

    walk->detail[0] = '\0';
    text_append(walk->detail, sizeof(walk->detail), "%s: %s", host ? host + 3 : "etcd", text);
}

/* This endpoint did not help: the next one, until none is left. A refusal tells more than a failure. */
static void go_on(struct etcd_walk *walk, enum etcd_result result, const char *text)
{
    int r;

    if (walk->worst != ETCD_REFUSED)
        explain(walk, text);
    if (result == ETCD_REFUSED)
        walk->worst = ETCD_REFUSED;
    while (--walk->endpoints_left > 0 && clock_boot_ms() < walk->deadline_ms) {
        walk->endpoint = (walk->endpoint + 1) % count_endpoints(config_of(walk));
        r = begin_endpoint(walk);
        if (r == 0)
            return;
    }
    finish(walk, walk->worst);
}

static void next_step(struct etcd_walk *walk, enum etcd_step step)
{
    int r = send_step(walk, step);

    if (r < 0)
        go_on(walk, ETCD_FAILED, strerror(-r));
}

static void on_put_answer(struct etcd_walk *walk, const char *body)
{
    const char *node = walk->context->config->node;
    struct etcd_put put;
    int r = etcd_parse_put(body, &put);

    if (r < 0) {
        go_on(walk, ETCD_FAILED, "not an answer of etcd");
    } else if (put.done || (put.lease[0] != '\0' && strcmp(put.lease, walk->lease) == 0)) {
        finish(walk, ETCD_OK);
    } else if (strcmp(put.owner, node) == 0 && put.revision[0] != '\0' &&
               strcmp(put.revision, walk->revision) != 0) {
        /* Of our own former life, or of a lease that is being revoked: it is replaced. */
        text_copy(walk->revision, sizeof(walk->revision), put.revision);
        next_step(walk, ETCD_STEP_PUT);
    } else if (put.revision[0] == '\0' && strcmp(walk->revision, "0") != 0) {
        /* And now the former life's is gone. */
        text_copy(walk->revision, sizeof(walk->revision), "0");
        next_step(walk, ETCD_STEP_PUT);
    } else {
        walk->detail[0] = '\0';
        text_append(walk->detail, sizeof(walk->detail), "%s holds it",
            put.owner[0] != '\0' ? put.owner : "another agent");
        finish(walk, ETCD_TAKEN);
    }
}

static void on_answer(struct etcd_walk *walk, const char *body)
{
    uint64_t ttl_ms = 0;
    int r = 0;

    switch (walk->step) {
    case ETCD_STEP_AUTHENTICATE:
        r = etcd_parse_token(body, walk->token, sizeof(walk->token));
        if (r == 0)
            next_step(walk, first_step(walk));
        break;
    case ETCD_STEP_GRANT:
        r = etcd_parse_grant(body, walk->lease, &walk->ttl_ms);
        walk->asked_ms = walk->sent_ms;
        if (r == 0)
            next_step(walk, ETCD_STEP_PUT);
        break;
    case ETCD_STEP_PUT:
        on_put_answer(walk, body);
        break;
    case ETCD_STEP_TRY:
        finish(walk, ETCD_OK);
        break;
    case ETCD_STEP_KEEP:
        r = etcd_parse_keepalive(body, &ttl_ms);
        if (r == 0 && ttl_ms > 0)
            walk->asked_ms = walk->sent_ms;
        explain(walk, "it does not know the lease any more");
        if (r == 0)
            finish(walk, ttl_ms > 0 ? ETCD_OK : ETCD_GONE);
        break;
    }
    if (r < 0)
        go_on(walk, ETCD_FAILED, "not an answer of etcd");
}

/* Tokens expire; and one that carries its claims (JWT) is void as soon as anybody changes a user or a role,
 * which etcd calls an invalid argument. */
static bool is_old_token(const struct etcd_error *error)
{
    return error->code == ETCD_UNAUTHENTICATED ||
           (error->code == ETCD_INVALID && strstr(error->text, "revision of auth store is old"));
}

static void on_error(struct etcd_walk *walk, const struct http_reply *reply)
{
    struct etcd_error error;
    bool credentials;
    char text[ETCD_ERROR_MAX];

    etcd_parse_error(reply->body, &error);
    snprintf(text, sizeof(text), "%s", error.text);
    if (text[0] == '\0')
        snprintf(text, sizeof(text), "HTTP status %ld", reply->status);
    credentials = reply->status == 401 || reply->status == 403 || error.code == ETCD_UNAUTHENTICATED ||
                  error.code == ETCD_DENIED ||
                  (error.code == ETCD_INVALID &&
                      (walk->step == ETCD_STEP_AUTHENTICATE || strstr(error.text, "user name is empty")));
    if (walk->step == ETCD_STEP_AUTHENTICATE && error.code == ETCD_PRECONDITION) {
        next_step(walk, first_step(walk)); /* the server wants no login */
    } else if (is_old_token(&error) && config_of(walk)->username && !walk->authenticated) {
        next_step(walk, ETCD_STEP_AUTHENTICATE);
    } else if (walk->step == ETCD_STEP_KEEP && error.code == ETCD_NOT_FOUND) {
        explain(walk, text);
        finish(walk, ETCD_GONE);
    } else {
        if (walk->step == ETCD_STEP_PUT && error.code == ETCD_NOT_FOUND)
            walk->lease[0] = '\0'; /* it expired meanwhile */
        go_on(walk, credentials ? ETCD_REFUSED : ETCD_FAILED, text);
    }
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct etcd_walk *walk = context;
    bool permanent = reply->result == HTTP_RESULT_TLS_TRUST || reply->result == HTTP_RESULT_UNKNOWN_HOST;
    bool stream = walk->step == ETCD_STEP_KEEP;
    struct etcd_error error;

    walk->transfer = NULL;
    if (reply->result != HTTP_RESULT_OK) {
        go_on(walk, permanent ? ETCD_REFUSED : ETCD_FAILED, http_result_name(reply->result));
        return;
    }
    /* A stream says 200 before it knows. */
    if (stream)
        etcd_parse_error(reply->body, &error);
    if (reply->status != 200 || (stream && error.text[0] != '\0'))
        on_error(walk, reply);
    else
        on_answer(walk, reply->body);
}

int etcd_walk_start(struct etcd_walk *walk, enum etcd_goal goal, uint64_t timeout_ms)
{
    size_t count = count_endpoints(config_of(walk));

    if (count == 0)
        return -EDESTADDRREQ;
    if (goal != ETCD_KEEP || walk->endpoint >= count)
        walk->endpoint = 0;
    walk->goal = goal;
    walk->worst = ETCD_FAILED;
    walk->detail[0] = '\0';
    text_copy(walk->revision, sizeof(walk->revision), "0");
    walk->endpoints_left = count;
    walk->deadline_ms = clock_boot_ms() + timeout_ms;
    return begin_endpoint(walk);
}

void etcd_walk_cancel(struct etcd_walk *walk)
{
    http_client_cancel(walk->transfer);
    walk->transfer = NULL;
}

/* Nobody waits for it: should it not arrive, the lease ends by itself. */
static void on_revoked(void *context, const struct http_reply *reply)
{
    (void)context;
    (void)reply;
}

void etcd_walk_revoke(struct etcd_walk *walk)
{
    size_t count = count_endpoints(config_of(walk));

    if (walk->lease[0] == '\0' || walk->endpoint >= count)
        return;
    (void)post(walk, "/v3/lease/revoke", etcd_format_lease(walk->lease), REVOKE_MS, on_revoked, NULL);
    walk->lease[0] = '\0';
}
