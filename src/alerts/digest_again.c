/* What the digest has told again: what is not over. */
#include "alerts/digest_parts.h"

#include <stddef.h>
#include <string.h>

static int64_t repeat_due_ms(const struct digest *digest, const struct digest_trouble *trouble)
{
    uint64_t interval_ms = digest->pacing->repeat_interval_ms;

    /* A target that is refreshed has its own way to remind people. */
    if (!trouble->open || trouble->told_count == 0 || trouble->acked || interval_ms == 0 ||
        trouble->told.severity == SEVERITY_INFO || digest->config->ops->refresh_ms > 0)
        return INT64_MAX;
    return trouble->told_ms + (int64_t)interval_ms;
}

static int64_t refresh_due_ms(const struct digest *digest, const struct digest_trouble *trouble)
{
    if (!trouble->open || trouble->told_count == 0 || digest->config->ops->refresh_ms == 0)
        return INT64_MAX;
    return trouble->refreshed_ms + digest->config->ops->refresh_ms;
}

int64_t digest_due_ms(const struct digest *digest)
{
    int64_t due_ms = INT64_MAX;

    for (size_t i = 0; i < digest->count; i++) {
        int64_t repeat_ms = repeat_due_ms(digest, &digest->troubles[i]);
        int64_t refresh_ms = refresh_due_ms(digest, &digest->troubles[i]);

        due_ms = repeat_ms < due_ms ? repeat_ms : due_ms;
        due_ms = refresh_ms < due_ms ? refresh_ms : due_ms;
    }
    return due_ms;
}

enum digest_turn digest_next(const struct digest *digest, struct digest_time now, struct notice *ret_notice)
{
    int64_t due_ms = digest_due_ms(digest);

    if (due_ms > now.boot_ms)
        return DIGEST_NOTHING;
    for (size_t i = 0; i < digest->count; i++) {
        const struct digest_trouble *trouble = &digest->troubles[i];

        if (refresh_due_ms(digest, trouble) == due_ms) {
            *ret_notice = trouble->told;
            return DIGEST_REFRESH;
        }
        if (repeat_due_ms(digest, trouble) != due_ms)
            continue;
        *ret_notice = trouble->told;
        ret_notice->wall_ms = now.wall_ms;
        ret_notice->repeated = true;
        ret_notice->count = trouble->told_count + 1;
        ret_notice->flaps = 0;
        ret_notice->course[0] = '\0';
        return DIGEST_REPEAT;
    }
    return DIGEST_NOTHING;
}

void digest_told(
    struct digest *digest, enum digest_turn turn, const struct notice *notice, struct digest_time now)
{
    struct digest_trouble *trouble = digest_find(digest, notice);

    if (!trouble)
        return;
    trouble->refreshed_ms = now.boot_ms;
    if (turn == DIGEST_REFRESH)
        return;
    digest->changed = true;
    if (trouble_ends(notice->kind)) {
        trouble->told_count = 0;
        trouble->acked = false;
        return;
    }
    /* Its end waits already, or it is an older one that an operator had sent again. */
    if (turn == DIGEST_NOTHING &&
        (!trouble->open || (trouble->told_count > 0 && notice->wall_ms < trouble->told.wall_ms)))
        return;
    trouble->told_count += trouble->told_count < UINT32_MAX;
    trouble->told_ms = now.boot_ms;
    if (turn == DIGEST_REPEAT)
        return;
    if (strcmp(trouble->told.incident, notice->incident) != 0)
        trouble->acked = false;
    trouble->told = *notice;
}

void digest_acked(struct digest *digest, const char *incident)
{
    for (size_t i = 0; i < digest->count; i++) {
        struct digest_trouble *trouble = &digest->troubles[i];

        if (trouble->told_count == 0 || strcmp(trouble->told.incident, incident) != 0)
            continue;
        trouble->acked = true;
        digest->changed = true;
    }
}

void digest_leave(struct digest *digest)
{
    for (size_t i = 0; i < digest->count; i++) {
        struct digest_trouble *trouble = &digest->troubles[i];

        digest->changed = digest->changed || trouble->told_count > 0;
        trouble->told_count = 0;
        trouble->acked = false;
    }
}

bool digest_is_changed(const struct digest *digest)
{
    return digest->changed;
}
