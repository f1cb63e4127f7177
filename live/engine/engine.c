/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - datagrams to the node, packets to steer, the outbox to the edge
 *
 * Every verb has the same three parts: a verb of the core, which appends to
 * the outbox; then learn(), which takes the node's events, measures them and
 * hands them to steer; then room(), which empties the outbox early should a
 * batch fill it. Otherwise it stays full until engine_flush(), so that what one
 * wake-up wants sent leaves together and in order, packets for our own stack
 * included.
 *
 * A packet of a session that the table knows is not called a stray before the
 * kernel has been asked as well: socket events come a moment late, and lost
 * ones would turn the table into a lie.
 */
#include "live/engine/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/dht/store.h"
#include "core/endpoint.h"
#include "core/wire/message.h"
#include "core/wire/packet.h"
#include "live/engine/core_memory.h"
#include "live/engine/core_settings.h"
#include "live/engine/hearing.h"
#include "live/engine/notify.h"
#include "live/engine/pending_lookups.h"
#include "live/engine/stock.h"

/* Between attempts to take stock. */
#define RETRY_NS NS_PER_S
/* Packets out of the tunnel about whose sockets the kernel is asked though the
 * table has the session open: one that is another's comes again. */
#define ASKED_PER_S 2000
/* The outbox is emptied early above half of it. */
#define OUTBOX_ITEMS_HIGH (CORE_MEMORY_OUTBOX_ITEMS / 2)
#define OUTBOX_BYTES_HIGH (CORE_MEMORY_OUTBOX_BYTES / 2)

struct engine {
	struct conf conf;
	/* conf.steer with services and keys; steer borrows it. */
	struct steer_settings steer_settings;
	struct node_settings node_settings;
	struct engine_parts parts;
	struct engine_edge edge;
	struct notify notify;
	struct seal *seal;
	struct core_memory memory;
	struct engine_counters counters;
	struct pending_lookups pending_lookups;
	struct hearing hearing;
	struct stock stock;
	struct wall wall;
	struct instant dump_at; /* NEVER: the table is right */
	struct instant asked_until; /* ASKED_PER_S: paid until then */
	bool unrouted; /* some owner had no route */
};

/* ---- making and reloading ---- */

int
engine_create(struct engine **made, const struct conf *conf,
	      const struct secret *secret, const struct engine_parts *parts,
	      const struct engine_edge *edge, struct wall_reading reading,
	      struct instant now)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	uint64_t seed;
	int error;

	*made = NULL;
	if (engine == NULL)
		return -ENOMEM;
	engine->conf = *conf;
	engine->parts = *parts;
	engine->edge = *edge;
	engine->wall = wall_begin(reading);
	engine->dump_at = INSTANT_NEVER;
	engine->hearing = (struct hearing){
		.boot = parts->boot,
		.edge = &engine->edge,
		.counters = &engine->counters,
		.talk = { .context = edge->context, .say = edge->say },
	};
	engine->stock = (struct stock){
		.memory = &engine->memory,
		.sessions = parts->sessions,
		.conf = &engine->conf,
		.edge = &engine->edge,
		.wall = &engine->wall,
		.notify = &engine->notify,
		.counters = &engine->counters,
	};
	core_settings(&engine->steer_settings, &engine->node_settings,
		      &engine->conf, secret);
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		error = -EIO;
	else
		error = core_memory_create(
			&engine->memory, &engine->conf, &engine->node_settings,
			&engine->steer_settings, &secret->placement, seed, now);
	engine->notify.strays = engine->memory.stray_aggregator;
	if (error == 0) {
		engine->seal = seal_create(secret, &conf->self, conf->peers_max,
					   parts->boot != NULL ? parts->boot->id
							       : boot_clock());
		engine->hearing.seal = engine->seal;
		if (parts->boot != NULL)
			steer_number(engine->memory.steer, parts->boot->starts);
		error = engine->seal == NULL ? -ENOMEM : 0;
	}
	if (error != 0) {
		engine_destroy(engine);
		return error;
	}
	*made = engine;
	return 0;
}

void
engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	seal_destroy(engine->seal);
	core_memory_destroy(&engine->memory);
	explicit_bzero(engine, sizeof(*engine));
	free(engine);
}

void
engine_reload(struct engine *engine, const struct conf *conf,
	      const struct secret *secret, struct instant now)
{
	engine->conf = *conf;
	core_settings(&engine->steer_settings, &engine->node_settings,
		      &engine->conf, secret);
	/* A publication has room for so many. */
	if (engine->node_settings.replicas > engine->memory.replicas)
		engine->node_settings.replicas = engine->memory.replicas;
	seal_rekey(engine->seal, secret);
	/* It names peers to one who had none. */
	if (node_joined(engine->memory.node) &&
	    node_contact_count(engine->memory.node) == 0)
		engine_join(engine, now);
}

void
engine_listen(struct engine *engine, const struct engine_listener *listener)
{
	notify_listen(&engine->notify, listener);
}

/* ---- sending ---- */

void
engine_sent(struct engine *engine, struct instant now, const struct address *to,
	    bool forward, int error)
{
	bool no_route = error == -ENETUNREACH || error == -EHOSTUNREACH;

	engine->counters.edge_errors += error != 0;
	engine->counters.no_route += no_route;
	/* Most never lose a route: then there is nothing to take back. */
	if (!forward || (!no_route && !engine->unrouted))
		return;
	engine->unrouted |= no_route;
	steer_route(engine->memory.steer, now, to, !no_route);
}

static int
send_datagram(struct engine *engine, const struct outbox_item *item,
	      const uint8_t *bytes)
{
	uint8_t sealed[MESSAGE_SEALED_MAX];
	size_t size = seal_close(engine->seal, &item->to, bytes, item->size,
				 sealed, sizeof(sealed));

	if (size == 0)
		return -EMSGSIZE;
	return engine->edge.datagram(engine->edge.context, &item->to,
				     item->avoid_uplink, sealed, size);
}

static void
send_item(struct engine *engine, struct instant now,
	  const struct outbox_item *item, const uint8_t *bytes)
{
	const struct engine_edge *edge = &engine->edge;
	int error = 0;

	switch ((enum outbox_kind)item->kind) {
	case OUTBOX_DATAGRAM:
		error = send_datagram(engine, item, bytes);
		break;
	case OUTBOX_FORWARD:
		error = edge->forward(edge->context, &item->to,
				      item->source_port, item->avoid_uplink,
				      bytes, item->size);
		break;
	case OUTBOX_PACKET:
		error = edge->packet(edge->context, item->avoid_uplink, bytes,
				     item->size);
		break;
	case OUTBOX_DELIVER:
		error = edge->deliver(edge->context, bytes, item->size);
		break;
	}
	if (error != 0)
		engine_sent(engine, now, &item->to.address,
			    item->kind != OUTBOX_DATAGRAM &&
				    item->to.address.family != 0,
			    error);
}

void
engine_flush(struct engine *engine, struct instant now)
{
	struct outbox *outbox = &engine->memory.outbox;

	for (uint32_t i = 0; i < outbox->item_count; i++)
		send_item(engine, now, &outbox->items[i],
			  outbox->bytes + outbox->items[i].offset);
	outbox_clear(outbox);
}

static void
room(struct engine *engine, struct instant now)
{
	const struct outbox *outbox = &engine->memory.outbox;

	if (outbox->item_count > OUTBOX_ITEMS_HIGH ||
	    outbox->byte_count > OUTBOX_BYTES_HIGH)
		engine_flush(engine, now);
}

/* ---- node events ---- */

/* How many peers there are besides ourselves. */
static uint32_t
intern_peers(struct engine *engine, uint32_t seeds[CONF_PEERS])
{
	const struct conf *conf = &engine->conf;
	uint32_t count = 0;

	for (uint32_t i = 0; i < conf->peer_count; i++) {
		uint32_t index = endpoints_intern(engine->memory.endpoints,
						  &conf->peers[i]);
		if (index != ENDPOINT_NONE &&
		    index != node_self(engine->memory.node))
			seeds[count++] = index;
	}
	return count;
}

static void
join(struct engine *engine, struct instant now)
{
	uint32_t seeds[CONF_PEERS];
	uint32_t count = intern_peers(engine, seeds);

	node_join(engine->memory.node, now, seeds, count,
		  &engine->memory.outbox);
}

/* Replicas knew a newer record of a session here. */
static void
raised(struct engine *engine, struct instant now,
       const struct node_event *event)
{
	struct version ours;
	int64_t ahead_ns = 0;

	if (sessions_version(engine->parts.sessions, &event->key, &ours))
		ahead_ns = event->version.established_ns - ours.established_ns;
	engine->counters.raised++;
	talk_raised(&engine->hearing.talk, now, &event->key, ahead_ns);
	notify_raised(&engine->notify, now, &event->key, ahead_ns);
}

static void
learn(struct engine *engine, struct instant now)
{
	struct core_memory *memory = &engine->memory;

	for (;;) {
		struct node_event event = node_event(memory->node);
		switch (event.kind) {
		case NODE_NONE:
			room(engine, now);
			return;
		case NODE_STORED:
			notify_event(&engine->notify, &event, NULL);
			break;
		case NODE_FOUND:
		case NODE_MISSED:
			notify_event(&engine->notify, &event,
				     engine_endpoint(engine,
						     event.records[0].owner));
			pending_lookups_answer(&engine->pending_lookups,
					       &event);
			break;
		case NODE_JOIN_AGAIN:
			join(engine, now);
			break;
		case NODE_RAISED:
			raised(engine, now, &event);
			break;
		case NODE_JOINED:
		case NODE_NOT_MINE:
		case NODE_DOUBT:
		case NODE_REMOVED: /* no removal is announced */
			break;
		}
		steer_learned(memory->steer, now, &event, &memory->outbox);
		room(engine, now);
	}
}

/* ---- joining ---- */

void
engine_join(struct engine *engine, struct instant now)
{
	join(engine, now);
	learn(engine, now);
}

void
engine_hand_over(struct engine *engine, struct instant now)
{
	node_hand_over(engine->memory.node, now);
}

bool
engine_handed_over(const struct engine *engine)
{
	return node_handed_over(engine->memory.node);
}

void
engine_leave(struct engine *engine, struct instant now)
{
	node_leave(engine->memory.node, now, &engine->memory.outbox);
	learn(engine, now);
}

/* ---- sessions ---- */

void
engine_socket(struct engine *engine, struct instant now,
	      const struct socket_event *event)
{
	stock_event(&engine->stock, now, event);
	learn(engine, now);
}

struct dump {
	struct engine *engine;
	struct instant now;
};

static void
dump_found(void *context, const struct session_key *key,
	   enum sockdiag_state state)
{
	const struct dump *dump = context;

	stock_found(&dump->engine->stock, dump->now, key, state);
	learn(dump->engine, dump->now);
}

static void
dump_gone(void *context, const struct session_key *key)
{
	const struct dump *dump = context;

	stock_gone(&dump->engine->stock, dump->now, key);
	learn(dump->engine, dump->now);
}

int
engine_dump(struct engine *engine, struct instant now)
{
	const struct engine_parts *parts = &engine->parts;
	struct dump dump = { engine, now };
	int error = 0;

	engine->dump_at = INSTANT_NEVER;
	if (parts->sockdiag == NULL)
		return 0;
	sessions_doubt(parts->sessions);
	error = sockdiag_dump(parts->sockdiag, engine->conf.services,
			      engine->conf.service_count, dump_found, &dump);
	if (error == 0)
		sessions_settle(parts->sessions, dump_gone, &dump);
	else
		engine->dump_at = instant_after(now, RETRY_NS);
	return error;
}

/* ---- packets ---- */

/* The sessions table's answer, when the kernel cannot be asked. */
static int
has_entry(const struct engine *engine, const struct session_key *key)
{
	if (!sessions_has(engine->parts.sessions, key))
		return 0;
	return sessions_lingers(engine->parts.sessions, key) ? SOCKDIAG_WAITS
							     : SOCKDIAG_OPEN;
}

/* Whose is the packet (enum ownership), by the socket of its key? The kernel
 * decides, if it can be asked: the socket may be a request that a forged SYN
 * made, or left behind by a client that has a new session with the same key,
 * elsewhere. A later fragment has no numbers, nor has a table. */
static enum ownership
owns(struct engine *engine, const struct classification *classification)
{
	bool quoted = classification->kind == CLASSIFICATION_ERROR;
	const struct session_key *key = &classification->key;
	const struct engine_edge *edge = &engine->edge;
	struct ownership_segment segment = {
		.seq = classification->quoted_seq,
	};
	int answer = -ENOSYS;

	if (!quoted)
		segment = ownership_segment_of(&classification->packet);
	if (edge->owns != NULL && classification->kind != CLASSIFICATION_LATER)
		answer = edge->owns(edge->context, key, &segment, quoted);
	if (answer >= 0)
		return (enum ownership)answer;
	answer = engine->parts.sockdiag != NULL
			 ? sockdiag_has(engine->parts.sockdiag, key)
			 : has_entry(engine, key);
	/* Negative: the kernel could not answer. A packet that is delivered in
	 * vain is dropped silently; a session that is called missing is lost.
	 */
	return answer != 0 ? OWNERSHIP_MINE : OWNERSHIP_STRAY;
}

static bool
may_ask(struct engine *engine, struct instant now)
{
	if (instant_before(engine->asked_until, now))
		engine->asked_until = now;
	if (instant_distance_ns(now, engine->asked_until) > NS_PER_S)
		return false;
	engine->asked_until =
		instant_after(engine->asked_until, NS_PER_S / ASKED_PER_S);
	return true;
}

/* The same of one out of the tunnel. The kernel is not asked about every packet
 * of a moved session. */
static enum ownership
owns_tunnelled(struct engine *engine, struct instant now,
	       const struct classification *classification)
{
	bool open = has_entry(engine, &classification->key) == SOCKDIAG_OPEN;

	if (open && !may_ask(engine, now))
		return OWNERSHIP_MINE;
	enum ownership owner = owns(engine, classification);
	/* As unasked: what is delivered in vain is dropped silently. */
	return open && owner == OWNERSHIP_STRAY ? OWNERSHIP_MINE : owner;
}

/* One that the table does not know was never published: zero. */
static struct version
version_of(const struct engine *engine, const struct session_key *key)
{
	struct version version = { .established_ns = 0 };

	(void)sessions_version(engine->parts.sessions, key, &version);
	return version;
}

/* The packet came out as a stray, but has its session opened here meanwhile? A
 * RST is of the session before: the new one's client would not end it so soon,
 * and the old one's owner must hear of it, or would keep the key for ever. */
static bool
has_come(struct engine *engine, const struct classification *classification)
{
	if (!sessions_has(engine->parts.sessions, &classification->key))
		return false;
	if (classification->kind == CLASSIFICATION_SEGMENT &&
	    (classification->packet.tcp_flags & TCP_RST) != 0)
		return false;
	return owns(engine, classification) == OWNERSHIP_MINE;
}

void
engine_stray(struct engine *engine, struct instant now, uint8_t uplink,
	     const uint8_t *bytes, size_t size)
{
	struct core_memory *memory = &engine->memory;
	struct classification classification;

	steer_classify(memory->steer, bytes, size, &classification);
	bool known =
		classification.has_key && has_come(engine, &classification);
	struct steer_result result =
		steer_packet(memory->steer, now, &classification, bytes, known,
			     uplink, &memory->outbox);

	engine->counters.forwarded += result.verdict == STEER_FORWARD;
	notify_stray(&engine->notify, now, &result);
	notify_verdict(&engine->notify, now, &result, &memory->outbox);
	if (result.verdict == STEER_LOCAL) {
		uint8_t *copy;

		/* Behind the held packets that this one released. */
		if (outbox_add(&memory->outbox, OUTBOX_DELIVER, (uint32_t)size,
			       &copy) != NULL)
			memcpy(copy, bytes, size);
	}
	learn(engine, now);
}

void
engine_doubt(struct engine *engine, struct instant now, uint8_t uplink,
	     const uint8_t *bytes, size_t size)
{
	struct core_memory *memory = &engine->memory;
	struct version local = { .established_ns = 0 };
	struct classification classification;

	steer_classify(memory->steer, bytes, size, &classification);
	if (classification.has_key)
		local = version_of(engine, &classification.key);
	struct steer_result result =
		steer_doubt(memory->steer, now, &classification, bytes, local,
			    uplink, &memory->outbox);

	engine->counters.forwarded += result.verdict == STEER_FORWARD;
	notify_verdict(&engine->notify, now, &result, &memory->outbox);
	learn(engine, now);
}

void
engine_tunnel(struct engine *engine, struct instant now,
	      const struct endpoint *from, const struct address *to,
	      const uint8_t *bytes, size_t size)
{
	struct core_memory *memory = &engine->memory;
	struct steer_result result = { .verdict = STEER_LOCAL };
	enum ownership owner = OWNERSHIP_STRAY;
	struct classification classification;
	const uint8_t *inner;
	int error;

	result.drop = steer_decapsulate(memory->steer, now, from, to, bytes,
					size, &inner, &classification);
	bool served = result.drop != DROP_NOT_SERVICE;
	if (result.drop != DROP_NONE && (served || !classification.has_key)) {
		result.verdict = STEER_DROP;
		notify_decision(&engine->notify, now, &result,
				drop_text(result.drop));
		return;
	}
	result.key = classification.key;
	if (served)
		owner = owns_tunnelled(engine, now, &classification);
	if (owner == OWNERSHIP_DOUBT) {
		steer_doubted(memory->steer, now, from, &classification,
			      version_of(engine, &result.key), &memory->outbox);
		learn(engine, now);
	}
	if (owner != OWNERSHIP_STRAY) {
		/* Nothing in the outbox is older and of this session. */
		error = engine->edge.deliver(engine->edge.context, inner,
					     classification.packet.size_bytes);
		if (error != 0)
			engine_sent(engine, now, to, false, error);
		notify_decision(&engine->notify, now, &result, "from tunnel");
		return;
	}
	result.verdict = STEER_DROP;
	result.drop = DROP_NOT_OURS;
	notify_decision(&engine->notify, now, &result,
			drop_text(DROP_NOT_OURS));
	steer_refuse(memory->steer, now, from, &classification,
		     &memory->outbox);
	learn(engine, now);
}

void
engine_datagram(struct engine *engine, struct instant now,
		const struct endpoint *from, const uint8_t *bytes, size_t size)
{
	struct core_memory *memory = &engine->memory;
	uint8_t message[MESSAGE_MAX];
	struct seal_opened opened;

	if (!hearing_open(&engine->hearing, now, from, bytes, size, message,
			  &opened))
		return;
	steer_heard(memory->steer, now, &from->address);
	if (opened.booted)
		node_booted(memory->node, now, from, &memory->outbox);
	if (node_receive(memory->node, now, from, message, opened.size,
			 &memory->outbox) == DROP_VERSION)
		hearing_version(&engine->hearing, now, from, message[0]);
	learn(engine, now);
}

void
engine_icmp(struct engine *engine, struct instant now,
	    const struct address *from, const uint8_t *bytes, size_t size)
{
	steer_icmp(engine->memory.steer, now, from, bytes, size);
}

/* ---- time ---- */

struct instant
engine_deadline(const struct engine *engine)
{
	const struct core_memory *memory = &engine->memory;
	struct instant due = instant_min(node_deadline(memory->node),
					 steer_deadline(memory->steer));

	due = instant_min(due, engine->dump_at);
	due = instant_min(due, notify_deadline(&engine->notify));
	return instant_min(due, stock_deadline(&engine->stock));
}

void
engine_expire(struct engine *engine, struct instant now)
{
	struct core_memory *memory = &engine->memory;

	node_expire(memory->node, now, &memory->outbox);
	learn(engine, now);
	steer_expire(memory->steer, now, &memory->outbox);
	learn(engine, now);
	while (stock_expire(&engine->stock, now))
		learn(engine, now);
	notify_expire(&engine->notify, now);
	if (!instant_before(now, engine->dump_at))
		(void)engine_dump(engine, now);
}

void
engine_wall(struct engine *engine, struct instant now,
	    struct wall_reading reading)
{
	int64_t limit_ns = engine->node_settings.record_ttl_ns / 3;

	engine->counters.reclaimed += core_memory_reclaim(
		&engine->memory, now, &engine->node_settings);
	if (!wall_look(&engine->wall, reading, limit_ns))
		return;
	engine->counters.leaps++;
	talk_leap(&engine->hearing.talk, now);
	node_republish(engine->memory.node, now);
}

/* ---- questions ---- */

int
engine_lookup(struct engine *engine, struct instant now,
	      const struct session_key *key,
	      void (*done)(void *, const struct node_event *), void *context)
{
	node_ticket ticket;
	int error;

	if (pending_lookups_full(&engine->pending_lookups))
		return -EAGAIN;
	error = node_get(engine->memory.node, now, key, NODE_ASKER_OPERATOR,
			 NULL, 0, OUTBOX_ANY_UPLINK, &ticket,
			 &engine->memory.outbox);
	if (error != 0)
		return error;
	pending_lookups_add(&engine->pending_lookups, ticket, done, context);
	learn(engine, now);
	return 0;
}

void
engine_status(struct engine *engine, struct engine_status *status)
{
	const struct core_memory *memory = &engine->memory;

	*status = (struct engine_status){
		.joined = node_joined(memory->node),
		.sessions = sessions_count(engine->parts.sessions),
		.contacts = node_contact_count(memory->node),
		.flows = steer_flow_count(memory->steer),
		.records = store_count(memory->store),
		.memory_bytes = memory->size_bytes,
		.node = node_counters(memory->node),
		.traffic = &memory->traffic,
		.steer = steer_counters(memory->steer),
		.engine = &engine->counters,
	};
}

const struct endpoint *
engine_endpoint(const struct engine *engine, uint32_t index)
{
	return index < endpoints_count(engine->memory.endpoints)
		       ? endpoints_get(engine->memory.endpoints, index)
		       : NULL;
}

bool
engine_version(const struct engine *engine, const struct session_key *key,
	       struct version *version)
{
	return node_owns(engine->memory.node, key, version);
}

void
engine_peers(struct engine *engine,
	     void (*each)(void *, const struct endpoint *), void *context)
{
	struct core_memory *memory = &engine->memory;
	uint32_t count = node_contacts(memory->node, memory->contact_indices,
				       memory->contacts);

	for (uint32_t i = 0; i < count; i++)
		each(context, endpoints_get(memory->endpoints,
					    memory->contact_indices[i]));
}
