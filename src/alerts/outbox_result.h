/* What became of one delivery, for somebody who waits for it. */
#ifndef RMQWATCH_ALERTS_OUTBOX_RESULT_H
#define RMQWATCH_ALERTS_OUTBOX_RESULT_H

#include "rmqwatch/channel.h"

enum { OUTBOX_ANSWER_MAX = 512 };

struct outbox_result {
    int error; /* 0, or why there was no try: -ECANCELED (its channel or the outbox is gone),
                * -EOVERFLOW (it was dropped) */
    bool kept; /* it is in the outbox for good; that is all that was asked for, and all that is known */
    enum delivery delivery; /* sent, refused, or to be tried again later */
    bool answered;          /* the target did */
    long status;            /* HTTP status, SMTP reply code or exit code */
    long code;              /* of the target's own; 0: none */
    const char *how;        /* "HTTP 404: the webhook does not exist"; never NULL */
    /* What the target, or the command, said: one line, without control characters; may be empty. The
     * channel's secrets are hidden in it; it may hold what was made of them, so it is for the eyes of who
     * asked, never for a log. */
    const char *answer;
};

/* Once, on the loop. RESULT is valid during the call. */
typedef void outbox_result_fn(void *context, const struct outbox_result *result);

#endif
