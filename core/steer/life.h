/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.h - does an owner live? signs of life, and how long there was none
 *
 * Who forwards to an owner hears nothing of it: the owner answers the client.
 * So when a client repeats itself (the owner is wanted) it is asked:
 *
 *	wanted		a ping of the table, for its daemon
 *	LIFE_ASK_NS	again, and an ICMP echo to its loopback, for its kernel
 *	...		and so on, until it is heard, or nobody wants it longer
 *
 * A sign of life is whatever only the owner's host can have sent: a sealed
 * datagram, a packet out of its tunnel, an echo reply, a port unreachable (its
 * daemon restarts). One of them, and all that was held against it is void.
 *
 *	ASSUMED --> SILENT --> DEAD
 *	   ^-----------+---------+	a sign of life
 *
 * SILENT is an owner that has not answered its first question in LIFE_ASK_NS,
 * or that the fabric said is not to be reached. DEAD is one that has given no
 * sign of life while
 *
 *  - for gone_after the fabric has said so: our own host has no route, or
 *    routers say net or host unreachable of what we sent it, or that what we
 *    forwarded to it went round in circles. Such a word stands as long as it is
 *    said again, or each question since is left without an answer while another
 *    node is heard: we are not cut off, and who has no way does not answer. A
 *    router's that is older than half of gone_after, and was neither, tells
 *    nothing of how things are; after LIFE_FRESH_NS the span begins anew;
 *  - or for silent_after it has not answered, in spans between two questions
 *    in each of which another node was heard; another is asked as well, with
 *    each question that the fabric or silence has given a reason for. In its
 *    last second there are two questions or more, for the way may be back. If
 *    we are cut off ourselves nobody is dead.
 *
 * One word has to suffice, for there may be no second. A Linux router has for
 * each address that it tells a bucket of five such words, which one second
 * fills by one. In IPv4 each packet without a route takes one of it
 * (ip_error(), sysctl net.ipv4.route.error_cost), and its error another
 * (icmpv4_xrlim_allow(), net.ipv4.icmp_ratelimit): a packet a second leaves
 * none for a word, and so on for ever; what clients send and what the table
 * does takes from it, too. (Measured in a lab, with one client: withdrawing
 * the route made a loop for 0.2 s, whose errors emptied the bucket; its owner
 * was asked twice a second, no word was said of that, and it was dead by
 * silence, after 30.7 s.) In IPv6 a word costs one. So:
 *
 *  - a loop is a word, too: it may have taken those that were to come;
 *  - who has not been called unreachable is asked LIFE_QUICK times, twice a
 *    second, and then every LIFE_ASK_SLOW_NS only, so that a router that could
 *    not say so can; likewise when no other node is heard: then only words
 *    count.
 *
 * A stopped daemon, a busy host, a restart: the kernel answers the echo, or
 * says port unreachable. Evidence that has become stale is none: who has not
 * been asked for LIFE_FRESH_NS is assumed to live.
 *
 * This table only keeps the times and says what is to be asked, and when;
 * vigil.c asks, and knows what it means for flows. Full: the owner longest
 * unwanted is forgotten, and assumed to live.
 */
#ifndef CORE_STEER_LIFE_H
#define CORE_STEER_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/instant.h"
#include "core/siphash.h"

/* Between two of the first questions, or when there is a word to be proved:
 * twice a second, so that of a route's withdrawal we hear within half of one,
 * and one lost answer is no silence of a second. */
#define LIFE_ASK_NS (NS_PER_S / 2)
/* Of them, before a router gets the time to say that there is no way. */
#define LIFE_QUICK 4
/* Between two others: two words' worth (see above), and a little. */
#define LIFE_ASK_SLOW_NS (9 * NS_PER_S / 4)
/* Two of those, and a little. */
#define LIFE_FRESH_NS (5 * NS_PER_S)

struct steer_settings;
struct lives; /* in the caller's memory, see lives_size() */

enum life_state {
	LIFE_ASSUMED,
	LIFE_SILENT,
	LIFE_DEAD,
};

enum life_task_kind {
	LIFE_NOTHING, /* no more to do now */
	LIFE_ASK, /* the owner; `echo`: its kernel, too */
	LIFE_ASK_OTHER, /* any node but this owner */
	LIFE_DIED, /* it is DEAD since now */
};

struct life_task {
	enum life_task_kind kind;
	struct address address;
	bool again; /* DIED was said before, and no sign of life since */
	bool echo;
	uint16_t sequence; /* of the echo */
};

/* A multiple of 8. */
size_t lives_size(uint32_t owners);
/* The memory is aligned for uint64_t; owners > 0. The settings are borrowed
 * (gone_after_ns and silent_after_ns are read each time). */
struct lives *lives_init(void *memory, uint32_t owners,
			 const struct steer_settings *,
			 const struct siphash_key *hash);

/* Somebody waits for this owner, and thinks that it is silent. */
void life_want(struct lives *, struct instant now, const struct address *);
/* A sign of life, of any host. */
void life_heard(struct lives *, struct instant now, const struct address *);
/* The fabric says that what we sent did not get there; then it is wanted, too.
 */
void life_refused(struct lives *, struct instant now, const struct address *);
/* Our own host has, or has not, a route there; the same. */
void life_routed(struct lives *, struct instant now, const struct address *,
		 bool routed);
enum life_state life_of(const struct lives *, struct instant now,
			const struct address *);

/* A session of this owner has strayed here. If it is DEAD by what was found out
 * before, or will be, it is asked soon then, and if it does not answer
 * LIFE_DIED is said again. */
void life_strayed(struct lives *, struct instant now, const struct address *);
/* It is DEAD, and not only by what was found out before `since`: a way may have
 * come back meanwhile. */
bool life_is_dead_to(const struct lives *, struct instant now,
		     const struct address *, struct instant since);

/* LIFE_DIED was said of it, and it has not been heard since, nor has our own
 * host's route come back for want of which it was said. */
bool life_has_died(const struct lives *, const struct address *);

/* Since when it has been asked, or called unreachable, without a sign of life;
 * NEVER: it is not asked. */
struct instant life_silent_since(const struct lives *, const struct address *);

/* When lives_task() has something to do; INSTANT_NEVER. */
struct instant lives_due(const struct lives *);
/* The next thing to do now; call until LIFE_NOTHING. */
struct life_task lives_task(struct lives *, struct instant now);

#endif
