#include "store/database.h"

#include <errno.h>
#include <stdarg.h>

/* It is what the last system call left. A file that is read or written does exist: ENOENT is of an older
 * call, or of SQLite's looking for a journal afterwards. */
static int errno_of_io(sqlite3 *database, int code)
{
    int error = sqlite3_system_errno(database);

    return error > 0 && (error != ENOENT || code == SQLITE_CANTOPEN) ? -error : -EIO;
}

int database_errno(sqlite3 *database, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:      /* our statements are right: the tables are not as we made them */
    case SQLITE_CONSTRAINT: /* nor do we break a constraint */
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
        return -EBADMSG;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return -EBUSY;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    default:
        return errno_of_io(database, code & 0xff);
    }
}

static int prepare(
    sqlite3 *database, sqlite3_stmt **ret_statement, const char *sql, const char *types, va_list arguments)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return database_errno(database, code);
    for (int i = 0; types[i] && code == SQLITE_OK; i++) {
        if (types[i] == 't') {
            const char *text = va_arg(arguments, const char *);

            /* The caller's texts outlive the statement. */
            code = sqlite3_bind_text(statement, i + 1, text ? text : "", -1, SQLITE_STATIC);
        } else {
            code = sqlite3_bind_int64(statement, i + 1, va_arg(arguments, int64_t));
        }
    }
    if (code != SQLITE_OK) {
        (void)sqlite3_finalize(statement);
        return database_errno(database, code);
    }
    *ret_statement = statement;
    return 0;
}

int database_prepare(sqlite3 *database, sqlite3_stmt **ret_statement, const char *sql, const char *types, ...)
{
    va_list arguments;
    int r;

    va_start(arguments, types);
    r = prepare(database, ret_statement, sql, types, arguments);
    va_end(arguments);
    return r;
}

/* VALUE is the first column of the first row, or left alone. */
static int run(sqlite3_stmt *statement, int64_t *value)
{
    int code, r;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (value)
            *value = sqlite3_column_int64(statement, 0);
        value = NULL;
    }
    r = database_errno(sqlite3_db_handle(statement), code);
    (void)sqlite3_finalize(statement);
    return r;
}

int database_run(sqlite3 *database, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list arguments;
    int r;

    va_start(arguments, types);
    r = prepare(database, &statement, sql, types, arguments);
    va_end(arguments);
    return r < 0 ? r : run(statement, NULL);
}

int database_get(sqlite3 *database, int64_t *ret_value, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    int64_t value = 0;
    va_list arguments;
    int r;

    va_start(arguments, types);
    r = prepare(database, &statement, sql, types, arguments);
    va_end(arguments);
    r = r < 0 ? r : run(statement, &value);
    if (r == 0)
        *ret_value = value;
    return r;
}
