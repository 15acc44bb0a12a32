/* Who asks: what the daemon is told as the owner of a hold or an acknowledgement. */
#ifndef RMQWATCH_RMQWATCHCTL_OPERATOR_H
#define RMQWATCH_RMQWATCHCTL_OPERATOR_H

/* The user, and below sudo the one who called it; NULL when that cannot be told. Static. */
const char *operator_name(void);

#endif
