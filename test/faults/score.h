/* What came of the points that were tried, and the defects among them. */
#ifndef RECORDINGD_TEST_SCORE_H
#define RECORDINGD_TEST_SCORE_H

#include "kinds.h"

enum outcome {
	OUTCOME_ANSWERED, /* as if nothing had failed */
	OUTCOME_REFUSED,  /* 500, 503 or 504; a reload that keeps the old configuration */
	OUTCOME_CLOSED,	  /* the connection, and it shows that the answer is not whole */
	OUTCOME_ENDED,	  /* the process, as documented */
	OUTCOME_COUNT,
};

/* The point that defects are those of from now on; kind NULL: nothing is made to fail. */
void score_begin(const char *scene, const struct kind *kind, unsigned long at);

/* Counts it. */
void score_add(enum outcome outcome);

/* Tells of one, with the daemon's log. */
void score_defect(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* So far, of all scenes. */
unsigned long score_points(void);
unsigned long score_defects(void);

/* The table of all kinds. */
void score_show(void);

#endif
