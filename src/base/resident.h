/* How much of the machine's memory this process shows as its own. */
#ifndef RMQWATCH_BASE_RESIDENT_H
#define RMQWATCH_BASE_RESIDENT_H

/* Lets go of the code that only the start needed: the executable pages of the program and its libraries are
 * unmapped, and come back from the page cache, one minor fault each, as they are used again. Data and what
 * the dynamic linker has written stay as they are. Linux only; does nothing where /proc cannot be read. */
void resident_drop_code(void);

#endif
