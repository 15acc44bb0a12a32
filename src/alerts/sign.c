#include "alerts/sign.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { DIGEST_SIZE = 32 };

static int sign(const char *key, const void *data, size_t size, unsigned char digest[static DIGEST_SIZE])
{
    unsigned digest_size = DIGEST_SIZE;

    return HMAC(EVP_sha256(), key, (int)strlen(key), data, size, digest, &digest_size) &&
                   digest_size == DIGEST_SIZE
               ? 0
               : -EIO;
}

int sign_hex(const char *key, const void *data, size_t size, char hex[static SIGN_HEX_MAX])
{
    unsigned char digest[DIGEST_SIZE];
    int r = sign(key, data, size, digest);

    for (size_t i = 0; r == 0 && i < DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return r;
}

int sign_base64(const char *key, const void *data, size_t size, char base64[static SIGN_BASE64_MAX])
{
    unsigned char digest[DIGEST_SIZE];
    int r = sign(key, data, size, digest);

    if (r == 0)
        EVP_EncodeBlock((unsigned char *)base64, digest, DIGEST_SIZE);
    return r;
}
