/* A command of the operator's, for targets that no other kind knows. It is run without a shell, with PATH and
 * LANG and nothing else of ours in its environment, and reads the JSON of the generic webhook (webhook.c)
 * from its standard input. What it prints is dropped, unless somebody waits for it who sends a test. It is
 * killed when its time is over.
 *
 * Its exit code follows sysexits.h: 0 is delivered; 75 (EX_TEMPFAIL), like no end in time and death by a
 * signal, is tried again; 126 and 127, or that it cannot be run at all, is tried again slowly, for somebody
 * has to mend it and the alert must outlive that; any other code refuses the alert for good. */
#include "alerts/channels.h"

#include <sysexits.h>

enum { SCRIPT_SLOW_RETRY_MS = 300000 };

static int script_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    (void)channel;
    return webhook_print(notice, attempt->id, ret_request);
}

static struct channel_verdict script_classify(const struct channel_reply *reply)
{
    if (!reply->answered || reply->status == EX_TEMPFAIL)
        return (struct channel_verdict){.delivery = DELIVERY_RETRY};
    if (reply->status == EX_OK)
        return (struct channel_verdict){.delivery = DELIVERY_SENT};
    if (reply->status == CHANNEL_EXIT_NOT_EXECUTABLE || reply->status == CHANNEL_EXIT_NOT_FOUND)
        return (struct channel_verdict){.delivery = DELIVERY_RETRY,
            .retry_after_ms = SCRIPT_SLOW_RETRY_MS,
            .reason = "the command cannot be run; see command"};
    return (struct channel_verdict){.delivery = DELIVERY_REFUSED};
}

const struct channel_ops script_channel = {
    .name = "script",
    .transport = CHANNEL_EXEC,
    .options = CHANNEL_COMMAND,
    .required = CHANNEL_COMMAND,
    .format = script_format,
    .classify = script_classify,
};
