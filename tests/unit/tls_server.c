#include "tls_server.h"

#include "cmocka_all.h"

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct visit {
    struct tls_server *server;
    size_t number;
};

static struct visit visits[TLS_SERVER_VISITORS_MAX];

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

struct tls_identity tls_identity_new(const char *name, const struct tls_identity *issuer)
{
    static long serial;
    struct tls_identity identity = {EVP_EC_gen("P-256"), X509_new()};
    X509 *certificate = identity.certificate;
    X509_NAME *subject = X509_get_subject_name(certificate);

    assert_non_null(identity.key);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 24L * 60 * 60));
    assert_int_equal(
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0), 1);
    assert_int_equal(
        X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer->certificate) : subject), 1);
    assert_int_equal(X509_set_pubkey(certificate, identity.key), 1);
    if (issuer)
        add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
    else
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(certificate, issuer ? issuer->key : identity.key, EVP_sha256()) > 0);
    return identity;
}

void tls_identity_free(struct tls_identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

void tls_identity_add(const struct tls_identity *identity, const char *file)
{
    FILE *stream = fopen(file, "ae");

    assert_non_null(stream);
    assert_int_equal(PEM_write_X509(stream, identity->certificate), 1);
    assert_int_equal(fclose(stream), 0);
}

static void serve(struct tls_server *server, SSL *tls)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char request[4096];

    if (SSL_accept(tls) != 1)
        return;
    if (SSL_session_reused(tls))
        atomic_fetch_add(&server->resumed, 1);
    while (SSL_read(tls, request, sizeof request) > 0)
        if (SSL_write(tls, reply, sizeof reply - 1) <= 0)
            return;
}

static void on_visit(void *context)
{
    const struct visit *visit = context;
    struct tls_server *server = visit->server;
    SSL *tls = SSL_new(server->tls);

    if (SSL_set_fd(tls, server->sockets[visit->number]) == 1)
        serve(server, tls);
    SSL_free(tls);
    (void)shutdown(server->sockets[visit->number], SHUT_RDWR);
}

static void on_listen(void *context)
{
    struct tls_server *server = context;
    size_t number = 0;
    int fd;

    while (
        number < TLS_SERVER_VISITORS_MAX && (fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        server->sockets[number] = fd;
        visits[number] = (struct visit){server, number};
        atomic_store(&server->connections, number + 1); /* before anybody is answered */
        if (uv_thread_create(&server->visitors[number], on_visit, &visits[number]) < 0)
            abort();
        number++;
    }
}

void tls_server_open(struct tls_server *server, const struct tls_identity *identity)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    memset(server, 0, sizeof *server);
    server->tls = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->tls);
    assert_int_equal(SSL_CTX_use_certificate(server->tls, identity->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->tls, identity->key), 1);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(uv_thread_create(&server->thread, on_listen, server), 0);
}

void tls_server_close(struct tls_server *server)
{
    size_t i;

    (void)shutdown(server->listener, SHUT_RDWR);
    (void)uv_thread_join(&server->thread);
    for (i = 0; i < atomic_load(&server->connections); i++)
        (void)shutdown(server->sockets[i], SHUT_RDWR);
    for (i = 0; i < atomic_load(&server->connections); i++) {
        (void)uv_thread_join(&server->visitors[i]);
        (void)close(server->sockets[i]);
    }
    (void)close(server->listener);
    SSL_CTX_free(server->tls);
}
