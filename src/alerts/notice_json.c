#include "alerts/notice_json.h"

#include "store/fields.h"
#include "words/words.h"

#include <errno.h>
#include <string.h>

/* What a phase can be called; the struct has a pointer to a static text. */
static const char *const phase_names[] = {"detect", "ask", "kill", "boot", "verify", "total"};
enum { PHASE_NAMES = sizeof(phase_names) / sizeof(phase_names[0]) };

struct phase_image {
    int32_t name;
    uint64_t ms;
};

struct phases_image {
    size_t count;
    struct phase_image phases[RMQ_PHASES_MAX];
};

static const char *name_of_kind(int kind)
{
    return notice_info((enum notice_kind)kind)->event;
}

static const char *name_of_severity(int severity)
{
    return severity_name((enum severity)severity);
}

static const char *name_of_condition(int condition)
{
    return condition_name((enum condition)condition);
}

static const char *name_of_language(int language)
{
    return language_name((enum language)language);
}

static const char *name_of_phase(int name)
{
    return phase_names[name];
}

/* A new member of the struct needs its line here; what it is called is part of the file's format. */
static const struct field notice_fields[] = {
    FIELD_ENUM(struct notice, kind, name_of_kind, NOTICE_KIND_COUNT),
    FIELD_ENUM(struct notice, severity, name_of_severity, SEVERITY_CRITICAL + 1),
    FIELD_ENUM(struct notice, condition, name_of_condition, CONDITION_COUNT),
    FIELD_ENUM(struct notice, language, name_of_language, LANGUAGE_COUNT),
    FIELD(struct notice, incident),
    FIELD(struct notice, cluster),
    FIELD(struct notice, node),
    FIELD(struct notice, observer),
    FIELD(struct notice, why),
    FIELD(struct notice, detail),
    FIELD(struct notice, trouble),
    FIELD(struct notice, wall_ms),
    FIELD(struct notice, since_wall_ms),
    FIELD(struct notice, evidence),
    FIELD(struct notice, count),
    FIELD(struct notice, flaps),
    FIELD(struct notice, repeated),
    FIELD(struct notice, course),
    FIELDS_END,
};

static const struct field phase_fields[] = {
    FIELD_ENUM(struct phase_image, name, name_of_phase, PHASE_NAMES),
    FIELD(struct phase_image, ms),
    FIELDS_END,
};

static const struct field phases_fields[] = {
    FIELD_STRUCTS(struct phases_image, phases, count, phase_fields),
    FIELDS_END,
};

static void take_phases(struct phases_image *image, const struct notice *notice)
{
    for (size_t i = 0; i < notice->phase_count && i < RMQ_PHASES_MAX; i++) {
        int32_t name = 0;

        while (name < PHASE_NAMES && strcmp(phase_names[name], notice->phases[i].name) != 0)
            name++;
        if (name < PHASE_NAMES)
            image->phases[image->count++] = (struct phase_image){name, notice->phases[i].ms};
    }
}

static void give_phases(const struct phases_image *image, struct notice *notice)
{
    notice->phase_count = image->count;
    for (size_t i = 0; i < image->count; i++)
        notice->phases[i] = (struct phase){phase_names[image->phases[i].name], image->phases[i].ms};
}

char *notice_to_json(const struct notice *notice)
{
    struct phases_image image = {0};
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;

    take_phases(&image, notice);
    if (root && fields_write(root, notice_fields, notice) && fields_write(root, phases_fields, &image))
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

int notice_from_json(const char *text, struct notice *ret_notice)
{
    struct notice notice = {0};
    struct phases_image image = {0};
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    cJSON *phases = cJSON_CreateObject();
    cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(root, "phases");
    int r = root && phases ? 0 : -EBADMSG;

    if (list && !cJSON_AddItemToObject(phases, "phases", list))
        cJSON_Delete(list);
    /* The kind is always written, and without an incident it belongs to nothing. What a later version has
     * added does not keep the alert from being sent. */
    if (r == 0 && (!cJSON_HasObjectItem(root, "kind") || cJSON_HasObjectItem(root, "phases") ||
                      !fields_read_known(root, notice_fields, &notice) ||
                      !fields_read(phases, phases_fields, &image) || notice.incident[0] == '\0'))
        r = -EBADMSG;
    cJSON_Delete(phases);
    cJSON_Delete(root);
    if (r == 0) {
        give_phases(&image, &notice);
        *ret_notice = notice;
    }
    return r;
}
