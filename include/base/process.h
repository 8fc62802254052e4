/* What the kernel knows of this process, under the names that Prometheus gives to it. */
#ifndef RECORDINGD_BASE_PROCESS_H
#define RECORDINGD_BASE_PROCESS_H

#include <stdint.h>

struct process_figures {
	double cpu_seconds;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_files;
	uint64_t max_files;
};

/* What cannot be read is 0. */
void process_read_figures(struct process_figures *figures);

#endif
