/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whose_test.c - the table of core/test/ownership_table.h, asked of the kernel
 *
 * Real sockets are brought to the numbers of the table's: a request and a Fast
 * Open child by a client that we play, TIME_WAIT and FIN_WAIT_2 by a whole
 * session with it, open ones in repair mode (tcp_repair, CRIU's), which sets
 * what it likes. Then every row is run through the uplinks' program and through
 * the daemon's question (BPF_PROG_TEST_RUN), so that no socket hears of it. The
 * kernel draws its own first numbers for all but the open ones; ours are chosen
 * where the circle ends.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/tcp.h>

#include "core/test/ownership_table.h"
#include "live/bpf/contract.h"
#include "live/test/raw_client.h"
#include "stray.skel.h"

#define MAC_BYTES   14
#define VERDICT_ON  (-1) /* TC_ACT_UNSPEC */
#define VERDICT_TUN 7 /* TC_ACT_REDIRECT */
#define RESTED_MS   1
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct hosts hosts;
static struct stray *skeleton;
static struct raw_client client;
static int listener, family;
static uint16_t next_port = 20000;

/* A real one. */
struct socket_made {
	const struct ownership_socket *like;
	uint16_t port; /* the client's */
	uint32_t base[2]; /* first numbers: the client's, ours */
};

/*
 * Making sockets
 */

static int
accept_one(void)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	CHECK(poll(&ready, 1, RAW_CLIENT_MS) == 1);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* Until the client's port has a socket in that state, as ss(8) names it. */
static void
state_wait(const char *state, uint16_t port)
{
	struct timespec rest = { .tv_nsec = RESTED_MS * 1000000 };
	char line[96];

	snprintf(line, sizeof(line), "ss -Htn state %s dport = :%u", state,
		 port);
	for (int i = 0; i < RAW_CLIENT_MS && !hosts_prints(line, ":80"); i++)
		nanosleep(&rest, NULL);
	CHECK(hosts_prints(line, ":80"));
}

static void
make_request(struct socket_made *made)
{
	made->base[1] = raw_client_syn(&client, made->port, made->base[0], 0);
}

/* It answers before the client has acknowledged anything. */
static void
make_fast_open(struct socket_made *made)
{
	static const uint8_t answer[3000] = { 0 };
	struct packet heard;

	made->base[1] = raw_client_syn(&client, made->port, made->base[0], 100);
	int fd = accept_one();
	CHECK(send(fd, answer, sizeof(answer), 0) == sizeof(answer));
	do
		CHECK(raw_client_hears(&client, made->port, TCP_ACK,
				       RAW_CLIENT_MS, &heard));
	while (heard.tcp_seq + heard.payload_bytes - made->base[1] != 3001);
	state_wait("syn-recv", made->port);
}

/* 500 bytes from the client, 3,000 to it, and we end first; half: that was all.
 */
static void
make_ended(struct socket_made *made, bool half)
{
	static const uint8_t answer[3000] = { 0 };
	uint32_t seq = made->base[0] + 1, ack;
	uint16_t port = made->port;
	struct packet heard;

	made->base[1] = raw_client_syn(&client, port, made->base[0], 0);
	ack = made->base[1] + 1;
	raw_client_send(&client, port, seq, ack, TCP_ACK, 500);
	int fd = accept_one();
	char asked[500];
	CHECK(recv(fd, asked, sizeof(asked), MSG_WAITALL) == sizeof(asked));
	CHECK(send(fd, answer, sizeof(answer), 0) == sizeof(answer));
	close(fd);
	seq += 500;
	do
		CHECK(raw_client_hears(&client, port, TCP_FIN, RAW_CLIENT_MS,
				       &heard));
	while (heard.tcp_seq + heard.payload_bytes - ack != 3000);
	ack += 3001;
	raw_client_send(&client, port, seq, ack, TCP_ACK, 0);
	state_wait("fin-wait-2", port);
	if (half)
		return;
	raw_client_send(&client, port, seq, ack, TCP_ACK | TCP_FIN, 0);
	state_wait("time-wait", port);
}

static void
address_fill(const struct address *address, uint16_t port,
	     struct sockaddr_in6 *out, socklen_t *size)
{
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)out;

	memset(out, 0, sizeof(*out));
	*size = address->family == 6 ? sizeof(*out) : sizeof(*in);
	if (address->family == 6) {
		out->sin6_family = AF_INET6;
		out->sin6_port = htons(port);
		memcpy(&out->sin6_addr, address->bytes, 16);
		return;
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, address->bytes, 4);
}

static void
repair_set(int fd, int option, const void *value, size_t size)
{
	CHECK(setsockopt(fd, IPPROTO_TCP, option, value, (socklen_t)size) == 0);
}

static void
repair_queue(int fd, int queue, uint32_t seq)
{
	repair_set(fd, TCP_REPAIR_QUEUE, &queue, sizeof(queue));
	repair_set(fd, TCP_QUEUE_SEQ, &seq, sizeof(seq));
}

/* It stays in repair mode, so it says nothing. */
static void
make_open(struct socket_made *made)
{
	static const uint8_t sent[3000] = { 0 };
	struct ownership_socket want = moved(made->like, made->base);
	uint32_t flight = want.snd_nxt - want.snd_una;
	struct tcp_repair_window window = {
		.snd_wl1 = want.rcv_nxt,
		.snd_wnd = want.max_window < 65535 ? want.max_window : 65535,
		.max_window = want.max_window,
		.rcv_wnd = want.rcv_wnd,
		.rcv_wup = want.rcv_nxt,
	};
	struct sockaddr_in6 address;
	socklen_t size;
	int one = 1, queue = TCP_SEND_QUEUE;

	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	repair_set(fd, TCP_REPAIR, &one, sizeof(one));
	repair_queue(fd, TCP_RECV_QUEUE, want.rcv_nxt);
	repair_queue(fd, TCP_SEND_QUEUE, want.snd_una);
	address_fill(&client.service, RAW_CLIENT_PORT, &address, &size);
	CHECK(bind(fd, (struct sockaddr *)&address, size) == 0);
	address_fill(&client.self, made->port, &address, &size);
	CHECK(connect(fd, (struct sockaddr *)&address, size) == 0);
	repair_set(fd, TCP_REPAIR_WINDOW, &window, sizeof(window));
	repair_set(fd, TCP_REPAIR_QUEUE, &queue, sizeof(queue));
	CHECK(send(fd, sent, flight, 0) == (ssize_t)flight);
}

/* False: no kernel's numbers. */
static bool
make(struct socket_made *made, const struct ownership_socket *like,
     const uint32_t base[2])
{
	*made = (struct socket_made){ .like = like,
				      .port = next_port++,
				      .base = { base[0], base[1] } };
	switch (like->state) {
	case OWNERSHIP_REQUEST:
		make_request(made);
		return true;
	case OWNERSHIP_FAST_OPEN:
		make_fast_open(made);
		return true;
	case OWNERSHIP_FIN_WAIT:
	case OWNERSHIP_TIME_WAIT:
		make_ended(made, like->state == OWNERSHIP_FIN_WAIT);
		return true;
	case OWNERSHIP_OPEN:
		break;
	}
	if (like == &absurd)
		return false;
	make_open(made);
	return true;
}

/*
 * Asking
 */

static struct contract_counters
counters(void)
{
	struct contract_counters all[256], sum = { 0 };
	int fd = bpf_map__fd(skeleton->maps.counters);
	int count = libbpf_num_possible_cpus();
	uint32_t zero = 0;

	CHECK(count > 0 && count <= 256);
	CHECK(bpf_map_lookup_elem(fd, &zero, all) == 0);
	for (int i = 0; i < count; i++) {
		sum.doubts += all[i].doubts;
		sum.doubts_skipped += all[i].doubts_skipped;
		sum.untold += all[i].untold;
		sum.malformed += all[i].malformed;
	}
	return sum;
}

static int
program_run(const struct bpf_program *program, const void *in, size_t size)
{
	static uint8_t out[RAW_CLIENT_PACKET + 256];
	struct __sk_buff context = { .ifindex = 1 };
	struct bpf_test_run_opts options;

	memset(&options, 0, sizeof(options)); /* padding too */
	options.sz = sizeof(options);
	options.data_in = in;
	options.data_size_in = (uint32_t)size;
	options.data_out = out;
	options.data_size_out = sizeof(out);
	options.ctx_in = &context;
	options.ctx_size_in = sizeof(context);
	CHECK(bpf_prog_test_run_opts(bpf_program__fd(program), &options) == 0);
	return (int)options.retval;
}

/* What the uplinks' program makes of it. */
static enum ownership
seen_as(const uint8_t *ip, size_t size)
{
	static uint8_t frame[MAC_BYTES + RAW_CLIENT_PACKET];
	struct contract_counters before = counters();

	memset(frame, 0, MAC_BYTES); /* lo's address: to us */
	wire_put16(frame + 12, family == AF_INET6 ? 0x86dd : 0x0800);
	memcpy(frame + MAC_BYTES, ip, size);
	int verdict = program_run(skeleton->progs.homeward_in, frame,
				  MAC_BYTES + size);
	struct contract_counters after = counters();
	uint64_t doubts = after.doubts + after.doubts_skipped - before.doubts -
			  before.doubts_skipped;

	CHECK(after.malformed == before.malformed);
	CHECK(after.untold == before.untold);
	CHECK(verdict == VERDICT_ON || verdict == VERDICT_TUN);
	CHECK(doubts == 0 || (doubts == 1 && verdict == VERDICT_ON));
	if (verdict == VERDICT_TUN)
		return OWNERSHIP_STRAY;
	return doubts == 1 ? OWNERSHIP_DOUBT : OWNERSHIP_MINE;
}

/* What the daemon is answered. */
static enum ownership
answered(const struct socket_made *made,
	 const struct ownership_segment *segment, bool quoted)
{
	struct contract_question question = {
		.seq = segment->seq,
		.ack = segment->ack,
		.length = segment->length,
		.flags = segment->flags,
		.quoted = quoted,
		.key = { .protocol = IP_TCP, .family = client.self.family },
	};

	memcpy(question.key.client, client.self.bytes, 16);
	memcpy(question.key.service, client.service.bytes, 16);
	wire_put16(question.key.client_port, made->port);
	wire_put16(question.key.service_port, RAW_CLIENT_PORT);
	return (enum ownership)program_run(skeleton->progs.homeward_ask,
					   &question, sizeof(question));
}

static void
ask_row(const struct socket_made *made, const struct ownership_row *row)
{
	static const uint8_t payload[RAW_CLIENT_PACKET] = { 0 };
	uint8_t bytes[RAW_CLIENT_PACKET];
	struct packet_tcp tcp = raw_client_segment(
		&client, made->port, row->seq + made->base[0],
		row->ack + made->base[1], row->flags);
	struct packet packet;

	tcp.payload = payload;
	tcp.payload_bytes = row->payload;
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	struct ownership_segment segment = ownership_segment_of(&packet);
	CHECK_ROW(seen_as(bytes, size) == row->want, row->sentence);
	CHECK_ROW(answered(made, &segment, false) == row->want, row->sentence);
}

static void
ask_quote(const struct socket_made *made, const struct ownership_quote *quote)
{
	struct packet_tcp tcp =
		raw_client_segment(&client, RAW_CLIENT_PORT,
				   quote->seq + made->base[1], 0, TCP_ACK);
	struct ownership_segment segment = { .seq = tcp.seq };
	uint8_t quoted[256], bytes[1500];
	struct packet packet;

	tcp.ip.src = client.service;
	tcp.ip.dst = client.self;
	tcp.dst_port = made->port;
	size_t size = packet_build_tcp(&tcp, quoted, sizeof(quoted));
	CHECK(packet_parse(quoted, size, &packet) == DROP_NONE);
	size = packet_build_icmp_error(PACKET_ERROR_HOST, &client.self, 0,
				       quoted, &packet, bytes, sizeof(bytes));
	CHECK(size > 0);
	CHECK_ROW(seen_as(bytes, size) == quote->want, quote->sentence);
	CHECK_ROW(answered(made, &segment, true) == quote->want,
		  quote->sentence);
}

/* The table's rows for such a socket. */
static void
test_socket(const struct ownership_socket *like, const uint32_t base[2])
{
	struct socket_made made;

	if (!make(&made, like, base))
		return;
	for (size_t i = 0;
	     i < sizeof(ownership_rows) / sizeof(ownership_rows[0]); i++)
		if (ownership_rows[i].socket == like)
			ask_row(&made, &ownership_rows[i]);
	for (size_t i = 0;
	     i < sizeof(ownership_quotes) / sizeof(ownership_quotes[0]); i++)
		if (ownership_quotes[i].socket == like)
			ask_quote(&made, &ownership_quotes[i]);
}

/* A segment of an open session that is here, one in doubt, one of none. */
static void
say_cost(void)
{
	static const uint32_t base[2] = { 0, 0 };
	static const struct {
		const char *sentence;
		uint32_t seq, ack;
		int port;
	} cases[] = {
		{ "of the session that is here", 501, 3001, 0 },
		{ "in doubt", HALF, HALF, 0 },
		{ "of none", 501, 3001, 1 },
	};
	static uint8_t frame[MAC_BYTES + RAW_CLIENT_PACKET],
		out[sizeof(frame) + 256];
	struct socket_made made;

	(void)make(&made, &open_, base);
	wire_put16(frame + 12, family == AF_INET6 ? 0x86dd : 0x0800);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet_tcp tcp = raw_client_segment(
			&client, (uint16_t)(made.port + cases[i].port),
			cases[i].seq, cases[i].ack, TCP_ACK);
		size_t size = packet_build_tcp(&tcp, frame + MAC_BYTES,
					       RAW_CLIENT_PACKET);
		struct bpf_test_run_opts options;

		memset(&options, 0, sizeof(options));
		options.sz = sizeof(options);
		options.data_in = frame;
		options.data_size_in = (uint32_t)(MAC_BYTES + size);
		options.data_out = out;
		options.data_size_out = sizeof(out);
		options.repeat = 200000;
		CHECK(bpf_prog_test_run_opts(
			      bpf_program__fd(skeleton->progs.homeward_in),
			      &options) == 0);
		printf("IPv%c %4u ns: %s\n", family == AF_INET6 ? '6' : '4',
		       options.duration, cases[i].sentence);
	}
}

/*
 * The stage
 */

static void
service_put(uint16_t port)
{
	struct contract_service key = { .family = client.service.family };
	uint8_t ports = CONTRACT_SERVICE_ADDRESS;

	memcpy(key.address, client.service.bytes, 16);
	wire_put16(key.port, port);
	CHECK(bpf_map_update_elem(bpf_map__fd(skeleton->maps.services), &key,
				  &ports, BPF_ANY) == 0);
}

static void
skeleton_load(void)
{
	struct contract_config config = {
		/* Clones of doubts go there, and no further. */
		.tun_ifindex = if_nametoindex("up1"),
		.uplink_count = 1,
		.uplinks = { { .ifindex = 1, .mac_bytes = MAC_BYTES } },
		.self_family = client.service.family,
		.gue_port = 6080,
	};

	skeleton = stray__open();
	CHECK(skeleton != NULL);
	memcpy((void *)(uintptr_t)&skeleton->rodata->config, &config,
	       sizeof(config));
	if (stray__load(skeleton) != 0)
		exit(1); /* libbpf has said why */
	service_put(0);
	service_put(RAW_CLIENT_PORT);
}

/* Multipath TCP makes its requests and TIME_WAITs by functions of its own. */
static bool
listen_on_service(int protocol)
{
	int one = 1, backlog = 4096;
	struct sockaddr_in6 address;
	socklen_t size;

	listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (listener < 0 && protocol == IPPROTO_MPTCP) {
		printf("not asked of Multipath TCP: %s\n", strerror(errno));
		return false;
	}
	CHECK(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one,
			 sizeof(one)) == 0);
	address_fill(&client.service, RAW_CLIENT_PORT, &address, &size);
	CHECK(bind(listener, (struct sockaddr *)&address, size) == 0);
	CHECK(listen(listener, backlog) == 0);
	return true;
}

static void
test_listener(int protocol)
{
	static const uint32_t bases[][2] = {
		{ 0, 0 },
		{ 0xffffffff, 0xffffffff },
		{ 0x7fffffff, 0xfffffe00 },
		{ 0xff000001, 0x80000001 },
	};
	static const struct ownership_socket *const sockets[] = {
		&request, &fast_open, &open_,  &wide,
		&widest,  &wait_,     &absurd, &fin_wait,
	};

	if (!listen_on_service(protocol))
		return;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		for (size_t j = 0; j < sizeof(sockets) / sizeof(sockets[0]);
		     j++)
			test_socket(sockets[j], bases[i]);
	close(listener);
}

int
main(void)
{
	hosts_open(&hosts);
	/* Serve Fast Open without cookies, whoever listens (ip-sysctl.rst). */
	hosts_run("sysctl -qw net.ipv4.tcp_fastopen=0x602");
	for (int i = 0; i < 2; i++) {
		family = i == 0 ? AF_INET : AF_INET6;
		client = raw_client_open(&hosts, family);
		skeleton_load();
		test_listener(IPPROTO_TCP);
		test_listener(IPPROTO_MPTCP);
		say_cost();
		stray__destroy(skeleton);
		raw_client_close(&client);
	}
	return check_done();
}
