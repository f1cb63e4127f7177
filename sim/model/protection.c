/* SPDX-License-Identifier: GPL-3.0-or-later */
/* protection.c - was it promised that a session's owner is found? */
#include "sim/model/protection.h"

#include "core/steer/handshake.h"
#include "sim/model/cause.h"

/* Of one that never was established: was its SYN's answer stored, or is that
 * promised? Where none answered there was nothing to store, and a socket that
 * others keep taking is no living owner's. What a server stored that came to
 * own it in the end was stored when the handshake was over; and what one stored
 * does not protect it from another's answer that was skipped. */
static bool
of_opening(const struct settings *settings, const struct session *session)
{
	if (session->answered.ns == INT64_MAX)
		return !session->barred;
	return !session->skipped &&
	       ((session->stored && session->owner == WATCH_NONE) ||
		handshakes_promised(&settings->service.steer));
}

/* What was never away from its owner needs no record. */
static bool
of_established(const struct settings *settings, const struct session *session)
{
	const struct steer_settings *steer = &settings->service.steer;
	struct instant away = instant_min(session->strayed, session->taken);

	if (session->refused)
		return false;
	if (session->stored)
		return true;
	/* Who reset it had its packets before it was established elsewhere. */
	if (away.ns == INT64_MAX)
		return session->reset != CAUSE_RESET_SCHEME ||
		       (!session->skipped && handshakes_promised(steer));
	/* Who is told to wait for longer with the store does not promise it. */
	return session->answered.ns != INT64_MAX &&
	       steer->store_after_ns < CAUSE_GRACE_NS &&
	       instant_before(away,
			      instant_after(session->answered, CAUSE_GRACE_NS));
}

bool
protection(const struct settings *settings, const struct session *session,
	   bool established)
{
	if (settings->service.scheme != SCHEME_HOMEWARD)
		return true;
	return established ? of_established(settings, session)
			   : of_opening(settings, session);
}
