/* Which trouble a notice is about, for targets that match its end to its begin by a key. The same on every
 * agent: neither who tells it nor when has a part in it. */
#ifndef RMQWATCH_ALERTS_TROUBLE_H
#define RMQWATCH_ALERTS_TROUBLE_H

#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stddef.h>

enum { TROUBLE_KEY_MAX = 256 }; /* with its NUL: PagerDuty takes 255 characters */

/* What the kinds of one trouble have in common, from the first word of it to its end: "broker", "peer" ...
 * Never NULL or empty. */
const char *trouble_family(enum notice_kind kind);
/* The family, or what the notice itself calls its trouble: "disk-alarm" of the family "alarm". */
const char *trouble_name(const struct notice *notice);
/* Whether the trouble needs no attention any more: it is over, or an operator has taken it over. */
bool trouble_ends(enum notice_kind kind);
/* Whether it is over. */
bool trouble_ends_well(enum notice_kind kind);
/* Whether the notice is one that everybody waits for who was told of the trouble: it is over, perhaps over,
 * or an operator has taken it over. */
bool trouble_is_answered(enum notice_kind kind);
/* Whether it is to be told without delay: it needs a person, or is an end. All others may heal by themselves
 * within seconds, or come and go. */
bool trouble_is_urgent(enum notice_kind kind);
/* Whether it is one of the whole cluster; then the notice's node is only who tells it. */
bool trouble_is_of_cluster(enum notice_kind kind);
/* How loud the notices of a family that do not end it can be: a bit for each of enum severity. */
unsigned trouble_severities(enum notice_kind kind);

/* "rmqwatchd:CLUSTER:NODE:NAME", without the node for a trouble of the cluster. */
void trouble_key(const struct notice *notice, char key[static TROUBLE_KEY_MAX]);
/* The same for this agent's own use: without the cluster, whose name may become known in between. */
void trouble_local_key(const struct notice *notice, char key[static TROUBLE_KEY_MAX]);
/* A hash of that. */
uint32_t trouble_hash(const struct notice *notice);

#endif
