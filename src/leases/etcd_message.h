/* What is said to etcd's v3 JSON gateway, and what it answers. Pure. Keys and values are base64 there, 64-bit
 * numbers are texts, and fields that are zero or false are left out. */
#ifndef RMQWATCH_LEASES_ETCD_MESSAGE_H
#define RMQWATCH_LEASES_ETCD_MESSAGE_H

#include "rmqwatch/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ETCD_NUMBER_MAX = 24, ETCD_TOKEN_MAX = 2048, ETCD_ERROR_MAX = 128 };

/* Bodies of requests, to be freed by the caller; NULL when out of memory. */
char *etcd_format_authenticate(const char *username, const char *password);
char *etcd_format_grant(uint64_t ttl_ms);
/* Of /v3/kv/txn: KEY becomes OWNER's under LEASE if its create revision is REVISION ("0": there is no such
 * key); otherwise the answer tells what it is. */
char *etcd_format_put(const char *key, const char *owner, const char *lease, const char *revision);
/* As above, but with a condition that is never true: nothing but the permissions is tried. */
char *etcd_format_try(const char *key);
/* Of keepalive and revoke. */
char *etcd_format_lease(const char *lease);

struct etcd_put {
    bool done;
    /* when it was not done, and the key is still there */
    char owner[RMQ_NODE_NAME_MAX];
    char lease[ETCD_NUMBER_MAX];
    char revision[ETCD_NUMBER_MAX];
};

struct etcd_error {
    int code; /* of gRPC; 0: none was said */
    char text[ETCD_ERROR_MAX];
};

enum {
    ETCD_INVALID = 3,
    ETCD_NOT_FOUND = 5,
    ETCD_DENIED = 7,
    ETCD_PRECONDITION = 9,
    ETCD_UNAUTHENTICATED = 16
};

/* 0, or -EBADMSG for what is no such answer; then *ret is untouched. */
int etcd_parse_token(const char *body, char *ret_token, size_t token_size);
int etcd_parse_grant(const char *body, char ret_lease[ETCD_NUMBER_MAX], uint64_t *ret_ttl_ms);
int etcd_parse_put(const char *body, struct etcd_put *ret_put);
int etcd_parse_keepalive(const char *body, uint64_t *ret_ttl_ms); /* 0: the lease is gone */
/* Never fails: an answer without an error in it has code 0 and no text. */
void etcd_parse_error(const char *body, struct etcd_error *ret_error);

#endif
