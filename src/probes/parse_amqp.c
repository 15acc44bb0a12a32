#include "probes/parse.h"

#include <string.h>

/* Frame: type 1 (method), channel 0, size; then class 10 (connection), method 10 (start). */
enum { SIZE_AT = 3, METHOD_AT = 7 };

enum amqp_reply parse_amqp(const unsigned char *bytes, size_t size)
{
    static const unsigned char start[AMQP_REPLY_ENOUGH] = {1, 0, 0, 0, 0, 0, 0, 0, 10, 0, 10};
    size_t i, seen = size < AMQP_REPLY_ENOUGH ? size : AMQP_REPLY_ENOUGH;

    if (seen > 0 && memcmp(bytes, "AMQP", seen < 4 ? seen : 4) == 0)
        return size < 8 ? AMQP_REPLY_INCOMPLETE : AMQP_REPLY_HEADER;
    for (i = 0; i < seen; i++)
        if ((i < SIZE_AT || i >= METHOD_AT) && bytes[i] != start[i])
            return AMQP_REPLY_OTHER;
    return seen < AMQP_REPLY_ENOUGH ? AMQP_REPLY_INCOMPLETE : AMQP_REPLY_START;
}
