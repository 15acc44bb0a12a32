#include "core_story.h"

struct member *story_local(struct story *story)
{
    return &story->core.members[0];
}

enum condition story_condition(const struct story *story)
{
    return story->core.members[0].condition;
}

uint32_t story_done(const struct story *story)
{
    return story->starts + story->restarts + story->kills + story->stops;
}

void story_begin_alone(struct story *story)
{
    const char *const alone[] = {STORY_LOCAL};

    story_begin_blank(story);
    story_unit(story, UNIT_ACTIVE, "running", "success");
    story_members(story, alone, 1);
}

void story_others_agree(struct story *story)
{
    story_view(story, "rabbit@b", NULL);
    story_view(story, "rabbit@c", NULL);
}

void story_opt_in(struct story *story)
{
    struct policy policy = story_policy();

    policy.restart_stopped_app = true;
    policy.restart_lost_listener = true;
    story_configure(story, policy);
}

void story_close_ports(struct story *story, unsigned seconds)
{
    story_fail(story, STORY_LOCAL, NULL, PROBE_RESULT_REFUSED, seconds);
}

void story_lose_listener(struct story *story, unsigned seconds, bool critical)
{
    struct node_view view = story_everything(NULL);

    view.queues_known = true;
    view.queues_critical = critical;
    for (unsigned second = 0; second < seconds; second++) {
        story_probe(story, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_answer(story, STORY_LOCAL, &view);
        story_serve(story, "rabbit@b");
        story_serve(story, "rabbit@c");
        story_wait(story, 1000);
    }
}
