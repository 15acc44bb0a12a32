/* Notices as text, so that they can be kept. */
#ifndef RMQWATCH_ALERTS_NOTICE_JSON_H
#define RMQWATCH_ALERTS_NOTICE_JSON_H

#include "rmqwatch/notice.h"

/* One line of JSON, without what is zero or empty; to be freed. NULL when out of memory. */
char *notice_to_json(const struct notice *notice);
/* Strict: -EBADMSG for anything that notice_to_json() would not write. *ret_notice is left alone on failure.
 */
int notice_from_json(const char *text, struct notice *ret_notice);

#endif
