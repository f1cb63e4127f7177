/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * classifier.h - what a packet is about, as far as its own bytes tell
 *
 *	TCP to a service			SEGMENT, key
 *	ICMP error quoting service -> client	ERROR, key of the session quoted
 *	ICMP error quoting our own tunnel	TUNNEL, peer and its path MTU
 *	later fragment to a service address	LATER, no key: see fragment.h
 *	anything else				a drop reason
 *
 * An ICMP error is sent to whoever sent what it quotes, so its destination
 * must be the quote's source; and what it quotes ran from the service to the
 * client, so the key is the quote's reversed. Eight bytes of TCP suffice.
 */
#ifndef CORE_STEER_CLASSIFIER_H
#define CORE_STEER_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/session.h"
#include "core/wire/build.h"

struct steer_settings;

enum classification_kind {
	CLASSIFICATION_SEGMENT,
	CLASSIFICATION_ERROR,
	CLASSIFICATION_TUNNEL,
	CLASSIFICATION_LATER,
};

struct classification {
	enum classification_kind kind;
	struct packet packet;
	struct session_key key; /* SEGMENT, ERROR */
	struct address peer; /* TUNNEL: where our packet was going */
	bool too_big; /* TUNNEL: that is the error */
	uint32_t mtu_bytes; /* TUNNEL, too big; 0: not told */
};

/* self: our own address, the source of our tunnel's packets. */
enum drop classification_read(const struct steer_settings *,
			      const struct address *self, const uint8_t *bytes,
			      size_t size, struct classification *);

#endif
