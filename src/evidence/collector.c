#include "evidence/collector.h"

#include "base/log.h"
#include "base/text.h"
#include "evidence/collection.h"
#include "evidence/log_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COMMANDS_MAX = 6,
    COMMANDS_TIMEOUT_MS = 1200, /* so that there is time left to write down what they said */
    UNIT_NAME_MAX = 256,
    COLLECTIONS_MAX = 2, /* at the same time: those whose disk does not answer keep a thread each */
};

struct collection {
    struct collector *collector; /* NULL: it was freed */
    struct collection *next;
    uv_loop_t *loop;
    uv_timer_t deadline;
    uv_work_t work;
    bool timer_closed, working, gathered, completed, told;
    struct command *journal, *show;
    struct collection_files files;
};

struct collector {
    uv_loop_t *loop;
    struct evidence_config limits;
    char state_dir[COLLECT_PATH_MAX]; /* these two are not changed by a reload */
    char unit[UNIT_NAME_MAX];
    struct event_sink sink;
    size_t count;
    struct collection *collections;
};

static void collection_free_if_over(struct collection *collection)
{
    struct collection_files *files = &collection->files;

    if (!collection->timer_closed || collection->working)
        return;
    if (files->folder >= 0)
        close(files->folder);
    free(files->broker_log);
    free(files->journal.output);
    free(files->show.output);
    free(collection);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct collection *collection = handle->data;

    collection->timer_closed = true;
    collection_free_if_over(collection);
}

/* Lets it go; a thread that still works on it keeps its memory. */
static void collection_end(struct collection *collection)
{
    struct collector *collector = collection->collector;

    if (collector) {
        struct collection **link = &collector->collections;

        while (*link != collection)
            link = &(*link)->next;
        *link = collection->next;
        collector->count--;
        collection->collector = NULL;
    }
    command_cancel(collection->journal);
    command_cancel(collection->show);
    collection->journal = collection->show = NULL;
    if (!uv_is_closing((uv_handle_t *)&collection->deadline))
        uv_close((uv_handle_t *)&collection->deadline, on_timer_closed);
}

/* --- what was found --- */

static void find_cause(const struct collection *collection, struct evidence_event *evidence)
{
    const struct collection_files *files = &collection->files;
    const char *journal = files->journal.output;
    size_t size = files->journal.size;
    bool live = files->request.live;
    /* The thread's until it has gathered. */
    bool broker_log = collection->gathered && files->broker_log;
    bool fresh = broker_log && !files->broker_log_old;

    if (size > 0 && !live)
        size = log_ended_runs(journal, size);
    /* The journal is of this run in any case. */
    if (!(size > 0 && log_cause(journal, size, evidence->cause, sizeof(evidence->cause))) && fresh)
        (void)log_cause(files->broker_log, files->broker_log_size, evidence->cause, sizeof(evidence->cause));
    if (size > 0)
        log_tail(journal, size, evidence->log_tail, sizeof(evidence->log_tail));
    if (!evidence->log_tail[0] && (fresh || (broker_log && live)))
        log_tail(files->broker_log, files->broker_log_size, evidence->log_tail, sizeof(evidence->log_tail));
}

static void tell(struct collection *collection)
{
    struct event event = {.kind = EVENT_EVIDENCE};

    if (collection->told || !collection->collector)
        return;
    collection->told = true;
    text_copy(event.evidence.incident, sizeof(event.evidence.incident), collection->files.request.incident);
    if (collection->gathered)
        text_copy(event.evidence.path, sizeof(event.evidence.path), collection->files.path);
    find_cause(collection, &event.evidence);
    if (!event.evidence.path[0])
        log_line(LOG_WARNING, "the evidence on incident %s could not be kept: %s",
            collection->files.request.incident,
            collection->gathered ? strerror(-collection->files.folder_error)
                                 : "the disk did not answer in time");
    sink_post(&collection->collector->sink, &event);
}

/* --- the two works of the thread --- */

static void on_thread(uv_work_t *work)
{
    struct collection *collection = work->data;

    if (collection->gathered)
        collection_complete(&collection->files);
    else
        collection_gather(&collection->files);
}

static void on_worked(uv_work_t *work, int status);

static void collection_work(struct collection *collection)
{
    collection->working = uv_queue_work(collection->loop, &collection->work, on_thread, on_worked) == 0;
}

static void collection_go_on(struct collection *collection)
{
    if (collection->working || !collection->gathered || collection->journal || collection->show ||
        collection->completed)
        return;
    collection->completed = true;
    collection_work(collection);
    if (!collection->working)
        collection_end(collection);
}

static void on_worked(uv_work_t *work, int status)
{
    struct collection *collection = work->data;

    (void)status;
    collection->working = false;
    if (!collection->collector) {
        collection_free_if_over(collection);
        return;
    }
    if (!collection->gathered) {
        collection->gathered = true;
        collection_go_on(collection);
        return;
    }
    tell(collection);
    collection_end(collection);
}

/* The folder is completed all the same, when its disk lets it. */
static void on_deadline(uv_timer_t *timer)
{
    tell(timer->data);
}

/* --- the commands --- */

static void on_journal(void *context, struct command_result *result)
{
    struct collection *collection = context;

    collection->journal = NULL;
    collection->files.journal = *result;
    collection_go_on(collection);
}

static void on_show(void *context, struct command_result *result)
{
    struct collection *collection = context;

    collection->show = NULL;
    collection->files.show = *result;
    collection_go_on(collection);
}

static void start_commands(struct collection *collection, const char *unit)
{
    static struct command_places places = {.max = COMMANDS_MAX};
    char *const environment[] = {(char *)"SYSTEMD_COLORS=0", NULL};
    char *const journal[] = {"journalctl", "--unit", (char *)unit, "--lines", "200", "--output",
        "short-iso-precise", "--no-pager", "--quiet", NULL};
    char *const show[] = {"systemctl", "show", "--no-pager", "--", (char *)unit, NULL};
    struct command_options options = {.argv = journal,
        .environment = environment,
        .timeout_ms = COMMANDS_TIMEOUT_MS,
        .output_max = COLLECT_JOURNAL_MAX,
        .keep_end = true}; /* what came last says most */
    int r = command_start(collection->loop, &places, &options, on_journal, collection, &collection->journal);

    if (r < 0)
        collection->files.journal.error = r;
    options.argv = show;
    options.output_max = COLLECT_SHOW_MAX;
    options.keep_end = false;
    r = command_start(collection->loop, &places, &options, on_show, collection, &collection->show);
    if (r < 0)
        collection->files.show.error = r;
}

static void refuse(struct collector *collector, const struct collect_request *request)
{
    struct event event = {.kind = EVENT_EVIDENCE};

    text_copy(event.evidence.incident, sizeof(event.evidence.incident), request->incident);
    log_line(LOG_WARNING, "no evidence on incident %s is collected: %s", request->incident,
        collector->count >= COLLECTIONS_MAX ? "the disk does not answer" : "out of memory");
    sink_post(&collector->sink, &event);
}

void collector_collect(struct collector *collector, const struct collect_request *request)
{
    struct collection *collection =
        collector->count < COLLECTIONS_MAX ? calloc(1, sizeof(*collection)) : NULL;

    if (!collection) {
        refuse(collector, request);
        return;
    }
    collection->collector = collector;
    collection->loop = collector->loop;
    collection->next = collector->collections;
    collector->collections = collection;
    collector->count++;
    collection->files.request = *request;
    collection->files.folder = -1;
    collection->files.keep = collector->limits.keep;
    collection->files.max_megabytes = collector->limits.max_megabytes;
    text_copy(collection->files.state_dir, sizeof(collection->files.state_dir), collector->state_dir);
    collection->work.data = collection;
    uv_timer_init(collector->loop, &collection->deadline);
    collection->deadline.data = collection;
    uv_update_time(collector->loop);
    uv_timer_start(&collection->deadline, on_deadline, COLLECT_TIMEOUT_MS, 0);
    collection_work(collection);
    start_commands(collection, collector->unit);
}

/* --- life --- */

struct collector *collector_new(uv_loop_t *loop, const struct config *config, struct event_sink sink)
{
    struct collector *collector = calloc(1, sizeof(*collector));

    if (!collector)
        return NULL;
    collector->loop = loop;
    collector->sink = sink;
    text_copy(collector->state_dir, sizeof(collector->state_dir), config->state_dir);
    text_copy(collector->unit, sizeof(collector->unit), config->unit);
    collector_reconfigure(collector, config);
    return collector;
}

void collector_reconfigure(struct collector *collector, const struct config *config)
{
    collector->limits = config->evidence;
}

void collector_free(struct collector *collector)
{
    if (!collector)
        return;
    while (collector->collections)
        collection_end(collector->collections);
    free(collector);
}
