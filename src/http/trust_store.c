#include "http/trust_store.h"

#include <curl/curl.h>
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *find_place(const char *variable, CURLINFO info)
{
    const char *place = getenv(variable);
    CURL *easy = place ? NULL : curl_easy_init();

    if (easy && curl_easy_getinfo(easy, info, &place) != CURLE_OK)
        place = NULL;
    curl_easy_cleanup(easy);
    return place;
}

static const char *system_file(void)
{
    return find_place(X509_get_default_cert_file_env(), CURLINFO_CAINFO);
}

static const char *system_folder(void)
{
    return find_place(X509_get_default_cert_dir_env(), CURLINFO_CAPATH);
}

static struct trust_mark look_at(const char *path)
{
    struct trust_mark mark = {0};
    struct stat status;

    if (path && stat(path, &status) == 0)
        mark = (struct trust_mark){status.st_dev, status.st_ino, status.st_size, status.st_mtim};
    return mark;
}

static bool same_mark(const struct trust_mark *a, const struct trust_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* "4a6481c9.0": a certificate, by the hash of its subject. */
static bool is_hashed_name(const char *name)
{
    size_t digits = strspn(name, "0123456789abcdef");

    return digits == 8 && name[8] == '.' && name[9] != '\0' &&
           name[9 + strspn(name + 9, "0123456789")] == '\0';
}

/* All of it, where OpenSSL itself would read a file of it in the middle of a handshake. What the store has
 * already is not added again. */
static void load_folder(X509_STORE *store, const char *folder)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    char *path;

    while (stream && (entry = readdir(stream))) {
        if (!is_hashed_name(entry->d_name) || asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
            continue;
        (void)X509_STORE_load_file(store, path);
        free(path);
    }
    if (stream)
        (void)closedir(stream);
}

static X509 *first_certificate(X509_STORE *store)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    X509 *found = NULL;

    for (int i = 0; i < sk_X509_OBJECT_num(objects) && !found; i++)
        found = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    return found;
}

/* NUMBER and a certificate of STORE's as PEM, which takes lines before it for a comment. */
static char *make_key(X509_STORE *store, uint64_t number)
{
    X509 *certificate = first_certificate(store);
    BIO *text = certificate ? BIO_new(BIO_s_mem()) : NULL;
    char *bytes, *key = NULL;
    long size;

    if (text && BIO_printf(text, "%llu\n", (unsigned long long)number) > 0 &&
        PEM_write_bio_X509(text, certificate) == 1) {
        size = BIO_get_mem_data(text, &bytes);
        key = strndup(bytes, (size_t)size);
    }
    (void)BIO_free(text);
    return key;
}

/* FILE or FOLDER may be NULL. */
static X509_STORE *load_store(const char *file, const char *folder, bool needs_file)
{
    X509_STORE *store = X509_STORE_new();

    if (!store)
        return NULL;
    if (file && X509_STORE_load_file(store, file) != 1 && needs_file) {
        X509_STORE_free(store);
        return NULL;
    }
    if (folder)
        load_folder(store, folder);
    /* As curl has it. */
    (void)X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

void trust_store_free(struct trust_store *trust)
{
    X509_STORE_free(trust->store);
    free(trust->key);
    *trust = (struct trust_store){0};
}

bool trust_store_load(
    struct trust_store *trust, const char *ca_file, const struct trust_store *before, uint64_t number)
{
    const char *file = ca_file ? ca_file : system_file(), *folder = ca_file ? NULL : system_folder();
    bool needs_file = true;

    *trust = (struct trust_store){0};
    if (!file && !folder) {
        file = X509_get_default_cert_file();
        folder = X509_get_default_cert_dir();
        needs_file = false;
    }
    trust->file = look_at(file);
    trust->folder = look_at(folder);
    if (before && same_mark(&trust->file, &before->file) && same_mark(&trust->folder, &before->folder))
        return false;
    trust->store = load_store(file, folder, needs_file);
    trust->key = trust->store ? make_key(trust->store, number) : NULL;
    if (!trust->key)
        trust_store_free(trust);
    ERR_clear_error();
    return true;
}
