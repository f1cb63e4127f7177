/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stint_cut.c - was anything but strays lost when this link was cut?
 *
 * The session's sender knows: what it sent again since the cut, and how much
 * of that the receiver had already (D-SACK, RFC 2883). Its kernel is asked at
 * the cut and then every POLL_NS, for at the end its socket may be gone.
 */
#include "harness/emulate/stint_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/emulate/tcpinfo.h"
#include "sim/engine/memory.h"

#define POLL_NS (50 * NS_PER_MS)

struct stint_cuts {
	bool open, known;
	struct watch_cut cut;
	struct tcpinfo tcpinfo;
	uint32_t resent, repeated; /* before the cut */
};

int
stint_cuts_create(struct stint *stint)
{
	stint->cuts = memory_zeroed(1, sizeof(*stint->cuts));
	stint->cuts->tcpinfo.fd = -1;
	return 0;
}

void
stint_cuts_destroy(struct stint_cuts *cuts)
{
	if (cuts == NULL)
		return;
	tcpinfo_close(&cuts->tcpinfo);
	free(cuts);
}

static bool
upload(const struct stint *stint)
{
	return stint->settings->clients.direction == DIRECTION_UPLOAD;
}

static bool
sender_ask(struct stint *stint, uint32_t *resent, uint32_t *repeated)
{
	const struct stint_cuts *cuts = stint->cuts;
	const struct session *session =
		workload_session(stint->workload, cuts->cut.flow);
	struct tcp_info info;

	if (cuts->tcpinfo.fd < 0 || tcpinfo_ask(&cuts->tcpinfo, &session->key,
						!upload(stint), &info) != 0)
		return false;
	*resent = info.tcpi_total_retrans;
	*repeated = info.tcpi_dsack_dups;
	return true;
}

static void
poll_schedule(struct stint *stint)
{
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = STINT_CUT,
	};

	queue_schedule(stint->queue, 0, POLL_NS, &event);
}

void
stint_cut_begin(struct stint *stint, struct instant now, uint32_t flow,
		bool lower, bool back)
{
	struct stint_cuts *cuts = stint->cuts;
	const struct session *session = workload_session(stint->workload, flow);
	uint32_t device =
		upload(stint) ? fabric_device(stint->lab.fabric, DEVICE_CLIENT,
					      session->client)
			      : session->owner;

	cuts->open = true;
	cuts->cut = (struct watch_cut){
		.at = now,
		.flow = flow,
		.lower = lower,
		.back = back,
		.resent = WATCH_NONE,
		.repeated = WATCH_NONE,
	};
	tcpinfo_close(&cuts->tcpinfo);
	if (device != WATCH_NONE) {
		int namespace = lab_namespace(&stint->lab, device);

		if (namespace >= 0) {
			(void)tcpinfo_open(&cuts->tcpinfo, namespace);
			close(namespace);
		}
	}
	cuts->known = sender_ask(stint, &cuts->resent, &cuts->repeated);
	poll_schedule(stint);
}

static void
look(struct stint *stint)
{
	struct stint_cuts *cuts = stint->cuts;
	uint32_t resent, repeated;

	if (!cuts->known || !sender_ask(stint, &resent, &repeated))
		return;
	cuts->cut.resent = resent - cuts->resent;
	cuts->cut.repeated = repeated - cuts->repeated;
}

void
stint_cut_event(struct stint *stint)
{
	struct stint_cuts *cuts = stint->cuts;

	if (!cuts->open)
		return;
	look(stint);
	if (workload_session(stint->workload, cuts->cut.flow)->state !=
		    SESSION_OPEN ||
	    instant_distance_ns(cuts->cut.at, stint_now(stint)) >=
		    WORKLOAD_WINDOW_NS)
		stint_cut_end(stint);
	else
		poll_schedule(stint);
}

void
stint_cut_missed(struct stint *stint)
{
	stint->cuts->open = false;
}

void
stint_cut_end(struct stint *stint)
{
	struct stint_cuts *cuts = stint->cuts;

	if (!cuts->open)
		return;
	cuts->open = false;
	if (stint->watch->cut != NULL)
		stint->watch->cut(stint->watch->context, &cuts->cut);
}
