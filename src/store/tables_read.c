#include "store/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INCIDENT_COLUMNS                                                                                     \
    "id, node, since_wall_ms, last_wall_ms, last_event, ended, acked_by, acked_wall_ms FROM incidents"
#define ENTRY_COLUMNS "id, incident, wall_ms, node, event, severity, condition, why, detail, evidence"

const char *tables_text_at(sqlite3_stmt *row, int column, struct arena *arena)
{
    return arena_text(arena, (const char *)sqlite3_column_text(row, column));
}

int tables_read_rows(sqlite3_stmt *statement, struct arena *arena, size_t size,
    bool (*read)(sqlite3_stmt *row, struct arena *arena, void *ret), void **ret_rows, size_t *ret_count)
{
    size_t count = 0, room = 0;
    char *rows = NULL;
    int code, r = 0;

    while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (count == room) {
            char *larger = arena_take(arena, (room = room ? room * 2 : 8) * size);

            if (larger && rows)
                memcpy(larger, rows, count * size);
            rows = larger;
        }
        if (!rows || !read(statement, arena, rows + count++ * size))
            r = -ENOMEM;
    }
    r = r < 0 ? r : database_errno(sqlite3_db_handle(statement), code);
    (void)sqlite3_finalize(statement);
    if (r == 0) {
        *ret_rows = rows;
        *ret_count = count;
    }
    return r;
}

static bool read_incident(sqlite3_stmt *row, struct arena *arena, void *ret)
{
    struct store_incident *incident = ret;

    incident->id = tables_text_at(row, 0, arena);
    incident->node = tables_text_at(row, 1, arena);
    incident->since_wall_ms = sqlite3_column_int64(row, 2);
    incident->last_wall_ms = sqlite3_column_int64(row, 3);
    incident->last_event = tables_text_at(row, 4, arena);
    incident->ended = sqlite3_column_int64(row, 5) != 0;
    incident->acked_by = tables_text_at(row, 6, arena);
    incident->acked_wall_ms = sqlite3_column_int64(row, 7);
    return incident->id && incident->node && incident->last_event && incident->acked_by;
}

static bool read_entry(sqlite3_stmt *row, struct arena *arena, void *ret)
{
    struct store_entry *entry = ret;

    entry->incident = tables_text_at(row, 1, arena);
    entry->wall_ms = sqlite3_column_int64(row, 2);
    entry->node = tables_text_at(row, 3, arena);
    entry->event = tables_text_at(row, 4, arena);
    entry->severity = tables_text_at(row, 5, arena);
    entry->condition = tables_text_at(row, 6, arena);
    entry->why = tables_text_at(row, 7, arena);
    entry->detail = tables_text_at(row, 8, arena);
    entry->evidence = tables_text_at(row, 9, arena);
    if (!entry->event)
        return false;
    entry->decision = entry->event[0] == '\0' || strcmp(entry->event, "decision") == 0;
    return entry->incident && entry->node && entry->severity && entry->condition && entry->why &&
           entry->detail && entry->evidence;
}

static bool read_input(sqlite3_stmt *row, struct arena *arena, void *ret)
{
    struct store_input *input = ret;

    input->wall_ms = sqlite3_column_int64(row, 0);
    input->now_ms = (uint64_t)sqlite3_column_int64(row, 1);
    input->event = tables_text_at(row, 2, arena);
    return input->event != NULL;
}

int tables_read_snapshot(sqlite3 *database, char **ret_document)
{
    sqlite3_stmt *statement;
    int code, r = database_prepare(database, &statement, "SELECT document FROM snapshot", "");
    char *document = NULL;

    if (r < 0)
        return r;
    code = sqlite3_step(statement);
    r = code == SQLITE_DONE ? -ENOENT : database_errno(database, code);
    if (r == 0) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        document = text ? strdup(text) : NULL;
        r = document ? 0 : -ENOMEM;
    }
    (void)sqlite3_finalize(statement);
    if (r == 0)
        *ret_document = document;
    return r;
}

int tables_read_incidents(sqlite3 *database, struct arena *arena, size_t limit,
    struct store_incident **ret_incidents, size_t *ret_count)
{
    sqlite3_stmt *statement;
    int r = database_prepare(database, &statement,
        "SELECT " INCIDENT_COLUMNS " ORDER BY since_wall_ms DESC, id DESC LIMIT ?", "i",
        limit > 0 && limit < STORE_INCIDENTS_MAX ? (int64_t)limit : (int64_t)STORE_INCIDENTS_MAX);
    void *rows;

    r = r < 0 ? r
              : tables_read_rows(
                    statement, arena, sizeof(struct store_incident), read_incident, &rows, ret_count);
    if (r == 0)
        *ret_incidents = rows;
    return r;
}

int tables_read_incident(
    sqlite3 *database, struct arena *arena, const char *id, struct store_incident *ret_incident)
{
    sqlite3_stmt *statement;
    int r = database_prepare(database, &statement, "SELECT " INCIDENT_COLUMNS " WHERE id = ?", "t", id);
    size_t count;
    void *rows;

    r = r < 0
            ? r
            : tables_read_rows(statement, arena, sizeof(struct store_incident), read_incident, &rows, &count);
    if (r == 0 && count == 0)
        return -ENOENT;
    if (r == 0)
        *ret_incident = *(struct store_incident *)rows;
    return r;
}

int tables_read_entries(sqlite3 *database, struct arena *arena, const char *incident, size_t limit,
    struct store_entry **ret_entries, size_t *ret_count)
{
    sqlite3_stmt *statement;
    int64_t most = limit > 0 && limit < STORE_ENTRIES_TOLD_MAX ? (int64_t)limit : STORE_ENTRIES_TOLD_MAX;
    void *rows;
    int r;

    if (incident)
        r = database_prepare(database, &statement,
            "SELECT * FROM (SELECT " ENTRY_COLUMNS
            " FROM entries WHERE incident = ? ORDER BY id DESC LIMIT ?) ORDER BY id",
            "ti", incident, most);
    else
        r = database_prepare(database, &statement,
            "SELECT * FROM (SELECT " ENTRY_COLUMNS " FROM entries ORDER BY id DESC LIMIT ?) ORDER BY id", "i",
            most);
    r = r < 0 ? r
              : tables_read_rows(statement, arena, sizeof(struct store_entry), read_entry, &rows, ret_count);
    if (r == 0)
        *ret_entries = rows;
    return r;
}

int tables_read_inputs(sqlite3 *database, struct arena *arena, const char *incident,
    struct store_input **ret_inputs, size_t *ret_count)
{
    sqlite3_stmt *statement;
    int r = database_prepare(database, &statement,
        "SELECT wall_ms, now_ms, event FROM inputs WHERE incident = ? ORDER BY seq", "t", incident);
    void *rows;

    r = r < 0 ? r
              : tables_read_rows(statement, arena, sizeof(struct store_input), read_input, &rows, ret_count);
    if (r == 0)
        *ret_inputs = rows;
    return r;
}
