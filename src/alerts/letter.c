#include "alerts/letter.h"

#include "alerts/clean.h"
#include "alerts/notice_json.h"
#include "alerts/trouble.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct letter *pack(const char *id, const char *document)
{
    const size_t id_size = strlen(id) + 1, document_size = strlen(document) + 1;
    struct letter *letter = calloc(1, sizeof(*letter) + id_size + document_size);

    if (!letter)
        return NULL;
    letter->refs = 1;
    memcpy(letter->id, id, id_size);
    memcpy(letter->id + id_size, document, document_size);
    letter->document = letter->id + id_size;
    return letter;
}

static void describe(struct letter *letter, const struct notice *notice)
{
    letter->kind = notice->kind;
    letter->severity = notice->severity;
    letter->wall_ms = notice->wall_ms;
    letter->trouble = trouble_hash(notice);
}

struct letter *letter_new(struct letter_source *source, const struct notice *notice)
{
    struct notice clean;
    struct letter *letter;
    char id[LETTER_ID_MAX];
    char *document;

    clean_notice(&clean, notice);
    snprintf(id, sizeof(id), "%s-%s-%016" PRIx64 "-%" PRIu64, clean.incident, notice_info(clean.kind)->event,
        source->seed, ++source->number);
    document = notice_to_json(&clean);
    letter = document ? pack(id, document) : NULL;
    free(document);
    if (letter)
        describe(letter, &clean);
    return letter;
}

struct letter *letter_restore(const char *id, const char *document)
{
    struct letter *letter = pack(id, document);
    struct notice notice;

    if (letter && letter_unpack(letter, &notice) == 0)
        describe(letter, &notice);
    return letter;
}

int letter_unpack(const struct letter *letter, struct notice *ret_notice)
{
    return notice_from_json(letter->document, ret_notice);
}

struct letter *letter_ref(struct letter *letter)
{
    letter->refs++;
    return letter;
}

void letter_unref(struct letter *letter)
{
    if (letter && --letter->refs == 0)
        free(letter);
}

int letter_importance(const struct letter *letter)
{
    return (int)letter->severity * 2 + trouble_is_answered(letter->kind);
}

struct channel_key *channel_key_new(const char *kind, const char *name)
{
    const size_t kind_size = strlen(kind) + 1, name_size = strlen(name) + 1;
    struct channel_key *key = calloc(1, sizeof(*key) + kind_size + name_size);

    if (!key)
        return NULL;
    key->refs = 1;
    memcpy(key->kind, kind, kind_size);
    memcpy(key->kind + kind_size, name, name_size);
    key->name = key->kind + kind_size;
    return key;
}

struct channel_key *channel_key_ref(struct channel_key *key)
{
    key->refs++;
    return key;
}

void channel_key_unref(struct channel_key *key)
{
    if (key && --key->refs == 0)
        free(key);
}

bool channel_key_is(const struct channel_key *key, const char *kind, const char *name)
{
    return strcmp(key->kind, kind) == 0 && strcmp(key->name, name) == 0;
}

struct parcel *parcel_new(struct letter *letter, struct channel_key *channel)
{
    struct parcel *parcel = calloc(1, sizeof(*parcel));

    if (!parcel)
        return NULL;
    parcel->refs = 1;
    parcel->letter = letter_ref(letter);
    parcel->channel = channel_key_ref(channel);
    parcel->direct = letter->kind == NOTICE_TEST; /* one that was kept, too */
    return parcel;
}

struct parcel *parcel_ref(struct parcel *parcel)
{
    parcel->refs++;
    return parcel;
}

void parcel_unref(struct parcel *parcel)
{
    if (!parcel || --parcel->refs > 0)
        return;
    letter_unref(parcel->letter);
    channel_key_unref(parcel->channel);
    free(parcel->result);
    free(parcel->waiter);
    free(parcel);
}

void parcel_set_result(struct parcel *parcel, const char *words)
{
    free(parcel->result);
    parcel->result = strdup(words);
}

int parcel_await(struct parcel *parcel, const struct parcel_waiter *waiter)
{
    parcel->waiter = malloc(sizeof(*waiter));
    if (!parcel->waiter)
        return -ENOMEM;
    *parcel->waiter = *waiter;
    return 0;
}

void parcel_tell(struct parcel *parcel, const struct outbox_result *result)
{
    struct parcel_waiter *waiter = parcel->waiter;

    parcel->waiter = NULL;
    if (waiter)
        waiter->fn(waiter->context, result);
    free(waiter);
}

void parcel_forget(struct parcel *parcel, const void *context)
{
    if (!parcel->waiter || parcel->waiter->context != context)
        return;
    free(parcel->waiter);
    parcel->waiter = NULL;
}
