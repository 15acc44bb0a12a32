/* What is in the tables: written and read, one thing at a time. Errors are those of database.h. */
#ifndef RMQWATCH_STORE_TABLES_H
#define RMQWATCH_STORE_TABLES_H

#include "store/arena.h"
#include "store/database.h"
#include "store/store.h"

/* Inside a transaction of the caller's. */
int tables_write_snapshot(sqlite3 *database, const char *document);
int tables_write_entry(sqlite3 *database, const struct store_entry *entry);
int tables_write_inputs(
    sqlite3 *database, const char *incident, const struct store_input *inputs, size_t count);
/* -ENOENT when there is no such incident. */
int tables_write_ack(sqlite3 *database, const char *id, const char *who, int64_t wall_ms);

/* Each as it is now, whether it was there or not; past the bounds of store.h the oldest go. */
int tables_write_letters(sqlite3 *database, const struct store_letter *letters, size_t count);
int tables_write_channel(sqlite3 *database, const struct store_channel *channel);

/* *ret_document is the caller's, to be freed. -ENOENT. */
int tables_read_snapshot(sqlite3 *database, char **ret_document);
/* Newest first; LIMIT 0: all. */
int tables_read_incidents(sqlite3 *database, struct arena *arena, size_t limit,
    struct store_incident **ret_incidents, size_t *ret_count);
/* -ENOENT. */
int tables_read_incident(
    sqlite3 *database, struct arena *arena, const char *id, struct store_incident *ret_incident);
/* The newest LIMIT of an incident, or (NULL) of all, in their order. */
int tables_read_entries(sqlite3 *database, struct arena *arena, const char *incident, size_t limit,
    struct store_entry **ret_entries, size_t *ret_count);
int tables_read_inputs(sqlite3 *database, struct arena *arena, const char *incident,
    struct store_input **ret_inputs, size_t *ret_count);

int tables_read_letters(sqlite3 *database, struct arena *arena, const struct store_letter_filter *filter,
    struct store_letter **ret_letters, size_t *ret_count);
int tables_read_channels(
    sqlite3 *database, struct arena *arena, struct store_channel **ret_channels, size_t *ret_count);

/* The rows of a statement as an array. READ fills one of SIZE bytes, and is false when out of memory. Ends
 * the statement. */
int tables_read_rows(sqlite3_stmt *statement, struct arena *arena, size_t size,
    bool (*read)(sqlite3_stmt *row, struct arena *arena, void *ret), void **ret_rows, size_t *ret_count);
/* A text of a row; NULL when out of memory. */
const char *tables_text_at(sqlite3_stmt *row, int column, struct arena *arena);

/* Fills an empty database in MEMORY with the newest of what DIRECTORY's file holds, as far as that can be
 * read; *ret_newest is the last entry that it has then. */
void tables_carry_to_memory(sqlite3 *memory, const char *directory, int64_t *ret_newest);
/* Adds to DIRECTORY's file what came to MEMORY after the entry NEWEST. */
int tables_carry_to_file(sqlite3 *memory, const char *directory, int64_t newest);
/* Makes room in a database in memory that is full: the inputs, the older half of the entries and of the
 * parked letters, the letters that wait, which whoever sends them has in memory, too, and all but the newest
 * marks. */
int tables_purge(sqlite3 *database);

#endif
