/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * talk.h - what the operator should hear of, once a minute
 *
 * Some of what is wrong with a cluster no counter explains: a server that
 * speaks another version, a clock that was set back. It comes with every
 * datagram; so each subject has one sentence in TALK_PAUSE_NS, and the counters
 * say how often. Who hears it is the engine's owner: the daemon writes it to
 * its standard error, hence the journal.
 */
#ifndef LIVE_ENGINE_TALK_H
#define LIVE_ENGINE_TALK_H

#include <stdint.h>

#include "core/endpoint.h"
#include "core/instant.h"
#include "core/session.h"

#define TALK_PAUSE_NS (60 * NS_PER_S)

enum talk_subject {
	TALK_VERSION, /* a peer speaks one that we do not */
	TALK_BOOT, /* a peer knew a later boot id of ours */
	TALK_KEPT, /* and the new one could not be kept */
	TALK_LEAP, /* of the clock */
	TALK_RAISED, /* replicas knew a newer record of a session here */
	TALK_SUBJECTS
};

struct talk {
	void *context;
	void (*say)(void *, const char *sentence); /* NULL: nobody hears */
	struct instant next[TALK_SUBJECTS];
};

/* A peer's message is of a version that we do not speak. */
void talk_version(struct talk *, struct instant now, const struct endpoint *,
		  uint8_t version);
/* A peer knew a later boot id of ours than the one we had. error: that of
 * boot_raise(). */
void talk_reboot(struct talk *, struct instant now, const struct endpoint *,
		 int error);
/* The wall clock went on while the monotonic one stood. */
void talk_leap(struct talk *, struct instant now);
/* Replicas knew a record of that session's key, newer by ahead_ns. */
void talk_raised(struct talk *, struct instant now, const struct session_key *,
		 int64_t ahead_ns);

#endif
