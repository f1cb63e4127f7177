/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drop.h - why a packet or a datagram went no further
 *
 * One list makes the enum, the names and the database's counter rows. Every
 * drop has exactly one reason. DROP_NONE means that the bytes were used.
 */
#ifndef CORE_DROP_H
#define CORE_DROP_H

/* Append only: results/ stores the names and is read years later. */
#define DROP_LIST(X)                                                           \
	X(NONE, 0, "kept")                                                     \
	X(SHORT, 1, "ends inside a header")                                    \
	X(CHECKSUM, 2, "checksum mismatch (RFC 1071)")                         \
	X(VERSION, 3, "unknown version")                                       \
	X(MALFORMED, 4, "field out of range")                                  \
	X(PROTOCOL, 5, "not TCP, ICMP error or our own")                       \
	X(EXTENSIONS, 6, "more IPv6 extension headers than the bound")         \
	X(FRAGMENT, 7, "fragment without its first")                           \
	X(NOT_SERVICE, 8, "not to a service address")                          \
	X(RST_UNKNOWN, 9, "RST of a session nobody owns")                      \
	X(HOLD_FLOW, 10, "too many packets held for the flow")                 \
	X(HOLD_BYTES, 11, "too many bytes held in all")                        \
	X(FLOWS, 12, "flow table full of held flows")                          \
	X(RATE_PREFIX, 13, "too many misses from the source prefix")           \
	X(RATE_ALL, 14, "too many misses in all")                              \
	X(HOP_COUNT, 15, "forwarded once already")                             \
	X(TAG, 16, "GUE tag mismatch")                                         \
	X(REPLAY, 17, "replayed or outside the window")                        \
	X(KEY_ID, 18, "unknown key id")                                        \
	X(NOT_OURS, 19, "forwarded here, but no such session")                 \
	X(TOO_BIG, 20, "encapsulation exceeds the path MTU")                   \
	X(UNASKED, 21, "reply without a request")                              \
	X(STALE, 22, "older than what is known")                               \
	X(ICMP_QUOTE, 23, "ICMP error quotes nothing of ours")                 \
	X(NEGATIVE, 24, "flow was reset a moment ago")                         \
	X(GONE, 25, "held packets of a flow that began anew")                  \
	X(OUTBOX, 26, "outbox full")                                           \
	X(NO_ROUTE, 27, "no route to the destination")                         \
	X(TTL, 28, "TTL or hop limit exceeded")                                \
	X(QUEUE, 29, "drop-tail queue full")                                   \
	X(LINK_DOWN, 30, "link or device down")                                \
	X(LOSS, 31, "random loss of the link")                                 \
	X(MTU, 32, "larger than the link's MTU, DF set")                       \
	X(NO_SOCKET, 33, "no socket for it")                                   \
	X(SYN_RETRY, 34, "out of the receive window or unexpected")            \
	X(LOOKUPS, 35, "lookup table full until the deadline")

enum drop {
#define DROP_ENUM(name, number, text) DROP_##name = (number),
	DROP_LIST(DROP_ENUM)
#undef DROP_ENUM
	DROP_COUNT
};

/* "tag", "replay": lower case, as in counter rows (drop_tag). */
const char *drop_name(enum drop);
/* The sentence from the list. */
const char *drop_text(enum drop);

#endif
