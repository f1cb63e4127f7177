/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * classifier.c - from bytes to a session, or to the reason why not
 *
 * Checksums are not verified: a packet that was damaged is damaged wherever
 * it is delivered, and is discarded there. At worst one lookup is wasted.
 */
#include "core/steer/classifier.h"

#include "core/steer/settings.h"
#include "core/steer/tunnel.h"
#include "core/wire/icmp.h"
#include "core/wire/tcp.h"

static bool
service_has(const struct steer_settings *settings,
	    const struct address *address, bool any_port, uint16_t port)
{
	for (uint32_t i = 0; i < settings->service_count; i++) {
		const struct steer_service *service = &settings->services[i];
		if (address_equal(&service->address, address) &&
		    (any_port || service->port == 0 || service->port == port))
			return true;
	}
	return false;
}

/* Redirects and source quench quote packets too, but say nothing that a
 * session's owner on another host should hear. */
static bool
is_about_path(const struct packet *packet)
{
	return packet->family == 6 ||
	       (packet->icmp_type != ICMP4_TYPE_REDIRECT &&
		packet->icmp_type != ICMP4_TYPE_QUENCH);
}

static enum drop
read_error(const struct steer_settings *settings, const struct address *self,
	   const uint8_t *bytes, struct classification *classification)
{
	const struct packet *packet = &classification->packet;
	struct packet quote;

	if (!is_about_path(packet))
		return DROP_PROTOCOL;
	if (packet_parse_quote(bytes + packet->quote_offset,
			       packet->quote_bytes, &quote) != DROP_NONE ||
	    !address_equal(&quote.src, &packet->dst) || !quote.has_ports)
		return DROP_ICMP_QUOTE;

	if (quote.protocol == IP_UDP && quote.dst_port == settings->gue_port &&
	    quote.src_port >= TUNNEL_SOURCE_PORT &&
	    address_equal(&quote.src, self)) {
		classification->kind = CLASSIFICATION_TUNNEL;
		classification->peer = quote.dst;
		classification->too_big = icmp_is_too_big(
			packet->family, packet->icmp_type, packet->icmp_code);
		classification->mtu_bytes = packet->icmp_mtu;
		return DROP_NONE;
	}

	if (!service_has(settings, &quote.src, false, quote.src_port) ||
	    packet_session(&quote, true, &classification->key) != DROP_NONE)
		return DROP_ICMP_QUOTE;
	classification->kind = CLASSIFICATION_ERROR;
	classification->quoted_seq = quote.tcp_seq;
	classification->has_key = true;
	return DROP_NONE;
}

/* An IPv6 later fragment tells only what header comes after the fragment
 * header, which need not be TCP's; its first fragment knows. */
static enum drop
read_later(const struct steer_settings *settings,
	   struct classification *classification)
{
	const struct packet *packet = &classification->packet;

	if (packet->family == 4 && packet->protocol != IP_TCP &&
	    packet->protocol != IP_ICMP4)
		return DROP_PROTOCOL;
	if (!service_has(settings, &packet->dst, true, 0))
		return DROP_NOT_SERVICE;
	classification->kind = CLASSIFICATION_LATER;
	return DROP_NONE;
}

static enum drop
read_segment(const struct steer_settings *settings,
	     struct classification *classification)
{
	const struct packet *packet = &classification->packet;
	enum drop drop;

	if (packet->protocol != IP_TCP)
		return DROP_PROTOCOL;
	if (!service_has(settings, &packet->dst, false, packet->dst_port))
		return DROP_NOT_SERVICE;
	drop = packet_session(packet, false, &classification->key);
	classification->kind = CLASSIFICATION_SEGMENT;
	classification->has_key = drop == DROP_NONE;
	return drop;
}

/* classification->packet is what the parser made of the bytes. */
static void
classify(const struct steer_settings *settings, const struct address *self,
	 const uint8_t *bytes, struct classification *classification)
{
	classification->has_key = false;
	if (classification->packet.fragment_offset > 0)
		classification->drop = read_later(settings, classification);
	else if (classification->packet.icmp_error)
		classification->drop =
			read_error(settings, self, bytes, classification);
	else
		classification->drop = read_segment(settings, classification);
}

void
classification_read(const struct steer_settings *settings,
		    const struct address *self, const uint8_t *bytes,
		    size_t size, struct classification *classification)
{
	classification->has_key = false;
	classification->drop =
		packet_parse(bytes, size, &classification->packet);
	if (classification->drop == DROP_NONE)
		classify(settings, self, bytes, classification);
}

void
classification_of(const struct steer_settings *settings,
		  const struct address *self, const uint8_t *bytes,
		  const struct packet *packet,
		  struct classification *classification)
{
	classification->packet = *packet;
	classify(settings, self, bytes, classification);
}
