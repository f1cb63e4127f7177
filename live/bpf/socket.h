/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket.h - the kernel's socket of a session: which one, and whose packet
 *
 * core/wire/ownership.h decides; here its numbers are read from the kernel:
 *
 *	NEW_SYN_RECV		REQUEST		of tcp_request_sock
 *	SYN_RECV		FAST_OPEN	of tcp_sock and its request
 *	TIME_WAIT, FIN_WAIT2	FIN_WAIT	of tcp_timewait_sock
 *	TIME_WAIT		TIME_WAIT	of tcp_timewait_sock
 *	any other		OPEN		of tcp_sock
 *
 * The states are those of include/net/tcp_states.h; the second FIN_WAIT2 is the
 * substate of a TIME_WAIT. Nobody asks about a listener.
 *
 * An ordinary child is in SYN_RECV for the instant before it is ESTABLISHED;
 * it has sent nothing then and is like a request. A Fast Open child's first
 * number is the one before snd_una, since its SYN-ACK is not acknowledged yet
 * (net/ipv4/tcp_minisocks.c, tcp_create_openreq_child).
 *
 * The verifier's casts ask the socket's protocol as well as its state, and fail
 * for requests and TIME_WAITs of a Multipath TCP listener (as Go's are by
 * default), which has functions of its own. Those are read by their address.
 * Where the kernel forbids that (lockdown for confidentiality) the key has to
 * do: MINE, and the caller is told.
 *
 * Included behind kernel.h and libbpf's headers.
 */
#ifndef LIVE_BPF_SOCKET_H
#define LIVE_BPF_SOCKET_H

#include "core/session.h"
#include "core/wire/ownership.h"
#include "live/bpf/kernel.h"

/* The socket of exactly this session, or a listener; to be released. */
static __always_inline struct bpf_sock *
socket_find(struct __sk_buff *skb, const struct session_key *key)
{
	struct bpf_sock_tuple tuple;

	__builtin_memset(&tuple, 0, sizeof(tuple));
	if (key->family == 4) {
		__builtin_memcpy(&tuple.ipv4.saddr, key->client, 4);
		__builtin_memcpy(&tuple.ipv4.daddr, key->service, 4);
		__builtin_memcpy(&tuple.ipv4.sport, key->client_port, 2);
		__builtin_memcpy(&tuple.ipv4.dport, key->service_port, 2);
		return bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4),
					  (uint64_t)BPF_F_CURRENT_NETNS, 0);
	}
	__builtin_memcpy(tuple.ipv6.saddr, key->client, 16);
	__builtin_memcpy(tuple.ipv6.daddr, key->service, 16);
	__builtin_memcpy(&tuple.ipv6.sport, key->client_port, 2);
	__builtin_memcpy(&tuple.ipv6.dport, key->service_port, 2);
	return bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv6),
				  (uint64_t)BPF_F_CURRENT_NETNS, 0);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint64_t);
} socket_address SEC(".maps");

/* As a number, which the verifier lets us read from; 0 if it does not. */
static __always_inline uint64_t
socket_address_of(struct bpf_sock *sock)
{
	uint32_t zero = 0;
	volatile uint64_t *at = bpf_map_lookup_elem(&socket_address, &zero);

	if (at == NULL)
		return 0;
	*at = (uint64_t)(uintptr_t)sock;
	return *at;
}

/* 0, or as bpf_probe_read_kernel(). */
#define SOCKET_TAKE(to, from) bpf_core_read(&(to), sizeof(to), &(from))

static __always_inline bool
socket_read_request(struct bpf_sock *sock, struct ownership_socket *numbers)
{
	struct tcp_request_sock *request = bpf_skc_to_tcp_request_sock(sock);

	numbers->state = OWNERSHIP_REQUEST;
	if (request != NULL) {
		numbers->snt_isn = request->snt_isn;
		numbers->rcv_isn = request->rcv_isn;
		return true;
	}
	request = (struct tcp_request_sock *)(uintptr_t)socket_address_of(sock);
	return SOCKET_TAKE(numbers->snt_isn, request->snt_isn) == 0 &&
	       SOCKET_TAKE(numbers->rcv_isn, request->rcv_isn) == 0;
}

static __always_inline bool
socket_read_wait(struct bpf_sock *sock, struct ownership_socket *numbers)
{
	struct tcp_timewait_sock *wait = bpf_skc_to_tcp_timewait_sock(sock);
	uint8_t substate = 0;
	bool told = true;

	if (wait != NULL) {
		substate = wait->tw_sk.tw_substate;
		numbers->snd_nxt = wait->tw_sk.__tw_common.skc_tw_snd_nxt;
		numbers->rcv_nxt = wait->tw_sk.__tw_common.skc_tw_rcv_nxt;
	} else {
		wait = (struct tcp_timewait_sock *)(uintptr_t)socket_address_of(
			sock);
		told = SOCKET_TAKE(substate, wait->tw_sk.tw_substate) == 0 &&
		       SOCKET_TAKE(numbers->snd_nxt,
				   wait->tw_sk.__tw_common.skc_tw_snd_nxt) ==
			       0 &&
		       SOCKET_TAKE(numbers->rcv_nxt,
				   wait->tw_sk.__tw_common.skc_tw_rcv_nxt) == 0;
	}
	numbers->state = substate == BPF_TCP_FIN_WAIT2 ? OWNERSHIP_FIN_WAIT
						       : OWNERSHIP_TIME_WAIT;
	return told;
}

static __always_inline bool
socket_read_full(struct bpf_sock *sock, struct ownership_socket *numbers)
{
	bool child = sock->state == BPF_TCP_SYN_RECV;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sock);
	struct tcp_request_sock *request;

	if (tcp == NULL)
		return false;
	numbers->state = child ? OWNERSHIP_FAST_OPEN : OWNERSHIP_OPEN;
	numbers->snd_una = tcp->snd_una;
	numbers->snd_nxt = tcp->snd_nxt;
	numbers->rcv_nxt = tcp->rcv_nxt;
	numbers->rcv_wnd = tcp->rcv_wnd;
	numbers->max_window = tcp->max_window;
	if (!child)
		return true;
	numbers->snt_isn = numbers->snd_una - 1;
	numbers->rcv_isn = numbers->rcv_nxt - 1;
	request = (struct tcp_request_sock *)tcp->fastopen_rsk;
	if (request != NULL &&
	    SOCKET_TAKE(numbers->rcv_isn, request->rcv_isn) != 0)
		numbers->rcv_isn = numbers->rcv_nxt - 1;
	return true;
}

/* Not of a listener. False: the kernel does not tell; numbers are void. */
static __noinline bool
socket_read(struct bpf_sock *sock, struct ownership_socket *numbers)
{
	__builtin_memset(numbers, 0, sizeof(*numbers));
	switch (sock->state) {
	case BPF_TCP_NEW_SYN_RECV:
		return socket_read_request(sock, numbers);
	case BPF_TCP_TIME_WAIT:
		return socket_read_wait(sock, numbers);
	default:
		return socket_read_full(sock, numbers);
	}
}

/* Whose is the segment? quoted: it ran to the client, in an ICMP error. */
static __always_inline enum ownership
socket_owns(struct bpf_sock *sock, const struct ownership_segment *segment,
	    bool quoted, bool *told)
{
	struct ownership_socket numbers;

	*told = socket_read(sock, &numbers);
	if (!*told)
		return OWNERSHIP_MINE;
	return quoted ? ownership_of_quote(&numbers, segment->seq)
		      : ownership_of(&numbers, segment);
}

#endif
