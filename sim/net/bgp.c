/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgp.c - sessions, detection and updates on their way
 *
 * A session has two ends, each a port with flags of its own (rib.h); the ends
 * may disagree for as long as one has detected what the other has not.
 *
 *	end:   UP --carrier lost--> UP DEAD --local--> DEAD --restore--> UP
 *	       UP --silent, detected----------------> DEAD --restore--> UP
 *
 * Updates wait for their receiver (updates.h), whose event is one `hop` after
 * the first of them was sent. One counts only if its direction of the link is
 * up and has been up ever since (the epoch counts changes of state) and the
 * receiver's end is up.
 *
 * Events of EVENT_ROUTE, by code:
 *	UPDATE     the device decides about what it has heard; an arrival
 *	REROUTE    a = port: the kernel sees the carrier go
 *	LOST       a = port: BGP drops the session
 *	DETECTED   a = port, b = epoch: so it does if what leads to the port
 *		   stayed silent
 *	RESTORED   a = link, b = epoch: both ends have a session
 *	UNHEARD    a = port, b = epoch: so it does if what leads from the port
 *		   stayed silent
 * REROUTE and LOST are not called off by a carrier that returns: the session
 * has been reset all the same, so RESTORED waits for them (settled_ns).
 */
#include "sim/net/bgp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/net/aspath.h"
#include "sim/net/updates.h"

/* From one end's BFD going down to the other's BGP: 10 and 11 ms in the lab. */
#define TOLD_NS (10 * NS_PER_MS)

enum route_code {
	ROUTE_UPDATE,
	ROUTE_REROUTE,
	ROUTE_LOST,
	ROUTE_DETECTED,
	ROUTE_RESTORED,
	ROUTE_UNHEARD,
};

struct link_view {
	int64_t settled_ns; /* its last REROUTE or LOST */
	uint32_t epoch; /* changes so far */
	uint32_t epochs[2]; /* which of them was a direction's last */
	enum link_state state;
};

struct bgp {
	const struct fabric *fabric;
	struct routing_settings settings;
	struct queue *queue;
	struct rib *rib;
	struct rng *rngs; /* a device */
	struct link_view *links;
	bool *device_up;
	bool *announces; /* a server */
	bool *offers; /* a leaf: the default route, to its servers */

	struct updates *updates; /* on their way */
	/* Sets that a router has heard of at this instant, each once. */
	uint32_t *marked;
	bool *is_marked;
	uint32_t mark_capacity, marked_count;
	uint64_t delivered;
};

struct bgp *
bgp_create(const struct fabric *fabric, const struct routing_settings *settings,
	   uint64_t seed, struct queue *queue)
{
	struct bgp *bgp = memory_zeroed(1, sizeof(*bgp));
	uint32_t devices = fabric->device_count;

	bgp->fabric = fabric;
	bgp->settings = *settings;
	bgp->queue = queue;
	bgp->rib = rib_create(fabric, settings);
	bgp->updates = updates_create(devices);
	bgp->rngs = memory_zeroed(devices, sizeof(struct rng));
	bgp->device_up = memory_zeroed(devices, sizeof(bool));
	for (uint32_t i = 0; i < devices; i++) {
		unsigned kind = STREAM_BGP + fabric_kind(fabric, i);
		rng_init(&bgp->rngs[i], seed,
			 stream_of(kind, fabric_index(fabric, i)));
		bgp->device_up[i] = true;
	}
	bgp->announces = memory_zeroed(fabric->settings.servers, sizeof(bool));
	for (uint32_t i = 0; i < fabric->settings.servers; i++)
		bgp->announces[i] = true;
	bgp->offers = memory_zeroed(fabric->router_count, sizeof(bool));
	memset(bgp->offers, 1, fabric->router_count);
	bgp->links =
		memory_zeroed(fabric->link_count, sizeof(struct link_view));
	for (uint32_t i = 0; i < fabric->link_count; i++)
		bgp->links[i].state = LINK_UP;
	return bgp;
}

size_t
bgp_bytes(const struct bgp *bgp)
{
	const struct fabric *fabric = bgp->fabric;

	return rib_bytes(bgp->rib) + updates_bytes(bgp->updates) +
	       fabric->device_count * (sizeof(struct rng) + sizeof(bool)) +
	       fabric->settings.servers * sizeof(bool) +
	       fabric->router_count * sizeof(bool) +
	       fabric->link_count * sizeof(struct link_view) +
	       bgp->mark_capacity *
		       (sizeof(bgp->marked[0]) + sizeof(bgp->is_marked[0]));
}

void
bgp_destroy(struct bgp *bgp)
{
	if (bgp == NULL)
		return;
	rib_destroy(bgp->rib);
	free(bgp->rngs);
	free(bgp->links);
	free(bgp->device_up);
	free(bgp->announces);
	free(bgp->offers);
	updates_destroy(bgp->updates);
	free(bgp->marked);
	free(bgp->is_marked);
	free(bgp);
}

static int64_t
span_draw(struct bgp *bgp, uint32_t device, const struct span *span)
{
	uint64_t width = (uint64_t)(span->high_ns - span->low_ns);

	if (span->high_ns <= span->low_ns)
		return span->low_ns;
	return span->low_ns + (int64_t)rng_below(&bgp->rngs[device], width + 1);
}

static void
schedule(struct bgp *bgp, uint32_t device, int64_t delay_ns,
	 enum route_code code, uint32_t a, uint32_t b)
{
	const struct event event = {
		.class = code == ROUTE_UPDATE ? EVENT_ARRIVAL : EVENT_TIMER,
		.kind = EVENT_ROUTE,
		.code = (uint16_t)code,
		.a = a,
		.b = b,
	};

	queue_schedule(bgp->queue, device, delay_ns, &event);
}

static uint32_t
port_device(const struct bgp *bgp, uint32_t port)
{
	return bgp->fabric->ports[port].device;
}

static uint32_t
port_peer(const struct bgp *bgp, uint32_t port)
{
	return bgp->fabric->ports[port].peer;
}

static struct link_view *
port_link(const struct bgp *bgp, uint32_t port)
{
	return &bgp->links[bgp->fabric->ports[port].link];
}

/* Which direction of its link leads to a port. */
static uint32_t
port_toward(const struct bgp *bgp, uint32_t port)
{
	uint32_t link = bgp->fabric->ports[port].link;

	return bgp->fabric->links[link].ports[0] == port;
}

/* Of what leads to a port. */
static uint32_t
port_epoch(const struct bgp *bgp, uint32_t port)
{
	return port_link(bgp, port)->epochs[port_toward(bgp, port)];
}

static enum link_state
port_hears(const struct bgp *bgp, uint32_t port)
{
	return link_state_toward(port_link(bgp, port)->state,
				 port_toward(bgp, port));
}

static bool
port_up(const struct bgp *bgp, uint32_t port)
{
	return rib_port_flags(bgp->rib, port) & RIB_UP;
}

/* ---- updates on their way ---- */

/* Say something to the device at the other end of a port. */
static void
tell(struct bgp *bgp, uint32_t port, uint32_t set, uint32_t path)
{
	uint32_t to = port_peer(bgp, port);
	uint32_t device = port_device(bgp, to);
	const struct update update = {
		.port = to,
		.epoch = port_epoch(bgp, to),
		.set = set,
		.path = path,
	};

	if (updates_add(bgp->updates, device, &update))
		schedule(bgp, device,
			 span_draw(bgp, device, &bgp->settings.hop),
			 ROUTE_UPDATE, 0, 0);
}

/* A router's best path changed: tell each neighbour that would notice. */
static void
advertise(struct bgp *bgp, uint32_t device, uint32_t set, uint32_t old,
	  uint32_t best)
{
	const struct fabric *fabric = bgp->fabric;
	uint32_t first = fabric->port_first[device];
	uint32_t routers = rib_router_ports(bgp->rib, device);

	if (old == best)
		return;
	for (uint32_t port = first; port < first + routers; port++) {
		if (!port_up(bgp, port))
			continue;
		uint32_t peer = port_device(bgp, port_peer(bgp, port));
		uint32_t before = rib_offer(bgp->rib, device, old, peer);
		uint32_t after = rib_offer(bgp->rib, device, best, peer);
		if (before != after)
			tell(bgp, port, set, after);
	}
}

/* A leaf's servers have their default route by it while one of its uplinks has
 * a session. */
static void
offer(struct bgp *bgp, uint32_t device)
{
	const struct fabric *fabric = bgp->fabric;
	bool *offers = &bgp->offers[fabric_router(fabric, device)];
	uint32_t first = fabric->port_first[device];
	uint32_t routers = rib_router_ports(bgp->rib, device);
	bool now = false;

	if (fabric_kind(fabric, device) != DEVICE_LEAF)
		return;
	for (uint32_t port = first; port < first + routers; port++)
		now = now || port_up(bgp, port);
	if (now == *offers)
		return;
	*offers = now;
	for (uint32_t port = first + routers;
	     port < fabric->port_first[device + 1]; port++)
		if (port_up(bgp, port))
			tell(bgp, port, RIB_OF_DEFAULT,
			     now ? ASPATH_LOCAL : ASPATH_NONE);
}

static void
decide(struct bgp *bgp, uint32_t device, uint32_t set)
{
	uint32_t old;
	uint32_t best =
		rib_decide(bgp->rib, set, device, queue_now(bgp->queue), &old);

	advertise(bgp, device, set, old, best);
}

static void
decide_all(struct bgp *bgp, uint32_t device)
{
	for (uint32_t set = 0; set < rib_count(bgp->rib); set++)
		decide(bgp, device, set);
}

/* A server's tables must be its own before its links differ from those of its
 * group. What is on its way about the group is about the server too. */
static void
own(struct bgp *bgp, uint32_t server)
{
	uint32_t shared;

	if (!rib_own(bgp->rib, server, &shared))
		return;

	uint32_t set = rib_of_server(bgp->rib, server);
	for (uint32_t i = bgp->fabric->device_first[DEVICE_EDGE];
	     i < bgp->fabric->device_count; i++)
		updates_copy(bgp->updates, i, shared, set);
}

/* What depends on a port's flags, after they changed. */
static void
port_decide(struct bgp *bgp, uint32_t port)
{
	const struct fabric *fabric = bgp->fabric;
	uint32_t device = port_device(bgp, port);
	uint32_t peer = port_device(bgp, port_peer(bgp, port));

	if (!fabric_is_router(fabric, device))
		return;
	if (fabric_is_router(fabric, peer)) {
		decide_all(bgp, device);
		offer(bgp, device);
	} else if (fabric_kind(fabric, peer) == DEVICE_SERVER) {
		decide(bgp, device, RIB_OF_SERVICE);
		decide(bgp, device, rib_of_server(bgp->rib, peer));
	}
}

/* Before a port's flags change. */
static void
port_prepare(struct bgp *bgp, uint32_t port)
{
	uint32_t peer = port_device(bgp, port_peer(bgp, port));

	if (fabric_is_router(bgp->fabric, port_device(bgp, port)) &&
	    fabric_kind(bgp->fabric, peer) == DEVICE_SERVER)
		own(bgp, peer);
}

/* The session's end is down: forget what came over it. */
static void
port_forget(struct bgp *bgp, uint32_t port)
{
	uint32_t device = port_device(bgp, port);
	uint32_t peer = port_device(bgp, port_peer(bgp, port));

	*rib_port(bgp->rib, port) = RIB_DEAD;
	if (fabric_is_router(bgp->fabric, device) &&
	    fabric_is_router(bgp->fabric, peer))
		for (uint32_t set = 0; set < rib_count(bgp->rib); set++)
			rib_hear(bgp->rib, set, port, ASPATH_NONE);
}

/* ---- events ---- */

static void
event_reroute(struct bgp *bgp, uint32_t port)
{
	port_prepare(bgp, port);
	*rib_port(bgp->rib, port) |= RIB_DEAD;
	port_decide(bgp, port);
}

static void
event_lost(struct bgp *bgp, uint32_t port)
{
	if (!port_up(bgp, port))
		return;
	port_prepare(bgp, port);
	port_forget(bgp, port);
	port_decide(bgp, port);
}

/* What leads to the port stayed silent for too long. */
static void
event_detected(struct bgp *bgp, uint32_t port, uint32_t epoch)
{
	uint32_t peer = port_peer(bgp, port);

	if (port_epoch(bgp, port) != epoch)
		return;
	event_lost(bgp, port);
	/* Its BFD says so, if that gets through. */
	if (bgp->settings.detection == DETECTION_BFD &&
	    port_hears(bgp, peer) == LINK_UP)
		schedule(bgp, port_device(bgp, peer), TOLD_NS, ROUTE_UNHEARD,
			 peer, epoch);
}

/* The peer has not heard us for so long that it dropped the session, and we are
 * told, or have missed what it could not send. */
static void
event_unheard(struct bgp *bgp, uint32_t port, uint32_t epoch)
{
	if (port_epoch(bgp, port_peer(bgp, port)) != epoch)
		return;
	if (bgp->settings.detection == DETECTION_BFD &&
	    port_hears(bgp, port) != LINK_UP)
		return;
	event_lost(bgp, port);
}

/* Decide about a set when all is heard. */
static void
set_mark(struct bgp *bgp, uint32_t set)
{
	while (set >= bgp->mark_capacity) {
		uint32_t was = bgp->mark_capacity;
		bgp->mark_capacity = was * 2 + 64;
		bgp->marked = memory_grown(bgp->marked, bgp->mark_capacity,
					   sizeof(bgp->marked[0]));
		bgp->is_marked =
			memory_grown(bgp->is_marked, bgp->mark_capacity,
				     sizeof(bgp->is_marked[0]));
		memset(bgp->is_marked + was, 0, bgp->mark_capacity - was);
	}
	if (bgp->is_marked[set])
		return;
	bgp->is_marked[set] = true;
	bgp->marked[bgp->marked_count++] = set;
}

static void
update_take(struct bgp *bgp, const struct update *update)
{
	const struct fabric *fabric = bgp->fabric;
	uint32_t port = update->port;
	uint8_t *flags = rib_port(bgp->rib, port);

	bgp->delivered++;
	if (!fabric_is_router(fabric, port_device(bgp, port))) {
		*flags &= (uint8_t)~RIB_DEFAULT;
		if (update->path != ASPATH_NONE)
			*flags |= RIB_DEFAULT;
		return;
	}
	if (fabric_is_router(fabric, port_device(bgp, port_peer(bgp, port)))) {
		rib_hear(bgp->rib, update->set, port, update->path);
	} else {
		*flags &= (uint8_t)~RIB_SERVICE;
		if (update->path != ASPATH_NONE)
			*flags |= RIB_SERVICE;
	}
	set_mark(bgp, update->set);
}

static void
event_update(struct bgp *bgp, uint32_t device)
{
	struct update update;

	while (updates_next(bgp->updates, device, &update))
		if (port_hears(bgp, update.port) == LINK_UP &&
		    port_epoch(bgp, update.port) == update.epoch &&
		    port_up(bgp, update.port))
			update_take(bgp, &update);
	for (uint32_t i = 0; i < bgp->marked_count; i++) {
		bgp->is_marked[bgp->marked[i]] = false;
		decide(bgp, device, bgp->marked[i]);
	}
	bgp->marked_count = 0;
}

/* What the device behind a port has to say about everything. */
static void
hear_all(struct bgp *bgp, uint32_t port)
{
	const struct fabric *fabric = bgp->fabric;
	uint32_t device = port_device(bgp, port);
	uint32_t peer = port_device(bgp, port_peer(bgp, port));
	uint8_t *flags = rib_port(bgp->rib, port);

	*flags = RIB_UP;
	if (!fabric_is_router(fabric, device)) {
		if (bgp->offers[fabric_router(fabric, peer)])
			*flags |= RIB_DEFAULT;
		return;
	}
	if (!fabric_is_router(fabric, peer)) {
		if (fabric_kind(fabric, peer) == DEVICE_SERVER &&
		    bgp->announces[peer])
			*flags |= RIB_SERVICE;
		return;
	}
	for (uint32_t set = 0; set < rib_count(bgp->rib); set++) {
		uint32_t best = rib_best(bgp->rib, set, peer);
		rib_hear(bgp->rib, set, port,
			 /* NOLINTNEXTLINE(readability-suspicious-*) */
			 rib_offer(bgp->rib, peer, best, device));
	}
}

static void
event_restored(struct bgp *bgp, uint32_t link)
{
	const uint32_t *ports = bgp->fabric->links[link].ports;
	struct link_view *state = &bgp->links[link];

	/* What either said before is over. */
	state->epoch++;
	state->epochs[0] = state->epochs[1] = state->epoch;
	/* Both speak before either decides. */
	for (int i = 0; i < 2; i++)
		port_prepare(bgp, ports[i]);
	for (int i = 0; i < 2; i++)
		hear_all(bgp, ports[i]);
	for (int i = 0; i < 2; i++)
		port_decide(bgp, ports[i]);
}

void
bgp_event(struct bgp *bgp, const struct event *event)
{
	switch ((enum route_code)event->code) {
	case ROUTE_UPDATE:
		event_update(bgp, event->destination);
		break;
	case ROUTE_REROUTE:
		event_reroute(bgp, event->a);
		break;
	case ROUTE_LOST:
		event_lost(bgp, event->a);
		break;
	case ROUTE_DETECTED:
		event_detected(bgp, event->a, event->b);
		break;
	case ROUTE_UNHEARD:
		event_unheard(bgp, event->a, event->b);
		break;
	case ROUTE_RESTORED:
		if (bgp->links[event->a].epoch == event->b)
			event_restored(bgp, event->a);
		break;
	}
}

/* ---- what happens to the fabric ---- */

static void
link_down(struct bgp *bgp, uint32_t link)
{
	struct link_view *state = &bgp->links[link];
	int64_t now_ns = queue_now(bgp->queue).ns;

	for (int i = 0; i < 2; i++) {
		uint32_t port = bgp->fabric->links[link].ports[i];
		uint32_t device = port_device(bgp, port);
		if (!bgp->device_up[device])
			continue;
		int64_t reroute =
			span_draw(bgp, device, &bgp->settings.reroute);
		int64_t local = span_draw(bgp, device, &bgp->settings.local);
		if (local < reroute)
			local = reroute;
		schedule(bgp, device, reroute, ROUTE_REROUTE, port, 0);
		if (fabric_tier(bgp->fabric, link) == TIER_CLIENT_EDGE)
			local = reroute; /* no BGP there */
		else
			schedule(bgp, device, local, ROUTE_LOST, port, 0);
		if (state->settled_ns < now_ns + local)
			state->settled_ns = now_ns + local;
	}
}

static const struct span *
silence_span(const struct bgp *bgp)
{
	return bgp->settings.detection == DETECTION_BFD ? &bgp->settings.bfd
							: &bgp->settings.hold;
}

/* A port hears its peer, which does not hear it. By the hold timer it will miss
 * keepalives, too (bgp.h); BFD is told by a peer that has dropped the session,
 * and otherwise when that does. */
static void
port_unheard(struct bgp *bgp, uint32_t port)
{
	const struct span *span = silence_span(bgp);
	uint32_t device = port_device(bgp, port);
	uint32_t peer = port_peer(bgp, port);
	int64_t delay;

	if (bgp->settings.detection == DETECTION_HOLD)
		delay = span_draw(bgp, device, span) + span->high_ns / 3;
	else if (!port_up(bgp, peer))
		delay = TOLD_NS;
	else
		return;
	schedule(bgp, device, delay, ROUTE_UNHEARD, port,
		 port_epoch(bgp, peer));
}

/* Deaf, hears: a bit for each end that has become so. */
static void
link_silent(struct bgp *bgp, uint32_t link, unsigned deaf, unsigned hears)
{
	const uint32_t *ports = bgp->fabric->links[link].ports;

	if (bgp->settings.detection == DETECTION_CARRIER ||
	    fabric_tier(bgp->fabric, link) == TIER_CLIENT_EDGE)
		return;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t device = port_device(bgp, ports[i]);
		if (deaf >> i & 1)
			schedule(bgp, device,
				 span_draw(bgp, device, silence_span(bgp)),
				 ROUTE_DETECTED, ports[i],
				 port_epoch(bgp, ports[i]));
	}
	for (unsigned i = 0; i < 2; i++)
		if (port_hears(bgp, ports[i]) == LINK_UP &&
		    (hears >> i & 1 || deaf >> (1 - i) & 1))
			port_unheard(bgp, ports[i]);
}

static void
link_up(struct bgp *bgp, uint32_t link)
{
	const struct link_view *state = &bgp->links[link];
	const uint32_t *ports = bgp->fabric->links[link].ports;
	uint32_t device = port_device(bgp, ports[1]);
	int64_t now_ns = queue_now(bgp->queue).ns;
	int64_t delay = 0; /* a client's route is its carrier */

	if (fabric_tier(bgp->fabric, link) != TIER_CLIENT_EDGE) {
		bool kept = state->settled_ns < now_ns &&
			    port_up(bgp, ports[0]) && port_up(bgp, ports[1]);
		delay = span_draw(bgp, device,
				  kept ? &bgp->settings.hop
				       : &bgp->settings.restore);
	}
	if (delay <= state->settled_ns - now_ns)
		delay = state->settled_ns - now_ns + 1;
	schedule(bgp, device, delay, ROUTE_RESTORED, link, state->epoch);
}

void
bgp_link(struct bgp *bgp, uint32_t link, enum link_state now)
{
	struct link_view *state = &bgp->links[link];
	enum link_state was = state->state;
	unsigned deaf = 0, hears = 0;

	if (now == was)
		return;
	state->state = now;
	state->epoch++;
	/* Direction 0 leads to ports[1]. */
	for (unsigned d = 0; d < 2; d++) {
		if (link_state_toward(was, d) == link_state_toward(now, d))
			continue;
		state->epochs[d] = state->epoch;
		if (link_state_toward(was, d) == LINK_UP)
			deaf |= 1U << (1 - d);
		else if (link_state_toward(now, d) == LINK_UP)
			hears |= 1U << (1 - d);
	}
	if (now == LINK_DOWN)
		link_down(bgp, link);
	else if (now == LINK_UP)
		link_up(bgp, link);
	else
		link_silent(bgp, link, deaf, hears);
}

void
bgp_device(struct bgp *bgp, uint32_t device, bool up)
{
	const struct fabric *fabric = bgp->fabric;

	bgp->device_up[device] = up;
	if (fabric_is_router(fabric, device))
		rib_router_set(bgp->rib, device, up);
	if (!up) {
		for (uint32_t port = fabric->port_first[device];
		     port < fabric->port_first[device + 1]; port++) {
			port_prepare(bgp, port);
			port_forget(bgp, port);
		}
	}
	/* Down: none to tell. Up: the edge has its default route again. */
	if (fabric_is_router(fabric, device)) {
		decide_all(bgp, device);
		offer(bgp, device);
	}
}

void
bgp_announce(struct bgp *bgp, uint32_t server, bool announce)
{
	const struct fabric *fabric = bgp->fabric;

	if (bgp->announces[server] == announce)
		return;
	bgp->announces[server] = announce;
	for (uint32_t port = fabric->port_first[server];
	     port < fabric->port_first[server + 1]; port++)
		if (port_up(bgp, port))
			tell(bgp, port, RIB_OF_SERVICE,
			     announce ? ASPATH_SERVER : ASPATH_NONE);
}

uint32_t
bgp_route(const struct bgp *bgp, uint32_t router, uint32_t target,
	  uint64_t hash)
{
	return rib_route(bgp->rib, router, target, hash, queue_now(bgp->queue),
			 false);
}

uint32_t
bgp_forward(struct bgp *bgp, uint32_t router, uint32_t target, uint64_t hash)
{
	return rib_route(bgp->rib, router, target, hash, queue_now(bgp->queue),
			 true);
}

uint32_t
bgp_uplinks(const struct bgp *bgp, uint32_t host)
{
	uint32_t first = bgp->fabric->port_first[host], uplinks = 0;

	for (uint32_t i = 0; i < fabric_ports(bgp->fabric, host); i++) {
		uint8_t flags = rib_port_flags(bgp->rib, first + i);
		if ((flags & (RIB_UP | RIB_DEAD | RIB_DEFAULT)) ==
		    (RIB_UP | RIB_DEFAULT))
			uplinks |= 1U << i;
	}
	return uplinks;
}

const struct rib *
bgp_rib(const struct bgp *bgp)
{
	return bgp->rib;
}

uint64_t
bgp_updates(const struct bgp *bgp)
{
	return bgp->delivered;
}
