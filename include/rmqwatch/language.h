/* What language people are told things in. What programs read is English in any case. */
#ifndef RMQWATCH_LANGUAGE_H
#define RMQWATCH_LANGUAGE_H

enum language { LANGUAGE_ENGLISH, LANGUAGE_CHINESE, LANGUAGE_COUNT };

#endif
