#include "core/views.h"
#include "base/text.h"
#include "core/core.h"
#include "words/words.h"

#include <string.h>

/* Views come from the API; a lost AMQP listener does not spoil them. */
static bool api_answers(const struct member *member)
{
    return member->probes[PROBE_MANAGEMENT].health == HEALTH_UP;
}

static bool api_is_gone(const struct member *member)
{
    return member->probes[PROBE_MANAGEMENT].health == HEALTH_DOWN;
}

/* It has spoken of the members, however long ago, and does not call itself down. */
static bool has_spoken(const struct member *member)
{
    return member->view.members_known && member_is_witness(member);
}

/* A view that old says nothing of now: two usual intervals, and the time that an answer may take. */
static bool is_fresh(const struct core *core, const struct member *member, uint64_t now_ms)
{
    uint64_t age_ms = 2 * core->policy.interval_ms + core->policy.timeout_ms;

    return has_spoken(member) && api_answers(member) && member->members_started_ms + age_ms >= now_ms;
}

static bool calls_down(const struct core *core, size_t accuser, size_t accused)
{
    return member_says_running(&core->members[accuser], core->members[accused].name) == 0;
}

/* Nobody but ACCUSER calls ACCUSED down, as far as it was said lately. */
static bool alone(const struct core *core, size_t accuser, size_t accused, uint64_t now_ms)
{
    for (size_t i = 0; i < core->member_count; i++)
        if (i != accuser && is_fresh(core, &core->members[i], now_ms) && calls_down(core, i, accused))
            return false;
    return true;
}

/* What was said of it before it came up, or came back, was true then. */
static bool accuses(const struct core *core, size_t accuser, size_t accused)
{
    return calls_down(core, accuser, accused) &&
           core->members[accuser].members_started_ms >=
               core->members[accused].probes[PROBE_MANAGEMENT].up_since_ms;
}

/* A disagreement begins with two fresh views, and ends with a word to the contrary or with a party that is
 * gone: ports closed, to come back with a view of its own. It does not end because nothing is said: while
 * any member hangs, nobody can say who is running. */
static bool mutual_stands(const struct core *core, size_t one, size_t other)
{
    const struct member *a = &core->members[one], *b = &core->members[other];

    return has_spoken(a) && has_spoken(b) && calls_down(core, one, other) && calls_down(core, other, one);
}

static bool stale_stands(const struct core *core, size_t accuser, size_t accused, uint64_t now_ms)
{
    const struct member *a = &core->members[accuser], *b = &core->members[accused];

    return has_spoken(a) && !api_is_gone(a) && !api_is_gone(b) && calls_down(core, accuser, accused) &&
           !calls_down(core, accused, accuser) && alone(core, accuser, accused, now_ms);
}

static void note(struct disagreement *kept, size_t accuser, size_t accused, uint64_t now_ms)
{
    if (kept->since_ms == 0)
        *kept = (struct disagreement){now_ms, (uint32_t)accuser, (uint32_t)accused};
}

void views_compare(struct core *core, uint64_t now_ms)
{
    struct disagreement *mutual = &core->views.mutual, *stale = &core->views.stale;

    if (mutual->since_ms > 0 && !mutual_stands(core, mutual->accuser, mutual->accused))
        mutual->since_ms = 0;
    if (stale->since_ms > 0 && !stale_stands(core, stale->accuser, stale->accused, now_ms))
        stale->since_ms = 0;
    for (size_t i = 0; i < core->member_count; i++) {
        for (size_t j = 0; j < core->member_count; j++) {
            if (i == j || !is_fresh(core, &core->members[i], now_ms) ||
                !is_fresh(core, &core->members[j], now_ms) || !accuses(core, i, j))
                continue;
            if (accuses(core, j, i))
                note(mutual, i, j, now_ms);
            else if (!calls_down(core, j, i) && alone(core, i, j, now_ms))
                note(stale, i, j, now_ms);
        }
    }
}

/* What was said once, by one that died soon after or before this agent was restarted, may have been over in
 * the next moment. */
static bool said_again(const struct core *core, uint32_t member, uint64_t since_ms)
{
    return core->members[member].members_started_ms > since_ms;
}

static bool settled(const struct core *core, const struct disagreement *disagreement, uint64_t now_ms)
{
    return disagreement->since_ms > 0 && now_ms - disagreement->since_ms >= core->policy.views_settle_ms &&
           said_again(core, disagreement->accuser, disagreement->since_ms) &&
           said_again(core, disagreement->accused, disagreement->since_ms);
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
        if (!member_is_down(&core->members[i]) || !member_host_is_silent(&core->members[i], &core->policy))
            count++;
    return count;
}

size_t views_answering(const struct core *core)
{
    size_t count = 1;

    for (size_t i = 1; i < core->member_count; i++)
        if (!member_host_hesitates(&core->members[i]))
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

static uint64_t closed_since_ms(const struct member *member)
{
    uint64_t amqp_ms = member->probes[PROBE_AMQP].refused_since_ms;
    uint64_t management_ms = member->probes[PROBE_MANAGEMENT].refused_since_ms;

    return amqp_ms > management_ms ? amqp_ms : management_ms;
}

/* When both of them were last seen to be closed. */
static uint64_t closed_until_ms(const struct member *member)
{
    uint64_t amqp_ms = member->probes[PROBE_AMQP].started_ms;
    uint64_t management_ms = member->probes[PROBE_MANAGEMENT].started_ms;

    return amqp_ms < management_ms ? amqp_ms : management_ms;
}

bool views_local_pauses(const struct core *core, uint64_t now_ms)
{
    /* It closed its ports while the majority was gone, or as soon as it noticed. */
    uint64_t notice_ms = core->policy.fall * core->policy.fast_interval_ms;

    return core->minority_ms > 0 && closed_since_ms(&core->members[0]) <= core->minority_ms + notice_ms &&
           now_ms - core->minority_ms < core->policy.verify_timeout_ms;
}

int views_of_local(const struct core *core, uint64_t now_ms)
{
    const struct member *local = &core->members[0];
    uint64_t since_ms = closed_since_ms(local), until_ms = closed_until_ms(local);
    size_t yes = 0, no = 0;

    for (size_t i = 1; i < core->member_count; i++) {
        if (!is_fresh(core, &core->members[i], now_ms) || core->members[i].members_started_ms < since_ms)
            continue;
        if (member_says_running(&core->members[i], local->name) != 1)
            no++;
        else if (core->members[i].members_heard_ms <= until_ms ||
                 condition_in(local->condition, CONDITION_BIT(DRAINED) | CONDITION_BIT(PAUSED)))
            yes++; /* else its ports may have opened since */
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
    const enum language language = core->policy.language;
    const char *accuser = core->members[pair->accuser].name;
    const char *accused = core->members[pair->accused].name;

    text_append(text, size, words(language, "%s%s calls %s down"), text[0] ? words(language, "; ") : "",
        accuser, accused);
    if (calls_down(core, pair->accused, pair->accuser))
        text_append(text, size, words(language, ", and %s calls %s down"), accused, accuser);
}

void views_describe(const struct core *core, char *text, size_t size)
{
    const enum language language = core->policy.language;
    const struct member *local = &core->members[0];

    if (local->view.partitioned)
        text_append(text, size, words(language, "%s%s itself reports a partition"),
            text[0] ? words(language, "; ") : "", local->name);
    if (core->views.mutual.since_ms > 0)
        describe_pair(core, &core->views.mutual, text, size);
    if (core->views.stale.since_ms > 0)
        describe_pair(core, &core->views.stale, text, size);
    for (size_t i = 1; i < core->member_count; i++)
        if (member_is_down(&core->members[i]))
            text_append(text, size, words(language, "; %s does not answer"), core->members[i].name);
}
