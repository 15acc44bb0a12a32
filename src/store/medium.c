#include "store/medium.h"
#include "store/tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void enter_memory(struct medium *medium, int result)
{
    database_close(medium->database);
    medium->database = NULL;
    medium->in_memory = true;
    medium->document_due = true;
    medium->newest = 0;
    medium->moves++;
    medium->result = result;
    snprintf(medium->problem, sizeof(medium->problem),
        "%s/%s: %s; incidents and history are kept in memory until it can be written", medium->directory,
        STORE_FILE, result == -EBADMSG ? "it is damaged, and cannot be put aside" : strerror(-result));
    if (database_open_memory(&medium->database) == 0)
        tables_carry_to_memory(medium->database, medium->directory, &medium->newest);
}

static int put_aside(struct medium *medium)
{
    int r = database_move_aside(medium->directory);

    if (r == 0)
        snprintf(medium->news, sizeof(medium->news),
            "%s/%s was damaged, or of another version; it is kept as %s, and a new one was begun",
            medium->directory, STORE_FILE, STORE_FILE_DAMAGED);
    return r;
}

/* A file that can be written to, or a negative errno. */
static int open_file(struct medium *medium, sqlite3 **ret_database)
{
    int r = database_open(medium->directory, ret_database);

    if (r != -EBADMSG)
        return r;
    r = put_aside(medium);
    return r < 0 ? r : database_open(medium->directory, ret_database);
}

static void enter_file(struct medium *medium)
{
    int r;

    database_close(medium->database);
    medium->database = NULL;
    medium->document_due = true;
    medium->moves++;
    r = open_file(medium, &medium->database);
    if (r < 0)
        enter_memory(medium, r);
}

/* What cannot be written may still be read: an operator's hold must outlive a start on a full disk. */
static int read_stranded(struct medium *medium)
{
    sqlite3 *database;

    if (medium->result == -EBADMSG || database_open_stranded(medium->directory, &database) < 0)
        return medium->result;
    medium->document_due = tables_read_snapshot(database, &medium->document) == 0;
    database_close(database);
    return medium->document_due ? 0 : medium->result;
}

int medium_open(struct medium *medium)
{
    int r;

    enter_file(medium);
    medium->document_due = false;
    if (medium->in_memory)
        return read_stranded(medium);
    r = tables_read_snapshot(medium->database, &medium->document);
    if (r < 0 && r != -ENOENT)
        medium_recover(medium, r);
    return medium->news[0] ? -EBADMSG : r;
}

void medium_close(struct medium *medium)
{
    database_close(medium->database);
    medium->database = NULL;
    free(medium->document);
    medium->document = NULL;
}

void medium_set_document(struct medium *medium, char *document)
{
    free(medium->document);
    medium->document = document;
    medium->document_due = true;
}

void medium_check(struct medium *medium)
{
    int r = medium->database && !medium->in_memory ? database_check(medium->database) : 0;

    if (r < 0)
        medium_recover(medium, r);
}

int medium_begin(struct medium *medium)
{
    int r;

    if (!medium->database)
        return -ENOMEM;
    r = medium->in_memory ? 0 : database_has_moved(medium->database);
    r = r < 0 ? r : database_run(medium->database, "BEGIN IMMEDIATE", "");
    if (r < 0 || !medium->document || !medium->document_due)
        return r;
    r = tables_write_snapshot(medium->database, medium->document);
    if (r < 0)
        medium_rollback(medium);
    return r;
}

int medium_commit(struct medium *medium)
{
    int r = database_run(medium->database, "COMMIT", "");

    if (r < 0)
        medium_rollback(medium);
    else
        medium->document_due = false;
    return r;
}

void medium_rollback(struct medium *medium)
{
    /* Some errors have done so already. */
    if (!sqlite3_get_autocommit(medium->database))
        (void)database_run(medium->database, "ROLLBACK", "");
}

void medium_recover(struct medium *medium, int result)
{
    int r = 0;

    if (medium->in_memory) {
        if (!medium->database || (result != -ENOMEM && result != -ENOSPC))
            enter_memory(medium, medium->result);
        else if (result == -ENOSPC)
            (void)tables_purge(medium->database);
        return;
    }
    if (result == -ENOMEM)
        return;
    if (result != -EBADMSG && result != -ESTALE) {
        enter_memory(medium, result);
        return;
    }
    database_close(medium->database);
    medium->database = NULL;
    if (result == -EBADMSG)
        r = put_aside(medium);
    if (r < 0)
        enter_memory(medium, result);
    else
        enter_file(medium);
}

void medium_retry(struct medium *medium)
{
    sqlite3 *file = NULL;
    int r;

    if (!medium->in_memory)
        return;
    r = open_file(medium, &file);
    if (r == 0 && medium->database)
        r = tables_carry_to_file(medium->database, medium->directory, medium->newest);
    if (r < 0) {
        database_close(file);
        if (r == -EBADMSG) /* found out only now; the next attempt begins a new one */
            (void)put_aside(medium);
        return;
    }
    database_close(medium->database);
    medium->database = file;
    medium->in_memory = false;
    medium->document_due = true;
    medium->moves++;
    medium->result = 0;
    medium->problem[0] = '\0';
}
