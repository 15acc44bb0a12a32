/* Would the others be a majority without this node? Asked of them, never of the sick one. */
#ifndef RMQWATCH_CORE_QUORUM_H
#define RMQWATCH_CORE_QUORUM_H

#include "core/core.h"

/* All the other members have answered, or failed to, since they were asked; where its queues matter, the
 * local node too. */
bool quorum_all_answered(const struct core *core);
/* The members that have answered since they were asked, have said lately who is running, and are not called
 * down by one another, are a majority of the whole cluster. A cluster of one has nobody to lose: true; a
 * member list that was never heard is not a cluster of one: false. */
bool quorum_of_others(const struct core *core);
/* A restart takes nothing from the others: they are a majority without this node; or it takes no part any
 * more - frozen, or called down by all who answer - while a lease from outside of the cluster keeps others
 * from acting too. */
bool quorum_is_safe(const struct core *core);
/* The members that serve AMQP: whom to ask for the lease. */
void quorum_list_standing(const struct core *core, struct lease_action *ret_lease);
/* "rabbit@b stands; rabbit@c did not answer" */
void quorum_describe(const struct core *core, char *text, size_t size);

#endif
