#include "systemd/unit_properties.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_active(sd_bus_message *message, struct unit_state *state)
{
    static const struct {
        const char *name;
        enum unit_active active;
    } words[] = {
        {"active", UNIT_ACTIVE},
        {"reloading", UNIT_RELOADING},
        {"refreshing", UNIT_RELOADING}, /* systemd 257: another kind of reloading */
        {"inactive", UNIT_INACTIVE},
        {"failed", UNIT_FAILED},
        {"activating", UNIT_ACTIVATING},
        {"deactivating", UNIT_DEACTIVATING},
        {"maintenance", UNIT_ACTIVE_UNKNOWN},
    };
    const char *word;
    int r = sd_bus_message_read(message, "s", &word);

    if (r < 0)
        return r;
    state->active = UNIT_ACTIVE_UNKNOWN;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i].name) == 0)
            state->active = words[i].active;
    return 0;
}

static int read_text(sd_bus_message *message, char *dest, size_t size)
{
    const char *text;
    int r = sd_bus_message_read(message, "s", &text);

    if (r >= 0)
        text_copy(dest, size, text);
    return r;
}

static int read_load(sd_bus_message *message, struct unit_state *state)
{
    return read_text(message, state->load_state, sizeof(state->load_state));
}

static int read_sub(sd_bus_message *message, struct unit_state *state)
{
    return read_text(message, state->sub_state, sizeof(state->sub_state));
}

static int read_result(sd_bus_message *message, struct unit_state *state)
{
    return read_text(message, state->result, sizeof(state->result));
}

static int read_status(sd_bus_message *message, struct unit_state *state)
{
    return read_text(message, state->status_text, sizeof(state->status_text));
}

static int read_invocation(sd_bus_message *message, struct unit_state *state)
{
    static const char digits[] = "0123456789abcdef";
    const void *bytes;
    size_t size;
    int r = sd_bus_message_read_array(message, 'y', &bytes, &size);

    if (r < 0)
        return r;
    state->invocation_id[0] = '\0';
    if (size != 16) /* empty: never started */
        return 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = ((const unsigned char *)bytes)[i];

        state->invocation_id[2 * i] = digits[byte >> 4];
        state->invocation_id[2 * i + 1] = digits[byte & 15];
    }
    state->invocation_id[2 * size] = '\0';
    return 0;
}

static int read_job(sd_bus_message *message, struct unit_state *state)
{
    return sd_bus_message_read(message, "(uo)", &state->job_id, NULL);
}

static int read_main_pid(sd_bus_message *message, struct unit_state *state)
{
    return sd_bus_message_read(message, "u", &state->main_pid);
}

static int read_main_code(sd_bus_message *message, struct unit_state *state)
{
    return sd_bus_message_read(message, "i", &state->exec_main_code);
}

static int read_main_status(sd_bus_message *message, struct unit_state *state)
{
    return sd_bus_message_read(message, "i", &state->exec_main_status);
}

static int read_restarts(sd_bus_message *message, struct unit_state *state)
{
    return sd_bus_message_read(message, "u", &state->n_restarts);
}

/* Microseconds; systemd's "infinity" stays the largest number. */
static int read_duration(sd_bus_message *message, uint64_t *ret_ms)
{
    uint64_t us;
    int r = sd_bus_message_read(message, "t", &us);

    if (r >= 0)
        *ret_ms = us == UINT64_MAX ? UINT64_MAX : us / 1000;
    return r;
}

static int read_timeout_start(sd_bus_message *message, struct unit_state *state)
{
    return read_duration(message, &state->timeout_start_ms);
}

static int read_restart_delay(sd_bus_message *message, struct unit_state *state)
{
    return read_duration(message, &state->restart_delay_ms);
}

static int read_inactive_enter(sd_bus_message *message, struct unit_state *state)
{
    return read_duration(message, &state->inactive_enter_ms);
}

static const struct property {
    const char *name;
    const char *type;
    int (*read)(sd_bus_message *message, struct unit_state *state);
} properties[] = {
    {"ActiveState", "s", read_active},
    {"LoadState", "s", read_load},
    {"SubState", "s", read_sub},
    {"InvocationID", "ay", read_invocation},
    {"InactiveEnterTimestampMonotonic", "t", read_inactive_enter},
    {"Job", "(uo)", read_job},
    {"Result", "s", read_result},
    {"StatusText", "s", read_status},
    {"MainPID", "u", read_main_pid},
    {"ExecMainCode", "i", read_main_code},
    {"ExecMainStatus", "i", read_main_status},
    {"NRestarts", "u", read_restarts},
    {"TimeoutStartUSec", "t", read_timeout_start},
    {"RestartUSec", "t", read_restart_delay},
};

static const struct property *find_property(const char *name)
{
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (strcmp(name, properties[i].name) == 0)
            return &properties[i];
    return NULL;
}

/* One entry "sv", the cursor inside of it. */
static int read_entry(sd_bus_message *message, struct unit_state *state)
{
    const struct property *property;
    const char *name, *type;
    int r = sd_bus_message_read(message, "s", &name);

    if (r < 0)
        return r;
    r = sd_bus_message_peek_type(message, NULL, &type);
    if (r < 0)
        return r;
    property = find_property(name);
    if (!property || strcmp(type, property->type) != 0)
        return sd_bus_message_skip(message, "v");
    r = sd_bus_message_enter_container(message, 'v', type);
    if (r < 0)
        return r;
    r = property->read(message, state);
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

int unit_properties_read(sd_bus_message *message, struct unit_state *state)
{
    struct unit_state result = *state;
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");

    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = read_entry(message, &result);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    *state = result;
    return 0;
}

bool unit_properties_equal(const struct unit_state *a, const struct unit_state *b)
{
    return a->active == b->active && a->job_id == b->job_id && a->main_pid == b->main_pid &&
           a->exec_main_code == b->exec_main_code && a->exec_main_status == b->exec_main_status &&
           a->n_restarts == b->n_restarts && a->timeout_start_ms == b->timeout_start_ms &&
           a->restart_delay_ms == b->restart_delay_ms && a->inactive_enter_ms == b->inactive_enter_ms &&
           strcmp(a->load_state, b->load_state) == 0 && strcmp(a->sub_state, b->sub_state) == 0 &&
           strcmp(a->result, b->result) == 0 && strcmp(a->invocation_id, b->invocation_id) == 0 &&
           strcmp(a->status_text, b->status_text) == 0;
}

uint32_t unit_properties_job_id(const char *job_path)
{
    static const char prefix[] = "/org/freedesktop/systemd1/job/";
    unsigned long id;
    char *end;

    if (strncmp(job_path, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    job_path += sizeof(prefix) - 1;
    if (*job_path < '0' || *job_path > '9')
        return 0;
    errno = 0;
    id = strtoul(job_path, &end, 10);
    return errno == 0 && *end == '\0' && id <= UINT32_MAX ? (uint32_t)id : 0;
}
