/* One transfer: the easy handle's options and what it sends and collects. Used by client.c and mail_thread.c.
 */
#ifndef RMQWATCH_HTTP_TRANSFER_H
#define RMQWATCH_HTTP_TRANSFER_H

#include "http/client.h"

#include <curl/curl.h>
#include <openssl/types.h>

struct mail_thread;

struct http_transfer {
    struct http_client *client;
    struct http_transfer *next;
    struct http_transfer **link; /* what points to it in the client's list; NULL: not, or no more, in there */
    struct mail_thread *mail;    /* MAIL: who runs it */
    CURL *easy;
    bool own_trust;      /* trusts whom trust.c says; false: whom curl was told to trust */
    X509_STORE *trusted; /* NULL: nobody */
    /* while that is being loaded, and curl has not heard of the transfer yet; else NULL */
    struct http_transfer *wait_next, **wait_link;
    uv_timer_t deadline;
    enum http_method method;
    http_done_fn *done;
    void *context;
    uint64_t started_ns;
    /* what curl needs until the end, as it does not copy lists */
    struct curl_slist *headers, *recipients, *resolve;
    char *upload; /* MAIL: the message */
    size_t upload_size, upload_sent;
    /* what came */
    char *body;
    size_t body_size, body_capacity, body_max, header_size;
    bool tls_began, headers_ended, too_large, own_trouble;
};

/* A multi handle that does not wait for a resolver that hangs; NULL: out of memory. */
CURLM *transfer_new_multi(void);
/* Into and out of the list at *HEAD; out of it any number of times. */
void transfer_list(struct http_transfer **head, struct http_transfer *transfer);
void transfer_unlist(struct http_transfer *transfer);
/* Whether REQUEST makes sense: 0, -EINVAL or -ENOMEM. */
int transfer_check(const struct http_request *request);
/* Sets every option of TRANSFER->easy, which is fresh or reset. 0 or -ENOMEM. */
int transfer_prepare(struct http_transfer *transfer, const struct http_request *request);
/* A socket as the transfer wants it, or -1. */
int transfer_open_socket(struct http_transfer *transfer, const struct curl_sockaddr *address);
/* What the transfer came to; the body stays the transfer's. CODE is what curl said of it. */
void transfer_get_reply(struct http_transfer *transfer, CURLcode code, struct http_reply *ret_reply);
/* Frees all but the easy handle, the timer and the transfer itself; wipes what may be secret. */
void transfer_done(struct http_transfer *transfer);

#endif
