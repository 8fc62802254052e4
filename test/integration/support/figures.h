/* What the kernel says of the daemon under test: memory, descriptors, what it is made of. */
#ifndef RECORDINGD_TEST_FIGURES_H
#define RECORDINGD_TEST_FIGURES_H

#include <stdbool.h>

/* What stands behind a word in a file of the daemon's /proc folder, to the end of the line; or
 * NULL.
 */
char *figures_line(const char *file, const char *word);

/* Memory of its own: without files and shared memory. */
long figures_resident_kib(void);

long figures_open_files(void);

/* AddressSanitizer and valgrind keep what is freed, for a while. */
bool figures_are_instrumented(void);

#endif
