/* SQLite as the store uses it: opening, the schema, one statement at a time, errors as negative errnos.
 * A damaged file is -EBADMSG, whenever it is found out. */
#ifndef RMQWATCH_STORE_DATABASE_H
#define RMQWATCH_STORE_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Opens DIRECTORY's file for writing; creates it, and its tables, when there is none. */
int database_open(const char *directory, sqlite3 **ret_database);
/* For reading only; changes nothing, not even a file that needs to be recovered. */
int database_open_reader(const char *directory, sqlite3 **ret_database);
/* The same where database_open() has failed, as far as a disk that is full or read-only lets it. */
int database_open_stranded(const char *directory, sqlite3 **ret_database);
enum { DATABASE_URI_MAX = 3 * 4096 + 32 };
/* DIRECTORY's file as SQLite's URI, which says that nobody writes there: for a disk that is read-only. -EBUSY
 * when it was not closed in good order: what is only in the log would be missed. */
int database_stranded_uri(const char *directory, char *uri, size_t size);
/* The same tables in memory, with a bound. Past it writing gives -ENOSPC. */
int database_open_memory(sqlite3 **ret_database);
void database_close(sqlite3 *database); /* accepts NULL */
/* Reads all of it once. */
int database_check(sqlite3 *database);
/* Whether the file was removed or replaced since it was opened: what is written would be lost. */
int database_has_moved(sqlite3 *database);
/* Puts DIRECTORY's file out of the way, under the name for damaged ones. */
int database_move_aside(const char *directory);
/* DIRECTORY's file, as a path. -ENAMETOOLONG. */
int database_path(const char *directory, char *path, size_t size);

/* What SQLite's result CODE means. 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. */
int database_errno(sqlite3 *database, int code);

/* Prepares SQL and binds its parameters, one letter of TYPES each: t for const char *, i for int64_t. On
 * success the statement is the caller's, for sqlite3_finalize(). */
int database_prepare(
    sqlite3 *database, sqlite3_stmt **ret_statement, const char *sql, const char *types, ...);
/* Prepares, runs it to its end, forgets what it gives. */
int database_run(sqlite3 *database, const char *sql, const char *types, ...);
/* The first column of the first row as a number; 0 when there is no row. */
int database_get(sqlite3 *database, int64_t *ret_value, const char *sql, const char *types, ...);

#endif
