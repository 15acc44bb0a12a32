#include "base/resident.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void resident_drop_code(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];

    while (maps && fgets(line, sizeof(line), maps)) {
        uintptr_t start, end;
        char permissions[5];

        /* Only a file's pages can be read again, and only those that are never written are still the file's.
         */
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, permissions) == 3 &&
            !strcmp(permissions, "r-xp") && strchr(line, '/'))
            (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    if (maps)
        (void)fclose(maps);
}
