/* A TCP connection to whichever address of a host answers first, and its quiet end. */
#ifndef RMQWATCH_PROBES_CONNECT_H
#define RMQWATCH_PROBES_CONNECT_H

#include "probes/resolver.h"

#include <stdbool.h>
#include <uv.h>

struct connector;

/* STATUS is 0 or a negative errno. STREAM is the caller's from now on, NULL unless STATUS is 0; end it with
 * connection_close() and keep nothing of it. The connector is over. */
typedef void connector_done_fn(void *context, int status, uv_stream_t *stream);

/* Tries the addresses in their order, the next one as soon as one fails or is slow. DONE is called once, not
 * from within; 0 or a negative errno. */
int connector_start(uv_loop_t *loop, const struct address_list *addresses, uint16_t port,
    connector_done_fn *done, void *context, struct connector **ret_connector);
/* Ends it without a call of DONE. Accepts NULL. */
void connector_cancel(struct connector *connector);

/* Says goodbye with a FIN, never with a reset: brokers log those. What still comes is read and thrown away
 * for a moment, as closing with unread bytes would reset. */
void connection_close(uv_stream_t *stream);

#endif
