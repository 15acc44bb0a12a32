/* Notices as JSON, for what outlives the daemon. */
#ifndef RMQWATCH_ALERTS_NOTICE_JSON_H
#define RMQWATCH_ALERTS_NOTICE_JSON_H

#include "rmqwatch/notice.h"

/* One line of JSON; to be freed. NULL when out of memory. */
char *notice_to_json(const struct notice *notice);
/* Strict: -EBADMSG for anything that notice_to_json() would not write. */
int notice_from_json(const char *text, struct notice *ret_notice);

#endif
