/* Plain structs as JSON, both ways from one table: what can be written can be read, and nothing else. What is
 * zero, empty or false is left out, and what is absent is zero; enums are written by name, always. */
#ifndef RMQWATCH_STORE_FIELDS_H
#define RMQWATCH_STORE_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
    FIELD_KIND_BOOL,
    FIELD_KIND_I32,
    FIELD_KIND_U32,
    FIELD_KIND_I64,
    FIELD_KIND_U64,
    FIELD_KIND_ENUM,
    FIELD_KIND_CHAR, /* one character, as a text */
    FIELD_KIND_TEXT, /* char[], NUL-terminated */
    FIELD_KIND_STRUCT,
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    size_t size; /* of one element */
    /* Arrays; max 0: not one. */
    size_t max;
    size_t count_offset, count_size; /* the member that counts it; size 0: always full */
    /* Enums: the name of each value below NAMES. */
    const char *(*name_of)(int value);
    int names;
    const struct field *fields; /* structs */
};

/* Entries of a table, which ends with FIELDS_END. A value's kind follows from its type. */
#define FIELD_MEMBER(type, member) (((type *)0)->member)
#define FIELD_KIND_OF(value)                                                                                 \
    _Generic((value), bool                                                                                   \
             : FIELD_KIND_BOOL, int32_t                                                                      \
             : FIELD_KIND_I32, uint32_t                                                                      \
             : FIELD_KIND_U32, int64_t                                                                       \
             : FIELD_KIND_I64, uint64_t                                                                      \
             : FIELD_KIND_U64, char                                                                          \
             : FIELD_KIND_CHAR, char *                                                                       \
             : FIELD_KIND_TEXT)
#define FIELD(type, member)                                                                                  \
    {                                                                                                        \
        .name = #member, .kind = FIELD_KIND_OF(FIELD_MEMBER(type, member)),                                  \
        .offset = offsetof(type, member), .size = sizeof(FIELD_MEMBER(type, member))                         \
    }
#define FIELD_ENUM(type, member, function, count)                                                            \
    {                                                                                                        \
        .name = #member, .kind = FIELD_KIND_ENUM, .offset = offsetof(type, member),                          \
        .size = sizeof(FIELD_MEMBER(type, member)), .name_of = (function), .names = (count)                  \
    }
#define FIELD_STRUCT(type, member, table)                                                                    \
    {                                                                                                        \
        .name = #member, .kind = FIELD_KIND_STRUCT, .offset = offsetof(type, member),                        \
        .size = sizeof(FIELD_MEMBER(type, member)), .fields = (table)                                        \
    }
#define FIELD_ARRAY_COMMON(type, member)                                                                     \
    .name = #member, .offset = offsetof(type, member), .size = sizeof(FIELD_MEMBER(type, member)[0]),        \
    .max = sizeof(FIELD_MEMBER(type, member)) / sizeof(FIELD_MEMBER(type, member)[0])
#define FIELD_COUNT(type, counter)                                                                           \
    .count_offset = offsetof(type, counter), .count_size = sizeof(FIELD_MEMBER(type, counter))
#define FIELD_FIXED(type, member)                                                                            \
    {                                                                                                        \
        .kind = FIELD_KIND_OF(FIELD_MEMBER(type, member)[0]), FIELD_ARRAY_COMMON(type, member)               \
    }
#define FIELD_LIST(type, member, counter)                                                                    \
    {                                                                                                        \
        .kind = FIELD_KIND_OF(FIELD_MEMBER(type, member)[0]), FIELD_ARRAY_COMMON(type, member),              \
        FIELD_COUNT(type, counter)                                                                           \
    }
#define FIELD_STRUCTS(type, member, counter, table)                                                          \
    {                                                                                                        \
        .kind = FIELD_KIND_STRUCT, FIELD_ARRAY_COMMON(type, member), FIELD_COUNT(type, counter),             \
        .fields = (table)                                                                                    \
    }
#define FIELDS_END                                                                                           \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

enum { FIELDS_MAX = 64 }; /* in one table */

/* Adds the fields of the struct at BASE to OBJECT. False when out of memory. */
bool fields_write(cJSON *object, const struct field *fields, const void *base);
/* Fills the struct at BASE, which is zeroed, from OBJECT. False for anything that fields_write() would not
 * write; the struct is half filled then. */
bool fields_read(const cJSON *object, const struct field *fields, void *base);
/* The same, but passes over fields that a later version may have added. */
bool fields_read_known(const cJSON *object, const struct field *fields, void *base);

#endif
