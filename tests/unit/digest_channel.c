#include "digest_channel.h"

#include "alert_samples.h"
#include "alerts/fold.h"
#include "alerts/trouble.h"
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 30000 };

static struct digest_plan plan; /* too large for a small stack, and one at a time */

void digest_channel_open(struct digest_channel *channel, const char *kind)
{
    memset(channel, 0, sizeof(*channel));
    channel->config.ops = channel_find(kind);
    assert_non_null(channel->config.ops);
    channel->pacing = (struct alerts_config){20000, 60000, 4 * 3600000};
    channel->boot_ms = 5000;
    channel->now = (struct digest_time){5000, DIGEST_CHANNEL_EPOCH};
    channel->digest = digest_new(&channel->config, &channel->pacing);
    assert_non_null(channel->digest);
}

void digest_channel_close(struct digest_channel *channel)
{
    digest_free(channel->digest);
}

static int64_t elapsed_ms(const struct digest_channel *channel)
{
    return channel->now.wall_ms - DIGEST_CHANNEL_EPOCH;
}

/* The messages of NOTICE's trouble that wait; their places in PLACES. */
static size_t find_waiting(const struct digest_channel *channel, const struct notice *notice,
    struct digest_waiting waiting[DIGEST_WAITING_MAX], size_t places[DIGEST_WAITING_MAX])
{
    char key[TROUBLE_KEY_MAX], other[TROUBLE_KEY_MAX];
    size_t count = 0;

    trouble_local_key(notice, key);
    for (size_t i = 0; i < channel->waiting_count; i++) {
        const struct digest_row *row = &channel->waiting[i];

        trouble_local_key(&row->notice, other);
        if (strcmp(key, other) != 0)
            continue;
        assert_true(count < DIGEST_WAITING_MAX);
        waiting[count] = (struct digest_waiting){&row->notice, row->due_ms};
        places[count++] = i;
    }
    return count;
}

static void remove_row(struct digest_channel *channel, size_t at)
{
    channel->waiting_count--;
    memmove(&channel->waiting[at], &channel->waiting[at + 1],
        (channel->waiting_count - at) * sizeof(channel->waiting[0]));
}

static void apply(struct digest_channel *channel, const size_t *places, size_t count)
{
    size_t at = plan.folded > 0 ? places[count - plan.folded] : channel->waiting_count;

    for (size_t i = 0; i < plan.folded; i++)
        remove_row(channel, places[count - 1 - i]);
    assert_true(channel->waiting_count + plan.count <= DIGEST_CHANNEL_MAX);
    memmove(&channel->waiting[at + plan.count], &channel->waiting[at],
        (channel->waiting_count - at) * sizeof(channel->waiting[0]));
    for (size_t i = 0; i < plan.count; i++)
        channel->waiting[at + i] = (struct digest_row){plan.messages[i], plan.due_ms};
    channel->waiting_count += plan.count;
}

void digest_channel_put_notice(struct digest_channel *channel, const struct notice *notice)
{
    struct digest_waiting waiting[DIGEST_WAITING_MAX];
    size_t places[DIGEST_WAITING_MAX];
    size_t count = find_waiting(channel, notice, waiting, places);

    digest_take(channel->digest, notice, waiting, count, channel->now, &plan);
    if (!plan.wanted)
        return;
    channel->accepted++;
    apply(channel, places, count);
}

void digest_channel_put(struct digest_channel *channel, int64_t ms, enum notice_kind kind, const char *node)
{
    struct notice notice = sample_gave_up();

    digest_channel_run(channel, ms);
    notice.kind = kind;
    notice.severity = notice_info(kind)->severity;
    notice.wall_ms = notice.since_wall_ms = channel->now.wall_ms;
    snprintf(notice.node, sizeof(notice.node), "%s", node);
    snprintf(notice.incident, sizeof(notice.incident), "incident of %s", node);
    snprintf(notice.detail, sizeof(notice.detail), "said at %d", (int)(ms / 1000));
    digest_channel_put_notice(channel, &notice);
}

static void arrive(struct digest_channel *channel, enum digest_turn turn, const struct notice *notice)
{
    if (turn == DIGEST_REFRESH) {
        channel->refreshes++;
    } else {
        assert_true(channel->count < DIGEST_CHANNEL_MAX);
        channel->messages[channel->count] = *notice;
        channel->delivered_ms[channel->count++] = elapsed_ms(channel);
    }
    if (turn == DIGEST_NOTHING) {
        channel->counted += fold_count(notice);
        channel->flaps += notice->flaps;
    }
    digest_told(channel->digest, turn, notice, channel->now);
}

static void fail_try(struct digest_channel *channel, size_t at)
{
    struct digest_waiting waiting[DIGEST_WAITING_MAX];
    size_t places[DIGEST_WAITING_MAX];
    size_t count = find_waiting(channel, &channel->waiting[at].notice, waiting, places);

    channel->retry_ms = channel->now.boot_ms + RETRY_MS;
    digest_pack(channel->digest, waiting, count, &plan);
    if (plan.wanted)
        apply(channel, places, count);
}

/* One delivery, or one try; false when nothing is due. */
static bool deliver(struct digest_channel *channel)
{
    struct notice notice;
    enum digest_turn turn;
    size_t at = 0;

    if (channel->now.boot_ms < channel->retry_ms)
        return false;
    while (at < channel->waiting_count && channel->waiting[at].due_ms > channel->now.boot_ms)
        at++;
    if (at < channel->waiting_count) {
        if (channel->down) {
            fail_try(channel, at);
            return false;
        }
        notice = channel->waiting[at].notice;
        remove_row(channel, at);
        arrive(channel, DIGEST_NOTHING, &notice);
        return true;
    }
    turn = digest_next(channel->digest, channel->now, &notice);
    if (turn == DIGEST_NOTHING)
        return false;
    if (channel->down) {
        channel->retry_ms = channel->now.boot_ms + RETRY_MS;
        return false;
    }
    arrive(channel, turn, &notice);
    return true;
}

static int64_t next_ms(const struct digest_channel *channel)
{
    int64_t due_ms = digest_due_ms(channel->digest);

    for (size_t i = 0; i < channel->waiting_count; i++)
        if (channel->waiting[i].due_ms < due_ms)
            due_ms = channel->waiting[i].due_ms;
    return due_ms > channel->retry_ms ? due_ms : channel->retry_ms;
}

void digest_channel_run(struct digest_channel *channel, int64_t ms)
{
    const int64_t end_ms = channel->boot_ms + ms;

    while (deliver(channel))
        ;
    while (channel->now.boot_ms < end_ms) {
        int64_t due_ms = next_ms(channel);
        int64_t step_ms = due_ms < end_ms ? due_ms - channel->now.boot_ms : end_ms - channel->now.boot_ms;

        step_ms = step_ms > 0 ? step_ms : 1;
        channel->now.boot_ms += step_ms;
        channel->now.wall_ms += step_ms;
        while (deliver(channel))
            ;
    }
}

void digest_channel_restart(struct digest_channel *channel, bool reboot)
{
    char *text = digest_save(channel->digest, channel->now);
    int64_t shift_ms = reboot ? 1000 - channel->now.boot_ms : 0;

    assert_non_null(text);
    digest_free(channel->digest);
    channel->digest = digest_new(&channel->config, &channel->pacing);
    channel->now.boot_ms += shift_ms;
    channel->boot_ms += shift_ms;
    channel->retry_ms = 0;
    for (size_t i = 0; i < channel->waiting_count; i++)
        channel->waiting[i].due_ms += shift_ms;
    assert_int_equal(digest_load(channel->digest, text, channel->now), 0);
    free(text);
}

void digest_channel_expect(
    const struct digest_channel *channel, size_t i, int64_t ms, enum notice_kind kind, uint32_t count)
{
    assert_true(i < channel->count);
    assert_string_equal(notice_info(channel->messages[i].kind)->event, notice_info(kind)->event);
    assert_int_equal(fold_count(&channel->messages[i]), count);
    assert_int_equal(channel->delivered_ms[i], ms);
}

uint64_t digest_channel_waiting(const struct digest_channel *channel)
{
    uint64_t count = 0;

    for (size_t i = 0; i < channel->waiting_count; i++)
        count += fold_count(&channel->waiting[i].notice);
    return count;
}
