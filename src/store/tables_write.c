#include "store/tables.h"

#include <errno.h>

enum { MARKS_SPARED = 1000 }; /* of letters that are done: who loses one may send it twice */

int tables_write_snapshot(sqlite3 *database, const char *document)
{
    return database_run(
        database, "INSERT OR REPLACE INTO snapshot (id, document) VALUES (1, ?)", "t", document);
}

/* Past the bound the oldest go. Entries are numbered without gaps, but for those that went before. */
static int prune_entries(sqlite3 *database)
{
    return database_run(database, "DELETE FROM entries WHERE id <= (SELECT max(id) FROM entries) - ?", "i",
        (int64_t)STORE_ENTRIES_MAX);
}

static int prune_incidents(sqlite3 *database)
{
    return database_run(database,
        "DELETE FROM incidents WHERE id IN"
        " (SELECT id FROM incidents ORDER BY since_wall_ms DESC, id DESC LIMIT -1 OFFSET ?)",
        "i", (int64_t)STORE_INCIDENTS_MAX);
}

static int prune_recordings(sqlite3 *database)
{
    return database_run(database,
        "DELETE FROM inputs WHERE incident IN"
        " (SELECT incident FROM inputs GROUP BY incident ORDER BY max(seq) DESC LIMIT -1 OFFSET ?)",
        "i", (int64_t)STORE_RECORDINGS_MAX);
}

static int write_incident(sqlite3 *database, const struct store_entry *entry)
{
    int r;

    if (entry->decision)
        r = database_run(database, "UPDATE incidents SET last_wall_ms = ? WHERE id = ?", "it", entry->wall_ms,
            entry->incident);
    else
        r = database_run(database,
            "UPDATE incidents SET last_wall_ms = ?, last_event = ?, ended = ? WHERE id = ?", "itit",
            entry->wall_ms, entry->event, (int64_t)entry->ends, entry->incident);
    if (r < 0 || sqlite3_changes(database) > 0)
        return r;
    r = database_run(database,
        "INSERT INTO incidents (id, node, since_wall_ms, last_wall_ms, last_event, ended)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        "ttiiti", entry->incident, entry->node, entry->since_wall_ms, entry->wall_ms,
        entry->decision ? "" : entry->event, (int64_t)(entry->ends && !entry->decision));
    return r < 0 ? r : prune_incidents(database);
}

int tables_write_entry(sqlite3 *database, const struct store_entry *entry)
{
    int r = database_run(database,
        "INSERT INTO entries"
        " (incident, wall_ms, node, event, severity, condition, why, detail, evidence)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "titttttt"
        "t",
        entry->incident, entry->wall_ms, entry->node, entry->event, entry->severity, entry->condition,
        entry->why, entry->detail, entry->evidence);

    r = r < 0 ? r : prune_entries(database);
    if (r < 0 || !entry->incident || entry->incident[0] == '\0')
        return r;
    return write_incident(database, entry);
}

int tables_write_inputs(
    sqlite3 *database, const char *incident, const struct store_input *inputs, size_t count)
{
    int64_t before;
    int r = database_get(database, &before, "SELECT count(*) FROM inputs WHERE incident = ?", "t", incident);

    for (size_t i = 0; r == 0 && i < count && before + (int64_t)i < STORE_INPUTS_MAX; i++)
        r = database_run(database,
            "INSERT INTO inputs (incident, wall_ms, now_ms, event) VALUES (?, ?, ?, ?)", "tiit", incident,
            inputs[i].wall_ms, (int64_t)inputs[i].now_ms, inputs[i].event);
    return r == 0 && before == 0 ? prune_recordings(database) : r;
}

int tables_write_ack(sqlite3 *database, const char *id, const char *who, int64_t wall_ms)
{
    int r = database_run(database, "UPDATE incidents SET acked_by = ?, acked_wall_ms = ? WHERE id = ?", "tit",
        who, wall_ms, id);

    return r < 0 || sqlite3_changes(database) > 0 ? r : -ENOENT;
}

int tables_purge(sqlite3 *database)
{
    int r = database_run(database, "DELETE FROM inputs", "");

    r = r < 0 ? r
              : database_run(database,
                    "DELETE FROM entries WHERE id <= (SELECT (min(id) + max(id)) / 2 FROM entries)", "");
    r = r < 0 ? r
              : database_run(database, "DELETE FROM letters WHERE state = ?", "i", (int64_t)LETTER_WAITING);
    r = r < 0 ? r
              : database_run(database,
                    "DELETE FROM letters WHERE number IN (SELECT number FROM letters WHERE state = ?"
                    " ORDER BY number LIMIT (SELECT (count(*) + 1) / 2 FROM letters WHERE state = ?))",
                    "ii", (int64_t)LETTER_PARKED, (int64_t)LETTER_PARKED);
    return r < 0 ? r
                 : database_run(database,
                       "DELETE FROM letters WHERE number IN (SELECT number FROM letters WHERE state > ?"
                       " ORDER BY changed_wall_ms DESC, number DESC LIMIT -1 OFFSET ?)",
                       "ii", (int64_t)LETTER_PARKED, (int64_t)MARKS_SPARED);
}
