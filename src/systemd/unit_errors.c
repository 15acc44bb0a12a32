#include "systemd/unit_errors.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum explanation { EXPLAIN_MESSAGE, EXPLAIN_POLKIT, EXPLAIN_NO_REPLY };

static const struct refusal {
    const char *name;
    bool permanent;
    enum explanation explanation;
} refusals[] = {
    {"org.freedesktop.DBus.Error.AccessDenied", true, EXPLAIN_POLKIT},
    {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", true, EXPLAIN_POLKIT},
    {"org.freedesktop.DBus.Error.NoReply", false, EXPLAIN_NO_REPLY},
    {"org.freedesktop.DBus.Error.Timeout", false, EXPLAIN_NO_REPLY},
    {"org.freedesktop.systemd1.NoSuchUnit", true, EXPLAIN_MESSAGE},
    {"org.freedesktop.systemd1.LoadFailed", true, EXPLAIN_MESSAGE},
    {"org.freedesktop.systemd1.BadUnitSetting", true, EXPLAIN_MESSAGE},
    {"org.freedesktop.systemd1.UnitMasked", true, EXPLAIN_MESSAGE},
};

static const struct refusal passing = {NULL, false, EXPLAIN_MESSAGE};

static const struct refusal *find_refusal(const sd_bus_error *error)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (sd_bus_error_has_name(error, refusals[i].name))
            return &refusals[i];
    return &passing;
}

void unit_error_explain(
    const sd_bus_error *error, const char *verb, const char *unit, struct request_event *ret_request)
{
    const struct refusal *refusal = find_refusal(error);
    char text[512];

    switch (refusal->explanation) {
    case EXPLAIN_POLKIT:
        snprintf(text, sizeof(text),
            "polkit refuses to let us %s %s: is the rule 50-rmqwatchd.rules installed, and for this unit?",
            verb, unit);
        break;
    case EXPLAIN_NO_REPLY:
        snprintf(text, sizeof(text), "systemd did not answer the request to %s %s in time", verb, unit);
        break;
    case EXPLAIN_MESSAGE:
        snprintf(text, sizeof(text), "systemd refuses to %s %s: %s", verb, unit,
            error->message ? error->message
            : error->name  ? error->name
                           : "no reason given");
        break;
    }
    *ret_request = (struct request_event){.permanent = refusal->permanent};
    text_copy(ret_request->error, sizeof(ret_request->error), text);
}

bool unit_error_is_no_reply(const sd_bus_error *error)
{
    return find_refusal(error)->explanation == EXPLAIN_NO_REPLY;
}
