/* Replies of the broker: bytes -> struct. Pure: no I/O, no state. Replies come over the network and are not
 * trusted: whatever they hold, a parser returns 0 or a negative errno, and touches its output on 0 only.
 *   -EBADMSG  not JSON, cut off, too deeply nested, or not the shape that was asked for
 *   -E2BIG    well-formed, but more members than any cluster has
 *   -ENOMEM */
#ifndef RMQWATCH_PROBES_PARSE_H
#define RMQWATCH_PROBES_PARSE_H

#include "rmqwatch/evidence.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* One JSON value and nothing after it; free it with cJSON_Delete(). */
int parse_json(const char *body, size_t size, struct cJSON **ret_json);

struct health_reply {
    bool ok; /* "status" is "ok", otherwise it is "failed" */
    bool has_alarms;
    bool memory_alarm;
    bool disk_alarm;
    bool descriptor_alarm;
    bool has_queues;
    uint32_t queue_count; /* that the check complains of */
};

/* GET /api/health/checks/...: {"status":"ok"}, or {"status":"failed","reason":...,"alarms":[...]},
 * or with "queues". */
int parse_health(const char *body, size_t size, struct health_reply *ret_reply);

/* GET /api/nodes?disable_stats=true: fills member_count and members, sets members_known. */
int parse_members(const char *body, size_t size, struct node_view *view);

/* GET /api/nodes/NAME: partitions and the resources' numbers, each with its known flag. An object without
 * any of them (a member that is down) is well-formed. */
int parse_node(const char *body, size_t size, struct node_view *view);

/* GET /api/cluster-name: {"name":"..."}, cut to fit. */
int parse_cluster_name(const char *body, size_t size, char *ret_name, size_t name_size);

/* GET /health of an agent: {"node":"...","version":"...",...}. -EBADMSG, too, when it guards another node
 * than NODE.
 */
int parse_agent(const char *body, size_t size, const char *node);

enum amqp_reply {
    AMQP_REPLY_INCOMPLETE, /* right as far as it goes */
    AMQP_REPLY_START,      /* the Connection.Start method */
    AMQP_REPLY_HEADER,     /* a protocol header: speaks another version of AMQP */
    AMQP_REPLY_OTHER,      /* something else listens there */
};

/* The first bytes that came back after our protocol header. */
enum amqp_reply parse_amqp(const unsigned char *bytes, size_t size);

enum { AMQP_REPLY_ENOUGH = 11 }; /* so many bytes are never incomplete */

#endif
