/* Letters in the store: their order, bounds and numbers, and the file of the version that had none. */
#include "cmocka_all.h"
#include "store/database.h"
#include "store_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int answers, result;
    size_t count, parked;
    struct store_letter letters[16]; /* the first; texts are below */
    char ids[16][32], documents[16][64], document[64];
} heard;

static void on_kept(void *context, int result)
{
    (void)context;
    heard.answers++;
    heard.result = result;
}

static void on_letters(void *context, int result, const struct store_letter *letters, size_t count)
{
    on_kept(context, result);
    heard.count = count;
    for (size_t i = 0; i < count && i < 16; i++) {
        heard.letters[i] = letters[i];
        snprintf(heard.ids[i], sizeof(heard.ids[i]), "%s", letters[i].id);
        snprintf(heard.documents[i], sizeof(heard.documents[i]), "%s", letters[i].document);
    }
}

static void on_channels(void *context, int result, const struct store_channel *channels, size_t count)
{
    on_kept(context, result);
    heard.count = count;
    heard.parked = count > 0 ? channels[0].parked : 0;
    snprintf(heard.document, sizeof(heard.document), "%s", count > 0 ? channels[0].document : "");
}

static void wait_for_answer(struct store_fixture *f, int asked)
{
    int answers = heard.answers;

    assert_int_equal(asked, 0);
    uv_update_time(&f->loop);
    while (heard.answers == answers)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(heard.result, 0);
}

/* COUNT letters, numbered from FIRST. */
static void keep(struct store_fixture *f, const char *name, enum letter_state state, int first, int count)
{
    struct store_letter letters[STORE_LETTERS_MAX];
    char ids[STORE_LETTERS_MAX][16];

    while (count > 0) {
        int n = count < STORE_LETTERS_MAX ? count : STORE_LETTERS_MAX;

        for (int i = 0; i < n; i++) {
            snprintf(ids[i], sizeof(ids[i]), "id-%d", first + i);
            letters[i] = (struct store_letter){.kind = "slack",
                .name = name,
                .id = ids[i],
                .state = state,
                .event = "crashed",
                .changed_wall_ms = 1700000000000 + first + i,
                .document = "{}"};
        }
        wait_for_answer(f, store_keep_letters(f->store, letters, (size_t)n, NULL, 0, on_kept, f));
        first += n;
        count -= n;
    }
}

static void list(struct store_fixture *f, struct store_letter_filter filter)
{
    wait_for_answer(f, store_letters(f->store, &filter, on_letters, f));
}

static void test_letters_have_an_order_and_a_state(void **state)
{
    struct store_fixture *f = *state;

    fixture_open(f);
    keep(f, "ops", LETTER_WAITING, 0, 3);
    list(f, (struct store_letter_filter){0});
    assert_int_equal(heard.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(heard.letters[i].number, i + 1);
    assert_string_equal(heard.documents[0], ""); /* was not asked for */
    keep(f, "ops", LETTER_PARKED, 1, 1);         /* another state of one that is there */
    keep(f, "other", LETTER_WAITING, 1, 1);      /* and the same letter for another channel */
    list(f, (struct store_letter_filter){.documents = true});
    assert_int_equal(heard.count, 4);
    assert_string_equal(heard.ids[1], "id-1");
    assert_int_equal(heard.letters[1].state, LETTER_PARKED);
    assert_string_equal(heard.documents[1], "{}");
    keep(f, "ops", LETTER_SENT, 1, 1);
    list(f, (struct store_letter_filter){.number = 2, .documents = true});
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.letters[0].state, LETTER_SENT);
    assert_string_equal(heard.documents[0], ""); /* it is not needed any more */
    list(f, (struct store_letter_filter){.states = 1u << LETTER_WAITING, .after = 1, .limit = 1});
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.letters[0].number, 3);
    list(f, (struct store_letter_filter){.limit = 2, .newest = true});
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.letters[0].number, 3);
    assert_int_equal(heard.letters[1].number, 4);
}

static void test_what_is_kept_for_show_is_bounded(void **state)
{
    struct store_fixture *f = *state;

    fixture_open(f);
    keep(f, "ops", LETTER_SENT, 0, 150);
    keep(f, "ops", LETTER_DROPPED, 150, 100);
    keep(f, "ops", LETTER_PARKED, 1000, STORE_PARKED_MAX + 30);
    keep(f, "other", LETTER_PARKED, 0, 5);
    keep(f, "ops", LETTER_WAITING, 2000, 300);
    list(f, (struct store_letter_filter){.states = 1u << LETTER_SENT | 1u << LETTER_DROPPED});
    assert_int_equal(heard.count, STORE_DONE_MAX);
    assert_string_equal(heard.ids[0], "id-50"); /* the oldest went */
    list(f, (struct store_letter_filter){.states = 1u << LETTER_PARKED});
    assert_int_equal(heard.count, STORE_PARKED_MAX + 5);
    assert_string_equal(heard.ids[0], "id-1030");
    list(
        f, (struct store_letter_filter){.states = 1u << LETTER_WAITING}); /* whoever sends them bounds them */
    assert_int_equal(heard.count, 300);
    list(f, (struct store_letter_filter){.states = 1u << LETTER_WAITING, .documents = true});
    assert_int_equal(heard.count, STORE_LETTERS_MAX);
    assert_string_equal(heard.ids[0], "id-2000");
}

static void test_channels_remember(void **state)
{
    struct store_fixture *f = *state;
    struct store_channel channel = {.kind = "slack", .name = "ops", .document = "{\"a\":1}"};

    fixture_open(f);
    wait_for_answer(f, store_channels(f->store, on_channels, f));
    assert_int_equal(heard.count, 0);
    wait_for_answer(f, store_keep_letters(f->store, NULL, 0, &channel, 1, on_kept, f));
    channel.document = "{\"a\":2}";
    wait_for_answer(f, store_keep_letters(f->store, NULL, 0, &channel, 1, on_kept, f));
    keep(f, "ops", LETTER_PARKED, 0, 3);
    fixture_close(f);
    fixture_open(f);
    wait_for_answer(f, store_channels(f->store, on_channels, f));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.parked, 3);
    assert_string_equal(heard.document, "{\"a\":2}");
    for (int i = 0; i < STORE_CHANNELS_MAX + 5; i++) { /* renamed again and again */
        char name[16];

        snprintf(name, sizeof(name), "n%d", i);
        channel = (struct store_channel){.kind = "mail", .name = name, .changed_wall_ms = 1 + i};
        wait_for_answer(f, store_keep_letters(f->store, NULL, 0, &channel, 1, on_kept, f));
    }
    wait_for_answer(f, store_channels(f->store, on_channels, f));
    assert_int_equal(heard.count, STORE_CHANNELS_MAX + 1); /* and "ops", of which there are letters */
}

/* No number means two letters, not even after the newest is gone. */
static void test_numbers_are_not_used_again(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *database;

    fixture_open(f);
    keep(f, "ops", LETTER_WAITING, 0, 2);
    fixture_close(f);
    assert_int_equal(database_open(f->directory, &database), 0);
    assert_int_equal(database_run(database, "DELETE FROM letters", ""), 0);
    database_close(database);
    fixture_open(f);
    keep(f, "ops", LETTER_WAITING, 7, 1);
    list(f, (struct store_letter_filter){0});
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.letters[0].number, 3);
}

/* What version 1 had is kept, and not put aside. */
static void test_a_file_of_version_1_gets_what_it_lacks(void **state)
{
    struct store_fixture *f = *state;
    sqlite3 *database;

    fixture_open(f);
    fixture_save(f, 7);
    fixture_record(f, "a", 1);
    fixture_close(f);
    assert_int_equal(database_open(f->directory, &database), 0);
    assert_int_equal(database_run(database, "DROP TABLE letters", ""), 0);
    assert_int_equal(database_run(database, "DROP TABLE channels", ""), 0);
    assert_int_equal(database_run(database, "PRAGMA user_version = 1", ""), 0);
    database_close(database);
    assert_int_equal(database_open_reader(f->directory, &database), 0); /* as rmqwatchctl does */
    database_close(database);
    fixture_open(f);
    keep(f, "ops", LETTER_WAITING, 0, 1);
    list(f, (struct store_letter_filter){0});
    assert_int_equal(heard.count, 1);
    fixture_assert_on_disk(f, 7, 1);
}

/* Memory holds but so much: letters that wait give way, which their sender has, and the marks of those that
 * were sent do not. */
static void test_letters_in_memory_are_bounded(void **state)
{
    struct store_fixture *f = *state;
    uint64_t medium;

    fixture_open(f);
    keep(f, "ops", LETTER_WAITING, 0, 300);
    medium = store_medium(f->store);
    disk_be(DISK_FULL);
    keep(f, "ops", LETTER_SENT, 0, 300);
    assert_true(store_medium(f->store) != medium);
    for (int i = 1; i < 40; i++)
        keep(f, "ops", LETTER_WAITING, i * 1000, 200);
    medium = store_medium(f->store);
    disk_be(DISK_WELL);
    store_retry(f->store);
    list(f, (struct store_letter_filter){.states = 1u << LETTER_SENT});
    assert_int_equal(heard.count, 300);
    assert_true(store_medium(f->store) != medium);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_letters_have_an_order_and_a_state),
        TEST(test_what_is_kept_for_show_is_bounded),
        TEST(test_channels_remember),
        TEST(test_numbers_are_not_used_again),
        TEST(test_a_file_of_version_1_gets_what_it_lacks),
        TEST(test_letters_in_memory_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
