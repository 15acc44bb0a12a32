/* HMAC-SHA256 for requests that prove where they come from. */
#ifndef RMQWATCH_ALERTS_SIGN_H
#define RMQWATCH_ALERTS_SIGN_H

#include <stddef.h>

enum { SIGN_HEX_MAX = 65, SIGN_BASE64_MAX = 45 }; /* with their NUL */

/* 0 or -EIO: libcrypto has no such thing, as in some FIPS modes. */
int sign_hex(const char *key, const void *data, size_t size, char hex[static SIGN_HEX_MAX]);
int sign_base64(const char *key, const void *data, size_t size, char base64[static SIGN_BASE64_MAX]);

#endif
