/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * workload.h - the sessions of a run: what each wants and what became of it
 *
 * A session is planned from its own random stream (size) and the arrivals'
 * (time), so that what one draws changes no other. Clients open it, servers
 * and clients report on it, and its end goes to the watch:
 *
 *	closed	complete, no packet of it ever reached another server
 *	kept	complete, though some did (strays)
 *	reset	a RST ended it
 *	timeout	retries used up, or not complete when the run ended
 *	corrupt	complete, but a byte was wrong
 *
 * Complete is complete: a session all of whose bytes are at the receiver when
 * the run ends is closed or kept, though its FIN may be on the way. A RST or a
 * timeout that the client sees is the session's end even then, for the client
 * has seen it. Why one ended badly is its cause (cause.h): the world tells what
 * its servers do with a session's packets, and may be asked for paths
 * (workload_witness()); without such a witness few causes are known.
 *
 * Here also are the two measures that need all sessions: detection, the time
 * from a fault to the first stray that it caused (a packet that arrives at a
 * server which is neither its session's owner nor where the session's packets
 * went last); and stall, see stall_meter.h: rows for each session that was
 * running when a fault came, `local` when it did not stray in the window of 10
 * s, not `ok` when it broke there. A fault during another's window ends that. A
 * session that had no byte due in the window has 0 there, marked `local` as a
 * lookup that asks nobody, and no stall of its own (stall_ns).
 */
#ifndef SIM_MODEL_WORKLOAD_H
#define SIM_MODEL_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"
#include "core/session.h"
#include "sim/engine/event.h"
#include "sim/model/cause.h"
#include "sim/model/settings.h"
#include "sim/model/stall_meter.h"
#include "sim/model/watch.h"

#define WORKLOAD_WINDOW_NS STALL_METER_NS

/* Codes of EVENT_WORKLOAD. */
enum workload_code {
	WORKLOAD_ARRIVAL, /* client.c: the next session */
	WORKLOAD_WINDOW, /* workload.c: a stall window ends (a = serial) */
	WORKLOAD_DHT_LOAD, /* dht_load.c */
	WORKLOAD_RPC, /* rpc.c: a server's timeout may be due */
};

enum session_state {
	SESSION_PLANNED,
	SESSION_OPEN,
	SESSION_OVER
};

struct session {
	enum session_state state;
	enum outcome outcome; /* when OVER */
	uint32_t client; /* client host */
	uint64_t bytes_wanted;
	struct session_key key; /* from OPEN on */
	uint32_t owner; /* server; WATCH_NONE before the handshake */
	uint32_t last_server; /* where its packets arrived last */
	uint32_t stray_at; /* no socket for it was there, last; WATCH_NONE */
	struct instant opened, closed;
	struct instant newest; /* when bytes grew last */
	struct instant answered; /* first SYN-ACK; NEVER: none, or not seen */
	uint32_t answered_by; /* the last server that did, or whose answer its
				 client took; WATCH_NONE */
	bool rivals; /* several did */
	bool accepted; /* its client took one's answer */
	bool barred; /* its last SYN found another's request, and that had */
	uint32_t barrier; /* this number */
	bool unwanted; /* and its client's RST has come to a server since */
	struct instant strayed; /* it left its owner first; NEVER */
	struct instant taken; /* another's socket had a packet first; NEVER */
	struct instant unreached; /* no path to it, last; NEVER: always one */
	bool stored; /* a store of it was acknowledged */
	bool skipped; /* its handshake was not to be stored */
	bool refused; /* its server has no room for one more that is open */
	uint32_t replicas; /* and by how many */
	enum cause cause; /* when OVER */
	enum cause_end owner_end;
	enum cause_socket socket; /* that had its packets last */
	uint32_t taken_by; /* the server of it; WATCH_NONE */
	enum cause_reset reset; /* the last one sent to its client */
	uint32_t reset_by; /* by that server; WATCH_NONE: none was */
	enum cause_search search;
	uint64_t bytes; /* at the receiver, in order and right */
	uint64_t strays;
	uint64_t strays_at_fault; /* of the open window */
	int64_t base_ns; /* a paced sender's first byte, as it arrives */
	int64_t stall_ns; /* longest; STALL_METER_NONE: none measured */
	struct stall_meter stall_meter;
};

/* What a world that sees its servers is asked about a session, as things are
 * now. A way counts that loses at most CAUSE_LOSS_PPM. */
struct workload_witness {
	void *context;
	/* Of a million packets to its owner and back, how many are lost? All:
	 * there is no way. */
	uint32_t (*owner_loss_ppm)(void *, const struct session *);
	/* Is there a way to one of those that hold a record of it, or, if none
	 * does, to who could tell; and, of one that a scheme has reset, a way
	 * to ask its owner? True if its packets come to its owner. */
	bool (*holder_reachable)(void *, const struct session *);
	/* Did all who held a record of it die, too lately for anybody to have
	 * stored it elsewhere? */
	bool (*bereft)(void *, const struct session *, struct instant now);
	/* Had its client's own link no room for what that sent last? */
	bool (*crowded)(void *, const struct session *);
};

struct workload;

struct workload *workload_create(const struct settings *, struct queue *,
				 const struct watch *);
void workload_destroy(struct workload *);
uint32_t workload_count(const struct workload *);
const struct session *workload_session(const struct workload *, uint32_t flow);
/* Take the session that opens next. False: all have been taken. *wait_ns: from
 * the opening before it to its own, or, of the first, from the scenario's
 * zero. */
bool workload_next(struct workload *, uint32_t *flow, int64_t *wait_ns);

void workload_open(struct workload *, struct instant now, uint32_t flow,
		   const struct session_key *);
/* The session with that key now, or the last one; WATCH_NONE. */
uint32_t workload_find(const struct workload *, const struct session_key *);
/* From now on causes are known, as far as the world tells what follows. The
 * witness is borrowed. */
void workload_witness(struct workload *, const struct workload_witness *);
/* A random open session whose owner is known; WATCH_NONE when a few tries find
 * none. */
uint32_t workload_random(const struct workload *, struct rng *);
/* A server completed the handshake. */
void workload_owned(struct workload *, uint32_t flow, uint32_t server);
/* A server answers its SYN. */
void workload_answered(struct workload *, struct instant now,
		       const struct session_key *, uint32_t server);
/* Its client took this server's answer: it has the session, whoever else has
 * answered, or will. */
void workload_accepted(struct workload *, uint32_t flow, uint32_t server);
/* Its SYN came to a server where the request of a SYN with another initial
 * sequence number, irs, has its place. */
void workload_barred(struct workload *, const struct session_key *,
		     uint32_t irs);
/* Its client's RST, which ends such a request, came to a server. */
void workload_unwanted(struct workload *, const struct session_key *,
		       uint32_t irs);
/* Its packet was given to a socket that a server has for that key: an open one,
 * or one that waits for the handshake's ACK, or for a session's last packets.
 */
void workload_taken(struct workload *, struct instant now, uint32_t flow,
		    uint32_t server, enum cause_socket);
/* Its SYN's answer is not stored: there are too many, or it was a cookie. */
void workload_skipped(struct workload *, const struct session_key *);
/* It opened, and its server may publish it, or has its number of sessions. */
void workload_admitted(struct workload *, uint32_t flow, bool admitted);
/* A store of it was acknowledged by so many servers, its own perhaps among
 * them, for the first time. */
void workload_stored(struct workload *, uint32_t flow, uint32_t replicas);
/* How the search for its owner goes, at a server where it strays. */
void workload_search(struct workload *, struct instant now, uint32_t flow,
		     uint32_t server, enum cause_search);
/* A server sends its client a RST; WATCH_NONE: where it strayed last. */
void workload_reset_sent(struct workload *, const struct session_key *,
			 uint32_t server, enum cause_reset);
/* Its owner's socket is gone, and not because it ended. */
void workload_owner_closed(struct workload *, uint32_t flow, uint32_t server);
/* A server crashed, its sockets with it. */
void workload_server_died(struct workload *, uint32_t server);
/* A packet of it reached its owner by itself, not forwarded. */
void workload_home(struct workload *, uint32_t flow);
/* A packet of it reached a server that does not know it: not its owner, nor,
 * before it is established, the one that answered. ICMP errors about it
 * are hashed by their own addresses: they say nothing of where it goes. */
void workload_stray(struct workload *, struct instant now,
		    const struct session_key *, uint32_t server);
/* So many more, counted elsewhere (by a live server's daemon), and when
 * is not known: they time nothing. */
void workload_strays(struct workload *, uint32_t flow, uint64_t count);
/* The receiver has this many bytes, all right. */
void workload_progress(struct workload *, struct instant now, uint32_t flow,
		       uint64_t bytes);
/* complete: all bytes arrived; else outcome is RESET or TIMEOUT. */
void workload_close(struct workload *, struct instant now, uint32_t flow,
		    enum outcome);

/* A fault begins: stall windows open. detects: its first stray is timed. */
void workload_fault(struct workload *, struct instant now, bool detects);
/* When the fault became visible, if that was later than the order for it (live:
 * the kernel's link event): its first stray is timed from then on. */
void workload_fault_seen(struct workload *, struct instant at);
/* Something else changed (a link mended, a server back): strays from now on
 * are not the last fault's. */
void workload_changed(struct workload *);
/* It did not count: forget its window. */
void workload_fault_missed(struct workload *);
/* Events of code WORKLOAD_WINDOW. */
void workload_event(struct workload *, struct instant now,
		    const struct event *);
/* How much has become of them: grows when a session opens, is taken or ends,
 * and when bytes of one arrive. */
uint64_t workload_steps(const struct workload *);
/* Since when has one of its sides had something to send, and nothing has come?
 * NEVER: not now. May be in the future: nothing is due before. */
struct instant workload_waits_since(const struct workload *, uint32_t flow);
/* What the witness says of an open session's way; all is lost, too, of one that
 * strays and has no holder in reach. 0 without a witness. */
uint32_t workload_loss_ppm(const struct workload *, uint32_t flow);
/* The cause, if the session, which is open, were given up now. */
enum cause workload_cause_now(const struct workload *, struct instant now,
			      uint32_t flow);
/* How many sessions are over, and which of them was the nth, from 0. */
uint32_t workload_ended(const struct workload *);
uint32_t workload_ended_flow(const struct workload *, uint32_t nth);
/* The run is over: what is open is complete, or timed out. */
void workload_finish(struct workload *, struct instant now);

#endif
