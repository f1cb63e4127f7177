/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel.h - the few fields of kernel structs that our programs read
 *
 * Included before libbpf's headers. Not the kernel's layout: only names and
 * types. With preserve_access_index the loader finds each field's true place in
 * the running kernel's own type information (BTF), so one object serves every
 * kernel and no generated header of megabytes is needed.
 *
 * Names and types as in Linux, include/net/sock.h, inet_sock.h and
 * inet_timewait_sock.h, include/linux/tcp.h.
 */
#ifndef LIVE_BPF_KERNEL_H
#define LIVE_BPF_KERNEL_H

#include <stdint.h>

/* linux/types.h wants asm/types.h, which multiarch systems keep where a
 * compiler for BPF does not look; these are the types that linux/bpf.h and
 * libbpf's headers use of it, and this its guard. */
#define _LINUX_TYPES_H
typedef uint8_t __u8;
typedef int8_t __s8;
typedef uint16_t __u16, __be16, __le16, __sum16;
typedef int16_t __s16;
typedef uint32_t __u32, __be32, __le32, __wsum;
typedef int32_t __s32;
typedef unsigned long long __u64, __be64, __le64;
typedef long long __s64;
#define __aligned_u64 __u64 __attribute__((aligned(8)))

#include <linux/bpf.h>

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
			     apply_to = record)

struct net {
	uint64_t net_cookie;
};

struct in6_addr {
	union {
		uint8_t u6_addr8[16];
	} in6_u;
};

struct sock_common {
	uint32_t skc_daddr;
	uint32_t skc_rcv_saddr;
	uint16_t skc_dport; /* network order */
	unsigned short skc_family;
	struct {
		struct net *net;
	} skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	uint32_t skc_tw_rcv_nxt; /* of a TIME_WAIT socket */
	uint32_t skc_tw_snd_nxt;
};

struct sock {
	struct sock_common __sk_common;
	uint16_t sk_protocol;
};

struct inet_sock {
	struct sock sk;
	uint16_t inet_sport; /* network order; stays until the end */
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	unsigned char tw_substate; /* TIME_WAIT or FIN_WAIT2 */
};

struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
};

struct request_sock {
	struct sock_common __req_common;
};

struct tcp_request_sock {
	uint32_t rcv_isn;
	uint32_t snt_isn;
};

struct tcp_sock {
	uint32_t max_window; /* the largest that the peer offered, scaled */
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
	uint32_t snd_una;
	uint32_t rcv_wnd;
	struct request_sock *fastopen_rsk; /* of a child in SYN_RECV */
};

#pragma clang attribute pop

/* What user space calls AF_INET, SOCK_RAW, PACKET_HOST, TC_ACT_UNSPEC (go on
 * with the next filter) and TC_ACT_SHOT. */
#define KERNEL_AF_INET	   2
#define KERNEL_AF_INET6	   10
#define KERNEL_SOCK_RAW	   3
#define KERNEL_PACKET_HOST 0
#define KERNEL_ACT_UNSPEC  (-1)
#define KERNEL_ACT_SHOT	   2

#endif
