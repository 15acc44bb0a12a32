#include "systemd/unit_request.h"

#include <signal.h>

static const struct {
    const char *verb, *method;
    const char *whom; /* of a signal */
    int signal;
} requests[] = {
    [REQUEST_START] = {"start", "StartUnit", NULL, 0},
    [REQUEST_RESTART] = {"restart", "RestartUnit", NULL, 0},
    [REQUEST_KILL] = {"kill", "KillUnit", "all", SIGKILL},
    [REQUEST_DUMP] = {"kill", "KillUnit", "main", SIGUSR1},
    [REQUEST_STOP] = {"stop", "StopUnit", NULL, 0},
    [REQUEST_RESET] = {"reset-failed", "ResetFailedUnit", NULL, 0},
};

const char *unit_request_verb(enum request request)
{
    return requests[request].verb;
}

bool unit_request_queues_job(enum request request)
{
    return request == REQUEST_START || request == REQUEST_RESTART || request == REQUEST_STOP;
}

int unit_request_new(sd_bus *bus, const char *unit, enum request request, sd_bus_message **ret_message)
{
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(bus, &message, "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", requests[request].method);

    if (r >= 0)
        r = sd_bus_message_set_allow_interactive_authorization(message, 0);
    if (r >= 0 && requests[request].whom)
        r = sd_bus_message_append(message, "ssi", unit, requests[request].whom, requests[request].signal);
    else if (r >= 0 && request == REQUEST_RESET)
        r = sd_bus_message_append(message, "s", unit);
    else if (r >= 0)
        r = sd_bus_message_append(message, "ss", unit, "fail");
    if (r < 0) {
        sd_bus_message_unref(message);
        return r;
    }
    *ret_message = message;
    return 0;
}
