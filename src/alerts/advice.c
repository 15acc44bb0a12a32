#include "alerts/advice.h"

#include "words/words.h"

/* What has ended has none. A unit or a file may have another name here than usual, so none is named. */
static const char *const advice[NOTICE_KIND_COUNT] = {
    [NOTICE_CRASHED] = WORD("nothing yet: it is being started, and a message tells how that ends"),
    [NOTICE_HUNG] = WORD("nothing yet: a message tells whether it is restarted, or what forbids that"),
    [NOTICE_RESTARTING] = WORD("nothing yet: a message tells whether it has recovered"),
    [NOTICE_HELD] = WORD("remove what holds it back, or decide by hand what to do with the node"),
    [NOTICE_WOULD_ACT] = WORD("do it by hand, or set mode = act and reload rmqwatchd"),
    [NOTICE_UNVERIFIED] =
        WORD("check what is missing; here and on another member: rabbitmqctl cluster_status"),
    [NOTICE_RETRYING] = WORD("nothing yet: it is started again; look for the cause meanwhile"),
    [NOTICE_GAVE_UP] = WORD("find and mend the cause, then start it there: rmqwatchctl resume"),
    [NOTICE_STOPPED] = WORD("nothing, if that was you; otherwise start it again"),
    [NOTICE_SLOW_BOOT] = WORD("see what it waits for: start the members that it needs, too"),
    [NOTICE_ALARM] = WORD(
        "memory: find the queues that grow, and who should empty them; disk: free some space; descriptors: "
        "find who opens so many connections"),
    [NOTICE_PEER_DOWN] = WORD("see whether its machine is up and can be reached, and what runs there"),
    [NOTICE_ALL_DOWN] = WORD("see that all machines are up and reach each other; no force_boot, no reset"),
    [NOTICE_CHECK_MISCONFIGURED] = WORD("mend the configuration, and reload rmqwatchd"),
    [NOTICE_AGENT_STALLED] = WORD("if it happens often, look at the load and the memory of its machine"),
    [NOTICE_BUSY] = WORD("see what it is busy with, and who takes its processors"),
    [NOTICE_APP_STOPPED] = WORD("if nobody works on it, run there: rabbitmqctl start_app"),
    [NOTICE_PAUSED] = WORD("mend the network between it and the other members"),
    [NOTICE_DRAINED] = WORD("nothing, if that was you; it ends with: rabbitmq-upgrade revive"),
    [NOTICE_LISTENER_LOST] = WORD("see in the log of the broker why: an expired certificate, a port in use"),
    [NOTICE_NOT_SERVING] =
        WORD("see there what fails: rabbitmq-diagnostics listeners, and the log of the broker"),
    [NOTICE_PARTITION] = WORD("mend the network; if it stays, restart the side whose changes can be lost"),
    [NOTICE_STALE_VIEW] =
        WORD("compare on both: rabbitmqctl cluster_status; restart the one that is wrong, if safe"),
    [NOTICE_ISOLATED] = WORD("check the network of its machine"),
    [NOTICE_QUORUM_LOST] = WORD("bring the other members back; no forget_cluster_node, no force_boot"),
    [NOTICE_LEADERLESS] = WORD("see where their members are: rabbitmq-queues quorum_status NAME"),
    [NOTICE_FLAPPING] = WORD("look for the common cause: rmqwatchctl history"),
    [NOTICE_HOLD_SET] = WORD("when the work is done: rmqwatchctl resume"),
    [NOTICE_AGENT_DEGRADED] = WORD("see whether its disk is full, read-only or broken"),
    [NOTICE_LEASE_LOST] = WORD("nothing yet: a message tells whether it has recovered"),
    [NOTICE_DELIVERY_REFUSED] =
        WORD("mend the channel or its secret, reload rmqwatchd, then: rmqwatchctl outbox retry CHANNEL"),
    [NOTICE_AGENT_MISSING] =
        WORD("see there: systemctl status rmqwatchd; if it runs, its port is closed on the way"),
};

const char *advice_for(enum notice_kind kind)
{
    return (unsigned)kind < NOTICE_KIND_COUNT ? advice[kind] : NULL;
}
