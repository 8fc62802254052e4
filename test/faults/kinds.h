/* What fails, and how. */
#ifndef RECORDINGD_TEST_KINDS_H
#define RECORDINGD_TEST_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "inject.h"

enum effect {
	MUST_ANSWER, /* what every program must be able to live with */
	MAY_FAIL,    /* … the request, or the process where memory is out */
};

struct kind {
	const char *name;
	enum fault_call call;
	int error;
	enum effect effect;
	bool is_lasting; /* until the request has waited for a while */
};

extern const struct kind kinds[];
extern const size_t kind_count;

#endif
