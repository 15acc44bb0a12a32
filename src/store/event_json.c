#include "store/event_json.h"
#include "words/words.h"

#include <errno.h>
#include <string.h>

static const char *const kind_names[] = {
    [EVENT_TICK] = "tick",
    [EVENT_MEMBERS] = "members",
    [EVENT_PROBE_SLOW] = "probe-slow",
    [EVENT_PROBE_DONE] = "probe-done",
    [EVENT_UNIT] = "unit",
    [EVENT_UNIT_LOST] = "unit-lost",
    [EVENT_JOB_DONE] = "job-done",
    [EVENT_REQUEST_DONE] = "request-done",
    [EVENT_REQUEST_FAILED] = "request-failed",
    [EVENT_POLICY] = "policy",
    [EVENT_HOST] = "host",
    [EVENT_LEASE] = "lease",
    [EVENT_EVIDENCE] = "evidence",
    [EVENT_STORE_OK] = "store-ok",
    [EVENT_STORE_FAILED] = "store-failed",
    [EVENT_OPERATOR] = "operator",
};
enum { KINDS = sizeof(kind_names) / sizeof(kind_names[0]) };

static const char *name_of_probe(int kind)
{
    return probe_kind_name((enum probe_kind)kind);
}

static const char *name_of_result(int result)
{
    return probe_result_info((enum probe_result)result)->tag;
}

static const char *name_of_active(int active)
{
    return unit_active_name((enum unit_active)active);
}

static const char *name_of_lease(int status)
{
    static const char *const names[] = {
        [LEASE_GRANTED] = "granted",
        [LEASE_TAKEN] = "taken",
        [LEASE_UNAVAILABLE] = "unavailable",
        [LEASE_LOST] = "lost",
        [LEASE_USABLE] = "usable",
        [LEASE_UNUSABLE] = "unusable",
    };

    return (unsigned)status <= LEASE_UNUSABLE ? names[status] : names[LEASE_UNAVAILABLE];
}

static const char *name_of_operator(int kind)
{
    static const char *const names[] = {
        [OPERATOR_HOLD] = "hold",
        [OPERATOR_RESUME] = "resume",
        [OPERATOR_ACK] = "ack",
    };

    return (unsigned)kind <= OPERATOR_ACK ? names[kind] : names[OPERATOR_ACK];
}

static const char *name_of_language(int language)
{
    return language_name((enum language)language);
}

static const struct field no_fields[] = {FIELDS_END};

static const struct field members_fields[] = {
    FIELD_LIST(struct members_event, names, count),
    FIELD(struct members_event, cluster),
    FIELDS_END,
};

static const struct field member_view_fields[] = {
    FIELD(struct member_view, name),
    FIELD(struct member_view, running),
    FIELD(struct member_view, being_drained),
    FIELDS_END,
};

static const struct field view_fields[] = {
    FIELD(struct node_view, alarms_known),
    FIELD(struct node_view, memory_alarm),
    FIELD(struct node_view, disk_alarm),
    FIELD(struct node_view, descriptor_alarm),
    FIELD(struct node_view, members_known),
    FIELD_STRUCTS(struct node_view, members, member_count, member_view_fields),
    FIELD(struct node_view, partitions_known),
    FIELD(struct node_view, partitioned),
    FIELD(struct node_view, vhosts_known),
    FIELD(struct node_view, vhosts_up),
    FIELD(struct node_view, queues_known),
    FIELD(struct node_view, queues_critical),
    FIELD(struct node_view, leaders_known),
    FIELD(struct node_view, leaderless_queues),
    FIELD(struct node_view, resources_known),
    FIELD(struct node_view, memory_used_bytes),
    FIELD(struct node_view, memory_limit_bytes),
    FIELD(struct node_view, disk_free_bytes),
    FIELD(struct node_view, disk_limit_bytes),
    FIELD(struct node_view, descriptors_known),
    FIELD(struct node_view, descriptors_used),
    FIELD(struct node_view, descriptors_limit),
    FIELDS_END,
};

static const struct field probe_fields[] = {
    FIELD(struct probe_event, node),
    FIELD_ENUM(struct probe_event, kind, name_of_probe, PROBE_ALL_KINDS),
    FIELD(struct probe_event, deep),
    FIELD(struct probe_event, started_ms),
    FIELD_ENUM(struct probe_event, result, name_of_result, PROBE_RESULT_COUNT),
    FIELD(struct probe_event, has_view),
    FIELD_STRUCT(struct probe_event, view, view_fields),
    FIELDS_END,
};

static const struct field unit_fields[] = {
    FIELD_ENUM(struct unit_state, active, name_of_active, UNIT_DEACTIVATING + 1),
    FIELD(struct unit_state, load_state),
    FIELD(struct unit_state, sub_state),
    FIELD(struct unit_state, result),
    FIELD(struct unit_state, invocation_id),
    FIELD(struct unit_state, status_text),
    FIELD(struct unit_state, job_id),
    FIELD(struct unit_state, main_pid),
    FIELD(struct unit_state, exec_main_code),
    FIELD(struct unit_state, exec_main_status),
    FIELD(struct unit_state, n_restarts),
    FIELD(struct unit_state, timeout_start_ms),
    FIELD(struct unit_state, restart_delay_ms),
    FIELD(struct unit_state, inactive_enter_ms),
    FIELDS_END,
};

static const struct field job_fields[] = {
    FIELD(struct job_event, ok),
    FIELD(struct job_event, result),
    FIELDS_END,
};

static const struct field request_fields[] = {
    FIELD(struct request_event, permanent),
    FIELD(struct request_event, error),
    FIELDS_END,
};

static const struct field policy_fields[] = {
    FIELD(struct policy, act),
    FIELD(struct policy, probe_amqp),
    FIELD(struct policy, probe_management),
    FIELD(struct policy, probe_exec),
    FIELD_ENUM(struct policy, language, name_of_language, LANGUAGE_COUNT),
    FIELD(struct policy, interval_ms),
    FIELD(struct policy, fast_interval_ms),
    FIELD(struct policy, timeout_ms),
    FIELD(struct policy, fall),
    FIELD(struct policy, rise),
    FIELD(struct policy, views_settle_ms),
    FIELD(struct policy, agent_missing_ms),
    FIELD(struct policy, busy_patience_ms),
    FIELD(struct policy, restart_stopped_app),
    FIELD(struct policy, restart_lost_listener),
    FIELD(struct policy, lease_exclusive),
    FIELD(struct policy, lease_independent),
    FIELD(struct policy, lease_timeout_ms),
    FIELD(struct policy, ask_timeout_ms),
    FIELD(struct policy, held_retry_ms),
    FIELD(struct policy, kill_timeout_ms),
    FIELD(struct policy, crash_dump_ms),
    FIELD(struct policy, start_margin_ms),
    FIELD(struct policy, slow_boot_ms),
    FIELD(struct policy, verify_timeout_ms),
    FIELD(struct policy, verify_stable_ms),
    FIELD(struct policy, max_restarts),
    FIELD(struct policy, max_cluster_restarts),
    FIELD(struct policy, restart_window_ms),
    FIELD(struct policy, backoff_ms),
    FIELD(struct policy, backoff_max_ms),
    FIELD(struct policy, give_up_retry_ms),
    FIELD(struct policy, give_up_retry_max_ms),
    FIELDS_END,
};

static const struct field host_fields[] = {
    FIELD(struct host_sample, process_known),
    FIELD(struct host_sample, pid),
    FIELD(struct host_sample, process_state),
    FIELD(struct host_sample, cpu_ms),
    FIELD(struct host_sample, run_delay_known),
    FIELD(struct host_sample, run_delay_ms),
    FIELD(struct host_sample, runnable_threads),
    FIELD(struct host_sample, io_known),
    FIELD(struct host_sample, io_bytes),
    FIELD(struct host_sample, packages_known),
    FIELD(struct host_sample, packages_changing),
    FIELD(struct host_sample, package_manager),
    FIELDS_END,
};

static const struct field lease_fields[] = {
    FIELD_ENUM(struct lease_event, status, name_of_lease, LEASE_UNUSABLE + 1),
    FIELD(struct lease_event, detail),
    FIELDS_END,
};

static const struct field evidence_fields[] = {
    FIELD(struct evidence_event, incident),
    FIELD(struct evidence_event, path),
    FIELD(struct evidence_event, cause),
    FIELD(struct evidence_event, log_tail),
    FIELDS_END,
};

static const struct field operator_fields[] = {
    FIELD_ENUM(struct operator_event, kind, name_of_operator, OPERATOR_ACK + 1),
    FIELD(struct operator_event, until_wall_ms),
    FIELD(struct operator_event, owner),
    FIELD(struct operator_event, reason),
    FIELD(struct operator_event, incident),
    FIELDS_END,
};

const char *event_kind_name(int kind)
{
    return kind >= 0 && kind < KINDS ? kind_names[kind] : NULL;
}

const struct field *event_fields(enum event_kind kind)
{
    switch (kind) {
    case EVENT_MEMBERS:
        return members_fields;
    case EVENT_PROBE_SLOW:
    case EVENT_PROBE_DONE:
        return probe_fields;
    case EVENT_UNIT:
        return unit_fields;
    case EVENT_JOB_DONE:
        return job_fields;
    case EVENT_REQUEST_FAILED:
    case EVENT_STORE_FAILED:
        return request_fields;
    case EVENT_POLICY:
        return policy_fields;
    case EVENT_HOST:
        return host_fields;
    case EVENT_LEASE:
        return lease_fields;
    case EVENT_EVIDENCE:
        return evidence_fields;
    case EVENT_OPERATOR:
        return operator_fields;
    case EVENT_TICK:
    case EVENT_UNIT_LOST:
    case EVENT_REQUEST_DONE:
    case EVENT_STORE_OK:
        break;
    }
    return no_fields;
}

/* What an event brings along is a union: all its members begin at the same place. */
char *event_to_json(const struct event *event)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;

    if (cJSON_AddStringToObject(root, "event", event_kind_name(event->kind)) &&
        fields_write(root, event_fields(event->kind), &event->members))
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

int event_from_json(const char *text, struct event *ret_event)
{
    struct event event;
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    cJSON *name = cJSON_DetachItemFromObjectCaseSensitive(root, "event");
    const char *wanted = cJSON_GetStringValue(name);
    int kind = 0, r = -EBADMSG;

    memset(&event, 0, sizeof(event)); /* all of the union */
    while (wanted && kind < KINDS && strcmp(kind_names[kind], wanted) != 0)
        kind++;
    event.kind = (enum event_kind)kind;
    if (wanted && kind < KINDS && fields_read(root, event_fields(event.kind), &event.members)) {
        *ret_event = event;
        r = 0;
    }
    cJSON_Delete(name);
    cJSON_Delete(root);
    return r;
}
