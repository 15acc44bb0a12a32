#include "alerts/refusal.h"

#include "base/text.h"
#include "words/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t refusal_due_ms(const struct lane *lane)
{
    const bool told = lane->state.refusal[0] != '\0';

    if (lane->refusing == told)
        return UINT64_MAX;
    return told || lane->refusal_ms == 0 ? 0 : lane->refusal_ms + REFUSAL_PAUSE_MS;
}

/* Each channel has a trouble of its own; where its name is too long, a hash stands for the rest. */
static void name_trouble(const struct channel_key *key, char *trouble)
{
    char whole[2 * RMQ_NODE_NAME_MAX] = "";

    text_append(whole, sizeof(whole), "%s-%s", key->kind, key->name);
    text_copy(trouble, RMQ_TROUBLE_MAX, whole);
    if (strcmp(trouble, whole) == 0)
        return;
    text_copy(trouble, RMQ_TROUBLE_MAX - 9, whole);
    text_append(trouble, RMQ_TROUBLE_MAX, "-%08" PRIx32, (uint32_t)text_hash(whole));
}

/* All but why. */
static void compose(struct lane *lane, enum language language, enum notice_kind kind, int64_t wall_ms,
    struct notice *ret_notice)
{
    struct channel_state *state = &lane->state;

    *ret_notice = (struct notice){
        .kind = kind,
        .severity = notice_info(kind)->severity,
        .condition = CONDITION_UNKNOWN,
        .language = language,
        .wall_ms = wall_ms,
        .since_wall_ms = state->refusal_wall_ms,
    };
    name_trouble(lane->key, ret_notice->trouble);
    text_copy(ret_notice->incident, sizeof(ret_notice->incident), state->refusal);
    if (kind == NOTICE_DELIVERY_REFUSED)
        text_copy(ret_notice->detail, sizeof(ret_notice->detail), lane->refusal);
    else
        state->refusal[0] = '\0';
    lane_note_state(lane);
}

void refusal_compose(
    struct lane *lane, enum language language, uint64_t now_ms, int64_t wall_ms, struct notice *ret_notice)
{
    struct channel_state *state = &lane->state;
    char name[RMQ_TROUBLE_MAX];

    if (!lane->refusing) {
        compose(lane, language, NOTICE_DELIVERY_OK, wall_ms, ret_notice);
        snprintf(ret_notice->why, sizeof(ret_notice->why),
            words(language, "the channel %s \"%.64s\" takes what it is sent again"), lane->key->kind,
            lane->key->name);
        return;
    }
    name_trouble(lane->key, name);
    snprintf(state->refusal, sizeof(state->refusal), "%s-%" PRIx64, name, (uint64_t)wall_ms);
    state->refusal_wall_ms = wall_ms;
    lane->refusal_ms = now_ms;
    compose(lane, language, NOTICE_DELIVERY_REFUSED, wall_ms, ret_notice);
    snprintf(ret_notice->why, sizeof(ret_notice->why),
        words(language, "the channel %s \"%.64s\" refuses what it is sent: it is kept, and not tried again"),
        lane->key->kind, lane->key->name);
}

bool refusal_compose_end(
    struct lane *lane, enum language language, int64_t wall_ms, struct notice *ret_notice)
{
    if (!lane->state.refusal[0])
        return false;
    compose(lane, language, NOTICE_DELIVERY_OK, wall_ms, ret_notice);
    snprintf(ret_notice->why, sizeof(ret_notice->why),
        words(language, "the channel %s \"%.64s\" is configured no more; it refused what it was sent"),
        lane->key->kind, lane->key->name);
    return true;
}
