/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forwards_test.c - accounts of packets; each row is what happens to one
 *
 *	a b	it comes to server a, b by itself
 *	x y	a forwards it to b, b to a: each under the next number
 *	=	the forward just made, once more under its number
 *	2	from now on it is another packet
 */
#include "sim/judge/forwards.h"

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/test/verdict_bed.h"

static const struct {
	const char *sentence;
	const char *story;
	uint32_t broken;
} rows[] = {
	{ "forwarded once", "ax", 0 },
	{ "doubled on its way, and forwarded twice", "aaxx", 0 },
	{ "forwarded twice", "axx", 1 },
	{ "the same forward by two uplinks", "ax=", 0 },
	{ "it comes again, and has gone by two uplinks", "ax=ax=", 0 },
	{ "out of a tunnel into one", "axy", 1 },
	{ "out of a tunnel into one, again and again", "axyxy", 3 },
	{ "it came to both by itself", "abxy", 0 },
	{ "it comes to the other by itself later", "axby", 0 },
	{ "nobody brought it", "x", 1 },
	{ "another packet, forwarded once", "ax2ax", 0 },
	{ "another packet, which nobody brought", "ax2x", 1 },
	{ "arrivals of another do not count", "aa2x", 1 },
};

static void
play(const char *sentence, const char *story, uint32_t broken)
{
	struct verdict_bed bed;
	uint32_t from = 0, sequence = 0;
	struct packet_tcp tcp = {
		.ip = { .src = address_ip4((const uint8_t[]){ 20, 1, 0, 1 }),
			.dst = address_ip4((const uint8_t[]){ 192, 168, 0, 1 }),
			.ttl = 60, },
		.src_port = 40000,
		.dst_port = 80,
		.flags = TCP_ACK,
	};
	uint8_t bytes[100];
	struct packet packet;

	verdict_bed_create(&bed, 2);
	struct judge_forwards *forwards = judge_forwards_create(&bed.parts);
	for (; *story != '\0'; story++) {
		size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
		CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
		if (*story == '2') {
			tcp.seq++;
			continue;
		}
		if (*story == 'a' || *story == 'b') {
			judge_forwards_arrived(forwards, *story == 'b', bytes,
					       &packet);
			continue;
		}
		from = *story == '=' ? from : *story == 'y';
		sequence += *story != '=';
		judge_forwards_sent(forwards, (struct instant){ 1 },
				    &(struct judge_forward){
					    .from = from,
					    .to = 1 - from,
					    .sequence = sequence,
					    .inner = bytes,
					    .inner_bytes = (uint32_t)size,
				    });
	}
	CHECK_ROW(bed.verdicts.counts[VIOLATION_TUNNEL_AGAIN] == broken,
		  sentence);
	CHECK_ROW(bed.said == broken, sentence);
	judge_forwards_destroy(forwards);
	verdict_bed_destroy(&bed);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(rows[i].sentence, rows[i].story, rows[i].broken);
	return check_done();
}
