/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datapath_edge_test.c - what the data path meets now and then
 *
 * RSTs of the kernel that count and that do not, SYN cookies, fragments, ICMP
 * errors, other people's filters, services that come and go, an IPv6 listener
 * with IPv4 clients, headers outside a packet's linear part. At the end it
 * says how fast datapath_read() is.
 */
#include "live/kernel/datapath.h"

#include <errno.h>
#include <sys/ioctl.h>

#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>

#include "core/test/check.h"
#include "live/test/pair.h"

static uint8_t other[DATAPATH_PACKET_MAX];

/* A raw socket that sends whole IP packets, made in a host. */
static int
raw_open(int family, int host)
{
	int one = 1;

	hosts_enter(host);
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	hosts_enter(hosts.server);
	CHECK(fd >= 0);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &one, sizeof(one));
	return fd;
}

static void
raw_send(int fd, const uint8_t *packet, size_t size)
{
	struct packet parsed;
	struct sockaddr_in6 to = { 0 };

	/* A first fragment without a whole header does not parse. */
	(void)packet_parse(packet, size, &parsed);
	if (parsed.family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)&to;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, parsed.dst.bytes, 4);
	} else {
		to.sin6_family = AF_INET6;
		memcpy(&to.sin6_addr, parsed.dst.bytes, 16);
	}
	CHECK(sendto(fd, packet, size, 0, (struct sockaddr *)&to,
		     parsed.family == 4 ? sizeof(struct sockaddr_in)
					: sizeof(to)) == (ssize_t)size);
}

/* The kernel's RST for want of a socket is counted; the daemon's own, and one
 * that ends a session that was here, are not. */
static void
test_resets(int family)
{
	/* up1 is no uplink: what comes by it meets no program. Answers go by
	 * up0, the way to the client's first address. */
	struct datapath *datapath = pair_datapath_open(1, family);
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);

	pair_forget(&pair);
	hosts_route(&hosts, 1);
	rest_ms(20); /* or it would count as the end of that session */
	CHECK(send(pair.client, "x", 1, 0) == 1);
	CHECK(pair_reset_wait(&pair));
	CHECK(COUNTER_WAIT(datapath, kernel_resets, 1));
	hosts_route(&hosts, 0);
	pair_close(&pair);

	/* As the daemon answers. */
	pair = pair_make(listener, family, PORT);
	size_t size = pair_segment(&pair, "data", bytes, sizeof(bytes));
	struct packet packet;
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	packet.tcp_ack -= 100000; /* a RST that the client will not accept */
	size = packet_build_rst(&packet, 64, other, sizeof(other));
	int raw = raw_open(family, hosts.server);
	raw_send(raw, other, size);
	rest_ms(20);
	CHECK(pair_counters(datapath).kernel_resets == 1);
	close(raw);

	/* We closed with FIN, and then the client sends data. */
	close(pair.server);
	pair.server = -1;
	rest_ms(20);
	CHECK(send(pair.client, "late", 4, 0) == 4);
	CHECK(pair_reset_wait(&pair));
	CHECK(pair_counters(datapath).kernel_resets == 1);
	pair_close(&pair);

	/* We closed with data unread: a RST at once. */
	pair = pair_make(listener, family, PORT);
	CHECK(send(pair.client, "unread", 6, 0) == 6);
	rest_ms(20);
	close(pair.server);
	pair.server = -1;
	CHECK(pair_reset_wait(&pair));
	CHECK(pair_counters(datapath).kernel_resets == 1);
	pair_close(&pair);
	close(listener);
	datapath_close(datapath);
}

/* Every handshake by cookie: its last ACK has no socket but the listener. */
static void
test_cookies(struct datapath *datapath, int family)
{
	int listener = listen_on(family, PORT);
	char byte;

	hosts_run("sysctl -qw net.ipv4.tcp_syncookies=2");
	for (int i = 0; i < 10; i++) {
		struct pair pair = pair_make(listener, family, PORT);

		CHECK(send(pair.client, "x", 1, 0) == 1);
		CHECK(recv(pair.server, &byte, 1, 0) == 1);
		pair_close(&pair);
		struct seen seen = events_wait(datapath);
		CHECK(seen.count >= 1 &&
		      seen.events[0].change == SOCKET_OPENED);
		CHECK(seen.openings == 0);
	}
	CHECK(pair_counters(datapath).openings == 0);
	CHECK(pair_counters(datapath).openings_skipped == 0);
	CHECK(pair_counters(datapath).redirected == 0);
	CHECK(hosts_prints("nstat -asz TcpExtSyncookiesRecv", " 10 ") ||
	      family == AF_INET6);

	/* A stray is no cookie, though cookies are about. */
	struct pair pair = pair_make(listener, family, PORT);
	struct session_key key = pair_key(&pair, PORT);
	size_t payload;
	/* Until the client hears of data it goes on saying the cookie, and a
	 * socket may come of that at any time. */
	CHECK(send(pair.server, "hello", 5, 0) == 5);
	CHECK(recv(pair.client, bytes, 5, MSG_WAITALL) == 5);
	pair_forget(&pair);
	CHECK(send(pair.client, "stray", 5, 0) == 5);
	CHECK(strays_check(datapath, 0, &key, &payload) == 1);
	CHECK(!pair_reset(&pair));
	CHECK(pair_counters(datapath).kernel_resets == 0);
	hosts_run("sysctl -qw net.ipv4.tcp_syncookies=1");
	pair_close(&pair);
	close(listener);
}

/* The next piece of a packet in pieces of at most 100 bytes. */
static size_t
piece(const uint8_t *whole, const struct packet *packet, size_t *at)
{
	if (packet->family == 4)
		return packet_fragment_ip4(whole, packet, 100, at, other,
					   sizeof(other));
	return packet_fragment_ip6(whole, packet, 100, 4711, at, other,
				   sizeof(other));
}

static void
test_fragments(struct datapath *datapath, int family)
{
	static const char text[] =
		"a segment that is long enough for three fragments of one "
		"hundred bytes each, since the headers are in there too, and "
		"the last one is a short one";
	int listener = listen_on(family, PORT);
	int raw = raw_open(family, hosts.client);
	struct pair pair = pair_make(listener, family, PORT);
	struct timeval limit = { .tv_sec = PATIENCE_MS / 1000 };
	char got[sizeof(text)];
	struct packet packet;
	size_t at = 0, size, count = 0;

	setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	size = pair_segment(&pair, text, bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	while ((size = piece(bytes, &packet, &at)) > 0) {
		raw_send(raw, other, size);
		count++;
	}
	CHECK(count >= 3);
	CHECK(recv(pair.server, got, sizeof(got), 0) == sizeof(text) - 1);
	CHECK(memcmp(got, text, sizeof(text) - 1) == 0);
	CHECK(pair_counters(datapath).redirected == 0);

	/* Delivered in pieces: put together by the kernel too. */
	pair_close(&pair);
	pair = pair_make(listener, family, PORT);
	setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	size = pair_segment(&pair, text, bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	at = 0;
	while ((size = piece(bytes, &packet, &at)) > 0)
		CHECK(datapath_deliver(datapath, other, size) == 0);
	CHECK(recv(pair.server, got, sizeof(got), 0) == sizeof(text) - 1);
	CHECK(pair_counters(datapath).refused == 0);

	/* Of a stray: all come out as they are. */
	uint8_t whole[512];
	size = pair_segment(&pair, text, whole, sizeof(whole));
	CHECK(packet_parse(whole, size, &packet) == DROP_NONE);
	packet.fragment_id = 4712;
	whole[5] = 1; /* IPv4: another packet */
	pair_forget(&pair);
	at = 0;
	size_t came = 0;
	while ((size = packet.family == 4
			       ? packet_fragment_ip4(whole, &packet, 100, &at,
						     other, sizeof(other))
			       : packet_fragment_ip6(whole, &packet, 100, 9,
						     &at, other,
						     sizeof(other))) > 0) {
		raw_send(raw, other, size);
		came += stray_wait(datapath, 0, PATIENCE_MS) == size &&
			memcmp(bytes, other, size) == 0;
	}
	CHECK(came == count);
	CHECK(!pair_reset(&pair));
	pair_close(&pair);
	close(listener);
	close(raw);
}

/* An error from the client's router about a packet that a host here sent. */
static size_t
error_make(const uint8_t *quoted, size_t quoted_bytes, uint8_t *out)
{
	struct packet packet;

	CHECK(packet_parse(quoted, quoted_bytes, &packet) == DROP_NONE);
	struct address router = packet.dst;
	return packet_build_icmp_error(PACKET_ERROR_PORT, &router, 0, quoted,
				       &packet, out, DATAPATH_PACKET_MAX);
}

static void
test_errors(struct datapath *datapath, int family)
{
	int raw = raw_open(family, hosts.client);
	struct sockaddr_in6 self, peer;
	struct packet_udp udp = { .ip = { .ttl = 64 }, .dst_port = GUE };
	const char *self_text = family == AF_INET ? HOSTS_SELF4 : HOSTS_SELF6;
	const char *peer_text = family == AF_INET ? "10.9.0.2" : "fd09:0::2";
	int tunnel = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* The daemon's socket towards another owner. */
	socklen_t size = pair_address(family, self_text, 50001, &self);
	CHECK(bind(tunnel, (struct sockaddr *)&self, size) == 0);
	size = pair_address(family, peer_text, GUE, &peer);
	CHECK(connect(tunnel, (struct sockaddr *)&peer, size) == 0);
	udp.src_port = 50001;
	udp.ip.src.family = udp.ip.dst.family = family == AF_INET ? 4 : 6;
	inet_pton(family, self_text, udp.ip.src.bytes);
	inet_pton(family, peer_text, udp.ip.dst.bytes);
	size_t quoted = packet_build_udp(&udp, other, sizeof(other));
	uint8_t error[600];
	size_t error_bytes = error_make(other, quoted, error);

	raw_send(raw, error, error_bytes);
	CHECK(stray_wait(datapath, 0, PATIENCE_MS) == error_bytes);
	CHECK(memcmp(bytes, error, error_bytes) == 0);
	CHECK(send(tunnel, "", 0, 0) == 0); /* our stack has not heard */
	while (stray_wait(datapath, 0, 100) > 0)
		; /* what that drew */
	CHECK(datapath_deliver(datapath, error, error_bytes) == 0);
	struct pollfd heard = { .fd = tunnel };
	CHECK(poll(&heard, 1, PATIENCE_MS) == 1);
	CHECK(send(tunnel, "", 0, 0) == -1 && errno == ECONNREFUSED);
	CHECK(pair_counters(datapath).refused == 0);
	while (stray_wait(datapath, 0, 100) > 0)
		;

	/* Quoting a session that is not here; delivering it is refused. */
	struct packet_tcp tcp = { .ip = udp.ip,
				  .src_port = PORT,
				  .dst_port = 4711,
				  .flags = TCP_ACK };
	inet_pton(family, pair_service(family), tcp.ip.src.bytes);
	quoted = packet_build_tcp(&tcp, other, sizeof(other));
	error_bytes = error_make(other, quoted, error);
	raw_send(raw, error, error_bytes);
	CHECK(stray_wait(datapath, 0, PATIENCE_MS) == error_bytes);
	CHECK(datapath_deliver(datapath, error, error_bytes) == 0);
	CHECK(COUNTER_WAIT(datapath, refused, 1));

	/* Quoting one that is: it reaches its socket, not us. */
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);
	struct session_key key = pair_key(&pair, PORT);
	tcp.dst_port = wire_get16(key.client_port);
	quoted = packet_build_tcp(&tcp, other, sizeof(other));
	error_bytes = error_make(other, quoted, error);
	raw_send(raw, error, error_bytes);
	CHECK(stray_wait(datapath, 0, 50) == 0);
	CHECK(datapath_deliver(datapath, error, error_bytes) == 0);
	CHECK(pair_counters(datapath).refused == 1);
	pair_close(&pair);
	close(listener);
	close(tunnel);
	close(raw);
}

/* A segment of the pair's session with these numbers, and what is done with
 * it: is it of the session that its socket remembers? */
static void
wait_ask(struct datapath *datapath, const struct pair *pair, uint32_t seq,
	 uint32_t ack, uint8_t flags, bool is)
{
	struct session_key key = pair_key(pair, PORT);
	int raw = raw_open(key.family == 4 ? AF_INET : AF_INET6, hosts.client);
	uint64_t refused = pair_counters(datapath).refused;
	struct packet_tcp tcp = {
		.ip = { .ttl = 64 },
		.src_port = wire_get16(key.client_port),
		.dst_port = PORT,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.window = 500,
	};

	tcp.ip.src.family = tcp.ip.dst.family = key.family;
	memcpy(tcp.ip.src.bytes, key.client, 16);
	memcpy(tcp.ip.dst.bytes, key.service, 16);
	size_t size = packet_build_tcp(&tcp, other, sizeof(other));

	struct packet packet;
	CHECK(packet_parse(other, size, &packet) == DROP_NONE);
	struct ownership_segment segment = ownership_segment_of(&packet);
	CHECK(datapath_owns(datapath, &key, &segment, false) ==
	      (is ? OWNERSHIP_MINE : OWNERSHIP_STRAY));
	if (!is) {
		CHECK(datapath_deliver(datapath, other, size) == 0);
		CHECK(COUNTER_WAIT(datapath, refused, refused + 1));
	}
	raw_send(raw, other, size);
	CHECK(stray_wait(datapath, 0, is ? 50 : PATIENCE_MS) ==
	      (is ? 0 : size));
	close(raw);
}

/* Until a socket of the service is in that state, as ss(8) names it. */
static void
state_wait(const char *state)
{
	char line[64];

	snprintf(line, sizeof(line), "ss -Htn state %s", state);
	for (int i = 0; i < PATIENCE_MS && !hosts_prints(line, ":80"); i++)
		rest_ms(1);
	CHECK(hosts_prints(line, ":80"));
}

/* A session is over, but its socket is in TIME_WAIT: what is of another one
 * with the same key is a stray. */
static void
test_waits(struct datapath *datapath, int family)
{
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);
	struct packet packet;
	char byte;

	CHECK(send(pair.client, "x", 1, 0) == 1);
	CHECK(recv(pair.server, &byte, 1, 0) == 1);
	size_t size = pair_segment(&pair, "", bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	uint32_t seq = packet.tcp_seq, ack = packet.tcp_ack;
	close(pair.server);
	pair.server = -1;
	state_wait("fin-wait-2");
	/* FIN_WAIT2: it may still hear from its client. */
	wait_ask(datapath, &pair, seq + (1u << 20), ack + 1, TCP_ACK, true);
	wait_ask(datapath, &pair, seq + (1u << 25), ack + 1, TCP_ACK, false);
	close(pair.client);
	state_wait("time-wait");
	/* A later session: its first number is ahead. */
	wait_ask(datapath, &pair, seq + 100000, ack + 1, TCP_ACK, false);
	wait_ask(datapath, &pair, seq + 2, ack + 1, TCP_ACK, false);
	/* Or behind; what it acknowledges is something else altogether. */
	wait_ask(datapath, &pair, seq - 1000, ack + (1u << 30), TCP_ACK, false);
	wait_ask(datapath, &pair, seq - 1000, ack + 2, TCP_ACK, false);
	wait_ask(datapath, &pair, seq - (1u << 25), ack + 1, TCP_ACK, false);
	/* Once more what it said last: the kernel answers. */
	wait_ask(datapath, &pair, seq, ack + 1, TCP_FIN | TCP_ACK, true);
	CHECK(pair_counters(datapath).kernel_resets == 0);
	close(listener);
}

/* What other programs have in traffic control stays. */
static void
test_strangers(void)
{
	struct datapath_settings settings = pair_settings(2, AF_INET);
	struct datapath *datapath;
	char error[512];

	hosts_run("tc qdisc add dev up0 clsact && tc qdisc add dev up1 clsact "
		  "&& tc filter add dev up1 ingress pref 7 protocol ip u32 "
		  "match u32 0 0 flowid 1:1");
	datapath_close(pair_datapath_open(2, AF_INET));
	CHECK(hosts_prints("tc qdisc show dev up0", "clsact"));
	CHECK(hosts_prints("tc filter show dev up1 ingress", "pref 7"));
	CHECK(datapath_clean(uplinks, 2, error, sizeof(error)) == 0);
	CHECK(hosts_prints("tc qdisc show dev up0", "clsact"));
	hosts_run("tc qdisc del dev up0 clsact");

	/* Another's filter in our very slot. */
	hosts_run("tc filter add dev up1 ingress pref 18551 protocol ip u32 "
		  "match u32 0 0 flowid 1:1");
	CHECK(datapath_open(&datapath, &settings, error, sizeof(error)) ==
	      -EEXIST);
	CHECK(strstr(error, "up1") != NULL);
	CHECK(!hosts_prints("ip link", "homeward"));
	CHECK(!hosts_prints("tc qdisc show dev up0", "clsact"));
	CHECK(!hosts_prints("tc filter show dev up1 egress", "homeward"));
	CHECK(hosts_prints("tc filter show dev up1 ingress", "pref 18551"));
	hosts_run("tc qdisc del dev up1 clsact");

	const char *nowhere[] = { "up0", "nowhere" };
	settings.uplinks = nowhere;
	CHECK(datapath_open(&datapath, &settings, error, sizeof(error)) ==
	      -ENODEV);
	CHECK(strstr(error, "nowhere") != NULL);
	CHECK(!hosts_prints("ip link", "homeward"));
	CHECK(!hosts_prints("tc qdisc show dev up0", "clsact"));
}

static void
test_services(struct datapath *datapath)
{
	int listener = listen_on(AF_INET, PORT_OTHER);
	struct pair pair = pair_make(listener, AF_INET, PORT_OTHER);
	struct session_key key = pair_key(&pair, PORT_OTHER);
	struct steer_service every = { .address = services[0].address };
	size_t payload;

	CHECK(events_within(datapath, 200).count == 0);
	CHECK(datapath_services(datapath, services, 3) == 0);
	struct pair second = pair_make(listener, AF_INET, PORT_OTHER);
	CHECK(events_wait(datapath).count == 1);
	pair_forget(&pair);
	CHECK(send(pair.client, "x", 1, 0) == 1);
	CHECK(strays_check(datapath, 0, &key, &payload) == 1);

	/* By every port, then by none of this address. */
	CHECK(datapath_services(datapath, &every, 1) == 0);
	CHECK(strays_check(datapath, 0, &key, &payload) == 1);
	CHECK(datapath_services(datapath, &services[1], 1) == 0);
	CHECK(stray_wait(datapath, 0, 1500) == 0);
	CHECK(pair_reset_wait(
		&pair)); /* as of any port: the kernel's business */
	CHECK(pair_counters(datapath).kernel_resets == 0);
	CHECK(datapath_services(datapath, services, 257) == -EINVAL);
	pair_close(&pair);
	pair_close(&second);
	close(listener);
}

/* One listener for both families, as nginx has it: IPv4 stays IPv4. */
static void
test_both_families(struct datapath *datapath)
{
	int listener = listen_on(AF_INET6, PORT), zero = 0;
	char byte;

	close(listener);
	listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 any;
	socklen_t size = pair_address(AF_INET6, "::", PORT, &any);
	setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	CHECK(bind(listener, (struct sockaddr *)&any, size) == 0);
	CHECK(listen(listener, 8) == 0);
	struct pair pair = pair_make(listener, AF_INET, PORT);
	struct session_key key = pair_key(&pair, PORT);
	struct seen seen = events_wait(datapath);
	CHECK(seen.count == 1);
	CHECK(memcmp(&seen.events[0].key, &key, sizeof(key)) == 0);
	CHECK(send(pair.client, "x", 1, 0) == 1);
	CHECK(recv(pair.server, &byte, 1, 0) == 1);
	CHECK(pair_counters(datapath).redirected == 0);
	pair_close(&pair);
	close(listener);
}

/* A frame of which only the first 14 bytes are in the linear part, as some
 * network cards make them. */
static void
test_nonlinear(struct datapath *datapath, int family)
{
	struct packet_tcp tcp = { .ip = { .ttl = 64 },
				  .src_port = 4711,
				  .dst_port = PORT,
				  .flags = TCP_ACK,
				  .payload = other,
				  .payload_bytes = 6000 };
	struct {
		struct virtio_net_hdr head;
		uint8_t frame[9000];
	} sent = { .head = { .hdr_len = 14 } };
	struct ifreq request = { .ifr_name = "up0" };
	int one = 1;

	hosts_enter(hosts.client);
	hosts_run("ip link set c0 mtu 9000");
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	struct ifreq client = { .ifr_name = "c0" };
	CHECK(ioctl(fd, SIOCGIFINDEX, &client) == 0);
	to.sll_ifindex = client.ifr_ifindex;
	CHECK(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ==
	      0);
	hosts_enter(hosts.server);
	hosts_run("ip link set up0 mtu 9000");
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(ioctl(control, SIOCGIFHWADDR, &request) == 0);
	close(control);
	tcp.ip.src.family = tcp.ip.dst.family = family == AF_INET ? 4 : 6;
	inet_pton(family, family == AF_INET ? "10.9.0.2" : "fd09:0::2",
		  tcp.ip.src.bytes);
	inet_pton(family, pair_service(family), tcp.ip.dst.bytes);
	size_t size = packet_build_tcp(&tcp, sent.frame + ETH_HLEN,
				       sizeof(sent.frame) - ETH_HLEN);
	memcpy(sent.frame, request.ifr_hwaddr.sa_data, 6);
	wire_put16(sent.frame + 12, family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	size_t whole = sizeof(sent.head) + ETH_HLEN + size;
	CHECK(sendto(fd, &sent, whole, 0, (struct sockaddr *)&to, sizeof(to)) ==
	      (ssize_t)whole);
	CHECK(stray_wait(datapath, 0, PATIENCE_MS) == size);
	CHECK(memcmp(bytes, sent.frame + ETH_HLEN, size) == 0);
	CHECK(pair_counters(datapath).malformed == 0);

	/* To another machine's address: not ours to take. */
	sent.frame[0] ^= 2;
	CHECK(sendto(fd, &sent, whole, 0, (struct sockaddr *)&to, sizeof(to)) ==
	      (ssize_t)whole);
	CHECK(stray_wait(datapath, 0, 50) == 0);
	close(fd);
	hosts_run("ip link set up0 mtu 1500");
	hosts_enter(hosts.client);
	hosts_run("ip link set c0 mtu 1500");
	hosts_enter(hosts.server);
}

/* So many strays wait; how long does reading them take? */
static void
say_speed(struct datapath *datapath, size_t payload_bytes)
{
	struct packet_tcp tcp = { .ip = { .ttl = 64 },
				  .src_port = 4711,
				  .dst_port = PORT,
				  .flags = TCP_ACK,
				  .payload = other,
				  .payload_bytes = payload_bytes };
	int raw = raw_open(AF_INET, hosts.client);
	uint32_t count = 0;

	tcp.ip.src.family = tcp.ip.dst.family = 4;
	inet_pton(AF_INET, "10.9.0.2", tcp.ip.src.bytes);
	inet_pton(AF_INET, HOSTS_SERVICE4, tcp.ip.dst.bytes);
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	for (uint32_t i = 1; i <= 8000; i++) {
		raw_send(raw, bytes, size);
		/* Else a busy kernel would lose some on their way here. */
		if (i % 100 == 0)
			CHECK(COUNTER_WAIT(datapath, redirected, i));
	}
	int64_t begin = now_ns();
	while (datapath_read(datapath, 0, bytes, sizeof(bytes)) > 0)
		count++;
	int64_t took = now_ns() - begin;
	CHECK(count == 8000);
	begin = now_ns();
	for (uint32_t i = 0; i < count; i++)
		CHECK(datapath_deliver(datapath, bytes, size) == 0);
	int64_t put = now_ns() - begin;
	CHECK(COUNTER_WAIT(datapath, refused, count));
	printf("%zu bytes: read %lld ns a packet, %.0f a second; deliver "
	       "%lld ns\n",
	       size, (long long)(took / count), 1e9 * count / (double)took,
	       (long long)(put / count));
	close(raw);
}

int
main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };

	pair_hosts_open();
	test_strangers();
	for (int i = 0; i < 2; i++) {
		test_resets(families[i]);
		struct datapath *datapath = pair_datapath_open(2, families[i]);
		test_cookies(datapath, families[i]);
		pair_counters_mark(datapath);
		test_fragments(datapath, families[i]);
		pair_counters_mark(datapath);
		test_errors(datapath, families[i]);
		pair_counters_mark(datapath);
		test_waits(datapath, families[i]);
		pair_counters_mark(datapath);
		test_nonlinear(datapath, families[i]);
		pair_counters_mark(datapath);
		if (i == 0)
			test_both_families(datapath);
		pair_counters_mark(datapath);
		say_speed(datapath, 0);
		pair_counters_mark(datapath);
		say_speed(datapath, 1400);
		pair_counters_mark(datapath);
		if (i == 0)
			test_services(datapath);
		datapath_close(datapath);
	}
	return check_done();
}
