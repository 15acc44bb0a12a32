/* The system bus, pumped by the loop. One connection, kept up: when it is lost it is closed, and opened again
 * with growing pauses. Nothing here ever waits. */
#ifndef RMQWATCH_SYSTEMD_BUS_H
#define RMQWATCH_SYSTEMD_BUS_H

#include <systemd/sd-bus.h>
#include <uv.h>

struct bus;

/* Who lives on the connection. Embedded in its owner, which must outlive the bus. */
struct bus_user {
    /* The connection is ready. Match, subscribe and read here: nothing of an earlier connection is left. BUS
     * stays valid until down(). */
    void (*up)(void *context, sd_bus *bus);
    /* The connection is gone, or could not be made at the first try: drop every slot. WHY is for people.
     * Comes once per loss, not for each further try, and not from bus_free(). */
    void (*down)(void *context, const char *why);
    void *context;
    struct bus_user *next; /* the bus's own */
};

/* 0, or a negative errno and *ret_bus is left alone. Free it with bus_free(). */
int bus_new(uv_loop_t *loop, struct bus **ret_bus);
void bus_add_user(struct bus *bus, struct bus_user *user);
/* Begins to connect; users hear of it. Once, after all users are added. */
void bus_start(struct bus *bus);
/* Closes the connection at once and the handles with it; the loop must run on until they are closed. Free the
 * users' slots first (their owners' _free functions do). Not from within a callback of the bus. Accepts NULL.
 */
void bus_free(struct bus *bus);

#endif
