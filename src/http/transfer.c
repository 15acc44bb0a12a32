#include "http/transfer.h"

#include "http/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    REPLY_MAX_DEFAULT = 64 * 1024,
    HEADERS_MAX = 32 * 1024,
    BODY_FIRST = 1024,
    RETRY_AFTER_MAX_S = 6 * 60 * 60, /* more is not to be had of curl 8 */
};

static bool text_is_clean(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool texts_are_clean(const char *const *texts, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (!texts[i] || !text_is_clean(texts[i]))
            return false;
    return true;
}

CURLM *transfer_new_multi(void)
{
    CURLM *multi = curl_multi_init();

/* CURLOPT_QUICK_EXIT alone did up to then. */
#if LIBCURL_VERSION_NUM >= 0x081400
    if (multi && curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L) != CURLM_OK) {
        (void)curl_multi_cleanup(multi);
        return NULL;
    }
#endif
    return multi;
}

void transfer_list(struct http_transfer **head, struct http_transfer *transfer)
{
    transfer->next = *head;
    if (transfer->next)
        transfer->next->link = &transfer->next;
    transfer->link = head;
    *head = transfer;
}

void transfer_unlist(struct http_transfer *transfer)
{
    if (!transfer->link)
        return;
    *transfer->link = transfer->next;
    if (transfer->next)
        transfer->next->link = transfer->link;
    transfer->link = NULL;
}

int transfer_check(const struct http_request *request)
{
    CURLUcode code;
    CURLU *url;

    if (!request->url || request->timeout_ms == 0 || request->timeout_ms > INT32_MAX)
        return -EINVAL;
    if (!text_is_clean(request->url) || !text_is_clean(request->content_type) ||
        !text_is_clean(request->method_name) || !text_is_clean(request->username) ||
        !text_is_clean(request->password) || !text_is_clean(request->mail_from) ||
        !text_is_clean(request->addresses) || !texts_are_clean(request->headers, request->header_count) ||
        !texts_are_clean(request->recipients, request->recipient_count))
        return -EINVAL;
    if (request->method == HTTP_MAIL && (!request->mail_from || request->recipient_count == 0))
        return -EINVAL;
    url = curl_url();
    if (!url)
        return -ENOMEM;
    code = curl_url_set(url, CURLUPART_URL, request->url, CURLU_DISALLOW_USER);
    curl_url_cleanup(url);
    if (code == CURLUE_OUT_OF_MEMORY)
        return -ENOMEM;
    return code == CURLUE_OK ? 0 : -EINVAL;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t add = size * count, capacity, room = transfer->body_max - transfer->body_size;
    char *body;

    if (add > room) {
        transfer->too_large = true;
        add = room;
    }
    if (transfer->body_size + add + 1 > transfer->body_capacity) {
        capacity = transfer->body_capacity > 0 ? transfer->body_capacity : BODY_FIRST;
        while (capacity < transfer->body_size + add + 1)
            capacity *= 2;
        body = realloc(transfer->body, capacity);
        if (!body) {
            transfer->own_trouble = true;
            return 0;
        }
        transfer->body = body;
        transfer->body_capacity = capacity;
    }
    memcpy(transfer->body + transfer->body_size, data, add);
    transfer->body_size += add;
    transfer->body[transfer->body_size] = '\0';
    return add == size * count ? add : 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;

    /* The empty line ends them; a status line begins them anew after "100 Continue". */
    if (size * count >= 5 && memcmp(data, "HTTP/", 5) == 0)
        transfer->headers_ended = false;
    else if (size * count <= 2)
        transfer->headers_ended = true;
    transfer->header_size += size * count;
    if (transfer->header_size > HEADERS_MAX) {
        transfer->too_large = true;
        return 0;
    }
    return size * count;
}

static size_t on_upload(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t left = transfer->upload_size - transfer->upload_sent;
    size_t now = left < size * count ? left : size * count;

    memcpy(data, transfer->upload + transfer->upload_sent, now);
    transfer->upload_sent += now;
    return now;
}

/* As curl does it, but not inherited by commands that the daemon runs, and with an eye on the reason of a
 * failure, which curl does not pass on. */
int transfer_open_socket(struct http_transfer *transfer, const struct curl_sockaddr *address)
{
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    if (fd < 0 && errno != EAFNOSUPPORT)
        transfer->own_trouble = true;
    return fd;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    int fd = transfer_open_socket(context, address);

    (void)purpose;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int list_add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

/* "+HOST:PORT:ADDRESSES" for CURLOPT_RESOLVE; the plus lets curl forget it again. */
static int prepare_addresses(struct http_transfer *transfer, const struct http_request *request)
{
    char *host = NULL, *port = NULL, *entry = NULL;
    CURLU *url = curl_url();
    int r = -ENOMEM;

    if (!url || curl_url_set(url, CURLUPART_URL, request->url, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        goto out;
    if (asprintf(&entry, "+%s:%s:%s", host, port, request->addresses) < 0) {
        entry = NULL;
        goto out;
    }
    r = list_add(&transfer->resolve, entry);
    if (r == 0 && curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, transfer->resolve) != CURLE_OK)
        r = -ENOMEM;
out:
    free(entry);
    curl_free(port);
    curl_free(host);
    curl_url_cleanup(url);
    return r;
}

/* Setting an option fails for want of memory, or because this libcurl lacks it: either way no transfer. */
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        if (curl_easy_setopt(transfer->easy, (option), (value)) != CURLE_OK)                                 \
            return -ENOMEM;                                                                                  \
    } while (0)

static int prepare_always(struct http_transfer *transfer, const struct http_request *request)
{
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Without it curl joins a resolver thread that hangs, and the loop hangs with it. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, request->method == HTTP_MAIL ? "smtp,smtps" : "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(CURLOPT_BUFFERSIZE, 8192L);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    /* A mail has a connection of its own anyway; and then curl would tell of its end only after QUIT. */
    if (request->fresh && request->method != HTTP_MAIL) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    if (request->username) {
        SET(CURLOPT_USERNAME, request->username);
        SET(CURLOPT_PASSWORD, request->password ? request->password : "");
    }
    return 0;
}

static int prepare_http(struct http_transfer *transfer, const struct http_request *request)
{
    char *line = NULL;
    size_t i;
    int r = 0;

    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "rmqwatchd/" RMQWATCH_VERSION);
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    if (request->method == HTTP_CONNECT)
        SET(CURLOPT_CONNECT_ONLY, 1L);
    for (i = 0; i < request->header_count && r == 0; i++)
        r = list_add(&transfer->headers, request->headers[i]);
    if (request->method == HTTP_POST && r == 0) {
        SET(CURLOPT_POST, 1L);
        if (request->method_name)
            SET(CURLOPT_CUSTOMREQUEST, request->method_name);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        SET(CURLOPT_COPYPOSTFIELDS, request->body ? (const char *)request->body : "");
        /* No round trip of "Expect: 100-continue" for a body of a few kilobytes. */
        r = list_add(&transfer->headers, "Expect:");
        if (r == 0 && request->content_type) {
            if (asprintf(&line, "Content-Type: %s", request->content_type) < 0)
                return -ENOMEM;
            r = list_add(&transfer->headers, line);
            free(line);
        }
    }
    if (r < 0)
        return r;
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    return 0;
}

static int prepare_mail(struct http_transfer *transfer, const struct http_request *request)
{
    size_t i;
    int r = 0;

    transfer->upload = malloc(request->body_size + 1);
    if (!transfer->upload)
        return -ENOMEM;
    if (request->body_size > 0)
        memcpy(transfer->upload, request->body, request->body_size);
    transfer->upload_size = request->body_size;
    for (i = 0; i < request->recipient_count && r == 0; i++)
        r = list_add(&transfer->recipients, request->recipients[i]);
    if (r < 0)
        return r;
    SET(CURLOPT_USE_SSL, request->require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    SET(CURLOPT_MAIL_FROM, request->mail_from);
    SET(CURLOPT_MAIL_RCPT, transfer->recipients);
    SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_upload);
    SET(CURLOPT_READDATA, transfer);
    return 0;
}

int transfer_prepare(struct http_transfer *transfer, const struct http_request *request)
{
    int r;

    transfer->method = request->method;
    transfer->body_max = request->max_reply_bytes > 0 ? request->max_reply_bytes : REPLY_MAX_DEFAULT;
    r = prepare_always(transfer, request);
    if (r == 0)
        r = trust_prepare(transfer, request);
    if (r == 0 && request->addresses)
        r = prepare_addresses(transfer, request);
    if (r < 0)
        return r;
    return request->method == HTTP_MAIL ? prepare_mail(transfer, request) : prepare_http(transfer, request);
}

/* An SMTP server that answers "no" ends the transfer with one of these, and its answer is what counts. Not so
 * if the connection was lost later on: one recipient may have been refused, and another was still to be
 * asked. */
static bool is_mail_refusal(const struct http_transfer *transfer, CURLcode code, long status)
{
    return transfer->method == HTTP_MAIL && status >= 400 &&
           (code == CURLE_LOGIN_DENIED || code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
               code == CURLE_REMOTE_ACCESS_DENIED);
}

static bool is_http_answer(const struct http_transfer *transfer)
{
    return transfer->method == HTTP_GET || transfer->method == HTTP_POST;
}

void transfer_get_reply(struct http_transfer *transfer, CURLcode code, struct http_reply *ret_reply)
{
    struct http_reply reply = {
        .body = transfer->body ? transfer->body : "", .body_size = transfer->body_size};
    curl_off_t retry_after = 0, lookup = 0;
    const char *peer = NULL;
    long os_error = 0;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &reply.status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &peer);
    /* Not the connect time: with TLS, and on a kept connection, curl has none. Since curl 8 it tells the
     * address only after the handshake. */
    reply.connected = (peer && peer[0] != '\0') || transfer->tls_began;
    if (retry_after > 0)
        reply.retry_after_ms =
            (uint64_t)(retry_after < RETRY_AFTER_MAX_S ? retry_after : RETRY_AFTER_MAX_S) * 1000;
    /* Out of memory is what curl calls a header line of more than 100 KiB. */
    if (transfer->too_large || (code == CURLE_OUT_OF_MEMORY && reply.connected))
        reply.result = HTTP_RESULT_TOO_LARGE;
    else if (transfer->own_trouble && code != CURLE_OK)
        reply.result = HTTP_RESULT_OWN_TROUBLE;
    else if (is_mail_refusal(transfer, code, reply.status))
        reply.result = HTTP_RESULT_OK;
    else if (code == CURLE_OK && is_http_answer(transfer) && !transfer->headers_ended)
        reply.result = HTTP_RESULT_CLOSED; /* in the middle of a header, which curl takes for the end */
    else if (code == CURLE_OPERATION_TIMEDOUT && lookup == 0 && !reply.connected)
        reply.result = HTTP_RESULT_OWN_TROUBLE; /* our resolver hangs: says nothing of the other side */
    else
        reply.result = http_result_from_curl(code, code == CURLE_OK ? 0 : (int)os_error);
    reply.total_ms = (uv_hrtime() - transfer->started_ns) / 1000000;
    *ret_reply = reply;
}

/* Headers may be secret. */
static void wipe_and_free(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(list);
}

void transfer_done(struct http_transfer *transfer)
{
    wipe_and_free(transfer->headers);
    curl_slist_free_all(transfer->recipients);
    curl_slist_free_all(transfer->resolve);
    transfer->headers = transfer->recipients = transfer->resolve = NULL;
    if (transfer->upload)
        explicit_bzero(transfer->upload, transfer->upload_size);
    free(transfer->upload);
    transfer->upload = NULL;
    free(transfer->body);
    transfer->body = NULL;
    trust_release(transfer);
}
