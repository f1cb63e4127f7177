/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.h - packets of sessions that are not here
 *
 *	packet --> known owner? --> forward
 *		       | no
 *		       v		 learned: owner
 *		   hold, look up -----------------------> release in order
 *		       ^   |
 *		 retry |   | missed, until the deadline --> reset
 *		       +---+
 *
 * The half of steer that has state: struct strays is the part of struct steer
 * that it works on. Which packets come here is decided in steer.c; steer.h
 * has the contract that both fulfil.
 */
#ifndef CORE_STEER_STRAY_H
#define CORE_STEER_STRAY_H

#include "core/address.h"
#include "core/dht/node.h"
#include "core/endpoint.h"
#include "core/hold.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/siphash.h"
#include "core/steer/settings.h"
#include "core/steer/turns.h"
#include "core/steer/verdict.h"
#include "core/steer/vigil.h"

struct limiter;
struct flows;
struct classification;
struct tunnel;
struct sketch;

/* Prefixes share these, by hash. */
#define STRAY_SHARES 64

struct strays {
	const struct steer_settings *settings;
	struct node *node;
	struct endpoints *endpoints;
	struct hold *held;
	struct address self;
	struct siphash_key hash;
	uint32_t held_bytes; /* of ours in `held` */
	uint32_t held_shares[STRAY_SHARES]; /* the same, by prefix */
	struct flows *flows;
	struct limiter *limiter;
	struct tunnel *tunnel;
	struct vigil vigil;
	struct turns tells, looks; /* of flows whose owner died */
	uint64_t uplinks; /* that packets have come by: bits, modulo 64 */
	struct instant doubts_paid_until, doubts_said_until; /* doubt.h */
	struct sketch *sketch; /* who has spoken, and how often */
	struct steer_counters counters;
};

/* A packet of a session that is not here; the classification has its key. The
 * result is final but not yet counted. */
struct steer_result stray_packet(struct strays *, struct instant now,
				 const struct classification *,
				 const uint8_t *bytes, uint8_t uplink,
				 struct outbox *);
/* The session is here, so what was held for it is delivered, and the flow is
 * forgotten; or a SYN came, anew, which ends doubts and what a RST has left. */
void stray_settle(struct strays *, const struct session_key *, bool anew,
		  struct outbox *);
/* As steer_learned(), steer_deadline(), steer_expire(), steer_clear(). */
void stray_learned(struct strays *, struct instant now,
		   const struct node_event *, struct outbox *);
struct instant stray_deadline(const struct strays *);
void stray_expire(struct strays *, struct instant now, struct outbox *);
void stray_clear(struct strays *);

#endif
