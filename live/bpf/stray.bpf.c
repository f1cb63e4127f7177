/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.bpf.c - whose packet is it? asked in the kernel, at line rate
 *
 *	homeward_in	tc ingress of every uplink: strays into the TUN
 *	homeward_back	tc ingress of the TUN: what the daemon delivers, only
 *			if its socket is (still) here
 *	homeward_out	tc egress of every uplink: counts the kernel's RSTs,
 *			and tells of SYN-ACKs
 *	homeward_queue	the TUN's queue for a packet: the uplink it came by,
 *			and as many again for clones of doubts
 *	homeward_ask	run by the daemon: is this segment's socket here?
 *	homeward_state	tracepoint: sockets that open and close
 *
 * Verdicts on what comes in by an uplink, in this order; "here" is an exact
 * socket lookup in our namespace, any state but LISTEN (a request socket is
 * here):
 *
 *	not IP, not to our MAC, no service	pass
 *	does not parse				pass, `malformed`
 *	too many IPv6 extension headers		redirect: the daemon drops it
 *						and says why; the kernel's
 *						bound is not ours
 *	later fragment, first was local		pass
 *	later fragment, else			redirect
 *	SYN without ACK				pass
 *	here, and of its session		pass
 *	here, open, but perhaps another's	pass, and a clone to the daemon
 *	a listener takes it as its SYN cookie	pass
 *	else					redirect
 *	ICMP error quoting a session		as the session
 *	ICMP error quoting our tunnel		redirect
 *
 * This is core/steer/classifier.c's reading of a packet, made with the same
 * parser; live/kernel/stray_table_test.c runs both over one table.
 *
 * "Pass" is TC_ACT_UNSPEC: other people's filters behind ours run as they
 * would without us. A redirect to a TUN that is gone is a drop: that is how
 * a dead daemon resets no session.
 *
 * Whether it is of the session of the socket that is here, its numbers say
 * (core/wire/ownership.h; socket.h reads them): a client's port comes round,
 * and a socket may be of a session that is over, of a request that a forged
 * SYN made, or of one whose client is gone.
 *
 * Headers may lie outside the linear part of the packet; only then does the
 * program pull them in, since that copies. What lies beyond PULL_BYTES is
 * not read.
 *
 * Events of sockets: the key is taken from the socket. The service's port is
 * inet_sport and not skc_num, which is zero already when a socket closes.
 */
#include "live/bpf/kernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "core/wire/eth.h"
#include "core/wire/packet.h"
#include "live/bpf/contract.h"
#include "live/bpf/rate.h"
#include "live/bpf/socket.h"

char LICENSE[] SEC("license") = "GPL";

#define PULL_BYTES   8192
#define OFFSET_MASK  0x3fff /* more than 14 + 40 + 6 * 2048 + 8 */
#define FRAGMENT_NS  1000000000 /* as steer_settings' fragment_ns */
#define ENDED_NS     10000000 /* the RST follows in the same softirq */
#define LINGERS_NS   60000000000 /* TIME_WAIT of the kernel */
#define TUNNEL_PORTS 49152 /* lowest source port, core/steer/tunnel.h */

const volatile struct contract_config config = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	/* Up to two entries a service, and as much again while they change. */
	__uint(max_entries, 4 * CONTRACT_SERVICES);
	__type(key, struct contract_service);
	__type(value, uint8_t);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct contract_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CONTRACT_RING_BYTES);
} events SEC(".maps");

/* Apart, so that a flood of SYNs crowds out no session's events. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CONTRACT_OPENING_BYTES);
} openings SEC(".maps");

/* The packet that a program reads. Not on the stack, of which there are 512
 * bytes for a program and all that it calls. The tc programs run with softirqs
 * off, so they do not interrupt each other on a processor. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct packet);
} scratch SEC(".maps");

struct first {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint32_t family;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct first);
	__type(value, uint64_t); /* forgotten at this time */
} firsts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct session_key);
	__type(value, uint64_t); /* forgotten at this time */
} ended SEC(".maps");

enum whose {
	WHOSE_OTHER, /* nothing of a service */
	WHOSE_BROKEN, /* to a service, but it does not parse */
	WHOSE_LOCAL,
	WHOSE_DOUBT, /* local, too, but the session may be another's */
	WHOSE_STRAY,
	WHOSE_LATER, /* a fragment, perhaps of a packet that is not local */
	WHOSE_TUNNEL, /* an ICMP error about our own encapsulated packet */
};

#define COUNT(name)                                                            \
	do {                                                                   \
		struct contract_counters *count_ = counters_here();            \
		if (count_ != NULL)                                            \
			count_->name++;                                        \
	} while (0)

static __always_inline struct contract_counters *
counters_here(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline struct packet *
packet_here(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* port: host order; 0 asks whether any port of the address is a service. */
static __noinline bool
service_has(const struct address *address, bool any_port, uint16_t port)
{
	struct contract_service key = { .family = address->family };
	const uint8_t *ports;

	__builtin_memcpy(key.address, address->bytes, 16);
	ports = bpf_map_lookup_elem(&services, &key);
	if (ports == NULL)
		return false;
	if (any_port || *ports == CONTRACT_SERVICE_PORTS)
		return true;
	if (port == 0) /* would find the entry of the address */
		return false;
	wire_put16(key.port, port);
	return bpf_map_lookup_elem(&services, &key) != NULL;
}

/* Summarise what is at offset. A function of its own for the verifier, which
 * then walks through the parser once and not for every caller. */
__attribute__((noinline)) int
packet_at(struct __sk_buff *skb, uint32_t offset, uint32_t size, uint32_t quote,
	  struct packet *packet)
{
	const uint8_t *data = (const uint8_t *)(uintptr_t)skb->data;
	const uint8_t *end = (const uint8_t *)(uintptr_t)skb->data_end;
	struct cursor cursor = { .at = data, .end = end };
	struct cursor peek;

	if (packet == NULL)
		return DROP_SHORT;
	packet->dst.family = 0; /* that of another packet, perhaps */
	if (cursor_take(&cursor, wire_masked(offset, OFFSET_MASK)) == NULL)
		return DROP_SHORT;
	/* Or clang would reach one byte by two sums, of which the verifier
	 * believes only the one that was compared with the end. */
	__asm__("" : "+r"(cursor.at));
	/* No IP header is shorter; and the verifier learns nothing from the
	 * parser's first step of one byte, which clang writes as at < end. */
	peek = cursor;
	if (cursor_take(&peek, IP4_HEADER_MIN) == NULL)
		return DROP_SHORT;
	return (int)packet_parse_cursor(cursor, size, quote != 0, packet);
}

/* The same; if the headers turn out to be elsewhere, they are fetched. */
static __always_inline enum drop
packet_read(struct __sk_buff *skb, uint32_t offset, uint32_t size, bool quote,
	    struct packet *packet)
{
	int drop = packet_at(skb, offset, size, quote, packet);
	uint32_t linear = skb->data_end - skb->data;

	if (drop != DROP_SHORT || linear >= skb->len || linear >= PULL_BYTES)
		return (enum drop)drop;
	if (bpf_skb_pull_data(skb, skb->len < PULL_BYTES ? skb->len
							 : PULL_BYTES) != 0)
		return DROP_SHORT;
	return (enum drop)packet_at(skb, offset, size, quote, packet);
}

/* Only a listener is there: is the packet the answer to a SYN cookie that it
 * sent? */
static __always_inline bool
cookie_is_right(struct __sk_buff *skb, struct bpf_sock *listener,
		uint32_t mac_bytes, const struct packet *packet)
{
	uint8_t ip[IP6_HEADER_BYTES], tcp[TCP_HEADER_MIN];
	uint32_t ip_bytes =
		packet->family == 4 ? IP4_HEADER_MIN : IP6_HEADER_BYTES;

	if ((packet->tcp_flags & (TCP_ACK | TCP_SYN | TCP_RST)) != TCP_ACK)
		return false;
	__builtin_memset(ip, 0, sizeof(ip));
	if (packet->family == 4) {
		if (bpf_skb_load_bytes(skb, mac_bytes, ip, IP4_HEADER_MIN) != 0)
			return false;
	} else if (bpf_skb_load_bytes(skb, mac_bytes, ip, sizeof(ip)) != 0) {
		return false;
	}
	if (bpf_skb_load_bytes(skb, mac_bytes + packet->l4_offset, tcp,
			       sizeof(tcp)) != 0)
		return false;
	return bpf_tcp_check_syncookie(listener, (struct iphdr *)ip, ip_bytes,
				       (struct tcphdr *)tcp, sizeof(tcp)) == 0;
}

/* The socket of the segment's key is here, and is no listener. */
static __always_inline enum whose
whose_socket(struct bpf_sock *sock, const struct ownership_segment *segment,
	     bool quoted)
{
	bool told;
	enum ownership whose = socket_owns(sock, segment, quoted, &told);

	if (!told)
		COUNT(untold);
	switch (whose) {
	case OWNERSHIP_MINE:
		return WHOSE_LOCAL;
	case OWNERSHIP_DOUBT:
		return WHOSE_DOUBT;
	case OWNERSHIP_STRAY:
		break;
	}
	return WHOSE_STRAY;
}

/* Of a packet that is not a later fragment: is it of a service's session, and
 * is the session's own socket here? quoted: in an ICMP error, so it ran from
 * service to client. */
static __noinline enum whose
whose_session(struct __sk_buff *skb, uint32_t mac_bytes,
	      const struct packet *packet, bool quoted)
{
	const struct address *service = quoted ? &packet->src : &packet->dst;
	uint16_t port = quoted ? packet->src_port : packet->dst_port;
	struct session_key key;
	struct ownership_segment segment;
	struct bpf_sock *sock;
	enum whose answer = WHOSE_STRAY;

	if (packet->protocol != IP_TCP || !service_has(service, false, port) ||
	    packet_session(packet, quoted, &key) != DROP_NONE)
		return WHOSE_OTHER;
	if (!quoted && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return WHOSE_LOCAL;
	sock = socket_find(skb, &key);
	if (sock == NULL)
		return WHOSE_STRAY;
	if (sock->state == BPF_TCP_LISTEN) {
		if (!quoted && cookie_is_right(skb, sock, mac_bytes, packet))
			answer = WHOSE_LOCAL;
	} else {
		segment = ownership_segment_of(packet);
		answer = whose_socket(sock, &segment, quoted);
	}
	bpf_sk_release(sock);
	return answer;
}

/* Does a packet of this ICMP error's type, quoting such a packet, speak of
 * our tunnel? As core/steer/classifier.c asks it. */
static __always_inline bool
quote_is_tunnel(const struct packet *quote)
{
	if (quote->protocol != IP_UDP || quote->dst_port != config.gue_port ||
	    quote->src_port < TUNNEL_PORTS ||
	    quote->src.family != config.self_family)
		return false;
	for (unsigned i = 0; i < 16; i++) {
		if (quote->src.bytes[i] != config.self[i])
			return false;
	}
	return true;
}

static __always_inline bool
address_same(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return false;
	for (unsigned i = 0; i < 16; i++) {
		if (a->bytes[i] != b->bytes[i])
			return false;
	}
	return true;
}

/* packet is the error, and becomes the quote. */
static __always_inline enum whose
whose_error(struct __sk_buff *skb, uint32_t mac_bytes, struct packet *packet)
{
	struct address dst = packet->dst;
	uint32_t quote_bytes = packet->quote_bytes;
	uint32_t quote_offset = mac_bytes + packet->quote_offset;

	if (packet->family == 4 && (packet->icmp_type == ICMP4_TYPE_REDIRECT ||
				    packet->icmp_type == ICMP4_TYPE_QUENCH))
		return WHOSE_OTHER;
	if (packet_read(skb, quote_offset, quote_bytes, true, packet) !=
		    DROP_NONE ||
	    !address_same(&packet->src, &dst) || !packet->has_ports)
		return WHOSE_OTHER;
	if (quote_is_tunnel(packet))
		return WHOSE_TUNNEL;
	return whose_session(skb, mac_bytes, packet, true);
}

static __always_inline struct first
first_of(const struct packet *packet)
{
	struct first first = {
		.id = packet->fragment_id,
		.family = packet->family,
	};

	__builtin_memcpy(first.src, packet->src.bytes, 16);
	__builtin_memcpy(first.dst, packet->dst.bytes, 16);
	return first;
}

static __noinline int
first_remember(const struct packet *packet)
{
	struct first first = first_of(packet);
	uint64_t until = bpf_ktime_get_ns() + FRAGMENT_NS;

	return (int)bpf_map_update_elem(&firsts, &first, &until, BPF_ANY);
}

static __noinline enum whose
whose_later(const struct packet *packet)
{
	struct first first;
	const uint64_t *until;

	/* In IPv6 the fragment header names what comes next in the first
	 * fragment, which may be one more extension header. */
	if (packet->family == 4 && packet->protocol != IP_TCP &&
	    packet->protocol != IP_ICMP4)
		return WHOSE_OTHER;
	if (!service_has(&packet->dst, true, 0))
		return WHOSE_OTHER;
	first = first_of(packet);
	until = bpf_map_lookup_elem(&firsts, &first);
	return until != NULL && *until > bpf_ktime_get_ns() ? WHOSE_LOCAL
							    : WHOSE_LATER;
}

/* The IP packet that starts mac_bytes into skb. */
static __always_inline enum whose
whose(struct __sk_buff *skb, uint32_t mac_bytes)
{
	struct packet *packet = packet_here();
	enum whose answer;
	enum drop drop;

	if (packet == NULL)
		return WHOSE_OTHER;
	drop = packet_read(skb, mac_bytes, skb->len - mac_bytes, false, packet);
	if (drop == DROP_EXTENSIONS)
		return service_has(&packet->dst, true, 0) ? WHOSE_STRAY
							  : WHOSE_OTHER;
	if (drop != DROP_NONE)
		return service_has(&packet->dst, true, 0) ? WHOSE_BROKEN
							  : WHOSE_OTHER;
	if (packet->fragment_offset > 0)
		return whose_later(packet);
	if (!packet->icmp_error)
		answer = whose_session(skb, mac_bytes, packet, false);
	else if (!packet->mf)
		return whose_error(skb, mac_bytes, packet);
	else /* never seen; the daemon can put its pieces on one way */
		return service_has(&packet->dst, true, 0) ? WHOSE_LATER
							  : WHOSE_OTHER;
	if (packet->mf && (answer == WHOSE_LOCAL || answer == WHOSE_DOUBT))
		first_remember(packet);
	return answer;
}

static __always_inline bool
is_ip(const struct __sk_buff *skb)
{
	return skb->protocol == bpf_htons(ETH_TYPE_IP4) ||
	       skb->protocol == bpf_htons(ETH_TYPE_IP6);
}

/* The uplink's index, or CONTRACT_UPLINKS. */
static __always_inline uint32_t
uplink_of(uint32_t ifindex)
{
	for (uint32_t i = 0; i < CONTRACT_UPLINKS; i++) {
		if (i < config.uplink_count &&
		    config.uplinks[i].ifindex == ifindex)
			return i;
	}
	return CONTRACT_UPLINKS;
}

/* The daemon asks who else may have the session; a flood of doubts must not
 * cost those that are here more than this. */
static __always_inline void
tell_doubt(struct __sk_buff *skb, uint32_t uplink)
{
	uint32_t mark = skb->mark;

	if (!rate_admits(RATE_DOUBT, bpf_ktime_get_ns())) {
		COUNT(doubts_skipped);
		return;
	}
	COUNT(doubts);
	skb->mark = config.uplink_count + uplink;
	bpf_clone_redirect(skb, config.tun_ifindex, 0);
	skb->mark = mark;
}

SEC("tc")
int
homeward_in(struct __sk_buff *skb)
{
	uint32_t uplink = uplink_of(skb->ifindex);
	enum whose answer;

	if (!is_ip(skb) || skb->pkt_type != KERNEL_PACKET_HOST ||
	    uplink >= CONTRACT_UPLINKS)
		return KERNEL_ACT_UNSPEC;
	answer = whose(skb, config.uplinks[uplink].mac_bytes);
	if (answer == WHOSE_OTHER)
		return KERNEL_ACT_UNSPEC;
	if (answer == WHOSE_BROKEN) {
		COUNT(malformed);
		return KERNEL_ACT_UNSPEC;
	}
	COUNT(packets);
	if (answer == WHOSE_DOUBT)
		tell_doubt(skb, uplink);
	if (answer == WHOSE_LOCAL || answer == WHOSE_DOUBT)
		return KERNEL_ACT_UNSPEC;
	COUNT(redirected);
	skb->mark = uplink;
	return (int)bpf_redirect(config.tun_ifindex, 0);
}

SEC("tc")
int
homeward_back(struct __sk_buff *skb)
{
	enum whose answer = is_ip(skb) ? whose(skb, 0) : WHOSE_OTHER;

	if (answer == WHOSE_LOCAL || answer == WHOSE_DOUBT ||
	    answer == WHOSE_LATER || answer == WHOSE_TUNNEL)
		return KERNEL_ACT_UNSPEC;
	COUNT(refused);
	return KERNEL_ACT_SHOT;
}

/* struct contract_question: enum ownership; a listener has no session. */
SEC("tc")
int
homeward_ask(struct __sk_buff *skb)
{
	const uint8_t *data = (const uint8_t *)(uintptr_t)skb->data;
	const uint8_t *end = (const uint8_t *)(uintptr_t)skb->data_end;
	enum ownership answer = OWNERSHIP_STRAY;
	struct contract_question question;
	struct ownership_segment segment;
	struct bpf_sock *sock;
	bool told;

	if (data + sizeof(question) > end)
		return OWNERSHIP_STRAY;
	__builtin_memcpy(&question, data, sizeof(question));
	segment = (struct ownership_segment){
		.seq = question.seq,
		.ack = question.ack,
		.length = question.length,
		.flags = question.flags,
	};
	sock = socket_find(skb, &question.key);
	if (sock == NULL)
		return OWNERSHIP_STRAY;
	if (sock->state != BPF_TCP_LISTEN)
		answer = socket_owns(sock, &segment, question.quoted != 0,
				     &told);
	bpf_sk_release(sock);
	return (int)answer;
}

SEC("socket")
int
homeward_queue(struct __sk_buff *skb)
{
	return (int)skb->mark;
}

/* Might the kernel's TCP have made it for want of a socket? Such an answer
 * bears the listener's socket, if there is one, or that of the kernel's own
 * raw socket with protocol TCP, or (IPv6) none. A session's packets bear the
 * session's, be it in TIME_WAIT; the daemon's a raw one of another protocol. */
static __always_inline bool
is_orphan(struct __sk_buff *skb)
{
	struct bpf_sock *sock = skb->sk;

	if (sock == NULL || sock->state == BPF_TCP_LISTEN)
		return true;
	sock = bpf_sk_fullsock(sock);
	return sock != NULL && sock->type == KERNEL_SOCK_RAW &&
	       sock->protocol == IP_TCP;
}

/* Does a request, or a Fast Open child, send it? A SYN cookie's SYN-ACK has
 * nobody, or (Linux 6.13) the listener; then nothing is here that the session
 * could be found by. Something before us may also have taken the sender off. */
static __always_inline bool
is_opening(struct __sk_buff *skb, const struct session_key *key)
{
	struct bpf_sock *sock = skb->sk;
	bool is;

	if (sock != NULL)
		return sock->state == BPF_TCP_NEW_SYN_RECV ||
		       sock->state == BPF_TCP_SYN_RECV;
	sock = socket_find(skb, key);
	if (sock == NULL)
		return false;
	is = sock->state == BPF_TCP_NEW_SYN_RECV ||
	     sock->state == BPF_TCP_SYN_RECV;
	bpf_sk_release(sock);
	return is;
}

static __noinline int
tell_opening(const struct session_key *key)
{
	uint64_t now = bpf_ktime_get_ns();
	struct contract_event *event;

	if (!rate_admits(RATE_OPENING, now)) {
		COUNT(openings_skipped);
		return 0;
	}
	event = bpf_ringbuf_reserve(&openings, sizeof(*event), 0);
	if (event == NULL) {
		COUNT(openings_lost);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->at_ns = (int64_t)now;
	event->key = *key;
	event->change = CONTRACT_OPENING;
	bpf_ringbuf_submit(event, 0);
	COUNT(openings);
	return 0;
}

/* Data for a closed half: the kernel ends the session, which was here, and then
 * answers for it. Before 6.13 that, and what TIME_WAIT says, looks like an
 * answer for want of a socket. */
static __noinline int
count_reset(const struct session_key *key)
{
	const uint64_t *until = bpf_map_lookup_elem(&ended, key);

	if (until == NULL || *until < bpf_ktime_get_ns())
		COUNT(kernel_resets);
	return 0;
}

/* What concerns us has no sender that is a session's own socket; and a
 * SYN-ACK. */
static __always_inline bool
is_watched(struct __sk_buff *skb)
{
	struct bpf_sock *sock = skb->sk;

	return (sock != NULL && (sock->state == BPF_TCP_NEW_SYN_RECV ||
				 sock->state == BPF_TCP_SYN_RECV)) ||
	       is_orphan(skb);
}

SEC("tc")
int
homeward_out(struct __sk_buff *skb)
{
	uint32_t uplink = uplink_of(skb->ifindex);
	struct packet *packet = packet_here();
	uint32_t mac_bytes;
	struct session_key key;
	uint8_t flags;

	if (!is_ip(skb) || uplink >= CONTRACT_UPLINKS || !is_watched(skb) ||
	    packet == NULL)
		return KERNEL_ACT_UNSPEC;
	mac_bytes = config.uplinks[uplink].mac_bytes;
	if (packet_read(skb, mac_bytes, skb->len - mac_bytes, false, packet) !=
		    DROP_NONE ||
	    packet->protocol != IP_TCP ||
	    !service_has(&packet->src, false, packet->src_port) ||
	    packet_session(packet, true, &key) != DROP_NONE)
		return KERNEL_ACT_UNSPEC;
	flags = packet->tcp_flags & (TCP_SYN | TCP_RST | TCP_ACK);
	if (flags == (TCP_SYN | TCP_ACK) && is_opening(skb, &key))
		tell_opening(&key);
	/* With ACK it answers a SYN to a closed port, which is none of ours. */
	if (flags == TCP_RST && is_orphan(skb))
		count_reset(&key);
	return KERNEL_ACT_UNSPEC;
}

/* The client's view of a socket's session. IPv4 through an IPv6 socket is
 * IPv4. */
static __always_inline void
key_of(const struct sock *sk, struct session_key *key)
{
	const struct sock_common *common = &sk->__sk_common;
	uint16_t port = BPF_CORE_READ((const struct inet_sock *)sk, inet_sport);
	uint16_t client_port = common->skc_dport;

	__builtin_memset(key, 0, sizeof(*key));
	key->protocol = IP_TCP;
	key->family = 4;
	__builtin_memcpy(key->client_port, &client_port, 2);
	__builtin_memcpy(key->service_port, &port, 2);
	if (common->skc_family == KERNEL_AF_INET6) {
		static const uint8_t mapped[12] = { 0, 0, 0, 0, 0,    0,
						    0, 0, 0, 0, 0xff, 0xff };
		uint8_t differs = 0;

		BPF_CORE_READ_INTO(&key->client, sk,
				   __sk_common.skc_v6_daddr.in6_u.u6_addr8);
		for (unsigned i = 0; i < 12; i++)
			differs |= key->client[i] ^ mapped[i];
		if (differs != 0) {
			key->family = 6;
			BPF_CORE_READ_INTO(
				&key->service, sk,
				__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
			return;
		}
		__builtin_memset(key->client, 0, 16);
	}
	uint32_t client = common->skc_daddr, service = common->skc_rcv_saddr;

	__builtin_memcpy(key->client, &client, 4);
	__builtin_memcpy(key->service, &service, 4);
}

/* What a change of state means; -1: nothing. Closing from a state that never
 * was open, and our own connections to elsewhere, mean nothing. A Fast Open
 * child can close its half, or hear its client's end, before it is ESTABLISHED:
 * whatever it leaves SYN_RECV for, it has opened. */
static __always_inline int
change_of(int before, int after)
{
	if (before == BPF_TCP_SYN_RECV)
		return after == BPF_TCP_CLOSE ? -1 : CONTRACT_OPENED;
	if (after != BPF_TCP_CLOSE)
		return -1;
	switch (before) {
	case BPF_TCP_ESTABLISHED:
	case BPF_TCP_CLOSE_WAIT:
	case BPF_TCP_LAST_ACK:
		return CONTRACT_CLOSED;
	case BPF_TCP_FIN_WAIT1:
	case BPF_TCP_FIN_WAIT2:
	case BPF_TCP_CLOSING:
	case BPF_TCP_TIME_WAIT:
		return CONTRACT_LINGERS;
	default:
		return -1;
	}
}

SEC("tp_btf/inet_sock_set_state")
int
BPF_PROG(homeward_state, const struct sock *sk, int before, int after)
{
	int change = change_of(before, after);
	struct address service = { 0 };
	struct contract_event *event;
	struct session_key key;
	uint64_t now;

	(void)ctx;
	if (change < 0 || sk->sk_protocol != IP_TCP ||
	    sk->__sk_common.skc_net.net->net_cookie != config.netns_cookie)
		return 0;
	key_of(sk, &key);
	service.family = key.family;
	__builtin_memcpy(service.bytes, key.service, 16);
	if (!service_has(&service, false, wire_get16(key.service_port)))
		return 0;
	now = bpf_ktime_get_ns();
	if (change != CONTRACT_OPENED) {
		uint64_t until = now + (change == CONTRACT_LINGERS ? LINGERS_NS
								   : ENDED_NS);

		bpf_map_update_elem(&ended, &key, &until, BPF_ANY);
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event == NULL) {
		COUNT(events_lost);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->at_ns = (int64_t)now;
	event->key = key;
	event->change = (uint8_t)change;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
