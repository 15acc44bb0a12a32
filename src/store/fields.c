#include "store/fields.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cJSON writes fifteen digits. */
static const uint64_t exact_max = 999999999999999u;

static uint64_t load_unsigned(const void *at, size_t size)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;

    if (size == sizeof(wide)) {
        memcpy(&wide, at, sizeof(wide));
        return wide;
    }
    assert(size == sizeof(narrow));
    memcpy(&narrow, at, sizeof(narrow));
    return narrow;
}

static void store_unsigned(void *at, size_t size, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;

    assert(size == sizeof(value) || size == sizeof(narrow));
    memcpy(at, size == sizeof(value) ? (void *)&value : (void *)&narrow, size);
}

/* Two's complement in a wide integer, whatever the field's width. */
static int64_t load_signed(const void *at, size_t size)
{
    uint64_t bits = load_unsigned(at, size);

    return size == sizeof(uint32_t) ? (int32_t)(uint32_t)bits : (int64_t)bits;
}

/* A number; as text where it would be rounded, as UINT64_MAX would, which is "never" and "infinite". */
static cJSON *write_integer(bool negative, uint64_t magnitude)
{
    char text[24];

    if (magnitude <= exact_max)
        return cJSON_CreateNumber(negative ? -(double)magnitude : (double)magnitude);
    snprintf(text, sizeof(text), "%s%" PRIu64, negative ? "-" : "", magnitude);
    return cJSON_CreateString(text);
}

static bool read_integer(const cJSON *item, bool *ret_negative, uint64_t *ret_magnitude)
{
    const char *text = cJSON_GetStringValue(item);
    double number;
    char *end;

    if (text) {
        *ret_negative = text[0] == '-';
        text += *ret_negative;
        if (text[0] < '1' || text[0] > '9')
            return false;
        errno = 0;
        *ret_magnitude = strtoull(text, &end, 10);
        return errno == 0 && *end == '\0' && *ret_magnitude > exact_max;
    }
    if (!cJSON_IsNumber(item))
        return false;
    number = item->valuedouble;
    *ret_negative = number < 0;
    number = number < 0 ? -number : number;
    if (!(number <= (double)exact_max))
        return false;
    *ret_magnitude = (uint64_t)number;
    return (double)*ret_magnitude == number;
}

static cJSON *write_struct(const struct field *field, const void *at)
{
    cJSON *object = cJSON_CreateObject();

    if (!object || fields_write(object, field->fields, at))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *write_value(const struct field *field, const void *at)
{
    char text[2] = "";
    int64_t number;

    switch (field->kind) {
    case FIELD_KIND_BOOL:
        return cJSON_CreateBool(*(const bool *)at);
    case FIELD_KIND_I32:
    case FIELD_KIND_I64:
        number = load_signed(at, field->size);
        return write_integer(number < 0, number < 0 ? -(uint64_t)number : (uint64_t)number);
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
        return write_integer(false, load_unsigned(at, field->size));
    case FIELD_KIND_ENUM:
        return cJSON_CreateString(field->name_of((int)load_unsigned(at, field->size)));
    case FIELD_KIND_CHAR:
        text[0] = *(const char *)at;
        return cJSON_CreateString(text);
    case FIELD_KIND_TEXT:
        return cJSON_CreateString(at);
    case FIELD_KIND_STRUCT:
        return write_struct(field, at);
    }
    return NULL;
}

static bool is_empty(const struct field *field, const void *at)
{
    const unsigned char *bytes = at;

    if (field->kind == FIELD_KIND_ENUM)
        return false;
    if (field->kind == FIELD_KIND_TEXT)
        return bytes[0] == '\0';
    for (size_t i = 0; i < field->size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static size_t length_of(const struct field *field, const void *base)
{
    uint64_t count;

    if (field->count_size > 0)
        count = load_unsigned((const char *)base + field->count_offset, field->count_size);
    else /* up to the last that says something */
        for (count = field->max; count > 0; count--)
            if (!is_empty(field, (const char *)base + field->offset + (count - 1) * field->size))
                break;
    return count < field->max ? (size_t)count : field->max;
}

static cJSON *write_array(const struct field *field, const void *base, size_t count)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; array && i < count; i++) {
        cJSON *item = write_value(field, (const char *)base + field->offset + i * field->size);

        if (item && cJSON_AddItemToArray(array, item))
            continue;
        cJSON_Delete(item);
        cJSON_Delete(array);
        array = NULL;
    }
    return array;
}

bool fields_write(cJSON *object, const struct field *fields, const void *base)
{
    for (const struct field *field = fields; field->name; field++) {
        const char *at = (const char *)base + field->offset;
        size_t count = field->max ? length_of(field, base) : 0;
        cJSON *item;

        if (field->max ? count == 0 : is_empty(field, at))
            continue;
        item = field->max ? write_array(field, base, count) : write_value(field, at);
        if (item && cJSON_AddItemToObjectCS(object, field->name, item))
            continue;
        cJSON_Delete(item);
        return false;
    }
    return true;
}

static bool read_signed(const cJSON *item, const struct field *field, void *at)
{
    const uint64_t max = field->size == sizeof(uint32_t) ? INT32_MAX : INT64_MAX;
    uint64_t magnitude;
    bool negative;

    if (!read_integer(item, &negative, &magnitude) || magnitude > max + negative)
        return false;
    store_unsigned(at, field->size, negative ? -magnitude : magnitude);
    return true;
}

static bool read_unsigned(const cJSON *item, const struct field *field, void *at)
{
    const uint64_t max = field->size == sizeof(uint32_t) ? UINT32_MAX : UINT64_MAX;
    uint64_t magnitude;
    bool negative;

    if (!read_integer(item, &negative, &magnitude) || negative || magnitude > max)
        return false;
    store_unsigned(at, field->size, magnitude);
    return true;
}

static bool read_enum(const cJSON *item, const struct field *field, void *at)
{
    const char *name = cJSON_GetStringValue(item);

    for (int value = 0; name && value < field->names; value++) {
        if (strcmp(name, field->name_of(value)) != 0)
            continue;
        store_unsigned(at, field->size, (uint64_t)value);
        return true;
    }
    return false;
}

static bool read_text(const cJSON *item, const struct field *field, void *at)
{
    const char *text = cJSON_GetStringValue(item);
    size_t size = text ? strlen(text) : 0;

    /* A text has its NUL, a single character has none. */
    if (!text || size > field->size - (field->kind == FIELD_KIND_TEXT))
        return false;
    memcpy(at, text, size);
    return true;
}

static bool read_fields(const cJSON *object, const struct field *fields, bool others, void *base);

/* OTHERS: there may be fields that the tables do not know. */
static bool read_value(const cJSON *item, const struct field *field, bool others, void *at)
{
    switch (field->kind) {
    case FIELD_KIND_BOOL:
        *(bool *)at = cJSON_IsTrue(item);
        return cJSON_IsBool(item);
    case FIELD_KIND_I32:
    case FIELD_KIND_I64:
        return read_signed(item, field, at);
    case FIELD_KIND_U32:
    case FIELD_KIND_U64:
        return read_unsigned(item, field, at);
    case FIELD_KIND_ENUM:
        return read_enum(item, field, at);
    case FIELD_KIND_CHAR:
    case FIELD_KIND_TEXT:
        return read_text(item, field, at);
    case FIELD_KIND_STRUCT:
        return cJSON_IsObject(item) && read_fields(item, field->fields, others, at);
    }
    return false;
}

static bool read_array(const cJSON *array, const struct field *field, bool others, void *base)
{
    const cJSON *item;
    size_t count = 0;

    if (!cJSON_IsArray(array))
        return false;
    cJSON_ArrayForEach(item, array)
    {
        if (count == field->max ||
            !read_value(item, field, others, (char *)base + field->offset + count * field->size))
            return false;
        count++;
    }
    if (field->count_size > 0)
        store_unsigned((char *)base + field->count_offset, field->count_size, count);
    return true;
}

static bool read_fields(const cJSON *object, const struct field *fields, bool others, void *base)
{
    uint64_t seen = 0;
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        size_t i = 0;

        while (fields[i].name && strcmp(fields[i].name, item->string) != 0)
            i++;
        assert(i < FIELDS_MAX);
        if (!fields[i].name && others)
            continue;
        if (!fields[i].name || (seen & (uint64_t)1 << i) ||
            !(fields[i].max ? read_array(item, &fields[i], others, base)
                            : read_value(item, &fields[i], others, (char *)base + fields[i].offset)))
            return false;
        seen |= (uint64_t)1 << i;
    }
    return true;
}

bool fields_read(const cJSON *object, const struct field *fields, void *base)
{
    return read_fields(object, fields, false, base);
}

bool fields_read_known(const cJSON *object, const struct field *fields, void *base)
{
    return read_fields(object, fields, true, base);
}
