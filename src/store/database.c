#include "store/database.h"
#include "store/store.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 2, BUSY_MS = 250 };

/* The daemon's memory is small, and its writes are rare: a cache of sixteen pages. A write is only answered
 * for once it is on the disk itself. */
static const char *const settings[] = {
    "PRAGMA cache_size = -64",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 128",
    "PRAGMA journal_size_limit = 524288",
};

static const char *const schema[] = {
    "CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL)",
    "CREATE TABLE incidents (id TEXT PRIMARY KEY, node TEXT NOT NULL, since_wall_ms INTEGER NOT NULL,"
    " last_wall_ms INTEGER NOT NULL, last_event TEXT NOT NULL, ended INTEGER NOT NULL,"
    " acked_by TEXT NOT NULL DEFAULT '', acked_wall_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE INDEX incidents_since ON incidents (since_wall_ms)",
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, incident TEXT NOT NULL, wall_ms INTEGER NOT NULL,"
    " node TEXT NOT NULL, event TEXT NOT NULL, severity TEXT NOT NULL, condition TEXT NOT NULL,"
    " why TEXT NOT NULL, detail TEXT NOT NULL, evidence TEXT NOT NULL)",
    "CREATE INDEX entries_incident ON entries (incident)",
    "CREATE TABLE inputs (seq INTEGER PRIMARY KEY, incident TEXT NOT NULL, wall_ms INTEGER NOT NULL,"
    " now_ms INTEGER NOT NULL, event TEXT NOT NULL)",
    "CREATE INDEX inputs_incident ON inputs (incident)",
    "PRAGMA application_id = 1380798807", /* "RMQW": what file(1) and people see */
};

/* Since version 2: what a file of version 1 gets in addition. No number is ever used again. */
static const char *const schema_of_letters[] = {
    "CREATE TABLE letters (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL,"
    " id TEXT NOT NULL, state INTEGER NOT NULL, event TEXT NOT NULL, node TEXT NOT NULL,"
    " incident TEXT NOT NULL, severity TEXT NOT NULL, wall_ms INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " result TEXT NOT NULL, changed_wall_ms INTEGER NOT NULL, came_wall_ms INTEGER NOT NULL,"
    " document TEXT NOT NULL,"
    " UNIQUE (kind, name, id))",
    "CREATE INDEX letters_state ON letters (state, kind, name)",
    "CREATE TABLE channels (kind TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,"
    " changed_wall_ms INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
    "PRAGMA user_version = 2",
};

static int run_all(sqlite3 *database, const char *const *statements, size_t count)
{
    int r = 0;

    for (size_t i = 0; i < count && r == 0; i++)
        r = database_run(database, statements[i], "");
    return r;
}

/* VERSION: what the file has so far; 0: nothing. */
static int create_tables(sqlite3 *database, int64_t version)
{
    int r = database_run(database, "BEGIN IMMEDIATE", "");

    if (r < 0)
        return r;
    if (version < 1)
        r = run_all(database, schema, sizeof(schema) / sizeof(schema[0]));
    r = r < 0
            ? r
            : run_all(database, schema_of_letters, sizeof(schema_of_letters) / sizeof(schema_of_letters[0]));
    r = r < 0 ? r : database_run(database, "COMMIT", "");
    if (r < 0)
        (void)database_run(database, "ROLLBACK", "");
    return r;
}

/* What a later version made is as good as damaged: it is put aside, not written to. */
static int check_version(sqlite3 *database)
{
    int64_t version;
    int r = database_get(database, &version, "PRAGMA user_version", "");

    if (r < 0)
        return r;
    if (version >= 0 && version < SCHEMA_VERSION)
        return create_tables(database, version);
    return version == SCHEMA_VERSION ? 0 : -EBADMSG;
}

int database_path(const char *directory, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/%s", directory, STORE_FILE);

    return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

/* SQLite tells less of what is wrong with a file, and gives a new one more permissions. */
static int touch_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat status;
    int r = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        r = -errno;
    else if (!S_ISREG(status.st_mode))
        r = -EINVAL;
    else if ((status.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
        r = -errno;
    (void)close(fd);
    return r;
}

static int connect_to(const char *path, int flags, sqlite3 **ret_database)
{
    sqlite3 *database = NULL;
    int code = sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK) {
        int r = database ? database_errno(database, code) : -ENOMEM;

        (void)sqlite3_close(database);
        return r;
    }
    (void)sqlite3_extended_result_codes(database, 1);
    (void)sqlite3_busy_timeout(database, BUSY_MS);
    /* A hundred kilobytes per connection, for a speed that nobody needs here. */
    (void)sqlite3_db_config(database, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
    *ret_database = database;
    return 0;
}

int database_open(const char *directory, sqlite3 **ret_database)
{
    char path[PATH_MAX];
    sqlite3 *database;
    int r = database_path(directory, path, sizeof(path));

    r = r < 0 ? r : touch_file(path);
    r = r < 0 ? r : connect_to(path, SQLITE_OPEN_READWRITE, &database);
    if (r < 0)
        return r;
    r = run_all(database, settings, sizeof(settings) / sizeof(settings[0]));
    r = r < 0 ? r : check_version(database);
    if (r < 0) {
        database_close(database);
        return r;
    }
    *ret_database = database;
    return 0;
}

/* SETTING comes before the first read. */
static int read_from(const char *path, int flags, const char *setting, sqlite3 **ret_database)
{
    sqlite3 *database;
    int64_t version = 0;
    int r = connect_to(path, flags, &database);

    if (r < 0)
        return r;
    r = database_run(database, setting, "");
    r = r < 0 ? r : database_get(database, &version, "PRAGMA user_version", "");
    if (r == 0 && (version < 1 || version > SCHEMA_VERSION))
        r = -EBADMSG;
    if (r < 0) {
        database_close(database);
        return r;
    }
    *ret_database = database;
    return 0;
}

int database_open_reader(const char *directory, sqlite3 **ret_database)
{
    char path[PATH_MAX];
    int r = database_path(directory, path, sizeof(path));

    r = r < 0 || access(path, R_OK) == 0 ? r : -errno;
    return r < 0 ? r : read_from(path, SQLITE_OPEN_READONLY, "PRAGMA query_only = 1", ret_database);
}

int database_stranded_uri(const char *directory, char *uri, size_t size)
{
    char path[PATH_MAX], log[PATH_MAX + 8];
    int r = database_path(directory, path, sizeof(path));

    if (r < 0)
        return r;
    (void)snprintf(log, sizeof(log), "%s-wal", path);
    if (access(log, F_OK) == 0)
        return -EBUSY;
    uri[0] = '\0';
    text_append(uri, size, "file:");
    for (const char *at = path; *at; at++)
        text_append(uri, size, strchr("%?#", *at) ? "%%%02X" : "%c", (unsigned char)*at);
    text_append(uri, size, "?immutable=1");
    return 0;
}

int database_open_stranded(const char *directory, sqlite3 **ret_database)
{
    const int uri_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    char path[PATH_MAX], uri[DATABASE_URI_MAX];
    int r = database_open_reader(directory, ret_database);

    if (r == 0 || database_path(directory, path, sizeof(path)) < 0)
        return r;
    /* Full: there is no room for the index that connections share; one that is alone needs none. */
    if (read_from(path, SQLITE_OPEN_READWRITE, "PRAGMA locking_mode = EXCLUSIVE", ret_database) == 0)
        return 0;
    if (database_stranded_uri(directory, uri, sizeof(uri)) < 0)
        return r;
    return read_from(uri, uri_flags, "PRAGMA query_only = 1", ret_database);
}

int database_open_memory(sqlite3 **ret_database)
{
    sqlite3 *database;
    int r = connect_to(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, &database);

    if (r < 0)
        return r;
    r = database_run(database, "PRAGMA temp_store = MEMORY", "");
    r = r < 0 ? r : database_run(database, "PRAGMA max_page_count = 640", ""); /* of 4 KiB each */
    r = r < 0 ? r : create_tables(database, 0);
    if (r < 0) {
        database_close(database);
        return r;
    }
    *ret_database = database;
    return 0;
}

void database_close(sqlite3 *database)
{
    (void)sqlite3_close(database);
}

int database_check(sqlite3 *database)
{
    sqlite3_stmt *statement;
    int code, r = database_prepare(database, &statement, "PRAGMA quick_check(1)", "");

    if (r < 0)
        return r;
    code = sqlite3_step(statement);
    r = database_errno(database, code);
    if (r == 0 && (code != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0))
        r = -EBADMSG;
    (void)sqlite3_finalize(statement);
    return r;
}

int database_has_moved(sqlite3 *database)
{
    int moved = 0;
    int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

    return code == SQLITE_OK && moved ? -ESTALE : 0;
}

static int move(const char *directory, const char *suffix)
{
    char from[PATH_MAX], to[PATH_MAX];
    int length = snprintf(to, sizeof(to), "%s/%s%s", directory, STORE_FILE_DAMAGED, suffix);

    if (length < 0 || (size_t)length >= sizeof(to))
        return -ENAMETOOLONG;
    snprintf(from, sizeof(from), "%s/%s%s", directory, STORE_FILE, suffix);
    if (rename(from, to) == 0)
        return 0;
    if (errno != ENOENT)
        return -errno;
    /* What the former one left must not be taken for this one's. */
    return unlink(to) == 0 || errno == ENOENT ? 0 : -errno;
}

int database_move_aside(const char *directory)
{
    char index[PATH_MAX];
    int r = move(directory, "-wal"); /* first: a new file must never meet an old log */

    r = r < 0 ? r : move(directory, "");
    if (snprintf(index, sizeof(index), "%s/%s-shm", directory, STORE_FILE) < (int)sizeof(index))
        (void)unlink(index);
    return r;
}
