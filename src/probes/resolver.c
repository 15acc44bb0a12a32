#include "probes/resolver.h"

#include "base/clock.h"
#include "base/text.h"
#include "rmqwatch/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS_MAX = 2 * RMQ_MEMBERS_MAX, REFRESH_MS = 5000 };

struct resolver_host {
    char name[RMQ_NODE_NAME_MAX]; /* empty: free */
    struct address_list addresses;
    struct resolver_wait *waiting;
    struct lookup *lookup; /* on its way, or NULL */
    uint64_t looked_up_ms;
    uint64_t used_ms;
};

struct resolver {
    uv_loop_t *loop;
    struct resolver_host hosts[HOSTS_MAX];
};

/* Outlives its host, and the resolver, when nobody is interested any more: it cannot be interrupted. */
struct lookup {
    uv_getaddrinfo_t request;
    struct resolver_host *host; /* NULL: nobody is interested */
};

struct resolver *resolver_new(uv_loop_t *loop)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);

    if (resolver)
        resolver->loop = loop;
    return resolver;
}

static void host_clear(struct resolver_host *host)
{
    while (host->waiting)
        resolver_forget(host->waiting);
    if (host->lookup) {
        host->lookup->host = NULL;
        (void)uv_cancel((uv_req_t *)&host->lookup->request);
    }
    *host = (struct resolver_host){0};
}

void resolver_free(struct resolver *resolver)
{
    size_t i;

    if (!resolver)
        return;
    for (i = 0; i < HOSTS_MAX; i++)
        host_clear(&resolver->hosts[i]);
    free(resolver);
}

static bool parse_numeric(const char *host, union address *ret_address)
{
    return uv_ip4_addr(host, 0, &ret_address->v4) == 0 || uv_ip6_addr(host, 0, &ret_address->v6) == 0;
}

static struct resolver_host *host_get(struct resolver *resolver, const char *name)
{
    struct resolver_host *host, *best = NULL;
    size_t i;

    for (i = 0; i < HOSTS_MAX; i++) {
        host = &resolver->hosts[i];
        if (strcmp(host->name, name) == 0)
            return host;
        if (!host->waiting && (!best || host->used_ms < best->used_ms))
            best = host;
    }
    if (!best)
        return NULL;
    host_clear(best);
    text_copy(best->name, sizeof best->name, name);
    return best;
}

static void take_addresses(struct address_list *list, const struct addrinfo *found)
{
    list->count = 0;
    for (; found && list->count < ADDRESSES_MAX; found = found->ai_next) {
        if (found->ai_family == AF_INET)
            memcpy(&list->items[list->count++].v4, found->ai_addr, sizeof(struct sockaddr_in));
        else if (found->ai_family == AF_INET6)
            memcpy(&list->items[list->count++].v6, found->ai_addr, sizeof(struct sockaddr_in6));
    }
}

static void on_lookup_done(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = request->data;
    struct resolver_host *host = lookup->host;
    struct address_list addresses = {0};
    struct resolver_wait *wait;
    resolver_done_fn *done;

    if (status == 0)
        take_addresses(&addresses, found);
    uv_freeaddrinfo(found);
    free(lookup);
    if (!host)
        return;
    host->lookup = NULL;
    if (status == 0 && addresses.count == 0)
        status = UV_EAI_NODATA;
    if (status == 0)
        host->addresses = addresses;
    /* One call may add or drop others: take them one by one. New ones start a lookup of their own only after
     * a failure, and its answer never comes before this loop has ended. */
    while ((wait = host->waiting) && !host->lookup) {
        done = wait->done;
        resolver_forget(wait);
        done(wait->context, status, status == 0 ? &addresses : NULL);
    }
}

const char *address_list_text(const struct address_list *list, char *text)
{
    char one[INET6_ADDRSTRLEN];
    size_t i;

    if (list->numeric)
        return NULL;
    text[0] = '\0';
    for (i = 0; i < list->count; i++) {
        if (list->items[i].any.sa_family == AF_INET)
            (void)uv_ip4_name(&list->items[i].v4, one, sizeof one);
        else
            (void)uv_ip6_name(&list->items[i].v6, one, sizeof one);
        text_append(text, ADDRESS_LIST_TEXT_MAX, "%s%s", i > 0 ? "," : "", one);
    }
    return text;
}

static int host_look_up(struct resolver *resolver, struct resolver_host *host)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct lookup *lookup;
    int r;

    if (host->lookup)
        return 0;
    lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return -ENOMEM;
    lookup->request.data = lookup;
    lookup->host = host;
    r = uv_getaddrinfo(resolver->loop, &lookup->request, on_lookup_done, host->name, NULL, &hints);
    if (r < 0) {
        free(lookup);
        return r;
    }
    host->lookup = lookup;
    host->looked_up_ms = clock_boot_ms();
    return 0;
}

int resolver_find(struct resolver *resolver, const char *name, struct address_list *ret_addresses,
    struct resolver_wait *wait, resolver_done_fn *done, void *context)
{
    struct address_list numeric = {.numeric = true, .count = 1};
    struct resolver_host *host;
    int r;

    if (parse_numeric(name, &numeric.items[0])) {
        *ret_addresses = numeric;
        return 0;
    }
    if (name[0] == '\0' || strlen(name) >= RMQ_NODE_NAME_MAX)
        return UV_EAI_NONAME;
    host = host_get(resolver, name);
    if (!host)
        return -ENOMEM;
    host->used_ms = clock_boot_ms();
    if (host->addresses.count > 0) {
        *ret_addresses = host->addresses;
        return 0;
    }
    r = host_look_up(resolver, host);
    if (r < 0)
        return r;
    *wait = (struct resolver_wait){.next = host->waiting, .host = host, .done = done, .context = context};
    if (wait->next)
        wait->next->previous = wait;
    host->waiting = wait;
    return -EAGAIN;
}

void resolver_forget(struct resolver_wait *wait)
{
    if (!wait->host)
        return;
    if (wait->previous)
        wait->previous->next = wait->next;
    else
        wait->host->waiting = wait->next;
    if (wait->next)
        wait->next->previous = wait->previous;
    wait->previous = wait->next = NULL;
    wait->host = NULL;
}

void resolver_refresh(struct resolver *resolver, const char *name)
{
    union address numeric;
    struct resolver_host *host;
    size_t i;

    if (name[0] == '\0' || parse_numeric(name, &numeric))
        return;
    for (i = 0; i < HOSTS_MAX; i++) {
        host = &resolver->hosts[i];
        if (strcmp(host->name, name) == 0 && clock_boot_ms() - host->looked_up_ms >= REFRESH_MS)
            (void)host_look_up(resolver, host);
    }
}
