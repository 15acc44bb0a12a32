/* From the file to memory when the disk fails, and back when it is well again. */
#include "store/tables.h"

#include <errno.h>
#include <limits.h>

enum { INCIDENTS_CARRIED = 50, ENTRIES_CARRIED = 500, WAITING_CARRIED = 2000, PARKED_CARRIED = 100 };

#define LETTER_COLUMNS                                                                                       \
    "kind, name, id, state, event, node, incident, severity, wall_ms, tries, result, changed_wall_ms,"       \
    " came_wall_ms, document"

static int attach(sqlite3 *memory, const char *directory)
{
    char path[PATH_MAX];
    int r = database_path(directory, path, sizeof(path));

    return r < 0 ? r : database_run(memory, "ATTACH DATABASE ? AS disk", "t", path);
}

static int copy_newest(sqlite3 *memory)
{
    int r = database_run(memory,
        "INSERT OR IGNORE INTO main.incidents SELECT * FROM disk.incidents"
        " ORDER BY since_wall_ms DESC, id DESC LIMIT ?",
        "i", (int64_t)INCIDENTS_CARRIED);

    return r < 0
               ? r
               : database_run(memory,
                     "INSERT OR IGNORE INTO main.entries SELECT * FROM disk.entries ORDER BY id DESC LIMIT ?",
                     "i", (int64_t)ENTRIES_CARRIED);
}

/* What will be sent next, and what somebody may want to see. The numbers are kept, so that they mean the same
 * afterwards. A file of version 1 has no letters. */
static void copy_letters(sqlite3 *memory)
{
    (void)database_run(memory,
        "INSERT OR IGNORE INTO main.letters SELECT * FROM disk.letters WHERE state = ?"
        " ORDER BY number LIMIT ?",
        "ii", (int64_t)LETTER_WAITING, (int64_t)WAITING_CARRIED);
    (void)database_run(memory,
        "INSERT OR IGNORE INTO main.letters SELECT * FROM disk.letters WHERE state = ?"
        " ORDER BY number DESC LIMIT ?",
        "ii", (int64_t)LETTER_PARKED, (int64_t)PARKED_CARRIED);
    (void)database_run(memory, "INSERT OR IGNORE INTO main.channels SELECT * FROM disk.channels", "");
    (void)database_run(memory, "DELETE FROM main.sqlite_sequence", "");
    (void)database_run(memory, "INSERT INTO main.sqlite_sequence SELECT * FROM disk.sqlite_sequence", "");
}

/* AS: a path, or a URI. */
static int copy_from_disk(sqlite3 *memory, const char *as)
{
    int r = database_run(memory, "ATTACH DATABASE ? AS disk", "t", as);

    if (r < 0)
        return r;
    r = copy_newest(memory);
    if (r == 0)
        copy_letters(memory);
    (void)database_run(memory, "DETACH DATABASE disk", "");
    return r;
}

void tables_carry_to_memory(sqlite3 *memory, const char *directory, int64_t *ret_newest)
{
    char as[DATABASE_URI_MAX];
    bool done = database_path(directory, as, sizeof(as)) == 0 && copy_from_disk(memory, as) == 0;

    *ret_newest = 0;
    if (!done) {
        /* As in database_open_stranded(): full, perhaps, or read-only. */
        (void)database_run(memory, "PRAGMA locking_mode = EXCLUSIVE", "");
        done = copy_from_disk(memory, as) == 0;
        (void)database_run(memory, "PRAGMA locking_mode = NORMAL", "");
    }
    if (!done && database_stranded_uri(directory, as, sizeof(as)) == 0)
        (void)copy_from_disk(memory, as);
    (void)database_get(memory, ret_newest, "SELECT max(id) FROM main.entries", "");
}

/* The file has the letters as they were before it failed, and those that memory had no room for. */
static int copy_letters_back(sqlite3 *memory)
{
    int r = database_run(memory,
        "INSERT INTO disk.letters (" LETTER_COLUMNS ") SELECT " LETTER_COLUMNS
        " FROM main.letters WHERE true ORDER BY number"
        " ON CONFLICT (kind, name, id) DO UPDATE SET state = excluded.state, tries = excluded.tries,"
        " result = excluded.result, changed_wall_ms = excluded.changed_wall_ms,"
        " document = excluded.document",
        "");

    return r < 0
               ? r
               : database_run(memory, "INSERT OR REPLACE INTO disk.channels SELECT * FROM main.channels", "");
}

/* The file may hold incidents and entries that memory has never seen, under the same numbers. */
static int copy_back(sqlite3 *memory, int64_t newest)
{
    int r = database_run(memory, "INSERT OR REPLACE INTO disk.snapshot SELECT * FROM main.snapshot", "");

    r = r < 0 ? r
              : database_run(memory,
                    "INSERT INTO disk.incidents SELECT * FROM main.incidents WHERE true"
                    " ON CONFLICT (id) DO UPDATE SET last_wall_ms = excluded.last_wall_ms,"
                    " last_event = excluded.last_event, ended = excluded.ended,"
                    " acked_by = iif(excluded.acked_by != '', excluded.acked_by, acked_by),"
                    " acked_wall_ms = max(excluded.acked_wall_ms, acked_wall_ms)",
                    "");
    r = r < 0 ? r
              : database_run(memory,
                    "INSERT INTO disk.entries"
                    " (incident, wall_ms, node, event, severity, condition, why, detail, evidence)"
                    " SELECT incident, wall_ms, node, event, severity, condition, why, detail, evidence"
                    " FROM main.entries WHERE id > ? ORDER BY id",
                    "i", newest);
    return r < 0 ? r
                 : database_run(memory,
                       "INSERT INTO disk.inputs (incident, wall_ms, now_ms, event)"
                       " SELECT incident, wall_ms, now_ms, event FROM main.inputs ORDER BY seq",
                       "");
}

int tables_carry_to_file(sqlite3 *memory, const char *directory, int64_t newest)
{
    int r = attach(memory, directory);

    if (r < 0)
        return r;
    r = database_run(memory, "PRAGMA disk.synchronous = FULL", "");
    r = r < 0 ? r : database_run(memory, "BEGIN IMMEDIATE", "");
    r = r < 0 ? r : copy_back(memory, newest);
    r = r < 0 ? r : copy_letters_back(memory);
    r = r < 0 ? r : database_run(memory, "COMMIT", "");
    if (r < 0)
        (void)database_run(memory, "ROLLBACK", "");
    (void)database_run(memory, "DETACH DATABASE disk", "");
    return r;
}
