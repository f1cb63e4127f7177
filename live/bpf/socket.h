/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket.h - the kernel's socket of a session, as the programs see it
 *
 * Included behind kernel.h and libbpf's headers.
 */
#ifndef LIVE_BPF_SOCKET_H
#define LIVE_BPF_SOCKET_H

#include "core/session.h"
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

#endif
