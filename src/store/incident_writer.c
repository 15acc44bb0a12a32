#include "store/incident_writer.h"
#include "store/incident_file.h"

#include <stdlib.h>
#include <string.h>

struct incident_writer {
    uv_loop_t *loop;
    char *directory;
    incident_saved_fn *saved; /* NULL once it is being freed */
    void *context;
    uv_work_t work;
    bool writing, waiting;
    struct core_snapshot current; /* the thread's while it writes */
    struct core_snapshot next;
    int result;
};

static void write_begin(struct incident_writer *writer);

static void writer_free_now(struct incident_writer *writer)
{
    free(writer->directory);
    free(writer);
}

static void on_thread(uv_work_t *work)
{
    struct incident_writer *writer = work->data;

    writer->result = incident_file_save(writer->directory, &writer->current);
}

static void on_written(uv_work_t *work, int status)
{
    struct incident_writer *writer = work->data;

    writer->writing = false;
    if (writer->saved)
        writer->saved(writer->context, status < 0 ? status : writer->result);
    if (writer->waiting)
        write_begin(writer);
    else if (!writer->saved)
        writer_free_now(writer);
}

static void write_begin(struct incident_writer *writer)
{
    writer->current = writer->next;
    writer->waiting = false;
    writer->writing = uv_queue_work(writer->loop, &writer->work, on_thread, on_written) == 0;
}

struct incident_writer *incident_writer_new(
    uv_loop_t *loop, const char *directory, incident_saved_fn *saved, void *context)
{
    struct incident_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return NULL;
    writer->loop = loop;
    writer->saved = saved;
    writer->context = context;
    writer->work.data = writer;
    writer->directory = strdup(directory);
    if (!writer->directory) {
        free(writer);
        return NULL;
    }
    return writer;
}

void incident_writer_save(struct incident_writer *writer, const struct core_snapshot *snapshot)
{
    writer->next = *snapshot;
    writer->waiting = true;
    if (!writer->writing)
        write_begin(writer);
}

void incident_writer_free(struct incident_writer *writer)
{
    if (!writer)
        return;
    writer->saved = NULL;
    if (!writer->writing)
        writer_free_now(writer);
}
