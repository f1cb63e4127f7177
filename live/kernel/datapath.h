/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datapath.h - how strays get out of the kernel and owners' packets back in
 *
 *	uplink --> tc ingress, BPF: whose packet?
 *	   | the very socket is here, a SYN, not a service: on, untouched
 *	   |	in doubt: and a clone into homeward0
 *	   \ stray --> redirected into homeward0 --> read()   --> steer
 *	       steer --> write() --> homeward0 --> tc ingress, BPF: socket?
 *	                                yes: the kernel's TCP; no: dropped
 *	uplink <-- tc egress, BPF: counts RSTs that the kernel made for want of
 *	           a socket; there should be none. Tells of SYN-ACKs
 *
 * One TUN device with two queues an uplink: one yields the strays that came by
 * it, one the doubts (a steering program chooses the queue by a mark), so that
 * a forward can avoid that uplink. A doubt is a packet with an open socket here
 * whose numbers it does not fit (core/wire/ownership.h); the stack has it, too,
 * and a processor tells 2,000 a second at most. What read() yields are plain IP
 * packets no larger than the uplink's MTU with right checksums: the kernel has
 * segmented and summed them on the way into the TUN, offloads stay on.
 *
 * ICMP errors that quote a session of a service (reversed) or one of our own
 * encapsulated packets come out too; steer says what is to be done, and a
 * packet that it calls local goes back in by datapath_deliver().
 * Later fragments to a service address come out, unless their first one was
 * for a session here; so does what has more IPv6 extension headers than our
 * parser reads, which is then dropped with its reason.
 *
 * Socket events come from the tracepoint sock/inet_sock_set_state of this
 * network namespace, through a ring buffer; nothing is sampled. A full ring
 * loses events and counts them: then the caller dumps all sockets again.
 * SYN-ACKs are seen at the uplinks' egress and have a ring of their own, so
 * that a flood of SYNs costs no other event its place; each processor tells a
 * few thousand a second. Those of SYN cookies are not told: nothing is here of
 * such a session until its client answers.
 *
 * When the daemon is killed the TUN vanishes with it, the programs stay on
 * the uplinks, and what they redirect is dropped: no stray is reset. The next
 * datapath_open() replaces them atomically; datapath_clean() removes them.
 *
 * Needs CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON to open, CAP_NET_ADMIN to close
 * or clean. A child process that is forked while it is open must not live on
 * without it: it would keep the TUN, full and unread. An uplink that is
 * deleted and made anew has no programs; one that goes down and up keeps them.
 */
#ifndef LIVE_KERNEL_DATAPATH_H
#define LIVE_KERNEL_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/steer/settings.h"
#include "core/wire/ownership.h"

#define DATAPATH_UPLINKS_MAX  8
#define DATAPATH_SERVICES_MAX 256
#define DATAPATH_PACKET_MAX   65535

struct datapath_settings {
	const char *const *uplinks; /* interface names; index = uplink */
	uint32_t uplink_count;
	const char *tun; /* "homeward0" */
	const struct steer_service *services;
	uint32_t service_count;
	struct address self; /* our loopback: errors about our own tunnel */
	uint16_t gue_port;
};

/* What was seen of one socket of a service. */
enum socket_change {
	SOCKET_OPENED, /* its handshake is complete */
	SOCKET_CLOSED, /* it is gone */
	SOCKET_LINGERS, /* the socket is gone, the kernel still answers for it
			   (FIN_WAIT_2, TIME_WAIT) */
	SOCKET_OPENING, /* a SYN was answered, perhaps again */
};

struct socket_event {
	struct session_key key;
	enum socket_change change;
	struct instant at; /* CLOCK_MONOTONIC */
};

/* Since the programs were loaded, by this process; sums over processors. */
#define DATAPATH_PROGRAM_COUNTER_LIST(X)                                       \
	X(packets) /* to a service, seen at an uplink */                       \
	X(redirected) /* into the TUN */                                       \
	X(kernel_resets) /* sent for want of a socket: expect 0 */             \
	X(refused) /* written into the TUN, but its socket had gone */         \
	X(malformed) /* to a service, not parsed, passed on */                 \
	X(events_lost) /* socket events that found the ring full */            \
	X(untold) /* judged by key alone: no numbers of the socket */          \
	X(doubts) /* clones to the daemon of what our stack got */             \
	X(doubts_skipped) /* beyond what a processor may tell */               \
	X(openings) /* SYN-ACKs told */                                        \
	X(openings_lost) /* that found the ring full */                        \
	X(openings_skipped) /* beyond what a processor may tell */

/* The programs' and the TUN's, which is as old as the programs. */
#define DATAPATH_COUNTER_LIST(X)                                               \
	DATAPATH_PROGRAM_COUNTER_LIST(X)                                       \
	X(tun_dropped) /* redirected, but the TUN's queue was full: lost */

struct datapath_counters {
#define DATAPATH_COUNTER(name) uint64_t name;
	DATAPATH_COUNTER_LIST(DATAPATH_COUNTER)
#undef DATAPATH_COUNTER
};

struct datapath;

/* Make the TUN, load the programs, attach them (taking over from a dead
 * predecessor). 0; -errno with a sentence in error[]. The settings are copied.
 */
int datapath_open(struct datapath **, const struct datapath_settings *,
		  char *error, size_t error_size);
/* Detach, remove what we made, and free. NULL: nothing. */
void datapath_close(struct datapath *);
/* Remove what a dead predecessor left on these interfaces: programs that bear
 * our name, and a clsact qdisc that is empty without them. The number of
 * programs removed, or -errno with a sentence. */
int datapath_clean(const char *const *uplinks, uint32_t uplink_count,
		   char *error, size_t error_size);
/* Other services, at once and for all uplinks. 0 or -errno. */
int datapath_services(struct datapath *, const struct steer_service *,
		      uint32_t count);

/* To poll for reading: one an uplink for strays, one for doubts, and two for
 * socket events, of which the second is for SOCKET_OPENING. */
int datapath_stray_fd(const struct datapath *, uint32_t uplink);
int datapath_doubt_fd(const struct datapath *, uint32_t uplink);
int datapath_event_fd(const struct datapath *);
int datapath_opening_fd(const struct datapath *);
/* The next stray of that uplink: its size; 0: none now; -errno. */
ssize_t datapath_read(struct datapath *, uint32_t uplink, uint8_t *bytes,
		      size_t capacity);
/* As datapath_read(), for clones of what the stack got, in doubt. */
ssize_t datapath_read_doubt(struct datapath *, uint32_t uplink, uint8_t *bytes,
			    size_t capacity);
/* Hand a packet to our own TCP/IP stack. 0 or -errno; what has no socket is
 * dropped silently (counter `refused`). */
int datapath_deliver(struct datapath *, const uint8_t *bytes, size_t size);
/* Is the socket of the session here, and whose is the segment then? What the
 * programs answer (enum ownership, wire/ownership.h); STRAY also: no socket but
 * a listener. quoted: in an ICMP error, only its seq is known. -errno: the
 * kernel cannot be asked. About 3 us. */
int datapath_owns(struct datapath *, const struct session_key *,
		  const struct ownership_segment *, bool quoted);
/* All socket events that wait, oldest first; at most `most`. Of SOCKET_OPENING
 * as many, first. */
void datapath_events(struct datapath *, uint32_t most,
		     void (*take)(void *, const struct socket_event *), void *);
void datapath_counters(struct datapath *, struct datapath_counters *);

#endif
