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
	X(VERSION, 2, "unknown version")                                       \
	X(MALFORMED, 3, "field out of range")                                  \
	X(PROTOCOL, 4, "not TCP, ICMP error or our own")                       \
	X(EXTENSIONS, 5, "more IPv6 extension headers than the bound")         \
	X(FRAGMENT, 6, "fragment without its first")                           \
	X(NOT_SERVICE, 7, "not to a service address")                          \
	X(RST_UNKNOWN, 8, "RST of a session nobody owns")                      \
	X(HOLD_FLOW, 9, "too many packets held for the flow")                  \
	X(HOLD_BYTES, 10, "too many bytes held in all")                        \
	X(FLOWS, 11, "flow table full of held flows")                          \
	X(RATE_PREFIX, 12, "too many misses from the source prefix")           \
	X(RATE_ALL, 13, "too many misses in all")                              \
	X(HOP_COUNT, 14, "forwarded once already")                             \
	X(TAG, 15, "GUE tag mismatch")                                         \
	X(REPLAY, 16, "replayed or outside the window")                        \
	X(KEY_ID, 17, "unknown key id")                                        \
	X(NOT_OURS, 18, "forwarded here, but no such session")                 \
	X(TOO_BIG, 19, "encapsulation exceeds the path MTU")                   \
	X(UNASKED, 20, "reply without a request")                              \
	X(ICMP_QUOTE, 21, "ICMP error quotes nothing of ours")                 \
	X(NEGATIVE, 22, "flow was reset a moment ago")                         \
	X(GONE, 23, "held packets of a flow that began anew")                  \
	X(OUTBOX, 24, "outbox full")                                           \
	X(NO_ROUTE, 25, "no route to the destination")                         \
	X(TTL, 26, "TTL or hop limit exceeded")                                \
	X(QUEUE, 27, "drop-tail queue full")                                   \
	X(LINK_DOWN, 28, "link or device down")                                \
	X(LOSS, 29, "random loss of the link")                                 \
	X(MTU, 30, "larger than the link's MTU, DF set")                       \
	X(NO_SOCKET, 31, "no socket for it")                                   \
	X(LOOKUPS, 32, "lookup table full until the deadline")                 \
	X(SENSELESS, 33, "no session of ours can send it")                     \
	X(DOUBTS, 34, "too many doubts")                                       \
	X(NO_NEWS, 35, "doubt of a session that is nowhere newer")

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
