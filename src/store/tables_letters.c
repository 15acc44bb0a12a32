/* What is on its way to people. */
#include "store/tables.h"

#include <string.h>

enum { CHANNELS_SPARED = 16 }; /* whose bounds are kept; further ones share as much again */

#define LETTER_COLUMNS                                                                                       \
    "number, kind, name, id, state, event, node, incident, severity, wall_ms, tries, result, "               \
    "changed_wall_ms,"                                                                                       \
    " came_wall_ms"

const char *letter_state_name(int state)
{
    static const char *const names[LETTER_STATE_COUNT] = {
        [LETTER_WAITING] = "waiting",
        [LETTER_PARKED] = "parked",
        [LETTER_SENT] = "sent",
        [LETTER_DROPPED] = "dropped",
        [LETTER_FOLDED] = "folded",
    };

    return state >= 0 && state < LETTER_STATE_COUNT ? names[state] : NULL;
}

static bool is_done(enum letter_state state)
{
    return state == LETTER_SENT || state == LETTER_DROPPED;
}

/* A document that is not needed any more is given up. Not in one statement: that would use up a number. */
static int write_letter(sqlite3 *database, const struct store_letter *letter)
{
    int r = database_run(database,
        "UPDATE letters SET state = ?, tries = ?, result = ?, changed_wall_ms = ?,"
        " document = iif(?, '', document) WHERE kind = ? AND name = ? AND id = ?",
        "iitiittt", (int64_t)letter->state, (int64_t)letter->tries, letter->result, letter->changed_wall_ms,
        (int64_t)is_done(letter->state), letter->kind, letter->name, letter->id);

    if (r < 0 || sqlite3_changes(database) > 0)
        return r;
    return database_run(database,
        "INSERT INTO letters (kind, name, id, state, event, node, incident, severity, wall_ms, tries, result,"
        " changed_wall_ms, came_wall_ms, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "tttittttiitiit", letter->kind, letter->name, letter->id, (int64_t)letter->state, letter->event,
        letter->node, letter->incident, letter->severity, letter->wall_ms, (int64_t)letter->tries,
        letter->result, letter->changed_wall_ms, letter->came_wall_ms,
        letter->state >= LETTER_SENT ? "" : letter->document);
}

static int64_t most_of(enum letter_state state)
{
    return is_done(state) ? STORE_DONE_MAX : STORE_PARKED_MAX;
}

static int prune_channel(sqlite3 *database, const struct store_letter *letter)
{
    return database_run(database,
        "DELETE FROM letters WHERE number IN (SELECT number FROM letters WHERE state BETWEEN ? AND ?"
        " AND kind = ? AND name = ? ORDER BY changed_wall_ms DESC, number DESC LIMIT -1 OFFSET ?)",
        "iitti", (int64_t)(is_done(letter->state) ? LETTER_SENT : LETTER_PARKED),
        (int64_t)(is_done(letter->state) ? LETTER_DROPPED : LETTER_PARKED), letter->kind, letter->name,
        most_of(letter->state));
}

/* Channels that were renamed again and again. */
static int prune_all(sqlite3 *database, enum letter_state first, enum letter_state last)
{
    return database_run(database,
        "DELETE FROM letters WHERE number IN (SELECT number FROM letters WHERE state BETWEEN ? AND ?"
        " ORDER BY changed_wall_ms DESC, number DESC LIMIT -1 OFFSET ?)",
        "iii", (int64_t)first, (int64_t)last, 2 * CHANNELS_SPARED * most_of(first));
}

/* Whether LETTERS has another one of the same channel and bound behind AT, which will do. */
static bool is_pruned_later(const struct store_letter *letters, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count; i++)
        if (letters[i].state != LETTER_WAITING && letters[i].state != LETTER_FOLDED &&
            is_done(letters[i].state) == is_done(letters[at].state) &&
            strcmp(letters[i].kind, letters[at].kind) == 0 && strcmp(letters[i].name, letters[at].name) == 0)
            return true;
    return false;
}

static int prune(sqlite3 *database, const struct store_letter *letters, size_t count)
{
    bool any = false, folded = false;
    int r = 0;

    for (size_t i = 0; i < count && r == 0; i++) {
        folded = folded || letters[i].state == LETTER_FOLDED;
        if (letters[i].state == LETTER_WAITING || letters[i].state == LETTER_FOLDED ||
            is_pruned_later(letters, count, i))
            continue;
        r = prune_channel(database, &letters[i]);
        any = true;
    }
    if (r == 0 && folded)
        r = database_run(database, "DELETE FROM letters WHERE state = ?", "i", (int64_t)LETTER_FOLDED);
    if (r < 0 || !any)
        return r;
    r = prune_all(database, LETTER_PARKED, LETTER_PARKED);
    return r < 0 ? r : prune_all(database, LETTER_SENT, LETTER_DROPPED);
}

int tables_write_letters(sqlite3 *database, const struct store_letter *letters, size_t count)
{
    const char *path = sqlite3_db_filename(database, "main");
    int r = 0;

    for (size_t i = 0; i < count && r == 0; i++)
        r = write_letter(database, &letters[i]);
    /* In memory, what is done is the mark that keeps the disk's from being sent again. */
    return r == 0 && path && path[0] ? prune(database, letters, count) : r;
}

int tables_write_channel(sqlite3 *database, const struct store_channel *channel)
{
    int r = database_run(database,
        "INSERT OR REPLACE INTO channels (kind, name, document, changed_wall_ms) VALUES (?, ?, ?, ?)", "ttti",
        channel->kind, channel->name, channel->document, channel->changed_wall_ms);

    return r < 0 ? r
                 : database_run(database,
                       "DELETE FROM channels WHERE (kind, name) IN (SELECT kind, name FROM channels"
                       " ORDER BY changed_wall_ms DESC LIMIT -1 OFFSET ?)",
                       "i", (int64_t)STORE_CHANNELS_MAX);
}

static bool read_letter(sqlite3_stmt *row, struct arena *arena, void *ret)
{
    struct store_letter *letter = ret;
    int state = sqlite3_column_int(row, 4);

    letter->number = sqlite3_column_int64(row, 0);
    letter->kind = tables_text_at(row, 1, arena);
    letter->name = tables_text_at(row, 2, arena);
    letter->id = tables_text_at(row, 3, arena);
    letter->state = letter_state_name(state) ? (enum letter_state)state : LETTER_PARKED;
    letter->event = tables_text_at(row, 5, arena);
    letter->node = tables_text_at(row, 6, arena);
    letter->incident = tables_text_at(row, 7, arena);
    letter->severity = tables_text_at(row, 8, arena);
    letter->wall_ms = sqlite3_column_int64(row, 9);
    letter->tries = (uint32_t)sqlite3_column_int64(row, 10);
    letter->result = tables_text_at(row, 11, arena);
    letter->changed_wall_ms = sqlite3_column_int64(row, 12);
    letter->came_wall_ms = sqlite3_column_int64(row, 13);
    letter->document = tables_text_at(row, 14, arena);
    return letter->kind && letter->name && letter->id && letter->event && letter->node && letter->incident &&
           letter->severity && letter->result && letter->document;
}

int tables_read_letters(sqlite3 *database, struct arena *arena, const struct store_letter_filter *filter,
    struct store_letter **ret_letters, size_t *ret_count)
{
    const size_t most = filter->documents ? STORE_LETTERS_MAX : STORE_LETTERS_TOLD_MAX;
    const int64_t limit = (int64_t)(filter->limit > 0 && filter->limit < most ? filter->limit : most);
    const int64_t states = filter->states ? (int64_t)filter->states : -1;
    sqlite3_stmt *statement;
    void *rows;
    int r = database_prepare(database, &statement,
        "SELECT * FROM (SELECT " LETTER_COLUMNS ", iif(?, document, '') FROM letters"
        " WHERE ? >> state & 1 AND (? = 0 OR number = ?) AND number > ?"
        " ORDER BY iif(?, -number, number) LIMIT ?) ORDER BY number",
        "iiiiiii", (int64_t)filter->documents, states, filter->number, filter->number, filter->after,
        (int64_t)filter->newest, limit);

    r = r < 0
            ? r
            : tables_read_rows(statement, arena, sizeof(struct store_letter), read_letter, &rows, ret_count);
    if (r == 0)
        *ret_letters = rows;
    return r;
}

static bool read_channel(sqlite3_stmt *row, struct arena *arena, void *ret)
{
    struct store_channel *channel = ret;

    channel->kind = tables_text_at(row, 0, arena);
    channel->name = tables_text_at(row, 1, arena);
    channel->document = tables_text_at(row, 2, arena);
    channel->changed_wall_ms = sqlite3_column_int64(row, 3);
    channel->parked = (size_t)sqlite3_column_int64(row, 4);
    return channel->kind && channel->name && channel->document;
}

int tables_read_channels(
    sqlite3 *database, struct arena *arena, struct store_channel **ret_channels, size_t *ret_count)
{
    sqlite3_stmt *statement;
    void *rows;
    int r = database_prepare(database, &statement,
        "SELECT kind, name, max(document), max(changed_wall_ms), sum(parked) FROM"
        " (SELECT kind, name, document, changed_wall_ms, 0 AS parked FROM channels UNION ALL"
        " SELECT kind, name, '', 0, count(*) FROM letters WHERE state = ? GROUP BY kind, name)"
        " GROUP BY kind, name",
        "i", (int64_t)LETTER_PARKED);

    r = r < 0 ? r
              : tables_read_rows(
                    statement, arena, sizeof(struct store_channel), read_channel, &rows, ret_count);
    if (r == 0)
        *ret_channels = rows;
    return r;
}
