/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rst_sniffer.c - see rst_sniffer.h
 */
#include "harness/test/rst_sniffer.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire/eth.h"
#include "core/wire/packet.h"
#include "harness/lab/netns.h"
#include "harness/lab/wire.h"
#include "sim/engine/memory.h"

#define SNAP_BYTES 128 /* headers */
/* libpcap reads TCP flags behind IPv4 only. */
#define FILTER                                                                 \
	"(ip and tcp[tcpflags] & tcp-rst != 0) or "                            \
	"(ip6 and ip6[6] = 6 and ip6[53] & 4 != 0)"

struct rst_sniffer {
	pcap_t *pcap;
	uint32_t resets;
	uint32_t at[UINT16_MAX + 1]; /* of each port */
};

/* A capture handle of this namespace's interface. */
static pcap_t *
handle_open(const char *interface, char *error, size_t error_size)
{
	char talk[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program program;
	pcap_t *pcap = pcap_create(interface, talk);

	if (pcap == NULL) {
		snprintf(error, error_size, "%s: %s", interface, talk);
		return NULL;
	}
	if (pcap_set_snaplen(pcap, SNAP_BYTES) != 0 ||
	    pcap_set_immediate_mode(pcap, 1) != 0 || pcap_activate(pcap) < 0 ||
	    pcap_datalink(pcap) != DLT_EN10MB ||
	    pcap_compile(pcap, &program, FILTER, 1, PCAP_NETMASK_UNKNOWN) !=
		    0) {
		snprintf(error, error_size, "%s: %s", interface,
			 pcap_geterr(pcap));
		pcap_close(pcap);
		return NULL;
	}
	int code = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	if (code != 0 || pcap_setdirection(pcap, PCAP_D_IN) != 0 ||
	    pcap_setnonblock(pcap, 1, talk) != 0) {
		snprintf(error, error_size, "%s: %s", interface,
			 pcap_geterr(pcap));
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}

struct rst_sniffer *
rst_sniffer_open(const struct lab *lab, uint32_t client, char *error,
		 size_t error_size)
{
	const struct fabric *fabric = lab->fabric;
	uint32_t device = fabric_device(fabric, DEVICE_CLIENT, client);
	uint32_t link = fabric->ports[fabric_port(fabric, device, 0)].link;
	struct rst_sniffer *rst_sniffer =
		memory_zeroed(1, sizeof(*rst_sniffer));
	char space[LAB_NETNS_NAME];

	lab_wire_space(lab, device, space);
	int before = lab_netns_enter(space);
	if (before < 0) {
		snprintf(error, error_size, "%s: %s", space, strerror(errno));
		free(rst_sniffer);
		return NULL;
	}
	rst_sniffer->pcap =
		handle_open(lab_interface(lab, link, 0), error, error_size);
	lab_netns_leave(before);
	if (rst_sniffer->pcap == NULL) {
		free(rst_sniffer);
		return NULL;
	}
	return rst_sniffer;
}

static void
frame_take(struct rst_sniffer *rst_sniffer, const struct pcap_pkthdr *header,
	   const uint8_t *bytes)
{
	struct packet packet;

	if (header->caplen < sizeof(struct wire_eth) ||
	    packet_parse(bytes + sizeof(struct wire_eth),
			 header->caplen - sizeof(struct wire_eth),
			 &packet) != DROP_NONE ||
	    !packet.has_ports)
		return;
	rst_sniffer->resets++;
	rst_sniffer->at[packet.dst_port]++;
}

uint32_t
rst_sniffer_resets(struct rst_sniffer *rst_sniffer, uint16_t port)
{
	struct pcap_pkthdr *header;
	const uint8_t *bytes;

	while (pcap_next_ex(rst_sniffer->pcap, &header, &bytes) == 1)
		frame_take(rst_sniffer, header, bytes);
	return port == 0 ? rst_sniffer->resets : rst_sniffer->at[port];
}

void
rst_sniffer_close(struct rst_sniffer *rst_sniffer)
{
	if (rst_sniffer == NULL)
		return;
	pcap_close(rst_sniffer->pcap);
	free(rst_sniffer);
}
