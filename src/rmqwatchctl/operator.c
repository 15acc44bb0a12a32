#include "rmqwatchctl/operator.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

const char *operator_name(void)
{
    const char *caller = getenv("SUDO_USER");
    const struct passwd *user;

    if (getuid() == 0 && caller && caller[0])
        return caller;
    user = getpwuid(getuid());
    return user ? user->pw_name : NULL;
}
