/* Replies of real brokers, 3.10.8 and 4.3.6, as they came over the wire. */
#ifndef RMQWATCH_TESTS_GOLDEN_REPLIES_H
#define RMQWATCH_TESTS_GOLDEN_REPLIES_H

/* GET /api/nodes?disable_stats=true, while rabbit@rmq3 is down */
extern const char golden_members_310[];
extern const char golden_members_43[];
/* GET /api/health/checks/local-alarms, status 503 */
extern const char golden_alarms_310[];
/* The same; put together from the sources of 3.10 (rabbit_alarm.erl). */
extern const char golden_descriptors_310[];
extern const char golden_alarms_43[];
/* GET /api/nodes?disable_stats=true&columns=name,running,being_drained, while rabbit@rmq1 is drained */
extern const char golden_members_drained_43[];
/* GET /api/health/checks/node-is-quorum-critical, status 503 */
extern const char golden_quorum_critical_43[];
/* GET /api/health/checks/quorum-queues-without-elected-leaders/all-vhosts/, status 503 */
extern const char golden_leaderless_43[];
/* GET /api/nodes/NAME with the columns that the probe asks for; 3.10.8 and 4.3.6 alike */
extern const char golden_node_columns[];
/* GET /api/nodes/NAME as a whole; long lists are shortened */
extern const char golden_node_310[];
extern const char golden_node_43[];

#endif
