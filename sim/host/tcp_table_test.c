/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tcp_table_test.c - the table of core/test/ownership_table.h, asked of the
 * simulated TCP
 *
 * A connection is given the numbers of the table's sockets, in its own terms:
 * offsets from the first number of each side, which are 64 bits wide. There is
 * no Fast Open in the simulator.
 */
#include "core/test/check.h"
#include "core/test/ownership_table.h"
#include "sim/host/tcp.h"

static const enum tcp_state states[] = {
	[OWNERSHIP_REQUEST] = TCP_STATE_SYN_RECEIVED,
	[OWNERSHIP_OPEN] = TCP_STATE_ESTABLISHED,
	[OWNERSHIP_FIN_WAIT] = TCP_STATE_FIN_WAIT_2,
	[OWNERSHIP_TIME_WAIT] = TCP_STATE_TIME_WAIT,
};

/* As if it had come to these numbers by talking; epochs: after so many times
 * 2^32 bytes each way. */
static struct tcp
connection(const struct ownership_socket *socket, const uint32_t base[2],
	   uint64_t epochs)
{
	uint64_t before = epochs << 32;

	return (struct tcp){
		.state = states[socket->state],
		.iss = base[1] + socket->snt_isn,
		.irs = base[0] + socket->rcv_isn,
		.una = before + socket->snd_una,
		.nxt = before + socket->snd_nxt,
		.max = before + socket->snd_nxt,
		.window_max = socket->max_window,
		.rcv_nxt = before + socket->rcv_nxt,
		.rcv_edge = before + socket->rcv_nxt + socket->rcv_wnd,
		.closes = socket->state == OWNERSHIP_FIN_WAIT,
	};
}

static void
test_socket(const struct ownership_socket *like, const uint32_t base[2],
	    uint64_t epochs)
{
	struct tcp tcp = connection(like, base, epochs);
	struct ownership_socket socket = tcp_ownership(&tcp);

	CHECK(socket.state == like->state);
	for (size_t i = 0;
	     i < sizeof(ownership_rows) / sizeof(ownership_rows[0]); i++) {
		const struct ownership_row *row = &ownership_rows[i];
		const struct packet packet = {
			.tcp_seq = row->seq + base[0],
			.tcp_ack = row->ack + base[1],
			.payload_bytes = row->payload,
			.tcp_flags = row->flags,
		};
		struct ownership_segment segment =
			ownership_segment_of(&packet);

		if (row->socket == like)
			CHECK_ROW(ownership_of(&socket, &segment) == row->want,
				  row->sentence);
	}
	for (size_t i = 0;
	     i < sizeof(ownership_quotes) / sizeof(ownership_quotes[0]); i++) {
		const struct ownership_quote *quote = &ownership_quotes[i];

		if (quote->socket == like)
			CHECK_ROW(ownership_of_quote(&socket,
						     quote->seq + base[1]) ==
					  quote->want,
				  quote->sentence);
	}
}

int
main(void)
{
	static const struct ownership_socket *const sockets[] = {
		&request, &open_, &wide, &widest, &absurd, &wait_, &fin_wait,
	};
	static const uint32_t bases[][2] = {
		{ 0, 0 },
		{ 0xffffffff, 0xffffffff },
		{ 0x7fffffff, 0xfffffe00 },
		{ 0xff000001, 0x80000001 },
	};

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		for (size_t j = 0; j < sizeof(bases) / sizeof(bases[0]); j++)
			for (uint64_t epochs = 0; epochs < 3; epochs++)
				test_socket(sockets[i], bases[j], epochs);
	return check_done();
}
