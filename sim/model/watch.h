/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - what a run reports to its observer
 *
 * The simulator measures and reports, it does not store: the harness turns
 * these calls into database rows and capture files. Every function may be
 * NULL. Calls come in event order, with simulated time, and must not change
 * the world. Names and meanings are those of design section 8.
 */
#ifndef SIM_MODEL_WATCH_H
#define SIM_MODEL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/instant.h"
#include "sim/model/cause.h"
#include "sim/model/metric.h"
#include "sim/model/violation.h"

enum outcome {
	OUTCOME_CLOSED, /* completed, never strayed */
	OUTCOME_KEPT, /* strayed and completed */
	OUTCOME_RESET,
	OUTCOME_TIMEOUT, /* gave up, or not complete when the run ended */
	OUTCOME_CORRUPT, /* completed with wrong bytes: a bug, never expected */
};

const char *outcome_name(enum outcome);

#define WATCH_NONE UINT32_MAX

/* Of a lookup: who wanted to know. */
enum watch_asked {
	WATCH_ASKED_NONE, /* no lookup */
	WATCH_ASKED_LOAD, /* measure.lookups */
	WATCH_ASKED_STRAY, /* a stray packet of an unknown session */
	WATCH_ASKED_RETRY, /* the same, once more after a miss */
	WATCH_ASKED_OPERATOR, /* a person */
};

/* Of a lookup that found an owner, beside the truth. */
enum watch_found {
	WATCH_FOUND_NONE, /* no lookup, missed, or the truth is not known */
	WATCH_FOUND_RIGHT, /* the owner, or the last one */
	/* The last owner, which had removed it, every holder had acknowledged
	 * that, and then the lookup began. */
	WATCH_FOUND_REMOVED,
	WATCH_FOUND_WRONG, /* a server that never had it */
};

/* A switch that may have no meaning. */
enum watch_switch {
	WATCH_SWITCH_NONE,
	WATCH_SWITCH_NO,
	WATCH_SWITCH_YES,
};

enum watch_asked watch_asked_by(enum node_asker);
/* As the database has them; NULL of the first. */
const char *watch_asked_name(enum watch_asked);
const char *watch_found_name(enum watch_found);

/* What a reporter does not set has no meaning in its row. */
struct watch_measurement {
	enum metric metric;
	struct instant at; /* when it began */
	int64_t value_ns;
	uint32_t node; /* server index, or WATCH_NONE */
	uint32_t flow; /* session index, or WATCH_NONE */
	uint32_t hops; /* rounds; WATCH_NONE where it has no meaning */
	bool local; /* the asker held the value; stall: the session stayed at
		       its server */
	bool ok;
	enum watch_asked asked;
	enum watch_switch conclusive; /* a lookup that missed: no replica has
					 it */
	enum watch_found found;
	/* Lookup: its owner had it published, from before the lookup began
	 * until it ended. Then age_ns is the time from its last publication
	 * to the lookup's beginning. */
	enum watch_switch owned;
	int64_t age_ns;
};

struct watch_session {
	uint32_t flow;
	uint32_t owner; /* server index */
	struct instant opened, closed;
	uint64_t bytes; /* that reached the receiver in order and were right */
	uint64_t strays; /* its packets that landed on another server */
	int64_t stall_ns; /* -1: no fault while it was open, see workload.h */
	enum outcome outcome;
	enum cause cause; /* why it ended badly; NONE: it did not, or unknown */
};

/* What the retransmission probe saw of one session in a fault, beside its stall
 * (table cut); live only. */
struct watch_probe {
	struct instant at; /* the fault's, as in its stall measurement */
	uint32_t flow;
	bool lower; /* the end of the link that went down: the servers' */
	bool back; /* the link was also on the way from server to client */
	/* By the sender of the data, from then to the end of the stall's
	 * window: segments sent again, and those of them that the receiver had
	 * already (RFC 2883); WATCH_NONE: not seen. */
	uint32_t resent, repeated;
};

/* What a run has to say about itself, in a sentence without a full stop. */
enum remark_kind {
	REMARK_STUCK, /* it went on without progress, and was ended */
	REMARK_WARNING, /* it means less than was asked for */
};

struct watch_remark {
	enum remark_kind kind;
	uint32_t event; /* of the scenario, from 1; 0: none in particular */
	const char *sentence; /* borrowed for the call */
};

/* A rule that was broken. */
struct watch_violation {
	enum violation kind;
	struct instant at;
	uint32_t node, flow; /* or WATCH_NONE */
	const char *sentence; /* borrowed for the call */
};

#define WATCH_SENTENCE 224 /* bytes of any */

struct watch {
	void *context;
	void (*measurement)(void *, const struct watch_measurement *);
	void (*session)(void *, const struct watch_session *);
	/* kind and target as in the scenario, "link_down", "exit1-spine2". */
	void (*fault)(void *, struct instant at, const char *kind,
		      const char *target);
	/* node: a device's name ("server3", "spine1", or "" for the whole). */
	void (*counter)(void *, const char *node, const char *name,
			uint64_t value);
	/* In-order bytes of a sampled session at its receiver. */
	void (*sample)(void *, uint32_t flow, struct instant at,
		       uint64_t bytes);
	void (*probe)(void *, const struct watch_probe *);
	/* A packet leaves or enters a device; for captures. */
	void (*packet)(void *, const char *device, uint32_t port,
		       struct instant at, const uint8_t *bytes, uint32_t size);
	void (*remark)(void *, const struct watch_remark *);
	/* A judge looks on (sim/judge/judge.h) if somebody listens here;
	 * simulated only. */
	void (*violation)(void *, const struct watch_violation *);
	/* Now and then; done and total in nanoseconds of simulated time. False
	 * stops the run. */
	bool (*progress)(void *, struct instant now, struct instant end,
			 uint64_t events);
};

#endif
