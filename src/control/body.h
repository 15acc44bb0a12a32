/* The body of a request: one JSON object with the fields that the request knows, checked to the last. */
#ifndef RMQWATCH_CONTROL_BODY_H
#define RMQWATCH_CONTROL_BODY_H

#include "http/server.h"

#include <stdbool.h>
#include <stddef.h>

/* A field of the body: a text of at most SIZE - 1 bytes, or, where NUMBER or FLAG is set, one of these. What
 * is optional and left out keeps its value. */
struct body_field {
    const char *name;
    char *text;
    size_t size;
    double *number;
    bool *flag;
    bool optional;
};

/* Reads the body, or answers what is wrong with it and returns false. */
bool body_read(struct http_exchange *exchange, const struct body_field *fields, size_t count);

#endif
