/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer_test.c - the table of verdicts, packet by packet, IPv4 and IPv6
 *
 * A row reads: after this, that packet is judged so, the outbox holds this
 * (letters: stage.h); when then that happens, the outbox holds that, and
 * what is dropped is dropped for this reason. Sequences are in stray_test.c.
 */
#include "core/steer/steer.h"

#include "core/test/stage.h"

enum before {
	NOTHING,
	LOOKING, /* one segment is held, a lookup runs */
	LOOKING_ANSWER, /* outer packets must not be fragmented */
	LOOKING_FULL, /* as many as a flow may hold */
	HELD_BYTES_FULL, /* other flows hold all that may be held */
	FLOWS_FULL, /* of flows that hold */
	BUSY, /* the node has no room for lookups */
	CACHED, /* B is the owner */
	CACHED_IDLE, /* a minute ago */
	CACHED_UNROUTED, /* and lost its route 2.9 s ago */
	CACHED_GONE, /* and lost its route 3 s ago */
	CACHED_RETURNED, /* and its route came back */
	CACHED_OUTBOX_FULL,
	CACHED_ANSWER, /* outer packets must not be fragmented */
	CACHED_LEARNED, /* and a router said that 1,400 is the path's MTU */
	CACHED_MINIMUM, /* a router said 1,280 */
	NOT_MINE, /* B was the owner and said that it is not */
	NOT_MINE_OTHER, /* B of two owners said so, and C is the other */
	NEGATIVE, /* was reset a moment ago */
	NEGATIVE_OVER, /* was reset a second ago */
	PREFIX_SPENT, /* too many misses from the client's prefix */
	ALL_SPENT, /* too many misses from everywhere */
	FIRST_LOCAL, /* a first fragment, known here */
	FIRST_SYN, /* a first fragment of a SYN */
	FIRST_HELD,
	FIRST_FORWARDED,
	FIRST_OLD, /* a second ago */
};

enum input {
	ACK,
	DATA,
	FIN,
	SYN,
	SYN_ECN,
	SYN_DATA,
	SYN_FIN,
	SYN_ACK,
	RST,
	RST_ACK,
	NO_ACK, /* a segment without any flag */
	OPTIONS, /* IPv4 options; an IPv6 extension header */
	OPTIONS_SYN,
	EXTENSIONS, /* more than the bound */
	PADDED,
	BIG, /* 1,500 bytes, DF */
	BIG_NO_DF,
	BIG_1280,
	FIRST,
	FIRST_OF_SYN,
	LATER,
	TINY, /* a first fragment of eight bytes */
	ERROR_TOO_BIG,
	ERROR_HOST,
	ERROR_8, /* quotes eight bytes of TCP */
	ERROR_4, /* quotes four */
	ERROR_OTHER, /* quotes another port */
	ERROR_ASIDE, /* sent to an address that it does not quote */
	ERROR_OWN, /* about our encapsulation */
	REDIRECT,
	ECHO_REQUEST,
	UDP,
	OTHER_PORT,
	OTHER_ADDRESS,
	CUT,
	EMPTY,
	VERSION,
};

enum then {
	NO_MORE,
	FOUND_B,
	FOUND_C,
	FOUND_BC,
	FOUND_A, /* we are said to own it */
	MISSED,
	MISS_ALL, /* until nothing is left to wait for */
	OPENED, /* the session is here after all */
	SYN_COMES,
	KNOWN_COMES, /* a segment of it, now known here */
};

struct row {
	const char *sentence;
	enum before before;
	enum input input;
	bool known;
	enum steer_verdict verdict;
	enum drop drop;
	const char *out;
	enum then then;
	const char *then_out;
	enum drop then_drop;
	uint8_t family; /* 0: both */
};

#define L	  STEER_LOCAL, DROP_NONE
#define F	  STEER_FORWARD, DROP_NONE
#define H	  STEER_HOLD, DROP_NONE
#define X(reason) STEER_DROP, DROP_##reason
#define END	  NO_MORE, "", DROP_NONE, 0
#define KEPT	  DROP_NONE, 0

static const struct row rows[] = {
	/* SYN without ACK */
	{ "a SYN is local", NOTHING, SYN, false, L, "", END },
	{ "a SYN with ECN bits is local", NOTHING, SYN_ECN, false, L, "", END },
	{ "a SYN with data is local", NOTHING, SYN_DATA, false, L, "", END },
	{ "a SYN with FIN is local", NOTHING, SYN_FIN, false, L, "", END },
	{ "a SYN behind options is local", NOTHING, OPTIONS_SYN, false, L, "",
	  END },
	{ "a SYN is local though an owner is cached", CACHED, SYN, false, L, "",
	  END },
	{ "a SYN, which anybody can send, drops nothing that waits", LOOKING,
	  SYN, false, L, "", FOUND_B, "b", KEPT },
	{ "a SYN after a reset is local", NEGATIVE, SYN, false, L, "", END },
	{ "a SYN is local though misses are spent", PREFIX_SPENT, SYN, false, L,
	  "", END },
	{ "a SYN with ACK begins nothing", NOTHING, SYN_ACK, false,
	  X(SENSELESS), "", END },
	/* known here */
	{ "a segment of a session here is local", NOTHING, DATA, true, L, "",
	  END },
	{ "a RST of a session here is local", NOTHING, RST, true, L, "", END },
	{ "an ICMP error of a session here is local", NOTHING, ERROR_TOO_BIG,
	  true, L, "", END },
	{ "known here wins over a cached owner", CACHED, DATA, true, L, "",
	  END },
	{ "what was held for a session here is delivered first", LOOKING, DATA,
	  true, L, "D", END },
	/* owner cached */
	{ "a segment goes to the cached owner", CACHED, DATA, false, F, "b",
	  END },
	{ "an ACK goes to the cached owner", CACHED, ACK, false, F, "b", END },
	{ "a FIN goes to the cached owner", CACHED, FIN, false, F, "b", END },
	{ "a RST goes to the cached owner", CACHED, RST, false, F, "b", END },
	{ "a packet with options goes whole", CACHED, OPTIONS, false, F, "b",
	  END },
	{ "link padding does not travel", CACHED, PADDED, false, F, "b", END },
	{ "an ICMP error goes to the cached owner", CACHED, ERROR_TOO_BIG,
	  false, F, "b", END },
	{ "a full outbox is a lost packet", CACHED_OUTBOX_FULL, DATA, false,
	  X(OUTBOX), "", END },
	{ "an owner idle for a minute is looked up again", CACHED_IDLE, DATA,
	  false, H, "", FOUND_C, "c", KEPT },
	{ "an owner without a route is not given up before its time",
	  CACHED_UNROUTED, DATA, false, F, "b", END },
	{ "an owner without a route for long is looked up again", CACHED_GONE,
	  DATA, false, H, "", FOUND_C, "c", KEPT },
	{ "and is no answer", CACHED_GONE, DATA, false, H, "", FOUND_B, "",
	  KEPT },
	{ "the other one is, if it lives", CACHED_GONE, DATA, false, H, "",
	  FOUND_BC, "c", KEPT },
	{ "an owner whose route came back is the owner", CACHED_RETURNED, DATA,
	  false, F, "b", END },
	/* not mine */
	{ "an owner that said not mine is not asked again", NOT_MINE, DATA,
	  false, H, "", FOUND_C, "c", KEPT },
	{ "even when it is found again", NOT_MINE, DATA, false, H, "", FOUND_BC,
	  "c", KEPT },
	{ "the other of two owners gets it alone", NOT_MINE_OTHER, DATA, false,
	  F, "c", END },
	{ "no other owner: the client is reset", NOT_MINE, DATA, false, H, "",
	  MISS_ALL, "R", DROP_NEGATIVE, 0 },
	/* lookup running */
	{ "a second segment waits, and both go in order", LOOKING, DATA, false,
	  H, "", FOUND_B, "bb", KEPT },
	{ "a RST waits behind the data", LOOKING, RST, false, H, "", FOUND_B,
	  "bb", KEPT },
	{ "an ICMP error waits too", LOOKING, ERROR_HOST, false, H, "", FOUND_B,
	  "bb", KEPT },
	{ "too many for one flow", LOOKING_FULL, DATA, false, X(HOLD_FLOW), "",
	  END },
	{ "too many bytes in all", HELD_BYTES_FULL, DATA, false, X(HOLD_BYTES),
	  "", END },
	{ "too many flows that hold", FLOWS_FULL, DATA, false, X(FLOWS), "",
	  END },
	/* unknown */
	{ "an unknown segment is looked up", NOTHING, DATA, false, H, "",
	  FOUND_B, "b", KEPT },
	{ "so is a bare ACK", NOTHING, ACK, false, H, "", FOUND_B, "b", KEPT },
	{ "so is one behind options", NOTHING, OPTIONS, false, H, "", FOUND_B,
	  "b", KEPT },
	{ "a miss is not yet the end", NOTHING, DATA, false, H, "", MISSED, "",
	  KEPT },
	{ "misses until the deadline are", NOTHING, DATA, false, H, "",
	  MISS_ALL, "R", DROP_NEGATIVE, 0 },
	{ "a FIN of an old session is reset too", NOTHING, FIN, false, H, "",
	  MISS_ALL, "R", DROP_NEGATIVE, 0 },
	{ "a segment without ACK is no session's", NOTHING, NO_ACK, false,
	  X(SENSELESS), "", END },
	{ "but the known owner of its session may judge", CACHED, NO_ACK, false,
	  F, "b", END },
	{ "our own record of a session that is not here is no answer", NOTHING,
	  DATA, false, H, "", FOUND_A, "", KEPT },
	{ "a session that opens here gets what was held", NOTHING, DATA, false,
	  H, "", OPENED, "D", KEPT },
	{ "a SYN changes nothing of that", NOTHING, DATA, false, H, "",
	  SYN_COMES, "", KEPT },
	{ "nor does its owner's answer matter then", CACHED, SYN, false, L, "",
	  FOUND_B, "", KEPT },
	{ "a socket that appears gets what was held", NOTHING, DATA, false, H,
	  "", KNOWN_COMES, "D", KEPT },
	{ "no replica could be asked: no reset", BUSY, DATA, false, H, "",
	  MISS_ALL, "", DROP_LOOKUPS, 0 },
	{ "after a reset there is silence", NEGATIVE, DATA, false, X(NEGATIVE),
	  "", END },
	{ "for a second", NEGATIVE_OVER, DATA, false, H, "", FOUND_B, "b",
	  KEPT },
	{ "a prefix that missed too often waits", PREFIX_SPENT, DATA, false,
	  X(RATE_PREFIX), "", END },
	{ "all together, too", ALL_SPENT, DATA, false, X(RATE_ALL), "", END },
	/* RST */
	{ "a RST is looked up and forwarded", NOTHING, RST, false, H, "",
	  FOUND_B, "b", KEPT },
	{ "a RST of a session without owner is dropped", NOTHING, RST, false, H,
	  "", MISSED, "", DROP_RST_UNKNOWN, 0 },
	{ "also one with ACK", NOTHING, RST_ACK, false, H, "", MISSED, "",
	  DROP_RST_UNKNOWN, 0 },
	{ "a RST behind a segment does not answer for it", LOOKING, RST, false,
	  H, "", MISS_ALL, "R", DROP_NEGATIVE, 0 },
	/* ICMP errors */
	{ "fragmentation needed is looked up by the session it quotes", NOTHING,
	  ERROR_TOO_BIG, false, H, "", FOUND_B, "b", KEPT },
	{ "so is unreachable", NOTHING, ERROR_HOST, false, H, "", FOUND_B, "b",
	  KEPT },
	{ "eight quoted bytes suffice", NOTHING, ERROR_8, false, H, "", FOUND_B,
	  "b", KEPT },
	{ "four do not", NOTHING, ERROR_4, false, X(ICMP_QUOTE), "", END },
	{ "an ICMP error never draws a RST", NOTHING, ERROR_TOO_BIG, false, H,
	  "", MISS_ALL, "", DROP_ICMP_QUOTE, 0 },
	{ "an ICMP error about others' packets is not ours", NOTHING,
	  ERROR_OTHER, false, X(ICMP_QUOTE), "", END },
	{ "an ICMP error must be sent to what it quotes", NOTHING, ERROR_ASIDE,
	  false, X(ICMP_QUOTE), "", END },
	{ "a redirect is not an error", NOTHING, REDIRECT, false, X(PROTOCOL),
	  "", END },
	{ "an ICMP error about our own tunnel is for us", CACHED, ERROR_OWN,
	  false, L, "", END },
	/* too big */
	{ "too big for the tunnel: fragments outside", CACHED, BIG, false, F,
	  "b", END },
	{ "or the client gets an error", CACHED_ANSWER, BIG, false, X(TOO_BIG),
	  "T", END },
	{ "unless it allows fragments", CACHED_ANSWER, BIG_NO_DF, false, F, "b",
	  NO_MORE, "", DROP_NONE, 4 },
	{ "the sender of what was held gets one as well", LOOKING_ANSWER, BIG,
	  false, H, "", FOUND_B, "bT", DROP_TOO_BIG, 0 },
	{ "an error names a path MTU that was learned", CACHED_LEARNED, BIG,
	  false, X(TOO_BIG), "T", END },
	{ "no error asks a client to go below IPv6's minimum", CACHED_MINIMUM,
	  BIG_1280, false, F, "b", NO_MORE, "", DROP_NONE, 6 },
	/* fragments */
	{ "a first fragment is looked up", NOTHING, FIRST, false, H, "",
	  FOUND_B, "b", KEPT },
	{ "a first fragment of a SYN is local", NOTHING, FIRST_OF_SYN, false, L,
	  "", END },
	{ "a later fragment without its first is dropped", NOTHING, LATER,
	  false, X(FRAGMENT), "", END },
	{ "a later fragment is local as its first was", FIRST_LOCAL, LATER,
	  false, L, "", END },
	{ "also behind a SYN", FIRST_SYN, LATER, false, L, "", END },
	{ "a later fragment waits with its first", FIRST_HELD, LATER, false, H,
	  "", FOUND_B, "bb", KEPT },
	{ "a later fragment follows its first", FIRST_FORWARDED, LATER, false,
	  F, "b", END },
	{ "but not after a second", FIRST_OLD, LATER, false, X(FRAGMENT), "",
	  END },
	{ "a first fragment without its TCP header is too short", NOTHING, TINY,
	  false, X(SHORT), "", END },
	/* not ours, not well */
	{ "UDP is not for us", NOTHING, UDP, false, X(PROTOCOL), "", END },
	{ "nor is an echo request", NOTHING, ECHO_REQUEST, false, X(PROTOCOL),
	  "", END },
	{ "another port is no service", NOTHING, OTHER_PORT, false,
	  X(NOT_SERVICE), "", END },
	{ "another address is none either", NOTHING, OTHER_ADDRESS, false,
	  X(NOT_SERVICE), "", END },
	{ "a packet cut short", NOTHING, CUT, false, X(SHORT), "", END },
	{ "no packet at all", NOTHING, EMPTY, false, X(SHORT), "", END },
	{ "another version of IP", NOTHING, VERSION, false, X(VERSION), "",
	  END },
	{ "too many extension headers", NOTHING, EXTENSIONS, false,
	  X(EXTENSIONS), "", NO_MORE, "", DROP_NONE, 6 },
};

/* Insert `count` times eight bytes of options behind the IP header. */
static size_t
insert_options(uint8_t *bytes, size_t size, uint32_t count)
{
	static const uint8_t nop[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	bool six = bytes[0] >> 4 == 6;

	for (uint32_t i = 0; i < count; i++) {
		size_t at = six ? 40 : 20;
		memmove(bytes + at + 8, bytes + at, size - at);
		size += 8;
		if (six) {
			uint8_t header[8] = { bytes[6], 0, 1, 4 };
			memcpy(bytes + at, header, 8);
			bytes[6] = IP_DESTINATION;
			wire_put16(bytes + 4, (uint16_t)(size - 40));
		} else {
			memcpy(bytes + at, nop, 8);
			bytes[0] = (uint8_t)(bytes[0] + 2);
			wire_put16(bytes + 2, (uint16_t)size);
		}
	}
	return size;
}

/* Fragment number `index` of a segment of 1,400 bytes. The packet is the same
 * each time, so that several calls give its fragments. */
static size_t
make_fragment(struct stage *stage, uint8_t flags, uint32_t index, uint8_t *out)
{
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;
	uint32_t sent = stage->sent;
	size_t at = 0, size;

	stage->sent = 500;
	size = stage_tcp(stage, flags, 1400, false, bytes);
	stage->sent = sent;
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	do {
		size = stage->family == 4
			       ? packet_fragment_ip4(bytes, &packet, 600, &at,
						     out, STAGE_PACKET)
			       : packet_fragment_ip6(bytes, &packet, 600, 99,
						     &at, out, STAGE_PACKET);
		CHECK(size > 0);
	} while (index-- > 0);
	return size;
}

/* An ICMP error about what A sent into the tunnel last. */
static size_t
make_own_error(struct stage *stage, uint32_t mtu_bytes, uint8_t *out)
{
	struct address router = stage_address(stage->family, 30, 1);
	uint8_t bytes[STAGE_PACKET], tunnel[STAGE_PACKET];
	struct packet packet;
	size_t size = stage_tcp(stage, TCP_ACK, 1000, true, bytes);

	CHECK(stage_put(stage, bytes, size, false).verdict == STEER_FORWARD);
	const struct outbox_item *item = &stage->outbox.items[0];
	struct packet_udp udp = {
		.ip = { .src = stage->servers[0],
			.dst = item->to.address,
			.ttl = 60,
			.df = true },
		.src_port = item->source_port,
		.dst_port = item->to.port,
		.payload = stage->outbox.bytes + item->offset,
		.payload_bytes = item->size,
	};
	size = packet_build_udp(&udp, tunnel, sizeof(tunnel));
	CHECK(packet_parse(tunnel, size, &packet) == DROP_NONE);
	size = packet_build_icmp_too_big(&router, mtu_bytes, tunnel, &packet,
					 out, STAGE_PACKET);
	CHECK(size > 0);
	outbox_clear(&stage->outbox);
	return size;
}

static size_t
make_odd(struct stage *stage, enum input input, uint8_t *out)
{
	size_t header = stage->family == 4 ? 20 : 40;
	struct stage other = *stage;
	size_t size;

	switch (input) {
	case ERROR_8:
		stage_icmp(stage, PACKET_ERROR_TOO_BIG, 1300, out);
		return stage_cut_quote(stage, out, 8);
	case ERROR_4:
		stage_icmp(stage, PACKET_ERROR_TOO_BIG, 1300, out);
		return stage_cut_quote(stage, out, 4);
	case ERROR_OTHER:
		size = stage_icmp(stage, PACKET_ERROR_HOST, 0, out);
		out[2 * header + 8 + 1]++; /* the quote's source port */
		return size;
	case ERROR_ASIDE:
		size = stage_icmp(stage, PACKET_ERROR_HOST, 0, out);
		out[header - 1]++; /* the last byte of its destination */
		return size;
	case REDIRECT:
		size = stage_icmp(stage, PACKET_ERROR_HOST, 0, out);
		out[header] = stage->family == 4 ? ICMP4_TYPE_REDIRECT
						 : ICMP6_TYPE_REDIRECT;
		return size;
	case ECHO_REQUEST:
		size = stage_icmp(stage, PACKET_ERROR_HOST, 0, out);
		out[header] = stage->family == 4 ? 8 : 128;
		return size;
	case UDP:
		size = stage_tcp(stage, TCP_ACK, 100, true, out);
		out[stage->family == 4 ? 9 : 6] = IP_UDP;
		wire_put16(out + header + 4, (uint16_t)(size - header));
		return size;
	case OTHER_PORT:
		size = stage_tcp(stage, TCP_ACK, 100, true, out);
		out[header + 3]++;
		return size;
	case OTHER_ADDRESS:
		other.service.address = stage_address(stage->family, 192, 9);
		return stage_tcp(&other, TCP_ACK, 100, true, out);
	case CUT:
		return stage_tcp(stage, TCP_ACK, 100, true, out) - 1;
	case EMPTY:
		return 0;
	default:
		size = stage_tcp(stage, TCP_ACK, 100, true, out);
		out[0] = (uint8_t)(out[0] + 0x50);
		return size;
	}
}

/* A first fragment with 8 bytes of TCP. */
static size_t
make_tiny(struct stage *stage, uint8_t *out)
{
	(void)stage_tcp(stage, TCP_ACK, 0, false, out);
	out[6] |= 0x20; /* MF */
	wire_put16(out + 2, 28);
	if (stage->family == 6) {
		uint8_t fragment[8] = { IP_TCP, 0, 0, 1, 0, 0, 0, 9 };
		memcpy(out + 40, fragment, 8);
		wire_put16(out + 4, 16);
		out[6] = IP_FRAGMENT;
	}
	return stage->family == 4 ? 28 : 56;
}

static size_t
make(struct stage *stage, enum input input, uint8_t *out)
{
	size_t header = stage->family == 4 ? 20 : 40;
	size_t size;

	switch (input) {
	case ACK:
		return stage_tcp(stage, TCP_ACK, 0, true, out);
	case DATA:
		return stage_tcp(stage, TCP_ACK | TCP_PSH, 100, true, out);
	case FIN:
		return stage_tcp(stage, TCP_ACK | TCP_FIN, 0, true, out);
	case SYN:
		return stage_tcp(stage, TCP_SYN, 0, true, out);
	case SYN_ECN:
		return stage_tcp(stage, TCP_SYN | TCP_ECE | TCP_CWR, 0, true,
				 out);
	case SYN_DATA:
		return stage_tcp(stage, TCP_SYN, 100, true, out);
	case SYN_FIN:
		return stage_tcp(stage, TCP_SYN | TCP_FIN, 0, true, out);
	case SYN_ACK:
		return stage_tcp(stage, TCP_SYN | TCP_ACK, 0, true, out);
	case RST:
		return stage_tcp(stage, TCP_RST, 0, true, out);
	case RST_ACK:
		return stage_tcp(stage, TCP_RST | TCP_ACK, 0, true, out);
	case NO_ACK:
		return stage_tcp(stage, 0, 50, true, out);
	case OPTIONS:
		size = stage_tcp(stage, TCP_ACK, 100, true, out);
		return insert_options(out, size, 2);
	case OPTIONS_SYN:
		size = stage_tcp(stage, TCP_SYN, 0, true, out);
		return insert_options(out, size, 1);
	case EXTENSIONS:
		size = stage_tcp(stage, TCP_ACK, 100, true, out);
		return insert_options(out, size, 20);
	case PADDED:
		size = stage_tcp(stage, TCP_ACK, 0, true, out);
		memset(out + size, 0xee, 6);
		return size + 6;
	case BIG:
	case BIG_NO_DF:
		return stage_tcp(stage, TCP_ACK, 1500 - 20 - header,
				 input == BIG, out);
	case BIG_1280:
		return stage_tcp(stage, TCP_ACK, 1280 - 20 - header, true, out);
	case FIRST:
	case FIRST_OF_SYN:
		return make_fragment(stage, input == FIRST ? TCP_ACK : TCP_SYN,
				     0, out);
	case LATER:
		return make_fragment(stage, TCP_ACK, 1, out);
	case TINY:
		return make_tiny(stage, out);
	case ERROR_TOO_BIG:
		return stage_icmp(stage, PACKET_ERROR_TOO_BIG, 1300, out);
	case ERROR_HOST:
		return stage_icmp(stage, PACKET_ERROR_HOST, 0, out);
	case ERROR_OWN:
		return make_own_error(stage, 1400, out);
	default:
		return make_odd(stage, input, out);
	}
}

static struct steer_result
put(struct stage *stage, enum input input, bool known)
{
	uint8_t bytes[STAGE_PACKET];

	return stage_put(stage, bytes, make(stage, input, bytes), known);
}

/* From other clients: another port, or another prefix. */
static void
put_others(struct stage *stage, uint32_t count, bool prefixes, bool miss)
{
	struct address client = stage->client;
	uint16_t port = stage->client_port;

	for (uint32_t i = 0; i < count; i++) {
		stage->client_port = (uint16_t)(50000 + i);
		if (prefixes)
			stage->client =
				stage_address(stage->family, 40, (uint8_t)i);
		put(stage, DATA, false);
		if (miss)
			stage_missed(stage);
	}
	stage->client = client;
	stage->client_port = port;
}

static void
before_cached(struct stage *stage, enum before before)
{
	uint8_t bytes[STAGE_PACKET];
	uint32_t mtu_bytes = before == CACHED_LEARNED ? 1400 : 1280;
	bool reachable = before == CACHED_RETURNED;

	put(stage, DATA, false);
	const char *owners = before == NOT_MINE_OTHER ? "bc" : "b";
	stage_found(stage, owners);
	CHECK(strcmp(stage_outcome(stage), owners) == 0);
	CHECK(stage_next(stage)); /* nothing is kept any more */
	switch (before) {
	case CACHED_IDLE:
		stage->now.ns += stage->settings.owner_idle_ns;
		break;
	case CACHED_UNROUTED:
	case CACHED_GONE:
	case CACHED_RETURNED:
		for (int i = 0; i < 3; i++) {
			steer_route(stage->steers[0], stage->now,
				    &stage->servers[1], false);
			stage->now.ns += NS_PER_S;
		}
		if (before == CACHED_UNROUTED)
			stage->now.ns -= NS_PER_S / 10;
		if (reachable)
			steer_route(stage->steers[0], stage->now,
				    &stage->servers[1], true);
		break;
	case CACHED_OUTBOX_FULL:
		stage->outbox.byte_capacity = 50;
		break;
	case CACHED_ANSWER:
		stage->settings.outer_fragment = false;
		break;
	case CACHED_LEARNED:
	case CACHED_MINIMUM: {
		size_t size = make_own_error(stage, mtu_bytes, bytes);
		CHECK(stage_put(stage, bytes, size, false).verdict ==
		      STEER_LOCAL);
		break;
	}
	case NOT_MINE:
	case NOT_MINE_OTHER:
		stage_not_mine(stage, 1);
		break;
	default:
		break;
	}
}

static void
arrange(struct stage *stage, enum before before)
{
	switch (before) {
	case NOTHING:
		return;
	case LOOKING_ANSWER:
		stage->settings.outer_fragment = false;
		put(stage, DATA, false);
		break;
	case LOOKING:
		put(stage, DATA, false);
		break;
	case LOOKING_FULL:
		for (uint32_t i = 0; i < stage->settings.hold_packets_flow; i++)
			CHECK(put(stage, DATA, false).verdict == STEER_HOLD);
		break;
	case HELD_BYTES_FULL:
		stage->settings.hold_bytes = 40 * 256;
		put_others(stage, 40, false, false);
		break;
	case FLOWS_FULL:
		put_others(stage, stage_limits.flows, false, false);
		break;
	case BUSY:
		stage->nodes[0].busy = true;
		break;
	case NEGATIVE:
	case NEGATIVE_OVER:
		put(stage, DATA, false);
		stage_miss_all(stage);
		CHECK(strcmp(stage_outcome(stage), "R") == 0);
		if (before == NEGATIVE_OVER)
			stage->now.ns += stage->settings.negative_ns;
		break;
	case PREFIX_SPENT:
		put_others(stage, 200, false, true);
		break;
	case ALL_SPENT:
		stage->settings.misses_per_s = 30;
		stage_start(stage, 0, 1);
		put_others(stage, 30, true, true);
		break;
	case FIRST_LOCAL:
		put(stage, FIRST, true);
		break;
	case FIRST_SYN:
		put(stage, FIRST_OF_SYN, false);
		break;
	case FIRST_HELD:
		put(stage, FIRST, false);
		break;
	case FIRST_FORWARDED:
	case FIRST_OLD:
		put(stage, FIRST, false);
		stage_found(stage, "b");
		CHECK(strcmp(stage_outcome(stage), "b") == 0);
		if (before == FIRST_OLD)
			stage->now.ns += stage->settings.fragment_ns;
		break;
	default:
		before_cached(stage, before);
		break;
	}
}

static void
follow(struct stage *stage, enum then then)
{
	static const struct version version = { 9, 0 };
	struct session_key key = stage_key(stage);

	switch (then) {
	case FOUND_B:
		stage_found(stage, "b");
		break;
	case FOUND_C:
		stage_found(stage, "c");
		break;
	case FOUND_BC:
		stage_found(stage, "bc");
		break;
	case FOUND_A:
		stage_found(stage, "a");
		break;
	case MISSED:
		stage_missed(stage);
		break;
	case MISS_ALL:
		stage_miss_all(stage);
		break;
	case OPENED:
		CHECK(steer_opened(stage->steers[0], stage->now, &key, version,
				   &stage->outbox) == 0);
		break;
	case SYN_COMES:
		CHECK(put(stage, SYN, false).verdict == STEER_LOCAL);
		break;
	case KNOWN_COMES:
		CHECK(put(stage, DATA, true).verdict == STEER_LOCAL);
		break;
	default:
		break;
	}
}

/* All that were counted between two looks, reason by reason. */
static void
check_drops(const struct row *row, const uint64_t *earlier,
	    const uint64_t *later)
{
	for (uint32_t i = 0; i < DROP_COUNT; i++) {
		bool judged = row->verdict == STEER_DROP && i == row->drop;
		bool followed = i != DROP_NONE && i == row->then_drop;
		uint64_t counted = later[i] - earlier[i];
		if (judged && !followed)
			CHECK_ROW(counted == 1, row->sentence);
		else
			CHECK_ROW((counted > 0) == followed, row->sentence);
	}
}

static void
check_row(const struct row *row, uint8_t family)
{
	static struct stage stage;
	uint64_t drops[DROP_COUNT];
	uint8_t bytes[STAGE_PACKET];

	stage_init(&stage, family);
	arrange(&stage, row->before);
	size_t size = make(&stage, row->input, bytes);

	const struct steer_counters *counters = steer_counters(stage.steers[0]);
	uint64_t local = counters->local, strays = counters->strays;
	memcpy(drops, counters->drops, sizeof(drops));
	struct steer_result result = stage_put(&stage, bytes, size, row->known);
	CHECK_ROW(result.verdict == row->verdict, row->sentence);
	if (row->verdict == STEER_DROP)
		CHECK_ROW(result.drop == row->drop, row->sentence);
	CHECK_ROW(counters->local - local == (result.verdict == STEER_LOCAL),
		  row->sentence);
	CHECK_ROW(counters->strays - strays == result.stray, row->sentence);
	const char *out = stage_outcome(&stage);
	CHECK_ROW(strcmp(out, row->out) == 0, row->sentence);
	if (strcmp(out, row->out) != 0)
		fprintf(stderr, "\tIPv%u: '%s', not '%s'\n", family, out,
			row->out);

	follow(&stage, row->then);
	out = stage_outcome(&stage);
	const char *expected = row->then_out != NULL ? row->then_out : "";
	CHECK_ROW(strcmp(out, expected) == 0, row->sentence);
	if (strcmp(out, expected) != 0)
		fprintf(stderr, "\tIPv%u then: '%s', not '%s'\n", family, out,
			expected);
	check_drops(row, drops, counters->drops);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].family != 6)
			check_row(&rows[i], 4);
		if (rows[i].family != 4)
			check_row(&rows[i], 6);
	}
	return check_done();
}
