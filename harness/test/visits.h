/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visits.h - a test's client sessions in a lab, and how long each stood still
 *
 *	visits_begin()	one more download or upload, from a given port
 *	visits_wait()	time passes, sessions go on
 *	visits_mark()	from here on gaps are measured
 *	visits_finish()	all have ended, and every byte was right?
 *
 * trial.h has downloads by curl(1) only and does not look at the clock. Here a
 * session is curl's or the crowd's (visit.h), of either direction, and its
 * longest time without a new byte is known, which is how a client notices that
 * something is being repaired behind the service.
 *
 * An upload is right when the file that the server keeps has its bytes; for a
 * download curl's are compared by SHA-256, the crowd's as they come.
 */
#ifndef HARNESS_TEST_VISITS_H
#define HARNESS_TEST_VISITS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "harness/lab/lab.h"
#include "sim/model/watch.h"

#define VISITS_WORDS 128

enum visits_by {
	VISITS_CURL,
	VISITS_CROWD,
};

struct visits_one {
	uint16_t port;
	bool upload;
	uint64_t size, bytes; /* that it will have, and has */
	struct instant last; /* when the latest new bytes came, or it began */
	int64_t gap_ns; /* the longest between new bytes, since the mark */
	bool ended;
	enum outcome outcome; /* CLOSED: whole and right */
	char why[VISITS_WORDS];
};

struct visits {
	const struct lab *lab;
	struct crowd *crowd;
	struct fetch *fetch;
	struct visits_one *all;
	uint32_t count, capacity;
};

/* From the first client of the lab, which is borrowed. 0 or -errno. */
int visits_create(struct visits *, const struct lab *);
/* Ends what is open. */
void visits_destroy(struct visits *);
/* pace_bps 0: as fast as TCP. Its number, counted from 0; or -errno. */
int visits_begin(struct visits *, enum visits_by, bool upload, uint16_t port,
		 uint64_t bytes, uint64_t pace_bps);
void visits_wait(struct visits *, int64_t ns);
void visits_mark(struct visits *);
/* Longest gap of one since the mark, the one that lasts included. */
int64_t visits_gap_ns(const struct visits *, uint32_t number);
/* Wait until all have ended, at most so long. True: all are whole; what became
 * of the others was said. */
bool visits_finish(struct visits *, int64_t most_ns);
uint32_t visits_open(const struct visits *); /* that have not ended */
/* The server that keeps the upload of that port, every byte right, or
 * FABRIC_NONE. */
uint32_t visits_uploaded(const struct visits *, uint16_t port, uint64_t bytes);

/* The key of the first client's session from a port. */
struct session_key visits_key(const struct lab *, uint16_t port);

#endif
