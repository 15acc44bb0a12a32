#include "rmqwatchd/print_fsm.h"
#include "base/text.h"
#include "core/table.h"

#include <stdbool.h>
#include <string.h>

enum { CELL_SIZE = 512 };

static void list_states(uint16_t states, char *text, size_t size)
{
    text[0] = '\0';
    for (int state = 0; state < STATE_COUNT; state++)
        if (states & (1u << state))
            text_append(text, size, "%s%s", text[0] ? "|" : "", state_name((enum state)state));
}

/* Conditions that go together have one word, where all of them are meant. */
static const struct group {
    const char *name;
    uint64_t conditions;
} groups[] = {
    {"serving", CONDITIONS_SERVING},
    {"unsure", CONDITIONS_UNSURE},
    {"patient", CONDITIONS_PATIENT},
};

static void append_word(char *text, size_t size, const char *word)
{
    text_append(text, size, "%s%s", text[0] ? "|" : "", word);
}

static void list_triggers(uint64_t triggers, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if ((triggers & groups[i].conditions) != groups[i].conditions)
            continue;
        append_word(text, size, groups[i].name);
        triggers &= ~groups[i].conditions;
    }
    for (int trigger = 0; trigger < (int)TRIGGER_COUNT; trigger++)
        if (triggers & (UINT64_C(1) << trigger))
            append_word(text, size, trigger_name((enum trigger)trigger));
}

static void list_facts(const struct row *row, char *text, size_t size)
{
    text[0] = '\0';
    for (unsigned fact = 1; fact < FACTS_END; fact <<= 1)
        if ((row->need | row->forbid) & fact)
            text_append(text, size, "%s%s%s", text[0] ? " " : "", row->forbid & fact ? "!" : "",
                fact_name((enum fact)fact));
    if (!text[0])
        text_append(text, size, "-");
}

static void print_groups(FILE *out)
{
    char names[CELL_SIZE];

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        names[0] = '\0';
        for (int condition = 0; condition < CONDITION_COUNT; condition++)
            if (condition_in((enum condition)condition, groups[i].conditions))
                append_word(names, sizeof(names), condition_name((enum condition)condition));
        fprintf(out, "%s: %s\n", groups[i].name, names);
    }
    fputc('\n', out);
}

void print_fsm_table(FILE *out)
{
    char from[CELL_SIZE], on[CELL_SIZE], facts[CELL_SIZE];

    print_groups(out);
    for (size_t i = 0; i < rescue_row_count; i++) {
        const struct row *row = &rescue_rows[i];

        list_states(row->from, from, sizeof(from));
        list_triggers(row->on, on, sizeof(on));
        list_facts(row, facts, sizeof(facts));
        fprintf(out, "from:  %s\non:    %s\nfacts: %s\nto:    %s\ndo:    %s\ntell:  %s\nwhy:   %s\n\n", from,
            on, facts, state_name(row->to), act_name(row->act),
            row->tell == NOTICE_NONE ? "-" : notice_info(row->tell)->event, row->why);
    }
}

static bool moves(const struct row *row, enum state from)
{
    return (row->from & (1u << from)) && row->to < STATE_COUNT && row->to != from;
}

/* One arrow for each pair of states, with everything that leads along it. */
static void print_arrow(FILE *out, enum state from, enum state to)
{
    char triggers[CELL_SIZE];
    uint64_t on = 0;
    enum act act = ACT_NOTHING;

    for (size_t i = 0; i < rescue_row_count; i++) {
        if (!moves(&rescue_rows[i], from) || rescue_rows[i].to != to)
            continue;
        on |= rescue_rows[i].on;
        if (rescue_rows[i].act != ACT_NOTHING)
            act = rescue_rows[i].act;
    }
    if (!on)
        return;
    list_triggers(on, triggers, sizeof(triggers));
    fprintf(out, "    %s --> %s: %s", state_name(from), state_name(to), triggers);
    if (act != ACT_NOTHING)
        fprintf(out, " / %s", act_name(act));
    fputc('\n', out);
}

void print_fsm_diagram(FILE *out)
{
    fputs("stateDiagram-v2\n    [*] --> watching\n", out);
    for (int from = 0; from < STATE_COUNT; from++)
        for (int to = 0; to < STATE_COUNT; to++)
            print_arrow(out, (enum state)from, (enum state)to);
}
