/* The words for people: a notice in sentences that a tired person understands. Pure; the channels only
 * dress it up. */
#ifndef RMQWATCH_ALERTS_MESSAGE_H
#define RMQWATCH_ALERTS_MESSAGE_H

#include "rmqwatch/notice.h"

#include <stddef.h>
#include <stdio.h>

enum {
    MESSAGE_TITLE_MAX = 384,
    MESSAGE_FACT_MAX = RMQ_COURSE_MAX + 128, /* each of its lines may become a little longer */
    MESSAGE_FACTS_MAX = 10,
    MESSAGE_LOOK_MAX = 512,
    MESSAGE_COMMAND_MAX = 320
};

/* How a message feels: what colours and symbols follow. */
enum message_tone {
    MESSAGE_INFO,
    MESSAGE_WARNING,
    MESSAGE_CRITICAL,
    MESSAGE_GOOD, /* a trouble is over */
};

struct message_fact {
    const char *label;           /* static: "Node" */
    char text[MESSAGE_FACT_MAX]; /* what happened has several lines, all others one */
};

struct message {
    struct notice notice; /* the notice again, cleaned (clean.h): use its texts, not the original's */
    enum message_tone tone;
    char title[MESSAGE_TITLE_MAX]; /* "CRITICAL rabbit@rmq2: gave up" */
    size_t fact_count;             /* where, when, how long; what is not known is left out */
    struct message_fact facts[MESSAGE_FACTS_MAX];
    /* What is left to do, if anything is, on a line of its own; and where to run the command: "To do: mend
     * ...", "Look further, on the host of rabbit@rmq1:" */
    char look[MESSAGE_LOOK_MAX];
    char command[MESSAGE_COMMAND_MAX]; /* "journalctl -u rmqwatchd RMQ_INCIDENT=...", quoted for a shell */
};

void message_compose(struct message *message, const struct notice *notice);

/* All of it as plain text with "\n" ends. Errors show in ferror(OUT). */
void message_print(const struct message *message, FILE *out);

#endif
