/* The incident table for people and for pictures. */
#ifndef RMQWATCHD_PRINT_FSM_H
#define RMQWATCHD_PRINT_FSM_H

#include <stdio.h>

/* Every row as text: from, on, facts, to, act, notice, why. */
void print_fsm_table(FILE *out);
/* The transitions as a Mermaid state diagram, as the README shows it. */
void print_fsm_diagram(FILE *out);

#endif
