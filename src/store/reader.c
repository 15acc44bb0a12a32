#include "store/reader.h"
#include "store/tables.h"

#include <errno.h>
#include <stdlib.h>

static int read_all(sqlite3 *database, const char *id, struct store_recording *recording)
{
    int r = tables_read_incident(database, recording->texts, id, &recording->incident);

    r = r < 0 ? r
              : tables_read_entries(database, recording->texts, id, STORE_ENTRIES_TOLD_MAX,
                    &recording->entries, &recording->entry_count);
    return r < 0 ? r
                 : tables_read_inputs(
                       database, recording->texts, id, &recording->inputs, &recording->input_count);
}

int store_read_incident(const char *directory, const char *id, struct store_recording **ret_recording)
{
    struct store_recording *recording = calloc(1, sizeof(*recording));
    sqlite3 *database = NULL;
    int r = -ENOMEM;

    if (recording && (recording->texts = arena_new()))
        r = database_open_reader(directory, &database);
    r = r < 0 ? r : read_all(database, id, recording);
    database_close(database);
    if (r < 0)
        store_recording_free(recording);
    else
        *ret_recording = recording;
    return r;
}

void store_recording_free(struct store_recording *recording)
{
    if (!recording)
        return;
    arena_free(recording->texts);
    free(recording);
}
