/* What a control is made of. Private to src/control. */
#ifndef RMQWATCH_CONTROL_CONTROL_PARTS_H
#define RMQWATCH_CONTROL_CONTROL_PARTS_H

#include "control/control.h"
#include "control/json.h"
#include "control/socket.h"
#include "http/server.h"

#include <cjson/cJSON.h>

/* Somebody who told the core something, and waits until it took it in. */
struct waiter {
    struct http_exchange *exchange;
    struct operator_event said;
    struct waiter *next;
};

struct test_round;

struct control {
    struct control_options options; /* without path */
    uv_loop_t *loop;
    struct test_round *rounds; /* tests of channels that are under way */
    struct control_socket socket;
    struct http_server *server;
    struct waiter *waiters;
    unsigned queries; /* of the store's and the outbox's, not answered yet */
    bool closing;
};

/* Handlers; CONTEXT is the control. */
void control_on_hold(void *context, struct http_exchange *exchange);
void control_on_resume(void *context, struct http_exchange *exchange);
void control_on_ack(void *context, struct http_exchange *exchange);
void control_on_history(void *context, struct http_exchange *exchange);
void control_on_incident(void *context, struct http_exchange *exchange);
void control_on_test_alert(void *context, struct http_exchange *exchange);
void control_on_outbox(void *context, struct http_exchange *exchange);
void control_on_outbox_retry(void *context, struct http_exchange *exchange);
void control_on_outbox_drop(void *context, struct http_exchange *exchange);

/* What answers are made from, right now. */
struct control_view control_view(const struct control *control);

/* Tells the core, and answers EXCHANGE when it has taken that in, and the store what has changed. */
void control_tell(struct control *control, struct http_exchange *exchange, const struct operator_event *said);
/* Sends those away who wait for that. */
void control_dismiss(struct control *control);

/* Sends those away who wait for the outcome of a test. */
void control_end_tests(struct control *control);

/* Who asks, where OWNER is empty. */
void control_name_owner(struct http_exchange *exchange, char *owner, size_t size);

/* Answers with JSON, which is deleted; NULL: out of memory. */
void control_answer(struct http_exchange *exchange, cJSON *json);

/* A query to the store or the outbox begins, or was answered. The last answer after the end frees the
 * control. */
void control_query_begun(struct control *control);
void control_query_done(struct control *control);

#endif
