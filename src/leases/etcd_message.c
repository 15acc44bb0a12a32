#include "leases/etcd_message.h"

#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *base64_encode(const char *text)
{
    size_t size = strlen(text);
    char *encoded = malloc(4 * ((size + 2) / 3) + 1);

    if (encoded)
        (void)EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, (int)size);
    return encoded;
}

/* Cut to fit; empty for what is not base64. What cannot be printed becomes '?'. */
static void base64_decode(const char *encoded, char *dest, size_t dest_size)
{
    enum { GROUPS_MAX = 256 };
    char bytes[3 * GROUPS_MAX + 1] = "";
    size_t size = strnlen(encoded, 4 * GROUPS_MAX) / 4 * 4;

    if (EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)encoded, (int)size) < 0)
        bytes[0] = '\0';
    text_copy(dest, dest_size, bytes);
    for (char *at = dest; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
}

/* As a text, and OBJECT with it. */
static char *print(cJSON *object)
{
    char *text = object ? cJSON_PrintUnformatted(object) : NULL;

    cJSON_Delete(object);
    return text;
}

static bool add_base64(cJSON *object, const char *name, const char *text)
{
    char *encoded = base64_encode(text);
    bool ok = encoded && cJSON_AddStringToObject(object, name, encoded);

    free(encoded);
    return ok;
}

char *etcd_format_authenticate(const char *username, const char *password)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *secret = cJSON_CreateStringReference(password); /* a copy would have to be wiped */

    if (!cJSON_AddStringToObject(object, "name", username) ||
        !cJSON_AddItemToObject(object, "password", secret)) {
        cJSON_Delete(secret);
        cJSON_Delete(object);
        return NULL;
    }
    return print(object);
}

char *etcd_format_grant(uint64_t ttl_ms)
{
    char text[64];

    snprintf(text, sizeof(text), "{\"TTL\":\"%" PRIu64 "\"}", (ttl_ms + 999) / 1000);
    return strdup(text);
}

/* The list NAME with one object in it, which is empty; NULL when out of memory. */
static cJSON *add_list(cJSON *object, const char *name)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    cJSON *item = list ? cJSON_CreateObject() : NULL;

    if (item && cJSON_AddItemToArray(list, item))
        return item;
    cJSON_Delete(item);
    return NULL;
}

static char *format_txn(
    const char *key, const char *owner, const char *lease, const char *result, const char *revision)
{
    cJSON *txn = cJSON_CreateObject();
    cJSON *compare = add_list(txn, "compare");
    cJSON *success = add_list(txn, "success");
    cJSON *failure = add_list(txn, "failure");
    cJSON *put = success ? cJSON_AddObjectToObject(success, "request_put") : NULL;
    cJSON *range = failure ? cJSON_AddObjectToObject(failure, "request_range") : NULL;

    if (compare && put && range && cJSON_AddStringToObject(compare, "target", "CREATE") &&
        cJSON_AddStringToObject(compare, "result", result) && add_base64(compare, "key", key) &&
        cJSON_AddStringToObject(compare, "create_revision", revision) && add_base64(put, "key", key) &&
        add_base64(put, "value", owner) && cJSON_AddStringToObject(put, "lease", lease) &&
        add_base64(range, "key", key))
        return print(txn);
    cJSON_Delete(txn);
    return NULL;
}

char *etcd_format_put(const char *key, const char *owner, const char *lease, const char *revision)
{
    return format_txn(key, owner, lease, "EQUAL", revision);
}

char *etcd_format_try(const char *key)
{
    return format_txn(key, "", "0", "LESS", "0");
}

char *etcd_format_lease(const char *lease)
{
    char text[64];

    snprintf(text, sizeof(text), "{\"ID\":\"%s\"}", lease);
    return strdup(text);
}

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A number in decimal digits, as the text that it came as. */
static bool get_number(const cJSON *object, const char *name, char dest[ETCD_NUMBER_MAX])
{
    const char *text = cJSON_GetStringValue(get(object, name));

    if (!text || text[0] == '\0' || strlen(text) >= ETCD_NUMBER_MAX ||
        text[strspn(text, "0123456789-")] != '\0')
        return false;
    text_copy(dest, ETCD_NUMBER_MAX, text);
    return true;
}

static uint64_t get_ttl_ms(const cJSON *object)
{
    char text[ETCD_NUMBER_MAX] = "0";
    long long seconds;

    (void)get_number(object, "TTL", text);
    seconds = strtoll(text, NULL, 10);
    return seconds > 0 && seconds < INT32_MAX ? (uint64_t)seconds * 1000 : 0;
}

int etcd_parse_token(const char *body, char *ret_token, size_t token_size)
{
    cJSON *reply = cJSON_Parse(body);
    char *token = cJSON_GetStringValue(get(reply, "token"));
    bool ok = token && token[0] != '\0' && strlen(token) < token_size;

    if (ok)
        text_copy(ret_token, token_size, token);
    if (token)
        explicit_bzero(token, strlen(token));
    cJSON_Delete(reply);
    return ok ? 0 : -EBADMSG;
}

int etcd_parse_grant(const char *body, char ret_lease[ETCD_NUMBER_MAX], uint64_t *ret_ttl_ms)
{
    cJSON *reply = cJSON_Parse(body);
    uint64_t ttl_ms = get_ttl_ms(reply);
    bool ok = ttl_ms > 0 && get_number(reply, "ID", ret_lease);

    if (ok)
        *ret_ttl_ms = ttl_ms;
    cJSON_Delete(reply);
    return ok ? 0 : -EBADMSG;
}

int etcd_parse_put(const char *body, struct etcd_put *ret_put)
{
    cJSON *reply = cJSON_Parse(body);
    const cJSON *range = get(cJSON_GetArrayItem(get(reply, "responses"), 0), "response_range");
    const cJSON *found = cJSON_GetArrayItem(get(range, "kvs"), 0);
    const char *value = cJSON_GetStringValue(get(found, "value"));
    struct etcd_put put = {.done = cJSON_IsTrue(get(reply, "succeeded"))};

    /* Something that is no answer of a transaction must not be taken for "no". */
    if (!cJSON_IsObject(get(reply, "header"))) {
        cJSON_Delete(reply);
        return -EBADMSG;
    }
    (void)get_number(found, "lease", put.lease);
    (void)get_number(found, "create_revision", put.revision);
    if (value)
        base64_decode(value, put.owner, sizeof(put.owner));
    *ret_put = put;
    cJSON_Delete(reply);
    return 0;
}

int etcd_parse_keepalive(const char *body, uint64_t *ret_ttl_ms)
{
    cJSON *reply = cJSON_Parse(body);
    const cJSON *result = get(reply, "result");
    bool ok = cJSON_IsObject(result);

    if (ok)
        *ret_ttl_ms = get_ttl_ms(result);
    cJSON_Delete(reply);
    return ok ? 0 : -EBADMSG;
}

void etcd_parse_error(const char *body, struct etcd_error *ret_error)
{
    cJSON *reply = cJSON_Parse(body);
    const cJSON *error = get(reply, "error");
    /* A stream's answer has it one level down. */
    const cJSON *object = cJSON_IsObject(error) ? error : reply;
    const cJSON *code = get(object, cJSON_IsObject(error) ? "grpc_code" : "code");
    const char *text = cJSON_GetStringValue(get(object, "message"));

    *ret_error = (struct etcd_error){.code = cJSON_IsNumber(code) ? code->valueint : 0};
    text_copy(ret_error->text, sizeof(ret_error->text), text ? text : cJSON_GetStringValue(error));
    for (char *at = ret_error->text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    cJSON_Delete(reply);
}
