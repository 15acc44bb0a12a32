/* Where things are kept right now: in the file, or in memory while the file fails. The thread's own. */
#ifndef RMQWATCH_STORE_MEDIUM_H
#define RMQWATCH_STORE_MEDIUM_H

#include "store/database.h"

#include <stdbool.h>

struct medium {
    const char *directory; /* the caller's */
    sqlite3 *database;     /* NULL: not even memory could be had */
    bool in_memory;
    bool document_due; /* the database in use has not got the document yet */
    char *document;    /* the newest snapshot; NULL: none is known */
    int64_t newest;    /* in memory: the last entry that came from the file */
    uint64_t moves;    /* how often another database came into use */
    int result;        /* 0, or why it is in memory */
    char problem[320]; /* the same for people */
    char news[320];    /* a damaged file was put aside: to be told once; empty when it was */
};

/* Opens what can be opened in medium->directory, and reads the document that is in it. 0, -ENOENT: there is
 * none; -EBADMSG: it was damaged, or other negative errnos: it cannot be read. The medium is usable in any
 * case. */
int medium_open(struct medium *medium);
void medium_close(struct medium *medium); /* accepts a zeroed one */
/* Takes DOCUMENT over; it is written with the next medium_begin(). */
void medium_set_document(struct medium *medium, char *document);
/* Reads the whole file once; what is damaged is put aside. */
void medium_check(struct medium *medium);

/* A transaction. 0 or a negative errno, which is to be given to medium_recover() before the next attempt. */
int medium_begin(struct medium *medium);
int medium_commit(struct medium *medium);
void medium_rollback(struct medium *medium);
/* Does what helps against RESULT: puts a damaged file aside, goes over to memory, makes room there. */
void medium_recover(struct medium *medium, int result);
/* In memory: goes back to the file if that works again. */
void medium_retry(struct medium *medium);

#endif
