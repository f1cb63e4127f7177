/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_table_test.c - one table of packets, read by BPF and by the core
 *
 * Every row is run through the program of the uplinks (BPF_PROG_TEST_RUN, in
 * a namespace with one real session) and through core/steer/classifier.c, which
 * steer uses. The table says what is right; the two must also agree on every
 * truncation of every row and on 60,000 damaged ones, where no row says
 * what is right.
 *
 * At the end it says what the program costs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/rng.h"
#include "core/steer/classifier.h"
#include "core/steer/steer.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "live/bpf/contract.h"
#include "live/test/hosts.h"
#include "stray.skel.h"

#define MAC_BYTES   14
#define PACKET_MAX  2048
#define UPLINK	    1 /* of two; the first is an interface that is not used */
#define VERDICT_ON  (-1) /* TC_ACT_UNSPEC */
#define VERDICT_TUN 7 /* TC_ACT_REDIRECT */
#define PORT_UNUSED 50000 /* of a client without a session here */

/* One address of each kind and family. */
static const char *const services_text[] = { "192.0.2.1", "2001:db8::1" };
static const char *const every_text[] = { "192.0.2.2", "2001:db8::2" };
static const char *const foreign_text[] = { "192.0.2.3", "2001:db8::3" };
static const char *const clients_text[] = { "10.0.0.7", "fd00::7" };
static const char *const selves_text[] = { "10.9.9.9", "fd09:9::9" };
static const char *const routers_text[] = { "10.0.0.1", "fd00::1" };

enum what {
	SEGMENT,
	DATAGRAM,
	ECHO,
	ERROR,
	ERROR_TUNNEL
};
enum whom {
	KNOWN,
	UNKNOWN
};
enum where {
	SERVICE,
	EVERY,
	FOREIGN
};
enum part {
	WHOLE,
	FIRST,
	LATER
};

struct row {
	const char *sentence;
	int expected; /* VERDICT_ */
	enum what what;
	uint8_t flags; /* TCP */
	enum whom whom;
	enum where where;
	uint16_t port; /* 0: 80 */
	uint16_t payload_bytes;
	enum part part;
	uint16_t fragment_id;
	uint8_t family; /* 0: both */
	uint8_t extra; /* IPv4: bytes of options; IPv6: extensions */
	uint8_t kind; /* of them; 0: no-op, destination */
	uint8_t quote_bytes; /* of TCP or UDP in an error; 0: all */
	enum packet_error error;
};

#define ON  VERDICT_ON
#define TUN VERDICT_TUN
#define ACK TCP_ACK

/* clang-format off */
static const struct row rows[] = {
	{ "data of a session that is here", ON, .flags = ACK, .payload_bytes = 100 },
	{ "its bare ACK", ON, .flags = ACK },
	{ "its FIN", ON, .flags = ACK | TCP_FIN },
	{ "its RST", ON, .flags = TCP_RST },
	{ "data of one that is not", TUN, .flags = ACK, .payload_bytes = 100, .whom = UNKNOWN },
	{ "a bare ACK of one that is not", TUN, .flags = ACK, .whom = UNKNOWN },
	{ "a FIN of one that is not", TUN, .flags = ACK | TCP_FIN, .whom = UNKNOWN },
	{ "a RST of one that is not", TUN, .flags = TCP_RST, .whom = UNKNOWN },
	{ "a RST with ACK of one that is not", TUN, .flags = TCP_RST | ACK, .whom = UNKNOWN },
	{ "no flag at all", TUN, .flags = 0, .whom = UNKNOWN },
	{ "every flag", TUN, .flags = 0xff, .whom = UNKNOWN },
	{ "a SYN", ON, .flags = TCP_SYN, .whom = UNKNOWN },
	{ "a SYN with data", ON, .flags = TCP_SYN, .payload_bytes = 500, .whom = UNKNOWN },
	{ "a SYN with ECN", ON, .flags = TCP_SYN | TCP_ECE | TCP_CWR, .whom = UNKNOWN },
	{ "a SYN with FIN", ON, .flags = TCP_SYN | TCP_FIN, .whom = UNKNOWN },
	{ "a SYN with RST", ON, .flags = TCP_SYN | TCP_RST, .whom = UNKNOWN },
	{ "a SYN with ACK", TUN, .flags = TCP_SYN | ACK, .whom = UNKNOWN },
	{ "a SYN of a session that is here", ON, .flags = TCP_SYN },
	{ "to a port that is no service", ON, .flags = ACK, .whom = UNKNOWN, .port = 81 },
	{ "to a service address with every port", TUN, .flags = ACK, .whom = UNKNOWN, .where = EVERY, .port = 4711 },
	{ "to an address without services", ON, .flags = ACK, .whom = UNKNOWN, .where = FOREIGN },
	{ "UDP to a service", ON, .what = DATAGRAM, .whom = UNKNOWN, .payload_bytes = 30 },
	{ "an echo request to a service", ON, .what = ECHO },

	{ "first fragment of a session that is here", ON, .flags = ACK, .payload_bytes = 96, .part = FIRST, .fragment_id = 1 },
	{ "its later one", ON, .payload_bytes = 96, .part = LATER, .fragment_id = 1 },
	{ "a later one of another packet", TUN, .payload_bytes = 96, .part = LATER, .fragment_id = 2 },
	{ "first fragment of a stray", TUN, .flags = ACK, .payload_bytes = 96, .part = FIRST, .fragment_id = 3, .whom = UNKNOWN },
	{ "its later one", TUN, .payload_bytes = 96, .part = LATER, .fragment_id = 3 },
	{ "a SYN in fragments", ON, .flags = TCP_SYN, .payload_bytes = 96, .part = FIRST, .fragment_id = 4, .whom = UNKNOWN },
	{ "its later one", ON, .payload_bytes = 96, .part = LATER, .fragment_id = 4 },
	{ "a later one to another address", ON, .payload_bytes = 96, .part = LATER, .fragment_id = 2, .where = FOREIGN },
	{ "a later one of UDP", ON, .what = DATAGRAM, .payload_bytes = 96, .part = LATER, .fragment_id = 5, .family = 4 },
	{ "a first one of UDP", ON, .what = DATAGRAM, .payload_bytes = 96, .part = FIRST, .fragment_id = 6 },

	{ "4 bytes of options, here", ON, .flags = ACK, .family = 4, .extra = 4 },
	{ "4 bytes of options", TUN, .flags = ACK, .whom = UNKNOWN, .family = 4, .extra = 4 },
	{ "40 bytes of options", TUN, .flags = ACK, .whom = UNKNOWN, .family = 4, .extra = 40 },
	{ "40 bytes of options, here", ON, .flags = ACK, .family = 4, .extra = 40 },
	{ "a router alert", TUN, .flags = ACK, .whom = UNKNOWN, .family = 4, .extra = 4, .kind = 0x94 },
	{ "an option without end", ON, .flags = ACK, .whom = UNKNOWN, .family = 4, .extra = 4, .kind = 0x44 },

	{ "one extension, here", ON, .flags = ACK, .family = 6, .extra = 1 },
	{ "one extension", TUN, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 1 },
	{ "hop-by-hop", TUN, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 1, .kind = 255 },
	{ "six extensions, here", ON, .flags = ACK, .family = 6, .extra = 6 },
	{ "six extensions", TUN, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 6 },
	{ "seven extensions: the daemon says why", TUN, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 7 },
	{ "seven extensions, elsewhere", ON, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 7, .where = FOREIGN },
	{ "a SYN behind six", ON, .flags = TCP_SYN, .whom = UNKNOWN, .family = 6, .extra = 6 },
	{ "ESP", ON, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 1, .kind = IP_ESP },
	{ "hop-by-hop as the second", ON, .flags = ACK, .whom = UNKNOWN, .family = 6, .extra = 2, .kind = 254 },

	{ "too big, a session here", ON, .what = ERROR, .flags = ACK, .payload_bytes = 100, .error = PACKET_ERROR_TOO_BIG },
	{ "too big, another's session", TUN, .what = ERROR, .flags = ACK, .payload_bytes = 100, .whom = UNKNOWN, .error = PACKET_ERROR_TOO_BIG },
	{ "too big, 8 bytes quoted", TUN, .what = ERROR, .flags = ACK, .payload_bytes = 100, .whom = UNKNOWN, .quote_bytes = 8, .error = PACKET_ERROR_TOO_BIG },
	{ "too big, 8 bytes quoted, here", ON, .what = ERROR, .flags = ACK, .payload_bytes = 100, .quote_bytes = 8, .error = PACKET_ERROR_TOO_BIG },
	{ "too big, 7 bytes quoted", ON, .what = ERROR, .flags = ACK, .payload_bytes = 100, .whom = UNKNOWN, .quote_bytes = 7, .error = PACKET_ERROR_TOO_BIG },
	{ "unreachable, another's session", TUN, .what = ERROR, .flags = ACK, .whom = UNKNOWN, .error = PACKET_ERROR_HOST },
	{ "time exceeded, another's session", TUN, .what = ERROR, .flags = ACK, .whom = UNKNOWN, .error = PACKET_ERROR_TTL },
	{ "an error about a SYN's answer", TUN, .what = ERROR, .flags = ACK | TCP_SYN, .whom = UNKNOWN, .error = PACKET_ERROR_HOST },
	{ "an error about another port", ON, .what = ERROR, .flags = ACK, .whom = UNKNOWN, .port = 81, .error = PACKET_ERROR_HOST },
	{ "an error about another address", ON, .what = ERROR, .flags = ACK, .whom = UNKNOWN, .where = FOREIGN, .error = PACKET_ERROR_HOST },
	{ "too big, our own tunnel", TUN, .what = ERROR_TUNNEL, .payload_bytes = 100, .error = PACKET_ERROR_TOO_BIG },
	{ "port unreachable, our own tunnel", TUN, .what = ERROR_TUNNEL, .payload_bytes = 100, .error = PACKET_ERROR_PORT },
	{ "too big, our own tunnel, 8 bytes", TUN, .what = ERROR_TUNNEL, .payload_bytes = 100, .quote_bytes = 8, .error = PACKET_ERROR_TOO_BIG },
	{ "an error about other UDP of ours", ON, .what = ERROR_TUNNEL, .port = 53, .payload_bytes = 100, .error = PACKET_ERROR_TOO_BIG },
};
/* clang-format on */

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static struct stray *skeleton;
static uint16_t known_ports[2]; /* of the client, by family */
/* The default, and another one. */
static const uint16_t gue_ports[2] = { 6080, 6081 };

static struct address
address_of(const char *const texts[2], bool six)
{
	struct address address = { .family = six ? 6 : 4 };

	inet_pton(six ? AF_INET6 : AF_INET, texts[six], address.bytes);
	return address;
}

/*
 * Packets
 */

/* Put extra bytes between the IPv4 header's 20 and the rest. */
static size_t
options_insert(uint8_t *bytes, size_t size, const struct row *row)
{
	memmove(bytes + 20 + row->extra, bytes + 20, size - 20);
	memset(bytes + 20, IP4_OPTION_NOP, row->extra);
	if (row->kind != 0) {
		bytes[20] = row->kind;
		bytes[21] = row->kind == 0x44 ? 44 : 4;
	}
	bytes[0] = (uint8_t)(0x45 + row->extra / 4);
	wire_put16(bytes + 2, (uint16_t)(size + row->extra));
	return size + row->extra;
}

/* The same with 8-byte extensions after the IPv6 header. */
static size_t
extensions_insert(uint8_t *bytes, size_t size, const struct row *row)
{
	size_t more = (size_t)row->extra * 8;
	uint8_t next = bytes[6];

	memmove(bytes + 40 + more, bytes + 40, size - 40);
	memset(bytes + 40, 0, more);
	bytes[6] = IP_DESTINATION;
	for (size_t i = 0; i < row->extra; i++)
		bytes[40 + 8 * i] = i + 1u < row->extra ? IP_DESTINATION : next;
	if (row->kind == 255)
		bytes[6] = IP_HOP_BY_HOP;
	else if (row->kind == 254)
		bytes[40] = IP_HOP_BY_HOP;
	else if (row->kind != 0)
		bytes[6] = row->kind;
	wire_put16(bytes + 4, (uint16_t)(size - 40 + more));
	return size + more;
}

/* Cut a piece out of a whole packet: its first half or the rest. */
static size_t
part_take(uint8_t *bytes, size_t size, const struct row *row)
{
	static uint8_t whole[PACKET_MAX];
	struct packet packet;
	size_t at = 0, taken;

	memcpy(whole, bytes, size);
	if (packet_parse(whole, size, &packet) != DROP_NONE)
		return 0;
	size_t mtu = packet.header_bytes + 64u + (packet.family == 6 ? 8 : 0);
	for (int i = 0; i < (row->part == FIRST ? 1 : 2); i++) {
		if (packet.family == 4)
			taken = packet_fragment_ip4(whole, &packet, mtu, &at,
						    bytes, PACKET_MAX);
		else
			taken = packet_fragment_ip6(whole, &packet, mtu,
						    row->fragment_id, &at,
						    bytes, PACKET_MAX);
	}
	return taken;
}

static struct address
address_where(const struct row *row, bool six)
{
	if (row->where == EVERY)
		return address_of(every_text, six);
	return address_of(row->where == SERVICE ? services_text : foreign_text,
			  six);
}

static size_t
segment_build(const struct row *row, bool six, bool back, uint8_t *out)
{
	static const uint8_t payload[PACKET_MAX] = { 0 };
	struct packet_tcp tcp = {
		.ip = { .src = address_of(clients_text, six),
			.dst = address_where(row, six),
			.ttl = 64,
			.id = row->fragment_id },
		.src_port = row->whom == KNOWN ? known_ports[six] : PORT_UNUSED,
		.dst_port = row->port == 0 ? 80 : row->port,
		.flags = row->flags,
		.payload = payload,
		.payload_bytes = row->payload_bytes,
	};

	if (back) {
		struct address address = tcp.ip.src;
		uint16_t port = tcp.src_port;

		tcp.ip.src = tcp.ip.dst;
		tcp.ip.dst = address;
		tcp.src_port = tcp.dst_port;
		tcp.dst_port = port;
	}
	return packet_build_tcp(&tcp, out, PACKET_MAX);
}

static size_t
datagram_build(const struct row *row, bool six, bool tunnel, uint8_t *out)
{
	static const uint8_t payload[PACKET_MAX] = { 0 };
	struct packet_udp udp = {
		.ip = { .src = address_of(tunnel ? selves_text : clients_text,
					  six),
			.dst = tunnel ? address_of(foreign_text, six)
				      : address_where(row, six),
			.ttl = 64,
			.id = row->fragment_id },
		.src_port = PORT_UNUSED,
		.dst_port = row->port != 0 ? row->port
			    : tunnel	   ? gue_ports[six]
					   : 80,
		.payload = payload,
		.payload_bytes = row->payload_bytes,
	};

	return packet_build_udp(&udp, out, PACKET_MAX);
}

static size_t
error_build(const struct row *row, bool six, uint8_t *out)
{
	static uint8_t quoted[PACKET_MAX];
	struct address router = address_of(routers_text, six);
	struct packet packet;
	size_t size = row->what == ERROR
			      ? segment_build(row, six, true, quoted)
			      : datagram_build(row, six, true, quoted);

	if (packet_parse(quoted, size, &packet) != DROP_NONE)
		return 0;
	size_t built = packet_build_icmp_error(
		row->error, &router, 1300, quoted, &packet, out, PACKET_MAX);
	if (row->quote_bytes == 0)
		return built;
	built = (six ? 48u + 40u : 28u + 20u) + row->quote_bytes;
	wire_put16(out + (six ? 4 : 2), (uint16_t)(six ? built - 40 : built));
	return built;
}

static size_t
row_build(const struct row *row, bool six, uint8_t *out)
{
	size_t size;

	memset(out, 0, PACKET_MAX);
	if (row->what == SEGMENT)
		size = segment_build(row, six, false, out);
	else if (row->what == DATAGRAM)
		size = datagram_build(row, six, false, out);
	else if (row->what == ECHO) {
		size = datagram_build(row, six, false, out);
		out[six ? 6 : 9] = six ? IP_ICMP6 : IP_ICMP4;
		out[six ? 40 : 20] = six ? 128 : 8;
	} else {
		size = error_build(row, six, out);
	}
	if (row->part != WHOLE)
		size = part_take(out, size, row);
	if (row->extra > 0)
		size = six ? extensions_insert(out, size, row)
			   : options_insert(out, size, row);
	return size;
}

/*
 * Two readers
 */

/* What the program says. *mark: set by it. ns: of a run, over `repeat` ones. */
static int
kernel_verdict(const uint8_t *ip, size_t size, bool six, uint32_t *mark,
	       int repeat, uint32_t *ns)
{
	static uint8_t frame[MAC_BYTES + PACKET_MAX], out[sizeof(frame) + 256];
	struct __sk_buff context = { .ifindex = 1 }, context_out = { .len = 0 };
	struct bpf_test_run_opts options;

	memset(&options, 0, sizeof(options)); /* padding too */
	options.sz = sizeof(options);
	options.data_in = frame;
	options.data_size_in = (uint32_t)(MAC_BYTES + size);
	options.data_out = out;
	options.data_size_out = sizeof(out);
	options.ctx_in = &context;
	options.ctx_size_in = sizeof(context);
	options.ctx_out = &context_out;
	options.ctx_size_out = sizeof(context_out);
	options.repeat = repeat;
	memset(frame, 0, MAC_BYTES); /* lo's address: to us */
	wire_put16(frame + 12, six ? 0x86dd : 0x0800);
	memcpy(frame + MAC_BYTES, ip, size);
	int program = bpf_program__fd(skeleton->progs.homeward_in);
	if (bpf_prog_test_run_opts(program, &options) != 0) {
		fprintf(stderr, "BPF_PROG_TEST_RUN of %zu bytes: %s\n", size,
			strerror(errno));
		exit(1);
	}
	*mark = context_out.mark;
	*ns = options.duration;
	return (int)options.retval;
}

/* What the core's reading says. first_local: of a later fragment. */
static int
core_verdict(const uint8_t *ip, size_t size, bool six, bool first_local)
{
	static struct steer_service services[4];
	struct steer_settings settings = { .services = services,
					   .service_count = 4,
					   .gue_port = gue_ports[six] };
	struct address self = address_of(selves_text, six);
	struct classification classification;

	for (unsigned i = 0; i < 2; i++) {
		services[2 * i].address = address_of(services_text, i);
		services[2 * i].port = 80;
		services[2 * i + 1].address = address_of(every_text, i);
	}
	classification_read(&settings, &self, ip, size, &classification);
	enum drop drop = classification.drop;
	const struct packet *packet = &classification.packet;
	bool to_service = false;
	for (unsigned i = 0; i < 4; i++)
		to_service |= address_equal(&services[i].address, &packet->dst);
	/* The program cannot yet see the whole quote of such an error. */
	bool error_part = packet->icmp_error && packet->mf &&
			  packet->fragment_offset == 0;
	if (drop == DROP_EXTENSIONS || error_part)
		return to_service ? VERDICT_TUN : VERDICT_ON;
	if (drop != DROP_NONE)
		return VERDICT_ON;
	if (classification.kind == CLASSIFICATION_TUNNEL)
		return VERDICT_TUN;
	if (classification.kind == CLASSIFICATION_LATER)
		return first_local ? VERDICT_ON : VERDICT_TUN;
	if (classification.kind == CLASSIFICATION_SEGMENT &&
	    (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return VERDICT_ON;

	struct session_key known = { .family = classification.key.family,
				     .protocol = IP_TCP };
	bool of6 = known.family == 6;
	struct address client = address_of(clients_text, of6);
	struct address service = address_of(services_text, of6);
	memcpy(known.client, client.bytes, 16);
	memcpy(known.service, service.bytes, 16);
	wire_put16(known.client_port, known_ports[of6]);
	wire_put16(known.service_port, 80);
	return memcmp(&known, &classification.key, sizeof(known)) == 0
		       ? VERDICT_ON
		       : VERDICT_TUN;
}

/*
 * Tests
 */

static void
test_rows(bool six)
{
	static uint8_t bytes[PACKET_MAX];
	uint32_t mark, ns;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *row = &rows[i];

		if (row->family != 0 && (row->family == 6) != six)
			continue;
		size_t size = row_build(row, six, bytes);
		CHECK_ROW(size > 0, row->sentence);
		bool later_local =
			row->part == LATER && row->expected == VERDICT_ON;
		int verdict = kernel_verdict(bytes, size, six, &mark, 1, &ns);
		CHECK_ROW(verdict == row->expected, row->sentence);
		CHECK_ROW(core_verdict(bytes, size, six, later_local) ==
				  row->expected,
			  row->sentence);
		CHECK_ROW(mark == (verdict == VERDICT_TUN ? UPLINK : 0),
			  row->sentence);
		/* Frames may be padded. */
		CHECK_ROW(kernel_verdict(bytes, size + 20, six, &mark, 1,
					 &ns) == row->expected,
			  row->sentence);
	}
}

/* Truncated anywhere, both say the same. */
static void
test_truncated(bool six)
{
	static uint8_t bytes[PACKET_MAX];
	uint32_t mark, ns;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].family != 0 && (rows[i].family == 6) != six)
			continue;
		/* Seen as first fragments by then: others' numbers. */
		struct row row = rows[i];
		row.fragment_id = (uint16_t)(row.fragment_id + 100);
		size_t size = row_build(&row, six, bytes);
		/* Less than an IP header is refused by newer kernels. */
		for (size_t cut = six ? 40 : 20; cut < size; cut++) {
			int verdict =
				kernel_verdict(bytes, cut, six, &mark, 1, &ns);

			CHECK_ROW(verdict ==
					  core_verdict(bytes, cut, six, false),
				  row.sentence);
		}
	}
}

/* So that no damaged packet is taken for a piece of an earlier one. */
static void
firsts_forget(void)
{
	int map = bpf_map__fd(skeleton->maps.firsts);
	uint8_t first[64];

	CHECK(bpf_map__key_size(skeleton->maps.firsts) <= sizeof(first));
	while (bpf_map_get_next_key(map, NULL, first) == 0)
		CHECK(bpf_map_delete_elem(map, first) == 0);
}

static void
test_damaged(bool six)
{
	static uint8_t bytes[PACKET_MAX];
	struct rng rng;
	uint32_t mark, ns;

	rng_init(&rng, 2026, six);
	for (int round = 0; round < 30000; round++) {
		struct row row = rows[rng_below(&rng, ROW_COUNT)];

		if (row.family != 0 && (row.family == 6) != six)
			continue;
		firsts_forget();
		size_t size = row_build(&row, six, bytes);
		for (uint64_t i = rng_below(&rng, 4) + 1; i > 0; i--) {
			/* Most of what matters is in front. */
			size_t at = rng_below(&rng, size < 128 ? size : 128);
			unsigned bit = 1u << rng_below(&rng, 8);
			bytes[at] = (uint8_t)(rng_below(&rng, 2) == 0
						      ? rng_next(&rng)
						      : bytes[at] ^ bit);
		}
		int verdict = kernel_verdict(bytes, size, six, &mark, 1, &ns);
		CHECK_ROW(verdict == core_verdict(bytes, size, six, false),
			  row.sentence);
	}
}

static void
say_cost(bool six)
{
	static const size_t which[] = { 0, 4, 20, 21, 49 };
	static uint8_t bytes[PACKET_MAX];
	uint32_t mark, ns;

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		size_t size = row_build(&rows[which[i]], six, bytes);

		kernel_verdict(bytes, size, six, &mark, 200000, &ns);
		printf("IPv%c %4u ns: %s\n", six ? '6' : '4', ns,
		       rows[which[i]].sentence);
	}
}

/* A session over lo; its sockets stay open. */
static void
session_make(bool six)
{
	struct sockaddr_in6 service = { .sin6_family = AF_INET6 };
	struct sockaddr_in6 client = { .sin6_family = AF_INET6 };
	struct sockaddr_in service4 = { .sin_family = AF_INET };
	struct sockaddr_in client4 = { .sin_family = AF_INET };
	struct address to = address_of(services_text, six);
	struct address from = address_of(clients_text, six);
	int family = six ? AF_INET6 : AF_INET;
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	service4.sin_port = service.sin6_port = htons(80);
	memcpy(&service.sin6_addr, to.bytes, 16);
	memcpy(&service4.sin_addr, to.bytes, 4);
	memcpy(&client.sin6_addr, from.bytes, 16);
	memcpy(&client4.sin_addr, from.bytes, 4);
	const struct sockaddr *server = six ? (struct sockaddr *)&service
					    : (struct sockaddr *)&service4;
	struct sockaddr *local =
		six ? (struct sockaddr *)&client : (struct sockaddr *)&client4;
	socklen_t size = six ? sizeof(service) : sizeof(service4);
	if (bind(listener, server, size) != 0 || listen(listener, 8) != 0 ||
	    bind(fd, local, size) != 0 || connect(fd, server, size) != 0) {
		perror("no session over lo");
		exit(1);
	}
	CHECK(accept(listener, NULL, NULL) >= 0);
	CHECK(getsockname(fd, local, &size) == 0);
	known_ports[six] = ntohs(six ? client.sin6_port : client4.sin_port);
}

static void
service_put(const char *const texts[2], bool six, uint16_t port, uint8_t ports)
{
	struct address address = address_of(texts, six);
	struct contract_service key = { .family = address.family };

	memcpy(key.address, address.bytes, 16);
	wire_put16(key.port, port);
	CHECK(bpf_map_update_elem(bpf_map__fd(skeleton->maps.services), &key,
				  &ports, BPF_ANY) == 0);
}

static void
skeleton_load(bool six)
{
	struct address self = address_of(selves_text, six);
	struct contract_config config = {
		.tun_ifindex = 1234,
		.uplink_count = 2,
		.uplinks = { { .ifindex = 77, .mac_bytes = MAC_BYTES },
			     { .ifindex = 1, .mac_bytes = MAC_BYTES } },
		.self_family = self.family,
		.gue_port = gue_ports[six],
	};

	memcpy(config.self, self.bytes, 16);
	skeleton = stray__open();
	CHECK(skeleton != NULL);
	memcpy((void *)(uintptr_t)&skeleton->rodata->config, &config,
	       sizeof(config));
	if (stray__load(skeleton) != 0)
		exit(1); /* libbpf has said why */
	for (unsigned i = 0; i < 2; i++) {
		service_put(services_text, i, 0, CONTRACT_SERVICE_ADDRESS);
		service_put(services_text, i, 80, CONTRACT_SERVICE_ADDRESS);
		service_put(every_text, i, 0, CONTRACT_SERVICE_PORTS);
	}
}

int
main(void)
{
	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	(void)hosts_new();
	hosts_run("ip link set lo up && ip addr add 192.0.2.1/32 dev lo && "
		  "ip addr add 10.0.0.7/32 dev lo && "
		  "ip addr add 2001:db8::1/128 dev lo nodad && "
		  "ip addr add fd00::7/128 dev lo nodad");
	hosts_settle();
	for (unsigned six = 0; six < 2; six++) {
		session_make(six);
	}
	for (unsigned six = 0; six < 2; six++) {
		skeleton_load(six);
		test_rows(six);
		test_truncated(six);
		test_damaged(six);
		say_cost(six);
		stray__destroy(skeleton);
	}
	return check_done();
}
