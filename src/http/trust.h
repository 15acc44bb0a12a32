/* The certificates that https trusts, parsed on libuv's threads. A system's trust store keeps a core busy for
 * 50 ms, and curl would parse it on the loop, for every connection anew. Here each file is parsed once, when
 * it is first needed, and looked at again when it is needed after a while. Mails are not concerned: they have
 * threads of their own, where curl does it. Used by client.c and transfer.c, on the loop's thread. */
#ifndef RMQWATCH_HTTP_TRUST_H
#define RMQWATCH_HTTP_TRUST_H

#include "http/transfer.h"

#include <uv.h>

enum {
    TRUST_CHECK_MS = 60 * 1000, /* how long a file is taken to be unchanged */
    TRUST_KEPT_MAX = 8,         /* files; the least recently used is forgotten first */
    TRUST_THREADS_MAX = 2,      /* that files on a hung disk may keep: the others are needed for names */
};

struct trust_cache;

/* Called from the loop for a transfer that had to wait: it may start, or, R is -ENOMEM, cannot. */
typedef void trust_ready_fn(struct http_transfer *transfer, int r);

/* Loads nothing yet. CHECK_MS: TRUST_CHECK_MS. NULL when out of memory. */
struct trust_cache *trust_cache_new(uv_loop_t *loop, uint64_t check_ms, trust_ready_fn *ready);

/* When no transfer has to wait any more. Calls CLOSED when nothing is left of it: from the loop if a thread
 * is still busy, else at once. Accepts NULL, and calls nothing then. */
void trust_cache_close(struct trust_cache *cache, void (*closed)(void *context), void *context);

/* The options of TRANSFER's handle that do not depend on what is loaded. 0 or -ENOMEM. */
int trust_prepare(struct http_transfer *transfer, const struct http_request *request);

/* Gives TRANSFER, which is prepared, whom it trusts by CA_FILE (NULL: by the system's trust store). 0: it may
 * start; -EINPROGRESS: not before READY was called; -ENOMEM. Where nothing can be loaded, it may start, and
 * its handshake will fail. */
int trust_ask(struct trust_cache *cache, struct http_transfer *transfer, const char *ca_file);

/* Gives back what TRANSFER has, and makes it wait no more. Any number of times. */
void trust_release(struct http_transfer *transfer);

#endif
