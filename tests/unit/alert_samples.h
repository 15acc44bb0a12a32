/* Notices for the tests of alerts. */
#ifndef RMQWATCH_TESTS_ALERT_SAMPLES_H
#define RMQWATCH_TESTS_ALERT_SAMPLES_H

#include "rmqwatch/notice.h"

struct notice sample_recovered(void);
struct notice sample_gave_up(void);
struct notice sample_flapped(void); /* recovered, with a course */
/* The same as the core tells it with language = zh. */
struct notice sample_chinese(void);
/* Fields that try to break out of wherever they are put: line ends, quotes, markup, broken UTF-8. */
struct notice sample_hostile(void);

#endif
