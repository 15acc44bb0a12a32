#include "core/views.h"
#include "base/text.h"
#include "core/core.h"

#include <string.h>

/* Views come from the API; a lost AMQP listener does not spoil them. */
static bool api_answers(const struct member *member)
{
    return member->probes[PROBE_MANAGEMENT].health == HEALTH_UP;
}

/* A view that old says nothing of now: two usual intervals, and the time that an answer may take. */
static bool is_fresh(const struct core *core, const struct member *member, uint64_t now_ms)
{
    uint64_t age_ms = 2 * core->policy.interval_ms + core->policy.timeout_ms;

    return member->view.members_known && api_answers(member) && member_is_witness(member) &&
           member->members_started_ms + age_ms >= now_ms;
}

static bool calls_down(const struct core *core, size_t accuser, size_t accused)
{
    return member_says_running(&core->members[accuser], core->members[accused].name) == 0;
}

/* Nobody but ACCUSER, of those that tell, calls ACCUSED down. */
static bool alone(const struct core *core, size_t accuser, size_t accused, uint64_t now_ms)
{
    size_t others = 0;

    for (size_t i = 0; i < core->member_count; i++) {
        if (i == accuser || !is_fresh(core, &core->members[i], now_ms))
            continue;
        if (calls_down(core, i, accused))
            return false;
        others++;
    }
    return others > 0;
}

static void note(struct disagreement *kept, bool found, size_t accuser, size_t accused, uint64_t now_ms)
{
    if (!found) {
        kept->since_ms = 0;
        return;
    }
    if (kept->since_ms == 0)
        kept->since_ms = now_ms;
    kept->accuser = accuser;
    kept->accused = accused;
}

void views_compare(struct core *core, uint64_t now_ms)
{
    bool mutual = false, stale = false;
    size_t mutual_pair[2] = {0, 0}, stale_pair[2] = {0, 0};

    for (size_t i = 0; i < core->member_count; i++) {
        for (size_t j = 0; j < core->member_count; j++) {
            if (i == j || !is_fresh(core, &core->members[i], now_ms) ||
                !is_fresh(core, &core->members[j], now_ms) || !calls_down(core, i, j))
                continue;
            if (calls_down(core, j, i)) {
                mutual = true;
                mutual_pair[0] = i;
                mutual_pair[1] = j;
            } else if (alone(core, i, j, now_ms)) {
                stale = true;
                stale_pair[0] = i;
                stale_pair[1] = j;
            }
        }
    }
    note(&core->views.mutual, mutual, mutual_pair[0], mutual_pair[1], now_ms);
    note(&core->views.stale, stale, stale_pair[0], stale_pair[1], now_ms);
}

static bool settled(const struct core *core, const struct disagreement *disagreement, uint64_t now_ms)
{
    return disagreement->since_ms > 0 && now_ms - disagreement->since_ms >= core->policy.views_settle_ms;
}

bool views_partitioned(const struct core *core, uint64_t now_ms)
{
    /* What it said before it fell silent stands: nobody has heard that the partition is over. */
    return core->members[0].view.partitioned || settled(core, &core->views.mutual, now_ms);
}

bool views_stale(const struct core *core, uint64_t now_ms)
{
    return settled(core, &core->views.stale, now_ms);
}

size_t views_majority(const struct core *core)
{
    return core->member_count / 2 + 1;
}

size_t views_reachable(const struct core *core)
{
    size_t count = 1;

    for (size_t i = 1; i < core->member_count; i++)
        if (!member_is_down(&core->members[i]) || member_host_answers(&core->members[i]))
            count++;
    return count;
}

size_t views_serving(const struct core *core)
{
    size_t count = 0;

    for (size_t i = 0; i < core->member_count; i++)
        if (!member_is_down(&core->members[i]))
            count++;
    return count;
}

/* Since when both of its ports have been closed. */
static uint64_t closed_since_ms(const struct member *member)
{
    uint64_t amqp_ms = member->probes[PROBE_AMQP].failed_since_ms;
    uint64_t management_ms = member->probes[PROBE_MANAGEMENT].failed_since_ms;

    return amqp_ms > management_ms ? amqp_ms : management_ms;
}

int views_of_local(const struct core *core, uint64_t now_ms)
{
    uint64_t since_ms = closed_since_ms(&core->members[0]);
    size_t yes = 0, no = 0;

    for (size_t i = 1; i < core->member_count; i++) {
        if (!is_fresh(core, &core->members[i], now_ms) || core->members[i].members_started_ms < since_ms)
            continue;
        if (member_says_running(&core->members[i], core->members[0].name) == 1)
            yes++;
        else
            no++;
    }
    return yes + no == 0 ? -1 : yes > no;
}

bool views_local_drained(const struct core *core, uint64_t now_ms)
{
    const struct member *local = &core->members[0];

    for (size_t i = 0; i < core->member_count; i++)
        if (is_fresh(core, &core->members[i], now_ms) && member_says_drained(&core->members[i], local->name))
            return true;
    return false;
}

static void describe_pair(const struct core *core, const struct disagreement *pair, char *text, size_t size)
{
    const char *accuser = core->members[pair->accuser].name;
    const char *accused = core->members[pair->accused].name;

    text_append(text, size, "%s%s calls %s down", text[0] ? "; " : "", accuser, accused);
    if (calls_down(core, pair->accused, pair->accuser))
        text_append(text, size, ", and %s calls %s down", accused, accuser);
}

void views_describe(const struct core *core, char *text, size_t size)
{
    const struct member *local = &core->members[0];

    if (local->view.partitioned)
        text_append(text, size, "%s%s itself reports a partition", text[0] ? "; " : "", local->name);
    if (core->views.mutual.since_ms > 0)
        describe_pair(core, &core->views.mutual, text, size);
    if (core->views.stale.since_ms > 0)
        describe_pair(core, &core->views.stale, text, size);
    for (size_t i = 1; i < core->member_count; i++)
        if (member_is_down(&core->members[i]))
            text_append(text, size, "; %s does not answer", core->members[i].name);
}
