/* What systemd is asked to do with a unit (org.freedesktop.systemd1(5), the Manager object). */
#ifndef RMQWATCH_SYSTEMD_UNIT_REQUEST_H
#define RMQWATCH_SYSTEMD_UNIT_REQUEST_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

enum request {
    REQUEST_NONE,
    REQUEST_START,
    REQUEST_RESTART,
    REQUEST_KILL,
    REQUEST_DUMP, /* SIGUSR1 to the main process */
    REQUEST_STOP,
    REQUEST_RESET, /* of its failure and its start limit */
};

/* "start", for people. */
const char *unit_request_verb(enum request request);
/* Whether its answer names a job. */
bool unit_request_queues_job(enum request request);
/* The message to send; the caller unrefs it. Negative errno, then *ret_message is left alone. */
int unit_request_new(sd_bus *bus, const char *unit, enum request request, sd_bus_message **ret_message);

#endif
