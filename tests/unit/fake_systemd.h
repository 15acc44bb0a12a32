/* A bus with a systemd on it, in the loop of the test that talks to it: every answer and its order is the
 * test's to choose. One connection at a time. */
#ifndef RMQWATCH_TESTS_FAKE_SYSTEMD_H
#define RMQWATCH_TESTS_FAKE_SYSTEMD_H

#include "rmqwatch/evidence.h"

#include <systemd/sd-bus.h>
#include <uv.h>

enum { FAKE_CALLS_MAX = 256 };

struct fake_systemd {
    uv_loop_t *loop;
    uv_timer_t pump;
    char folder[64];
    char path[96];
    int listener;
    sd_bus *bus; /* the connection, or NULL */

    /* What it answers. */
    struct unit_state state; /* read by GetAll and sent by fake_systemd_signal_state() */
    const char *active;      /* ActiveState in words */
    uint32_t job;            /* what start, restart and stop queue */
    const char *error;       /* name of the error that they and kill answer with; NULL: none */
    const char *load_error;  /* the same for LoadUnit */
    bool hold_requests;      /* keep them unanswered until fake_systemd_answer() */
    bool hold_reads;         /* GetAll is never answered */
    sd_bus_message *held;

    /* What it was asked, in order: "LoadUnit", "KillUnit all 9" ... without the bus's own calls. */
    size_t call_count;
    char calls[FAKE_CALLS_MAX][48];
    size_t match_count;
};

/* Sets $DBUS_SYSTEM_BUS_ADDRESS. The unit is rabbitmq-server.service, running. */
void fake_systemd_open(struct fake_systemd *fake, uv_loop_t *loop);
/* The loop must run on until its timer is closed. */
void fake_systemd_close(struct fake_systemd *fake);

void fake_systemd_listen(struct fake_systemd *fake, bool listen); /* or let connections be refused */
void fake_systemd_hang_up(struct fake_systemd *fake);
void fake_systemd_answer(struct fake_systemd *fake); /* the request that was held */
void fake_systemd_signal_state(struct fake_systemd *fake);
void fake_systemd_signal_job(
    struct fake_systemd *fake, const char *member, uint32_t job, const char *unit, const char *result);
void fake_systemd_signal_reloaded(struct fake_systemd *fake);
void fake_systemd_signal_owner(struct fake_systemd *fake, const char *before, const char *after);
size_t fake_systemd_called(const struct fake_systemd *fake, const char *call);

#endif
