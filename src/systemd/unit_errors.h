/* What systemd's refusals mean. Pure. */
#ifndef RMQWATCH_SYSTEMD_UNIT_ERRORS_H
#define RMQWATCH_SYSTEMD_UNIT_ERRORS_H

#include "rmqwatch/event.h"

#include <systemd/sd-bus.h>

/* VERB is what was asked: "start", "kill" ... */
void unit_error_explain(
    const sd_bus_error *error, const char *verb, const char *unit, struct request_event *ret_request);
/* Whether the request may have been heard although no answer came. */
bool unit_error_is_no_reply(const sd_bus_error *error);

#endif
