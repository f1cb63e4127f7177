/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stock_kernel_test.c - a port that is used again, by the kernel's own word
 *
 * stock_test.c says what events and dumps mean; here they are those of real
 * sockets, and what is lost is not told.
 */
#include "live/engine/stock.h"

#include <unistd.h>

#include "live/test/stock_bed.h" /* before pair.h, whose `bytes` is global */

#include "core/test/check.h"
#include "live/kernel/sockdiag.h"
#include "live/test/pair.h"
#include "live/test/raw_client.h"

#define FIRST_PORT 21000
#define ELSEWHERE  0x40000000u /* beyond any window */

/* How the last session by the port has ended, and what was told of what. */
static const struct row {
	const char *sentence;
	bool by_server; /* closed first, and lingers; else by a RST */
	bool end_lost, opening_lost; /* then a dump finds out */
	char before; /* what is owned when it has ended, as far as told */
} rows[] = {
	{ "all is told, and the last one lingers", true, false, false, 'o' },
	{ "all is told", false, false, false, '-' },
	{ "the end of the last one is lost", false, true, false, 'o' },
	{ "its lingering is lost", true, true, false, 'o' },
	{ "the handshake is lost, while the last one lingers", true, false,
	  true, 'o' },
	{ "the end and the handshake are lost", false, true, true, 'o' },
};

static struct raw_client client;

/* What is waited for: these changes, since then. */
struct hearing {
	struct host *host; /* that is told; NULL: all is lost */
	int64_t since_ns;
	unsigned seen; /* a bit a change */
};
#define SAYS(change) (1u << (change))

static void
hear(void *context, const struct socket_event *event)
{
	struct hearing *hearing = context;
	struct host *host = hearing->host;

	if (event->at.ns >= hearing->since_ns)
		hearing->seen |= SAYS(event->change);
	if (host == NULL)
		return;
	host->now.ns = now_ns();
	stock_event(&host->stock, host->now, event);
	outbox_clear(&host->memory.outbox);
}

/* All events until those have come. */
static void
events(struct host *host, struct datapath *datapath, int64_t since_ns,
       unsigned wanted)
{
	struct hearing hearing = { host, since_ns, 0 };

	for (int i = 0; i < PATIENCE_MS; i++) {
		datapath_events(datapath, EVENTS_MAX, hear, &hearing);
		if ((hearing.seen & wanted) == wanted)
			return;
		rest_ms(1);
	}
	CHECK((hearing.seen & wanted) == wanted);
}

static void
found(void *context, const struct session_key *key, enum sockdiag_state state)
{
	struct host *host = context;

	stock_found(&host->stock, host->now, key, state);
	outbox_clear(&host->memory.outbox);
}

static void
gone(void *context, const struct session_key *key)
{
	struct host *host = context;

	stock_gone(&host->stock, host->now, key);
	outbox_clear(&host->memory.outbox);
}

static void
dump(struct host *host, struct sockdiag *sockdiag)
{
	host->now.ns = now_ns();
	sessions_doubt(host->stock.sessions);
	CHECK(sockdiag_dump(sockdiag, services, 2, found, host) == 0);
	sessions_settle(host->stock.sessions, gone, host);
}

/* A session by that port, from the client's number; its socket. */
static int
open_(int listener, uint16_t port, uint32_t seq, uint32_t *ours)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	*ours = raw_client_syn(&client, port, seq, 0);
	raw_client_send(&client, port, seq + 1, *ours + 1, TCP_ACK, 0);
	CHECK(poll(&ready, 1, PATIENCE_MS) == 1);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* Its numbers were 1000 and ours. */
static void
end(const struct row *row, int fd, uint16_t port, uint32_t ours)
{
	if (row->by_server)
		close(fd);
	raw_client_send(&client, port, 1001, ours + 1 + row->by_server,
			row->by_server ? TCP_ACK | TCP_FIN : TCP_RST | TCP_ACK,
			0);
	if (!row->by_server)
		close(fd);
}

static void
test_again(struct datapath *datapath, struct sockdiag *sockdiag, int family)
{
	static uint16_t port = FIRST_PORT;
	int listener = listen_on(family, PORT);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++, port++) {
		const struct row *row = &rows[i];
		struct session_key key = { .protocol = IP_TCP,
					   .family = client.self.family };
		struct host host;
		uint32_t ours;
		int64_t since_ns = now_ns();

		memcpy(key.client, client.self.bytes, 16);
		memcpy(key.service, client.service.bytes, 16);
		wire_put16(key.client_port, port);
		wire_put16(key.service_port, RAW_CLIENT_PORT);
		host_open(&host, 0);
		int fd = open_(listener, port, 1000, &ours);
		events(&host, datapath, since_ns,
		       SAYS(SOCKET_OPENING) | SAYS(SOCKET_OPENED));
		CHECK_ROW(host_owns(&host, &key) == 'o', row->sentence);
		end(row, fd, port, ours);
		events(row->end_lost ? NULL : &host, datapath, since_ns,
		       SAYS(row->by_server ? SOCKET_LINGERS : SOCKET_CLOSED));
		CHECK_ROW(host_owns(&host, &key) == row->before, row->sentence);

		since_ns = now_ns();
		ours = raw_client_syn(&client, port, ELSEWHERE, 0);
		events(row->opening_lost ? NULL : &host, datapath, since_ns,
		       SAYS(SOCKET_OPENING));
		if (row->opening_lost)
			dump(&host, sockdiag);
		CHECK_ROW(host_owns(&host, &key) == 'h', row->sentence);
		CHECK_ROW(host.counters.closed == 1, row->sentence);
		raw_client_send(&client, port, ELSEWHERE + 1, ours + 1, TCP_ACK,
				0);
		events(&host, datapath, since_ns, SAYS(SOCKET_OPENED));
		CHECK_ROW(host_owns(&host, &key) == 'o', row->sentence);
		CHECK_ROW(sessions_count(host.stock.sessions) == 1,
			  row->sentence);
		raw_client_send(&client, port, ELSEWHERE + 1, 0, TCP_RST, 0);
		events(NULL, datapath, since_ns, SAYS(SOCKET_CLOSED));
		close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
		host_close(&host);
	}
	close(listener);
}

int
main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct sockdiag *sockdiag;

	pair_hosts_open();
	CHECK(sockdiag_open(&sockdiag) == 0);
	for (int i = 0; i < 2; i++) {
		client = raw_client_open(&hosts, families[i]);
		struct datapath *datapath = pair_datapath_open(2, families[i]);
		test_again(datapath, sockdiag, families[i]);
		datapath_close(datapath);
		raw_client_close(&client);
	}
	sockdiag_close(sockdiag);
	return check_done();
}
