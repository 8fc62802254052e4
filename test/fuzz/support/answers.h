/*
 * What a client has received on one connection, taken apart by the letter of RFC 9112 and checked:
 * each answer complete, told as it is framed, its JSON well-formed.
 */
#ifndef RECORDINGD_TEST_FUZZ_ANSWERS_H
#define RECORDINGD_TEST_FUZZ_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the server says of an answer that it gives. */
struct answer_claim {
	unsigned status;
	uint64_t body_bytes;
	bool is_head; /* to a HEAD request: there is no body */
};

struct answer {
	unsigned status;
	bool closes; /* Connection: close */
	bool is_complete;
	const char *fields; /* lines, each with its CRLF */
	size_t fields_length;
	const char *body; /* of chunks the first one alone */
	size_t body_length;
};

/* The value of a field; false when it is not there, or does not fit. */
bool answer_field(const struct answer *answer, const char *name, char *value, size_t size);

/*
 * Reads answers as far as they go and checks each; claims are those of the server, in order.
 * Returns how many there are; at most max are kept. An answer may be cut off only when may_be_cut.
 */
size_t answers_read(const char *bytes, size_t length, const struct answer_claim *claims,
	size_t claim_count, bool may_be_cut, struct answer *answers, size_t max);

/* Requires one JSON value, in UTF-8. */
void answers_require_json(const char *text, size_t length);

/* Requires lines of RFC 4180 that all have the same number of cells. */
void answers_require_csv(const char *text, size_t length);

#endif
