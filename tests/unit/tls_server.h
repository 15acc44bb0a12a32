/* An HTTPS server on 127.0.0.1 that answers "200 ok" to everything, on threads of its own, so that none of
 * its work counts as the loop's; and the certificates for it. */
#ifndef RMQWATCH_TESTS_TLS_SERVER_H
#define RMQWATCH_TESTS_TLS_SERVER_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

enum { TLS_SERVER_VISITORS_MAX = 64 };

struct tls_identity {
    EVP_PKEY *key;
    X509 *certificate;
};

struct tls_server {
    SSL_CTX *tls;
    int listener;
    uint16_t port;
    uv_thread_t thread;
    uv_thread_t visitors[TLS_SERVER_VISITORS_MAX];
    int sockets[TLS_SERVER_VISITORS_MAX];
    atomic_size_t connections;
    atomic_size_t resumed; /* those that took up a session */
};

/* An authority called NAME, or, with ISSUER, a server's certificate for 127.0.0.1. */
struct tls_identity tls_identity_new(const char *name, const struct tls_identity *issuer);
void tls_identity_free(struct tls_identity *identity);
/* Adds its certificate to FILE, as PEM. */
void tls_identity_add(const struct tls_identity *identity, const char *file);

void tls_server_open(struct tls_server *server, const struct tls_identity *identity);
/* Hangs up on everybody. */
void tls_server_close(struct tls_server *server);

#endif
