/* One incident's evidence while it is collected. Private to the collector. */
#ifndef RMQWATCH_EVIDENCE_COLLECTION_H
#define RMQWATCH_EVIDENCE_COLLECTION_H

#include "base/command.h"
#include "evidence/collector.h"

enum {
    COLLECT_LOG_MAX = 64 * 1024,
    COLLECT_JOURNAL_MAX = 256 * 1024,
    COLLECT_SHOW_MAX = 64 * 1024,
    COLLECT_PROBLEMS_MAX = 1024,
    COLLECT_PATH_MAX = 1024,
};

#define BROKER_LOG_DIRECTORY "/var/log/rabbitmq"

/* The part that threads see. One thread works on it at a time, and never while the loop does. */
struct collection_files {
    struct collect_request request;
    char state_dir[COLLECT_PATH_MAX];
    uint32_t keep, max_megabytes;

    char path[RMQ_PATH_MAX]; /* of the folder; empty when it could not be made */
    int folder;              /* negative: none */
    int folder_error;        /* why there is none */
    char *broker_log;        /* the end of the broker's own log, COLLECT_LOG_MAX bytes; NULL: none */
    size_t broker_log_size;
    bool broker_log_old; /* it is of another time than the incident */
    struct command_result journal, show;
    char problems[COLLECT_PROBLEMS_MAX];
};

/* Makes the folder, and writes what is there at once: states, views, the process, the broker's log. */
void collection_gather(struct collection_files *files);
/* Writes what the commands printed, and the problems; removes old folders. */
void collection_complete(struct collection_files *files);

#endif
