/* Bounds that every part agrees on. Nothing in the daemon grows past them. */
#ifndef RMQWATCH_LIMITS_H
#define RMQWATCH_LIMITS_H

enum {
    RMQ_MEMBERS_MAX = 16,    /* members of one cluster; RabbitMQ clusters of more than 9 are unheard of */
    RMQ_NODE_NAME_MAX = 256, /* "rabbit@host" with its NUL; an Erlang atom has 255 characters at most */
    RMQ_INCIDENT_ID_MAX = 48,
    RMQ_WHY_MAX = 192,    /* one sentence: why a decision was taken */
    RMQ_DETAIL_MAX = 512, /* numbers and names that go with it */
    RMQ_TROUBLE_MAX = 24,
    RMQ_COURSE_MAX = 768, /* what happened, in lines */
    RMQ_CAUSE_MAX = 160,
    RMQ_LOG_TAIL_MAX = 384,
    RMQ_PATH_MAX = 160,
    RMQ_OWNER_MAX = 64,        /* of a hold */
    RMQ_REASON_MAX = 128,      /* of a hold */
    RMQ_CHANNEL_NAME_MAX = 65, /* with its NUL */
    RMQ_PHASES_MAX = 6,        /* detect, ask, kill, boot, verify, and the sum */
    /* Restarts that are remembered, of this node and of all others together. The configuration's limits may
     * be no greater: they would never be reached. */
    RMQ_RESTARTS_MAX = 100,
    RMQ_CLUSTER_RESTARTS_MAX = 200,
};

#endif
