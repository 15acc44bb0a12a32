/* Certificates to trust, as OpenSSL wants them, out of files. Used by trust.c, on a thread. */
#ifndef RMQWATCH_HTTP_TRUST_STORE_H
#define RMQWATCH_HTTP_TRUST_STORE_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* By what a file or folder is known to be the same as before; zeroed: there is none. */
struct trust_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct trust_store {
    struct trust_mark file, folder; /* read before their content was */
    X509_STORE *store;              /* NULL: nobody is trusted */
    char *key;                      /* PEM of one of its certificates, below a line with its number */
};

/* Loads what CA_FILE holds (NULL: the system's trust store, where curl was built to look for it, or where
 * SSL_CERT_FILE and SSL_CERT_DIR, OpenSSL's words in the environment, say it is). False, and nothing is
 * loaded: it is the same as BEFORE (may be NULL). A file that cannot be read, or holds no certificate, makes
 * a store of NULL. NUMBER is one that no other store has. */
bool trust_store_load(
    struct trust_store *trust, const char *ca_file, const struct trust_store *before, uint64_t number);

void trust_store_free(struct trust_store *trust);

#endif
