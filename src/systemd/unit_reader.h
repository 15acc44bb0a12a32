/* One complete reading of a unit's properties, by two calls that do not wait. */
#ifndef RMQWATCH_SYSTEMD_UNIT_READER_H
#define RMQWATCH_SYSTEMD_UNIT_READER_H

#include "rmqwatch/evidence.h"

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT "org.freedesktop.systemd1.Unit"
#define SYSTEMD_SERVICE "org.freedesktop.systemd1.Service"

enum { UNIT_READ_TIMEOUT_MS = 10000 };

/* Embedded in the watch, which fills the first part and keeps it. */
struct unit_reader {
    struct unit_state *state;                 /* what is read goes here */
    void (*ended)(void *context, bool again); /* STATE is complete; AGAIN: another reading was asked for */
    void (*failed)(void *context, const char *why); /* for people */
    void *context;

    sd_bus_slot *unit_call;
    sd_bus_slot *service_call;
    bool again;
};

/* Reads the object PATH. While a reading is under way this only notes that one more is wanted. Every reading
 * ends in ended() or failed() unless it is dropped. */
void unit_reader_start(struct unit_reader *reader, sd_bus *bus, const char *path);
bool unit_reader_busy(const struct unit_reader *reader);
void unit_reader_drop(struct unit_reader *reader); /* and what waits; needed before the bus goes */

/* METHOD with one string argument, sent with the deadline that readings have. 0 or a negative errno. */
int unit_reader_call(sd_bus *bus, sd_bus_slot **ret_slot, const char *path, const char *interface,
    const char *method, const char *argument, sd_bus_message_handler_t on_reply, void *context);

#endif
