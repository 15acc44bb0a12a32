#include "sim/sim.h"

struct policy sim_default_policy(void)
{
    return (struct policy){
        .act = true,
        .probe_amqp = true,
        .probe_management = true,
        .interval_ms = 5000,
        .fast_interval_ms = 1000,
        .timeout_ms = 3000,
        .fall = 3,
        .rise = 2,
        .views_settle_ms = 75000,
        .agent_missing_ms = 30000,
        .lease_exclusive = true,
        .lease_timeout_ms = 2000,
        .ask_timeout_ms = 2000,
        .held_retry_ms = 10000,
        .kill_timeout_ms = 10000,
        .start_margin_ms = 10000,
        .slow_boot_ms = 120000,
        .verify_timeout_ms = 60000,
        .verify_stable_ms = 10000,
        .max_restarts = 5,
        .max_cluster_restarts = 8,
        .restart_window_ms = 600000,
        .backoff_ms = 5000,
        .backoff_max_ms = 120000,
        .give_up_retry_ms = 600000,
        .give_up_retry_max_ms = 7200000,
    };
}
