/* What real brokers, 3.10.8 and 4.3.6, wrote when they could not boot: their own words, shortened. */
#ifndef RMQWATCH_TESTS_GOLDEN_LOGS_H
#define RMQWATCH_TESTS_GOLDEN_LOGS_H

/* 3.10.8: a port that is none */
extern const char golden_log_bad_value_310[];
/* 4.3.6: a setting that does not exist */
extern const char golden_log_bad_key_43[];
/* 4.3.6: a line that is none */
extern const char golden_log_bad_syntax_43[];
/* 4.3.6: files of ssl_options that do not exist */
extern const char golden_log_no_certificate_43[];
/* 3.10.8: something else listens on 5672 */
extern const char golden_log_port_in_use_310[];
/* 4.3.6: something else listens on 25672 */
extern const char golden_log_inter_node_port_43[];
/* 3.10.8: the data directory belongs to root */
extern const char golden_log_no_permission_310[];
/* 4.3.6: the same */
extern const char golden_log_no_permission_43[];
/* 3.10.8: mode 644 of the cookie */
extern const char golden_log_open_cookie_310[];
/* 3.10.8: two nodes, two cookies */
extern const char golden_log_other_cookie_310[];
extern const char golden_log_other_cookie_40[];
extern const char golden_log_refused_cookie_40[];
/* 3.10.8: the node that must come first does not run */
extern const char golden_log_no_peers_310[];
/* 3.10.8: the others have forgotten this node */
extern const char golden_log_inconsistent_310[];
/* 3.10.8: 64 KiB for the database */
extern const char golden_log_disk_full_310[];

#endif
