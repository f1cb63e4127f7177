/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture.c - see capture.h
 *
 * Link types by their names in the libpcap registry (LINKTYPE_*): each is a
 * fixed number of bytes before the IP packet and a 2-byte protocol in there,
 * but for Ethernet (tags) and PPP (address and control bytes, one- or
 * two-byte protocol; RFC 1661 section 2, RFC 1662 section 3.1).
 */
#include "harness/replay/capture.h"

#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "core/wire/eth.h"

#define PPP_IP4 0x0021 /* RFC 1332 */
#define PPP_IP6 0x0057 /* RFC 5072 */

struct capture {
	pcap_t *pcap;
	int link_type;
	uint64_t number;
};

static bool
link_type_known(int type)
{
	switch (type) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_PPP:
	case DLT_PPP_SERIAL:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_NULL:
	case DLT_LOOP:
		return true;
	default:
		return false;
	}
}

int
capture_open(struct capture **out, const char *path, char *error,
	     size_t error_size)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, why);

	*out = NULL;
	if (pcap == NULL) {
		/* libpcap names the file only when it cannot be opened. */
		bool named = strncmp(why, path, strlen(path)) == 0;

		snprintf(error, error_size, "%s%s%s", named ? "" : path,
			 named ? "" : ": ", why);
		return -1;
	}
	int type = pcap_datalink(pcap);
	if (!link_type_known(type)) {
		const char *name = pcap_datalink_val_to_description(type);

		snprintf(error, error_size,
			 "%s: link type %d (%s) holds no IP that can be found",
			 path, type, name == NULL ? "unknown" : name);
		pcap_close(pcap);
		return -1;
	}
	struct capture *capture = calloc(1, sizeof(*capture));
	if (capture == NULL)
		abort();
	capture->pcap = pcap;
	capture->link_type = type;
	*out = capture;
	return 0;
}

/* Cut fixed bytes before the packet; the type at type_offset must be IP. */
static enum drop
strip_fixed(struct cursor *cursor, size_t bytes, size_t type_offset)
{
	const uint8_t *link = cursor_take(cursor, bytes);

	if (link == NULL)
		return DROP_SHORT;
	uint16_t type = wire_get16(link + type_offset);
	return type == ETH_TYPE_IP4 || type == ETH_TYPE_IP6 ? DROP_NONE
							    : DROP_PROTOCOL;
}

static enum drop
strip_ethernet(struct cursor *cursor)
{
	struct eth_header header;
	enum drop drop = eth_parse(cursor, &header);

	if (drop != DROP_NONE)
		return drop;
	return header.type == ETH_TYPE_IP4 || header.type == ETH_TYPE_IP6
		       ? DROP_NONE
		       : DROP_PROTOCOL;
}

static enum drop
strip_ppp(struct cursor *cursor)
{
	const uint8_t *byte;
	uint16_t protocol;

	if (cursor_left(cursor) >= 2 && cursor->at[0] == 0xff &&
	    cursor->at[1] == 0x03)
		cursor_take(cursor, 2);
	byte = cursor_take(cursor, 1);
	if (byte == NULL)
		return DROP_SHORT;
	protocol = *byte;
	if ((*byte & 1) == 0) { /* even: the first of two bytes */
		byte = cursor_take(cursor, 1);
		if (byte == NULL)
			return DROP_SHORT;
		protocol = (uint16_t)(protocol << 8 | *byte);
	}
	return protocol == PPP_IP4 || protocol == PPP_IP6 ? DROP_NONE
							  : DROP_PROTOCOL;
}

/* Leave the cursor at the IP packet. */
static enum drop
strip_link(int link_type, struct cursor *cursor)
{
	switch (link_type) {
	case DLT_EN10MB:
		return strip_ethernet(cursor);
	case DLT_LINUX_SLL:
		return strip_fixed(cursor, SLL_HDR_LEN, 14);
	case DLT_LINUX_SLL2:
		return strip_fixed(cursor, SLL2_HDR_LEN, 0);
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		return strip_ppp(cursor);
	case DLT_NULL: /* the family's number differs from system to system:
			* the packet's first half byte decides below */
	case DLT_LOOP:
		return cursor_take(cursor, 4) == NULL ? DROP_SHORT : DROP_NONE;
	default:
		return DROP_NONE;
	}
}

/* Seconds are whatever the file says: those beyond the year 2116 saturate, so
 * that the distance of any two can be said. Asked for nanoseconds, tv_usec
 * holds them. */
static int64_t
stamp_ns(const struct timeval *stamp)
{
	const int64_t limit_s = INT64_MAX / 2 / NS_PER_S - 10;
	int64_t seconds = stamp->tv_sec;

	if (seconds > limit_s)
		seconds = limit_s;
	if (seconds < -limit_s)
		seconds = -limit_s;
	return seconds * NS_PER_S + (int64_t)stamp->tv_usec % (10 * NS_PER_S);
}

int
capture_next(struct capture *capture, struct capture_packet *packet,
	     char *error, size_t error_size)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result = pcap_next_ex(capture->pcap, &header, &bytes);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result != 1) {
		snprintf(error, error_size, "after %llu packets: %s",
			 (unsigned long long)capture->number,
			 pcap_geterr(capture->pcap));
		return -1;
	}
	struct cursor cursor = cursor_over(bytes, header->caplen);
	*packet = (struct capture_packet){
		.number = ++capture->number,
		.at_ns = stamp_ns(&header->ts),
		.missing = header->len > header->caplen
				   ? header->len - header->caplen
				   : 0,
		.drop = strip_link(capture->link_type, &cursor),
	};
	packet->bytes = cursor.at;
	packet->size = (uint32_t)cursor_left(&cursor);
	if (packet->drop == DROP_NONE && packet->size == 0)
		packet->drop = DROP_SHORT;
	return 1;
}

void
capture_close(struct capture *capture)
{
	if (capture == NULL)
		return;
	pcap_close(capture->pcap);
	free(capture);
}
