#include "alerts/digest.h"

#include "alerts/digest_parts.h"
#include "alerts/fold.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The pauses, as multiples of the first. */
static const int64_t pauses[DIGEST_LEVEL_MAX + 1] = {1, 5, 15, 30};

struct digest *digest_new(const struct channel_config *config, const struct alerts_config *pacing)
{
    struct digest *digest = calloc(1, sizeof(*digest));

    if (digest)
        digest_set_config(digest, config, pacing);
    return digest;
}

void digest_free(struct digest *digest)
{
    free(digest);
}

void digest_set_config(
    struct digest *digest, const struct channel_config *config, const struct alerts_config *pacing)
{
    digest->config = config;
    digest->pacing = pacing;
}

struct digest_trouble *digest_find(struct digest *digest, const struct notice *notice)
{
    char key[TROUBLE_KEY_MAX];

    trouble_local_key(notice, key);
    for (size_t i = 0; i < digest->count; i++)
        if (strcmp(digest->troubles[i].key, key) == 0)
            return &digest->troubles[i];
    return NULL;
}

static bool is_quieter(const struct digest_trouble *a, const struct digest_trouble *b)
{
    return a->open != b->open ? !a->open : a->last_ms < b->last_ms;
}

static struct digest_trouble *add_trouble(struct digest *digest, const struct notice *notice)
{
    struct digest_trouble *trouble = &digest->troubles[0];

    if (digest->count < DIGEST_TROUBLES_MAX)
        trouble = &digest->troubles[digest->count++];
    else
        for (size_t i = 1; i < DIGEST_TROUBLES_MAX; i++)
            if (is_quieter(&digest->troubles[i], trouble))
                trouble = &digest->troubles[i];
    memset(trouble, 0, sizeof(*trouble));
    trouble_local_key(notice, trouble->key);
    trouble->pause_until_ms = INT64_MIN;
    return trouble;
}

static bool is_chosen(const struct digest *digest, const struct notice *notice)
{
    const struct channel_config *config = digest->config;

    return (config->events == 0 || (config->events & UINT64_C(1) << notice->kind)) &&
           notice->severity >= config->min_severity;
}

static void begin_pause(const struct digest *digest, struct digest_trouble *trouble, int64_t from_ms)
{
    int64_t pause_ms = (int64_t)digest->pacing->flap_pause_ms * pauses[trouble->level];

    trouble->pause_until_ms = from_ms + (pause_ms < DIGEST_PAUSE_MAX_MS ? pause_ms : DIGEST_PAUSE_MAX_MS);
    trouble->level += trouble->level < DIGEST_LEVEL_MAX;
    trouble->gathers = false;
    trouble->urgent = 0;
}

/* What time alone has done to it since the last notice. */
static void settle(const struct digest *digest, struct digest_trouble *trouble, int64_t now_ms)
{
    if (now_ms - trouble->last_ms >= DIGEST_QUIET_MS) {
        trouble->level = 0;
        trouble->gathers = false;
    }
    /* What had gathered was told when the pause was over: from then on it is the next one. */
    if (trouble->gathers && now_ms >= trouble->pause_until_ms)
        begin_pause(digest, trouble, trouble->pause_until_ms);
}

static bool is_held(const struct digest_waiting *waiting, int64_t now_ms)
{
    return waiting->due_ms > now_ms;
}

static bool is_late(const struct digest_waiting *waiting, int64_t now_ms)
{
    return now_ms - waiting->due_ms >= DIGEST_LATE_MS;
}

/* When the notice may go out, if it does not fold into what goes out earlier. */
static int64_t pace(const struct digest *digest, struct digest_trouble *trouble, const struct notice *notice,
    bool held, int64_t now_ms)
{
    uint64_t bit = UINT64_C(1) << notice->kind;
    bool ends = trouble_ends(notice->kind);

    if (now_ms >= trouble->pause_until_ms) {
        if (!trouble_is_urgent(notice->kind))
            return now_ms + (int64_t)digest->pacing->group_delay_ms;
        if (ends && trouble->open)
            begin_pause(digest, trouble, now_ms);
        return now_ms;
    }
    /* Its begin is not kept back, so people believe that it goes on. */
    if (ends && trouble->open && !held)
        return now_ms;
    if (!ends && trouble_is_urgent(notice->kind) && !(trouble->urgent & bit)) {
        trouble->urgent |= bit;
        return now_ms;
    }
    trouble->gathers = true;
    return trouble->pause_until_ms;
}

static void put_message(struct digest_plan *plan, bool fold, const struct notice *notice)
{
    if (fold)
        fold_notice(&plan->messages[plan->count - 1], notice);
    else
        plan->messages[plan->count++] = *notice;
}

/* One message of all, in their order; where the target pairs begins and ends, the ends that come last are one
 * by themselves. */
static void pack(
    const struct digest *digest, struct digest_plan *plan, const struct notice *const *notices, size_t count)
{
    size_t ends = 0;

    while (digest->config->ops->keyed && ends < count && trouble_ends(notices[count - 1 - ends]->kind))
        ends++;
    for (size_t i = 0; i < count; i++)
        put_message(plan, i > 0 && i != count - ends, notices[i]);
}

static void make_plan(const struct digest *digest, struct digest_plan *plan, const struct notice *notice,
    const struct digest_waiting *waiting, size_t count, int64_t now_ms)
{
    const struct notice *notices[DIGEST_WAITING_MAX + 1];

    /* What is on its way right now is left alone, with all before it. */
    assert(count <= DIGEST_WAITING_MAX);
    while (plan->folded < count) {
        const struct digest_waiting *last = &waiting[count - 1 - plan->folded];

        if (!is_held(last, now_ms) && !is_late(last, now_ms))
            break;
        plan->due_ms = last->due_ms < plan->due_ms ? last->due_ms : plan->due_ms;
        plan->folded++;
    }
    for (size_t i = 0; i < plan->folded; i++)
        notices[i] = waiting[count - plan->folded + i].notice;
    notices[plan->folded] = notice;
    pack(digest, plan, notices, plan->folded + 1);
}

void digest_take(struct digest *digest, const struct notice *notice, const struct digest_waiting *waiting,
    size_t count, struct digest_time now, struct digest_plan *ret_plan)
{
    struct digest_trouble *trouble = digest_find(digest, notice);
    bool ends = trouble_ends(notice->kind);
    struct notice taken = *notice;
    bool held = false;

    memset(ret_plan, 0, offsetof(struct digest_plan, messages));
    if (!is_chosen(digest, notice) &&
        !(trouble_is_answered(notice->kind) && (count > 0 || (trouble && trouble->open))))
        return;
    if (!trouble) {
        trouble = add_trouble(digest, notice);
        trouble->open = count > 0 && !trouble_ends(waiting[count - 1].notice->kind);
        trouble->last_ms = now.boot_ms;
    }
    settle(digest, trouble, now.boot_ms);
    for (size_t i = 0; i < count; i++)
        held = held || is_held(&waiting[i], now.boot_ms);
    ret_plan->wanted = true;
    ret_plan->due_ms = pace(digest, trouble, notice, held, now.boot_ms);
    taken.flaps = !ends && !trouble->open && trouble->level > 0;
    make_plan(digest, ret_plan, &taken, waiting, count, now.boot_ms);
    trouble->open = !ends;
    trouble->last_ms = now.boot_ms;
    digest->changed = true;
}

void digest_pack(const struct digest *digest, const struct digest_waiting *waiting, size_t count,
    struct digest_plan *ret_plan)
{
    const struct notice *notices[DIGEST_WAITING_MAX];

    memset(ret_plan, 0, offsetof(struct digest_plan, messages));
    assert(count <= DIGEST_WAITING_MAX);
    ret_plan->due_ms = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        notices[i] = waiting[i].notice;
        ret_plan->due_ms = waiting[i].due_ms < ret_plan->due_ms ? waiting[i].due_ms : ret_plan->due_ms;
    }
    ret_plan->folded = count;
    pack(digest, ret_plan, notices, count);
    ret_plan->wanted = ret_plan->count < count;
}

int64_t digest_restore(
    struct digest *digest, const struct notice *notice, int64_t came_wall_ms, struct digest_time now)
{
    const struct digest_trouble *trouble = digest_find(digest, notice);
    int64_t due_ms = came_wall_ms - now.wall_ms + (int64_t)digest->pacing->group_delay_ms;

    if (!trouble_ends(notice->kind) && trouble_is_urgent(notice->kind))
        return now.boot_ms;
    if (trouble && trouble->gathers && trouble->pause_until_ms > now.boot_ms)
        return trouble->pause_until_ms;
    if (trouble_ends(notice->kind) || (trouble && !trouble->open) || due_ms <= 0)
        return now.boot_ms;
    /* Where the clock was set back, it is not kept for longer than any other. */
    return now.boot_ms + (due_ms < (int64_t)digest->pacing->group_delay_ms
                                 ? due_ms
                                 : (int64_t)digest->pacing->group_delay_ms);
}
