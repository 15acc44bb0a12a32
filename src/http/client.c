#include "http/client.h"

#include "http/mail_thread.h"
#include "http/transfer.h"
#include "http/trust.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

enum {
    EASY_SPARE_MAX = 4,       /* easy handles kept for the next transfer, about 6 KiB each */
    CONNECTIONS_KEPT_MAX = 8, /* idle connections in curl's pool */
    POLL_ERRORS_MAX = 16,     /* how often a socket that only reports errors is watched again */
    QUIT_MS = 1000,           /* how long a mail server may take to say goodbye */
};

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct http_transfer *transfers;
    struct trust_cache *trusts;
    CURL *spare[EASY_SPARE_MAX];
    size_t spare_count;
    size_t
        handles; /* of the loop: the timer, sockets and deadlines that are not closed yet; and the trusts */
    bool closing;
    void (*done)(void *context);
    void *context;
};

/* A socket that curl wants watched. Freed by its close callback. */
struct watched_socket {
    struct http_client *client;
    uv_poll_t poll;
    curl_socket_t fd;
    int events;
    unsigned errors;
};

static void client_unref(void *context)
{
    struct http_client *client = context;

    if (--client->handles > 0)
        return;
    if (client->done)
        client->done(client->context);
    free(client);
    curl_global_cleanup();
}

static CURL *take_easy(struct http_client *client)
{
    return client->spare_count > 0 ? client->spare[--client->spare_count] : curl_easy_init();
}

static void give_easy(struct http_client *client, CURL *easy)
{
    if (!easy)
        return;
    if (client->closing || client->spare_count == EASY_SPARE_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    client->spare[client->spare_count++] = easy;
}

static void on_transfer_closed(uv_handle_t *handle)
{
    struct http_transfer *transfer = handle->data;
    struct http_client *client = transfer->client;

    free(transfer);
    client_unref(client);
}

/* Takes TRANSFER, no mail, away from curl and out of the list; its body lives on. */
static void transfer_detach(struct http_transfer *transfer)
{
    struct http_client *client = transfer->client;

    (void)curl_multi_remove_handle(client->multi, transfer->easy);
    give_easy(client, transfer->easy);
    transfer->easy = NULL;
    transfer_unlist(transfer);
    (void)uv_timer_stop(&transfer->deadline);
}

static void transfer_finish(struct http_transfer *transfer, CURLcode code)
{
    struct http_reply reply;

    transfer_get_reply(transfer, code, &reply);
    transfer_detach(transfer);
    transfer->done(transfer->context, &reply);
    transfer_done(transfer);
    uv_close((uv_handle_t *)&transfer->deadline, on_transfer_closed);
}

/* DONE functions run here, after curl has returned: they may start, cancel and close. */
static void finish_completed(struct http_client *client)
{
    struct http_transfer *transfer;
    CURLMsg *message;
    CURLcode code;
    int left;

    while (!client->closing && (message = curl_multi_info_read(client->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        code = message->data.result;
        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK)
            transfer_finish(transfer, code);
    }
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct watched_socket *socket = handle->data;
    struct http_client *client = socket->client;
    int flags = 0, running;

    if (status < 0)
        flags = CURL_CSELECT_ERR | CURL_CSELECT_IN | CURL_CSELECT_OUT; /* let curl read the reason */
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    if (status < 0 && ++socket->errors > POLL_ERRORS_MAX)
        flags = CURL_CSELECT_ERR;
    (void)curl_multi_socket_action(client->multi, socket->fd, flags, &running);
    /* libuv stops a handle that reports an error; curl may still want to hear of it. The memory outlives
     * this call, as it is freed by the close callback. */
    if (status < 0 && !uv_is_closing((uv_handle_t *)handle) && socket->errors <= POLL_ERRORS_MAX)
        (void)uv_poll_start(handle, socket->events, on_poll);
    finish_completed(client);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct watched_socket *socket = handle->data;
    struct http_client *client = socket->client;

    free(socket);
    client_unref(client);
}

static struct watched_socket *watched_socket_new(struct http_client *client, curl_socket_t fd)
{
    struct watched_socket *socket = calloc(1, sizeof *socket);

    if (!socket)
        return NULL;
    if (uv_poll_init_socket(client->loop, &socket->poll, fd) < 0) {
        free(socket);
        return NULL;
    }
    socket->client = client;
    socket->fd = fd;
    socket->poll.data = socket;
    client->handles++;
    return socket;
}

/* FD cannot be watched: its transfer ends by its deadline, as our own trouble. Telling curl would not do: it
 * declares the whole multi handle dead. */
static int on_watch_failed(CURL *easy)
{
    struct http_transfer *transfer;

    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer) == CURLE_OK && transfer)
        transfer->own_trouble = true;
    return 0;
}

/* curl wants FD watched otherwise. */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
    struct http_client *client = context;
    struct watched_socket *socket = assigned;

    if (what == CURL_POLL_REMOVE) {
        if (socket) {
            /* At once: the descriptor's number may be used again before the close callback runs. */
            (void)uv_poll_stop(&socket->poll);
            uv_close((uv_handle_t *)&socket->poll, on_socket_closed);
            (void)curl_multi_assign(client->multi, fd, NULL);
        }
        return 0;
    }
    if (!socket) {
        socket = watched_socket_new(client, fd);
        if (!socket)
            return on_watch_failed(easy);
        (void)curl_multi_assign(client->multi, fd, socket);
    }
    socket->events = 0;
    if (what & CURL_POLL_IN)
        socket->events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        socket->events |= UV_WRITABLE;
    return uv_poll_start(&socket->poll, socket->events, on_poll) < 0 ? on_watch_failed(easy) : 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    int running;

    (void)curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_completed(client);
}

/* Never runs curl from here, and never arms 0 ms: libuv 1.44 may then not leave its timers. */
static int on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct http_client *client = context;

    (void)multi;
    if (client->closing || timeout_ms < 0)
        (void)uv_timer_stop(&client->timer);
    else
        (void)uv_timer_start(&client->timer, on_timer, timeout_ms > 0 ? (uint64_t)timeout_ms : 1, 0);
    return 0;
}

static void on_deadline(uv_timer_t *timer)
{
    struct http_transfer *transfer = timer->data;

    if (transfer->mail)
        mail_thread_stop(transfer->mail);
    else
        transfer_finish(transfer, CURLE_OPERATION_TIMEDOUT);
}

static void on_mail_closed(struct http_transfer *transfer)
{
    transfer_done(transfer);
    uv_close((uv_handle_t *)&transfer->deadline, on_transfer_closed);
}

static void on_mail_news(
    struct http_transfer *transfer, enum mail_phase phase, const struct http_reply *reply)
{
    http_done_fn *done = transfer->done;

    uv_update_time(transfer->deadline.loop);
    if (phase >= MAIL_REFUSED && uv_timer_get_due_in(&transfer->deadline) > QUIT_MS)
        (void)uv_timer_start(&transfer->deadline, on_deadline, QUIT_MS, 0);
    if (reply && done) {
        transfer->done = NULL;
        done(transfer->context, reply);
    }
    if (phase == MAIL_ENDED) {
        transfer_unlist(transfer);
        (void)uv_timer_stop(&transfer->deadline);
        mail_thread_close(transfer->mail, on_mail_closed);
    }
}

static int add_to_multi(struct http_transfer *transfer)
{
    return curl_multi_add_handle(transfer->client->multi, transfer->easy) == CURLM_OK ? 0 : -ENOMEM;
}

static void on_trust_ready(struct http_transfer *transfer, int r)
{
    if (r < 0 || add_to_multi(transfer) < 0)
        transfer_finish(transfer, CURLE_OUT_OF_MEMORY);
}

static int setup_multi(struct http_client *client)
{
    if (curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) != CURLM_OK ||
        curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) != CURLM_OK ||
        curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) != CURLM_OK ||
        curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) != CURLM_OK ||
        curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT_MAX) != CURLM_OK)
        return -ENOMEM;
    return 0;
}

struct http_client *http_client_new(uv_loop_t *loop)
{
    struct http_client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return NULL;
    }
    client->loop = loop;
    client->multi = transfer_new_multi();
    client->trusts = trust_cache_new(loop, TRUST_CHECK_MS, on_trust_ready);
    if (!client->multi || !client->trusts || setup_multi(client) < 0) {
        (void)curl_multi_cleanup(client->multi);
        free(client->trusts);
        curl_global_cleanup();
        free(client);
        return NULL;
    }
    (void)uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    client->handles = 2;
    return client;
}

static void on_timer_closed(uv_handle_t *handle)
{
    client_unref(handle->data);
}

void http_client_close(struct http_client *client, void (*done)(void *context), void *context)
{
    if (!client) {
        if (done)
            done(context);
        return;
    }
    if (client->closing)
        return;
    client->closing = true;
    client->done = done;
    client->context = context;
    while (client->transfers)
        http_client_cancel(client->transfers);
    while (client->spare_count > 0)
        curl_easy_cleanup(client->spare[--client->spare_count]);
    (void)curl_multi_cleanup(client->multi);
    client->multi = NULL;
    trust_cache_close(client->trusts, client_unref, client);
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

int http_client_start(struct http_client *client, const struct http_request *request, http_done_fn *done,
    void *context, struct http_transfer **ret_transfer)
{
    struct http_transfer *transfer;
    int r;

    if (client->closing)
        return -ECANCELED;
    r = transfer_check(request);
    if (r < 0)
        return r;
    transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return -ENOMEM;
    transfer->client = client;
    transfer->done = done;
    transfer->context = context;
    transfer->started_ns = uv_hrtime();
    transfer->easy = take_easy(client);
    r = transfer->easy ? transfer_prepare(transfer, request) : -ENOMEM;
    if (r == 0 && request->method == HTTP_MAIL)
        r = mail_thread_start(transfer, client->loop, on_mail_news);
    else if (r == 0)
        r = trust_ask(client->trusts, transfer, request->ca_file);
    if (r == 0 && request->method != HTTP_MAIL)
        r = add_to_multi(transfer);
    if (r == -EINPROGRESS)
        r = 0;
    if (r < 0) {
        give_easy(client, transfer->easy);
        transfer_done(transfer);
        free(transfer);
        return r;
    }
    transfer_list(&client->transfers, transfer);
    (void)uv_timer_init(client->loop, &transfer->deadline);
    transfer->deadline.data = transfer;
    client->handles++;
    uv_update_time(client->loop); /* the deadline counts from now, not from when the loop last looked */
    (void)uv_timer_start(&transfer->deadline, on_deadline, request->timeout_ms, 0);
    if (ret_transfer)
        *ret_transfer = transfer;
    return 0;
}

void http_client_cancel(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    if (transfer->mail) {
        transfer->done = NULL;
        transfer_unlist(transfer);
        mail_thread_stop(transfer->mail);
        return;
    }
    transfer_detach(transfer);
    transfer_done(transfer);
    uv_close((uv_handle_t *)&transfer->deadline, on_transfer_closed);
}
