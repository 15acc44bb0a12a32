/* Addresses of the members' hosts: looked up on libuv's threads, kept while they work, looked up again when
 * they do not. At most one lookup per host is on its way, so a resolver that hangs costs a few threads of the
 * pool and never the loop. */
#ifndef RMQWATCH_PROBES_RESOLVER_H
#define RMQWATCH_PROBES_RESOLVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { ADDRESSES_MAX = 4 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct address_list {
    bool numeric; /* the host was an address itself */
    size_t count;
    union address items[ADDRESSES_MAX]; /* ports are 0 */
};

enum { ADDRESS_LIST_TEXT_MAX = ADDRESSES_MAX * (INET6_ADDRSTRLEN + 1) };

struct resolver;

/* STATUS: 0, or what uv_getaddrinfo() said. ADDRESSES is valid during the call, NULL unless STATUS is 0. */
typedef void resolver_done_fn(void *context, int status, const struct address_list *addresses);

/* Someone who waits for a lookup. Embedded by the caller; zeroed, it waits for nothing. */
struct resolver_wait {
    struct resolver_wait *previous, *next;
    struct resolver_host *host;
    resolver_done_fn *done;
    void *context;
};

struct resolver *resolver_new(uv_loop_t *loop);
/* Drops who waits without a call. A lookup that hangs keeps the loop from closing until it ends. */
void resolver_free(struct resolver *resolver);

/* 0 and *ret_addresses: HOST is numeric or known. -EAGAIN: WAIT's done will be called once, from the loop.
 * Another negative errno: not possible at all. */
int resolver_find(struct resolver *resolver, const char *host, struct address_list *ret_addresses,
    struct resolver_wait *wait, resolver_done_fn *done, void *context);
/* WAIT's done will not be called. */
void resolver_forget(struct resolver_wait *wait);
/* The addresses as http_request.addresses wants them, written to TEXT of ADDRESS_LIST_TEXT_MAX bytes; NULL
 * for a numeric host, which needs none. */
const char *address_list_text(const struct address_list *list, char *text);
/* HOST's addresses did not work: look it up again, behind the scenes; the old ones serve until then. */
void resolver_refresh(struct resolver *resolver, const char *host);

#endif
