#include "systemd/unit_reader.h"

#include "systemd/unit_properties.h"

#include <errno.h>
#include <string.h>

bool unit_reader_busy(const struct unit_reader *reader)
{
    return reader->unit_call || reader->service_call;
}

void unit_reader_drop(struct unit_reader *reader)
{
    reader->unit_call = sd_bus_slot_unref(reader->unit_call);
    reader->service_call = sd_bus_slot_unref(reader->service_call);
    reader->again = false;
}

static void fail(struct unit_reader *reader, const char *why)
{
    unit_reader_drop(reader);
    reader->failed(reader->context, why);
}

/* One half of a reading. Signals that arrive between the halves are newer than the first and older than the
 * second, so applying everything in the order of arrival is right. */
static void take_half(struct unit_reader *reader, sd_bus_message *reply)
{
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    int r;

    if (error) {
        fail(reader, error->message ? error->message : error->name);
        return;
    }
    r = unit_properties_read(reply, reader->state);
    if (r < 0)
        fail(reader, strerror(-r));
    else if (!unit_reader_busy(reader))
        reader->ended(reader->context, reader->again);
}

static int on_unit_read(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    struct unit_reader *reader = userdata;

    (void)ret_error;
    reader->unit_call = sd_bus_slot_unref(reader->unit_call);
    take_half(reader, reply);
    return 0;
}

static int on_service_read(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    struct unit_reader *reader = userdata;

    (void)ret_error;
    reader->service_call = sd_bus_slot_unref(reader->service_call);
    take_half(reader, reply);
    return 0;
}

int unit_reader_call(sd_bus *bus, sd_bus_slot **ret_slot, const char *path, const char *interface,
    const char *method, const char *argument, sd_bus_message_handler_t on_reply, void *context)
{
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(bus, &message, SYSTEMD_NAME, path, interface, method);

    if (r >= 0)
        r = sd_bus_message_append(message, "s", argument);
    if (r >= 0)
        r = sd_bus_call_async(bus, ret_slot, message, on_reply, context, UNIT_READ_TIMEOUT_MS * 1000ULL);
    sd_bus_message_unref(message);
    return r < 0 ? r : 0;
}

void unit_reader_start(struct unit_reader *reader, sd_bus *bus, const char *path)
{
    static const char properties[] = "org.freedesktop.DBus.Properties";
    int r;

    if (unit_reader_busy(reader)) {
        reader->again = true;
        return;
    }
    reader->again = false;
    r = unit_reader_call(
        bus, &reader->unit_call, path, properties, "GetAll", SYSTEMD_UNIT, on_unit_read, reader);
    if (r >= 0)
        r = unit_reader_call(
            bus, &reader->service_call, path, properties, "GetAll", SYSTEMD_SERVICE, on_service_read, reader);
    if (r < 0)
        fail(reader, strerror(-r));
}
