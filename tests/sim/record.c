/* Plays a scenario, and keeps what the agent of one node would have kept: record DIRECTORY SCENARIO NODE
 * prints the incidents that are there to be replayed. */
#include "../unit/sim_recording.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct sim_recording recording;
    int r;

    if (argc != 4) {
        fprintf(stderr, "usage: %s DIRECTORY SCENARIO NODE\n", argv[0]);
        return 2;
    }
    r = sim_record(argv[1], argv[2], argv[3], NULL, &recording);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", argv[0], strerror(-r));
        return 1;
    }
    for (size_t i = 0; i < recording.count; i++)
        puts(recording.incidents[i]);
    return 0;
}
