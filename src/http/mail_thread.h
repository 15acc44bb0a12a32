/* A mail's transfer on a thread of its own. curl 7.88 waits for an SMTP server's reply to the end of the
 * message and to QUIT without returning, for as long as that takes: not on the loop's thread. Used by
 * client.c only; everything here is called on the loop's thread. */
#ifndef RMQWATCH_HTTP_MAIL_THREAD_H
#define RMQWATCH_HTTP_MAIL_THREAD_H

#include "http/transfer.h"

#include <uv.h>

enum mail_phase {
    MAIL_UNDER_WAY,
    MAIL_REFUSED,  /* the dialogue came to nothing: only the reply to QUIT is missing, then comes the reply */
    MAIL_ANSWERED, /* the reply is there: only the connection is still to be closed, with QUIT if it was sent
                    */
    MAIL_ENDED,    /* the thread does nothing any more: mail_thread_close() */
};

/* Called from the loop when TRANSFER got further, perhaps over several phases at once. REPLY is NULL before
 * MAIL_ANSWERED, and valid until mail_thread_close(). */
typedef void mail_news_fn(
    struct http_transfer *transfer, enum mail_phase phase, const struct http_reply *reply);

/* Runs TRANSFER, which is prepared, and sets its mail field; but for what client.c needs to find and to end
 * it, it is the thread's from here on. 0, or -ENOMEM and nothing has changed. No thread to be had is a reply
 * like any other: our own trouble. */
int mail_thread_start(struct http_transfer *transfer, uv_loop_t *loop, mail_news_fn *news);

/* Makes it end at once, whatever it waits for: it comes to MAIL_ENDED within milliseconds. If no reply is
 * known yet, it becomes a timeout. Any number of times. */
void mail_thread_stop(struct mail_thread *mail);

/* After MAIL_ENDED. Calls CLOSED from the loop, when nothing is left of it. */
void mail_thread_close(struct mail_thread *mail, void (*closed)(struct http_transfer *transfer));

#endif
