#include "http/trust.h"

#include "http/trust_store.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_AGE_MS = 24 * 60 * 60 * 1000, /* then also a file that looks unchanged is loaded again */
};

struct trust {
    struct trust_cache *cache;
    struct trust *next;
    char *ca_file; /* NULL: the system's */
    struct trust_store now;
    uint64_t loaded_ms, checked_ms, used;
    struct http_transfer *waiting;
    bool loading, due; /* due: there is no thread for it yet */
    /* the thread's, while it is at work */
    uv_work_t work;
    bool forced, changed;
    uint64_t number;
    struct trust_store coming;
};

struct trust_cache {
    uv_loop_t *loop;
    uint64_t check_ms;
    trust_ready_fn *ready;
    void (*closed)(void *context);
    void *context;
    struct trust *trusts;
    size_t count, working;
    uint64_t uses, loads;
};

/* Else our stores mean nothing to it, and it has to parse what it needs by itself. */
static bool curl_uses_openssl(void)
{
    const char *name = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return name && strncmp(name, "OpenSSL/", strlen("OpenSSL/")) == 0;
}

static bool needs_trust(const struct http_transfer *transfer, const struct http_request *request)
{
    return transfer->method != HTTP_MAIL && strncasecmp(request->url, "https:", 6) == 0 &&
           curl_uses_openssl();
}

/* Called where a handshake begins, which it does on a connection: after curl has set up a store of its own,
 * or, in 7.88, before it adds to this one what it is told to trust, which is the key alone. */
static CURLcode on_tls(CURL *easy, void *ssl_context, void *context)
{
    struct http_transfer *transfer = context;

    (void)easy;
    transfer->tls_began = true;
    if (!transfer->own_trust)
        return CURLE_OK;
    if (!transfer->trusted)
        return CURLE_SSL_CACERT_BADFILE;
    SSL_CTX_set1_cert_store(ssl_context, transfer->trusted);
    return CURLE_OK;
}

/* Setting an option fails for want of memory, or because this libcurl lacks it: either way no transfer. */
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (curl_easy_setopt(transfer->easy, (option), (value)) != CURLE_OK)                                 \
            return -ENOMEM;                                                                                  \
    } while (0)

int trust_prepare(struct http_transfer *transfer, const struct http_request *request)
{
    const char *file = request->ca_file ? request->ca_file : getenv(X509_get_default_cert_file_env());
    const char *folder = getenv(X509_get_default_cert_dir_env());

    /* Not with every TLS library. */
    (void)curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_SSL_CTX_DATA, transfer);
    transfer->own_trust = needs_trust(transfer, request);
    if (transfer->own_trust) {
        SET(CURLOPT_CAINFO, NULL);
        SET(CURLOPT_CAPATH, NULL);
        return 0;
    }
    if (file)
        SET(CURLOPT_CAINFO, file);
    /* Beside a file of its own, the directory that curl was built with would be trusted. */
    if (request->ca_file)
        SET(CURLOPT_CAPATH, NULL);
    else if (folder)
        SET(CURLOPT_CAPATH, folder);
    return 0;
}

/* curl takes up a connection or a TLS session again for a transfer of the same options, and knows nothing of
 * our store: the key is what tells one trust from another. It is the one certificate that curl is told to
 * trust, which the store has anyway, below a number of its own. With it, curl also keeps no store of its
 * own, nor falls back to one. */
static int give(const struct trust *trust, struct http_transfer *transfer)
{
    struct curl_blob key = {.data = trust->now.key, .flags = CURL_BLOB_COPY};

    if (!trust->now.store)
        return 0;
    key.len = strlen(trust->now.key);
    SET(CURLOPT_CAINFO_BLOB, &key);
    (void)X509_STORE_up_ref(trust->now.store);
    transfer->trusted = trust->now.store;
    return 0;
}

static void stop_waiting(struct http_transfer *transfer)
{
    if (!transfer->wait_link)
        return;
    *transfer->wait_link = transfer->wait_next;
    if (transfer->wait_next)
        transfer->wait_next->wait_link = transfer->wait_link;
    transfer->wait_link = NULL;
}

static void trust_free(struct trust *trust)
{
    trust_store_free(&trust->now);
    trust_store_free(&trust->coming);
    free(trust->ca_file);
    free(trust);
}

static void forget_all(struct trust_cache *cache)
{
    struct trust *trust;

    while ((trust = cache->trusts)) {
        cache->trusts = trust->next;
        trust_free(trust);
    }
}

static void cache_end(struct trust_cache *cache)
{
    if (cache->working > 0)
        return;
    forget_all(cache);
    cache->closed(cache->context);
    free(cache);
}

static void on_thread(uv_work_t *work)
{
    struct trust *trust = work->data;

    trust->changed =
        trust_store_load(&trust->coming, trust->ca_file, trust->forced ? NULL : &trust->now, trust->number);
}

static void serve_waiting(struct trust *trust)
{
    struct http_transfer *transfer;

    while ((transfer = trust->waiting)) {
        stop_waiting(transfer);
        trust->cache->ready(transfer, give(trust, transfer));
    }
}

static void on_worked(uv_work_t *work, int status);

static void begin_loads(struct trust_cache *cache)
{
    struct trust *trust;

    for (trust = cache->trusts; trust && cache->working < TRUST_THREADS_MAX; trust = trust->next) {
        if (!trust->due)
            continue;
        trust->due = false;
        trust->forced = !trust->now.store || uv_now(cache->loop) - trust->loaded_ms >= MAX_AGE_MS;
        trust->number = ++cache->loads;
        trust->work.data = trust;
        cache->working++;
        (void)uv_queue_work(cache->loop, &trust->work, on_thread, on_worked); /* cannot fail */
    }
}

static void on_worked(uv_work_t *work, int status)
{
    struct trust *trust = work->data;
    struct trust_cache *cache = trust->cache;

    trust->checked_ms = uv_now(cache->loop);
    if (status == 0 && trust->changed) {
        trust_store_free(&trust->now);
        trust->now = trust->coming;
        trust->coming = (struct trust_store){0};
        trust->loaded_ms = trust->checked_ms;
    }
    serve_waiting(trust);
    trust->loading = false; /* not before: whoever asks in there is served too, and nobody forgets it */
    cache->working--;
    if (cache->closed)
        cache_end(cache);
    else
        begin_loads(cache);
}

static void forget_oldest(struct trust_cache *cache)
{
    struct trust **oldest = NULL, **link, *trust;

    for (link = &cache->trusts; *link; link = &(*link)->next)
        if (!(*link)->loading && (!oldest || (*link)->used < (*oldest)->used))
            oldest = link;
    if (!oldest)
        return;
    trust = *oldest;
    *oldest = trust->next;
    cache->count--;
    trust_free(trust);
}

static bool same_file(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct trust *find(struct trust_cache *cache, const char *ca_file)
{
    struct trust *trust = cache->trusts;

    while (trust && !same_file(trust->ca_file, ca_file))
        trust = trust->next;
    return trust;
}

static struct trust *add(struct trust_cache *cache, const char *ca_file)
{
    struct trust *trust = calloc(1, sizeof *trust);

    if (!trust)
        return NULL;
    trust->ca_file = ca_file ? strdup(ca_file) : NULL;
    if (ca_file && !trust->ca_file) {
        free(trust);
        return NULL;
    }
    if (cache->count >= TRUST_KEPT_MAX)
        forget_oldest(cache);
    trust->cache = cache;
    trust->next = cache->trusts;
    cache->trusts = trust;
    cache->count++;
    return trust;
}

struct trust_cache *trust_cache_new(uv_loop_t *loop, uint64_t check_ms, trust_ready_fn *ready)
{
    struct trust_cache *cache = calloc(1, sizeof *cache);

    if (cache)
        *cache = (struct trust_cache){.loop = loop, .check_ms = check_ms, .ready = ready};
    return cache;
}

void trust_cache_close(struct trust_cache *cache, void (*closed)(void *context), void *context)
{
    if (!cache)
        return;
    cache->closed = closed;
    cache->context = context;
    for (struct trust *trust = cache->trusts; trust; trust = trust->next)
        if (trust->loading && !trust->due)
            (void)uv_cancel((uv_req_t *)&trust->work);
    cache_end(cache);
}

static void wait_for(struct trust *trust, struct http_transfer *transfer)
{
    transfer->wait_next = trust->waiting;
    if (transfer->wait_next)
        transfer->wait_next->wait_link = &transfer->wait_next;
    transfer->wait_link = &trust->waiting;
    trust->waiting = transfer;
}

int trust_ask(struct trust_cache *cache, struct http_transfer *transfer, const char *ca_file)
{
    struct trust *trust;

    if (!transfer->own_trust)
        return 0;
    trust = find(cache, ca_file);
    if (!trust)
        trust = add(cache, ca_file);
    if (!trust)
        return -ENOMEM;
    trust->used = ++cache->uses;
    if (!trust->loading &&
        (!trust->now.store || uv_now(cache->loop) - trust->checked_ms >= cache->check_ms)) {
        trust->loading = trust->due = true;
        begin_loads(cache);
    }
    if (!trust->loading || trust->now.store)
        return give(trust, transfer);
    wait_for(trust, transfer);
    return -EINPROGRESS;
}

void trust_release(struct http_transfer *transfer)
{
    stop_waiting(transfer);
    X509_STORE_free(transfer->trusted);
    transfer->trusted = NULL;
}
