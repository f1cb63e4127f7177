/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode_print.c - a decoded datagram as one line, or as one JSON object
 *
 *	TIME FROM > TO GUE variant 0 data ip4 hop 1 key 0 boot 9 seq 5 tag ok:
 *		CLIENT > SERVICE tcp [PA] seq 1 ack 1 len 1400
 *	TIME FROM > TO DHT key 1 boot 0x.. seq 12 opened: store 0x0000002a
 *		CLIENT > SERVICE owner 10.0.0.1:7000 version 17/0 ttl 600000
 *
 * (each is one line). Both forms say the same.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "core/instant.h"
#include "harness/replay/decode.h"

#define TEXT 64 /* "[IPv6]:port" */

static const char *
host_text(const struct address *address, char text[TEXT])
{
	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes,
		  text, TEXT);
	return text;
}

static const char *
end_text(const struct endpoint *end, char text[TEXT])
{
	char host[TEXT];

	snprintf(text, TEXT,
		 end->address.family == 4 ? "%.45s:%u" : "[%.45s]:%u",
		 host_text(&end->address, host), (unsigned)end->port);
	return text;
}

static const char *
packet_end_text(const struct packet *packet, bool source, char text[TEXT])
{
	const struct endpoint end = {
		.address = source ? packet->src : packet->dst,
		.port = source ? packet->src_port : packet->dst_port,
	};

	return packet->has_ports ? end_text(&end, text)
				 : host_text(&end.address, text);
}

static const char *
key_end_text(const struct session_key *key, bool client, char text[TEXT])
{
	const uint8_t *bytes = client ? key->client : key->service;
	const uint8_t *port = client ? key->client_port : key->service_port;
	const struct endpoint end = {
		.address = key->family == 4 ? address_ip4(bytes)
					    : address_ip6(bytes),
		.port = wire_get16(port),
	};

	return end_text(&end, text);
}

static const char *
protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IP_TCP:
		return "tcp";
	case IP_UDP:
		return "udp";
	case IP_ICMP4:
		return "icmp";
	case IP_ICMP6:
		return "icmp6";
	default:
		return "other";
	}
}

/* "PA": the flags that are set. */
static const char *
flags_text(uint8_t flags, char text[TEXT])
{
	static const char letters[] = "FSRPAUEC"; /* from bit 0 */
	size_t at = 0;

	for (size_t i = 0; i < 8; i++)
		if ((flags >> i & 1) != 0)
			text[at++] = letters[i];
	text[at] = '\0';
	return text;
}

static const char *
tag_name(enum decode_tag tag)
{
	return tag == DECODE_TAG_OK	 ? "ok"
	       : tag == DECODE_TAG_WRONG ? "wrong"
					 : "unknown";
}

static const char *
seal_name(enum decode_seal seal)
{
	static const char *const names[] = {
		[DECODE_SEAL_PLAIN] = "plain",
		[DECODE_SEAL_OPENED] = "opened",
		[DECODE_SEAL_CLOSED] = "closed",
		[DECODE_SEAL_REFUSED] = "refused",
	};

	return names[seal];
}

static const char *
type_name(uint8_t type)
{
	static const char *const names[] = {
		[MESSAGE_PING] = "ping",
		[MESSAGE_FIND_NODE] = "find_node",
		[MESSAGE_FIND_VALUE] = "find_value",
		[MESSAGE_STORE] = "store",
		[MESSAGE_REMOVE] = "remove",
		[MESSAGE_NOT_MINE] = "not_mine",
		[MESSAGE_LEAVE] = "leave",
		[MESSAGE_HOLD] = "hold",
		[MESSAGE_DOUBT] = "doubt",
	};

	return names[type & ~MESSAGE_REPLY];
}

static const char *
status_name(enum item_status status)
{
	static const char *const names[] = {
		[ITEM_UNANSWERED] = "unanswered",
		[ITEM_CONTACTS] = "contacts",
		[ITEM_RECORDS] = "records",
		[ITEM_STORED] = "stored",
		[ITEM_MOVED] = "moved",
		[ITEM_STALE] = "stale",
		[ITEM_FULL] = "full",
	};

	return names[status];
}

/* ---- text ---- */

static void
quote_print(const struct packet *quote, FILE *file)
{
	char from[TEXT], to[TEXT];

	fprintf(file, " about %s > %s %s", packet_end_text(quote, true, from),
		packet_end_text(quote, false, to),
		protocol_name(quote->protocol));
	if (quote->protocol == IP_TCP && quote->has_ports)
		fprintf(file, " seq %" PRIu32, quote->tcp_seq);
}

static void
inner_print(const struct decode_gue *gue, FILE *file)
{
	const struct packet *inner = &gue->inner;
	char from[TEXT], to[TEXT], flags[TEXT];

	if (gue->inner_drop != DROP_NONE) {
		fprintf(file, " %" PRIu32 " bytes: %s", gue->inner_size,
			drop_text(gue->inner_drop));
		return;
	}
	fprintf(file, " %s > %s %s", packet_end_text(inner, true, from),
		packet_end_text(inner, false, to),
		protocol_name(inner->protocol));
	if (inner->protocol == IP_TCP && inner->partial)
		fprintf(file, " seq %" PRIu32 " cut", inner->tcp_seq);
	else if (inner->protocol == IP_TCP && inner->transport)
		fprintf(file,
			" [%s] seq %" PRIu32 " ack %" PRIu32 " len %" PRIu32,
			flags_text(inner->tcp_flags, flags), inner->tcp_seq,
			inner->tcp_ack, inner->payload_bytes);
	else if (inner->icmp_error)
		fprintf(file, " type %u code %u mtu %" PRIu32,
			(unsigned)inner->icmp_type, (unsigned)inner->icmp_code,
			inner->icmp_mtu);
	if (inner->fragment_offset > 0 || inner->mf)
		fprintf(file, " fragment %" PRIu32 " at %u%s",
			inner->fragment_id, (unsigned)inner->fragment_offset,
			inner->mf ? "+" : "");
	if (gue->quotes)
		quote_print(&gue->quote, file);
}

static void
gue_print(const struct decoded *decoded, FILE *file)
{
	const struct decode_gue *gue = &decoded->gue;

	fprintf(file, " GUE variant %u", (unsigned)gue->variant);
	/* What another variant has in these bits is another thing. */
	if (gue->drop == DROP_VERSION || decoded->size < 4) {
		fprintf(file, ": %s", drop_text(gue->drop));
		return;
	}
	fprintf(file, " %s proto %u", gue->control ? "control" : "data",
		(unsigned)gue->protocol);
	if (gue->drop != DROP_NONE) {
		fprintf(file, " hlen %u flags 0x%04x: %s", (unsigned)gue->hlen,
			(unsigned)gue->flags, drop_text(gue->drop));
		return;
	}
	fprintf(file, " hop %u key %u boot %u seq %" PRIu32 " tag %s:",
		(unsigned)gue->header.hop_count, (unsigned)gue->header.key_id,
		(unsigned)gue->header.boot, gue->header.sequence,
		tag_name(gue->tag));
	inner_print(gue, file);
}

static void
version_print(struct version version, FILE *file)
{
	fprintf(file, " version %" PRId64 "/%" PRIu32, version.established_ns,
		version.sequence);
}

static void
record_print(const struct message_record *record, FILE *file)
{
	char owner[TEXT];

	fprintf(file, " owner %s", end_text(&record->owner, owner));
	version_print(record->version, file);
	fprintf(file, " ttl %" PRIu32 "%s%s", record->ttl_ms,
		record->tombstone ? " tombstone" : "",
		record->half_open ? " half-open" : "");
}

static void
key_print(const struct session_key *key, FILE *file)
{
	char client[TEXT], service[TEXT];

	fprintf(file, " %s > %s", key_end_text(key, true, client),
		key_end_text(key, false, service));
	if (key->protocol != IP_TCP)
		fprintf(file, " protocol %u", (unsigned)key->protocol);
}

static bool
has_version(uint8_t type, const struct message_item *item)
{
	return type == MESSAGE_REMOVE || type == MESSAGE_NOT_MINE ||
	       type == MESSAGE_HOLD || type == MESSAGE_DOUBT ||
	       (item->status == ITEM_STALE &&
		item->version.established_ns != 0);
}

static void
item_print(uint8_t type, const struct message_item *item, FILE *file)
{
	char text[TEXT];

	if ((type & MESSAGE_REPLY) != 0)
		fprintf(file, " %s", status_name(item->status));
	else if (type == MESSAGE_FIND_NODE)
		fprintf(file, " 0x%016" PRIx64, item->position);
	else
		key_print(&item->key, file);
	if (has_version(type, item))
		version_print(item->version, file);
	for (uint32_t i = 0; i < item->record_count; i++)
		record_print(&item->records[i], file);
	for (uint32_t i = 0; i < item->contact_count; i++) {
		struct endpoint contact = message_contact(item, i);

		fprintf(file, " %s", end_text(&contact, text));
	}
}

static void
message_print(const struct decode_dht *dht, FILE *file)
{
	struct message_reader reader;
	struct message_item item;
	const char *between = "";

	if (message_open(&reader, dht->message, dht->message_size) !=
	    DROP_NONE) {
		fprintf(file, " %s", drop_text(dht->message_drop));
		return;
	}
	fprintf(file, " %s%s 0x%08" PRIx32, type_name(reader.header.type),
		(reader.header.type & MESSAGE_REPLY) != 0 ? " reply" : "",
		reader.header.transaction);
	while (message_next(&reader, &item)) {
		fprintf(file, "%s", between);
		item_print(reader.header.type, &item, file);
		between = ";";
	}
}

static void
dht_print(const struct decode_dht *dht, FILE *file)
{
	bool fields = dht->drop != DROP_SHORT;

	fprintf(file, " DHT");
	if (dht->seal != DECODE_SEAL_PLAIN && fields)
		fprintf(file, " key %u boot 0x%016" PRIx64 " seq %" PRIu64,
			(unsigned)dht->key_id, dht->boot, dht->sequence);
	if (dht->refusal)
		fprintf(file, " refusal");
	fprintf(file, " %s", seal_name(dht->seal));
	if (dht->seal == DECODE_SEAL_REFUSED)
		fprintf(file, ": %s", drop_text(dht->drop));
	if (dht->refusal && dht->seal == DECODE_SEAL_OPENED) {
		fprintf(file, ": of boot 0x%016" PRIx64, dht->refused);
	} else if (dht->seal == DECODE_SEAL_PLAIN ||
		   dht->seal == DECODE_SEAL_OPENED) {
		fprintf(file, ":");
		message_print(dht, file);
	}
}

void
decode_print(const struct decoded *decoded, int64_t at_ns, FILE *file)
{
	char from[TEXT], to[TEXT];
	int64_t seconds = at_ns / NS_PER_S, rest = at_ns % NS_PER_S;

	/* The fraction always counts upwards. */
	if (rest < 0) {
		seconds--;
		rest += NS_PER_S;
	}
	fprintf(file, "%" PRId64 ".%09" PRId64 " %s > %s", seconds, rest,
		end_text(&decoded->from, from), end_text(&decoded->to, to));
	if (decoded->kind == DECODE_GUE)
		gue_print(decoded, file);
	else
		dht_print(&decoded->dht, file);
	if (decoded->missing > 0)
		fprintf(file, " (%" PRIu32 " of %" PRIu32 " bytes)",
			decoded->size, decoded->size + decoded->missing);
	fputc('\n', file);
}

/* ---- JSON ---- */

static void
packet_json(const struct packet *packet, struct json *json)
{
	char text[TEXT];

	json_text(json, "from", packet_end_text(packet, true, text));
	json_text(json, "to", packet_end_text(packet, false, text));
	json_text(json, "protocol", protocol_name(packet->protocol));
	json_uint(json, "size", packet->size_bytes);
	if (packet->protocol == IP_TCP && packet->has_ports)
		json_uint(json, "seq", packet->tcp_seq);
	if (packet->protocol == IP_TCP && packet->transport) {
		json_text(json, "flags", flags_text(packet->tcp_flags, text));
		json_uint(json, "ack", packet->tcp_ack);
		json_uint(json, "len", packet->payload_bytes);
	}
	if (packet->icmp_error) {
		json_uint(json, "type", packet->icmp_type);
		json_uint(json, "code", packet->icmp_code);
		json_uint(json, "mtu", packet->icmp_mtu);
	}
	if (packet->fragment_offset > 0 || packet->mf) {
		json_uint(json, "fragment_id", packet->fragment_id);
		json_uint(json, "fragment_offset", packet->fragment_offset);
		json_bool(json, "more", packet->mf);
	}
}

static void
gue_json(const struct decoded *decoded, struct json *json)
{
	const struct decode_gue *gue = &decoded->gue;

	json_text(json, "drop", drop_name(gue->drop));
	json_uint(json, "variant", gue->variant);
	if (gue->drop == DROP_VERSION || decoded->size < 4)
		return;
	json_bool(json, "control", gue->control);
	json_uint(json, "proto", gue->protocol);
	json_uint(json, "hlen", gue->hlen);
	json_uint(json, "flags", gue->flags);
	if (gue->drop != DROP_NONE)
		return;
	json_uint(json, "hop_count", gue->header.hop_count);
	json_uint(json, "key_id", gue->header.key_id);
	json_uint(json, "boot", gue->header.boot);
	json_uint(json, "sequence", gue->header.sequence);
	json_text(json, "tag", tag_name(gue->tag));
	json_object(json, "inner");
	json_text(json, "drop", drop_name(gue->inner_drop));
	if (gue->inner_drop == DROP_NONE)
		packet_json(&gue->inner, json);
	if (gue->quotes) {
		json_object(json, "about");
		packet_json(&gue->quote, json);
		json_end(json);
	}
	json_end(json);
}

static void
version_json(struct version version, struct json *json)
{
	json_int(json, "established_ns", version.established_ns);
	json_uint(json, "version", version.sequence);
}

static void
item_records_json(const struct message_item *item, struct json *json)
{
	char owner[TEXT];

	json_array(json, "records");
	for (uint32_t i = 0; i < item->record_count; i++) {
		const struct message_record *record = &item->records[i];

		json_object(json, NULL);
		json_text(json, "owner", end_text(&record->owner, owner));
		version_json(record->version, json);
		json_uint(json, "ttl_ms", record->ttl_ms);
		json_bool(json, "tombstone", record->tombstone);
		json_bool(json, "half_open", record->half_open);
		json_end(json);
	}
	json_end(json);
}

static void
item_contacts_json(const struct message_item *item, struct json *json)
{
	char text[TEXT];

	json_array(json, "contacts");
	for (uint32_t i = 0; i < item->contact_count; i++) {
		struct endpoint contact = message_contact(item, i);

		json_text(json, NULL, end_text(&contact, text));
	}
	json_end(json);
}

/* A number as text: JSON's readers keep 53 bits of one. */
static void
wide_json(const char *name, uint64_t value, struct json *json)
{
	char text[TEXT];

	snprintf(text, sizeof(text), "0x%016" PRIx64, value);
	json_text(json, name, text);
}

static void
item_json(uint8_t type, const struct message_item *item, struct json *json)
{
	char text[TEXT];

	json_object(json, NULL);
	if ((type & MESSAGE_REPLY) != 0) {
		json_text(json, "status", status_name(item->status));
	} else if (type == MESSAGE_FIND_NODE) {
		wide_json("position", item->position, json);
	} else {
		json_text(json, "client", key_end_text(&item->key, true, text));
		json_text(json, "service",
			  key_end_text(&item->key, false, text));
		json_uint(json, "protocol", item->key.protocol);
	}
	if (has_version(type, item))
		version_json(item->version, json);
	if (item->record_count > 0)
		item_records_json(item, json);
	if (item->status == ITEM_CONTACTS)
		item_contacts_json(item, json);
	json_end(json);
}

static void
message_json(const struct decode_dht *dht, struct json *json)
{
	struct message_reader reader;
	struct message_item item;

	json_object(json, "message");
	json_text(json, "drop", drop_name(dht->message_drop));
	if (message_open(&reader, dht->message, dht->message_size) ==
	    DROP_NONE) {
		json_text(json, "type", type_name(reader.header.type));
		json_bool(json, "reply",
			  (reader.header.type & MESSAGE_REPLY) != 0);
		json_uint(json, "transaction", reader.header.transaction);
		json_array(json, "items");
		while (message_next(&reader, &item))
			item_json(reader.header.type, &item, json);
		json_end(json);
	}
	json_end(json);
}

static void
dht_json(const struct decode_dht *dht, struct json *json)
{
	json_text(json, "seal", seal_name(dht->seal));
	json_text(json, "drop", drop_name(dht->drop));
	if (dht->seal != DECODE_SEAL_PLAIN && dht->drop != DROP_SHORT) {
		json_uint(json, "key_id", dht->key_id);
		wide_json("boot", dht->boot, json);
		json_uint(json, "sequence", dht->sequence);
	}
	if (dht->refusal) {
		json_bool(json, "refusal", true);
		if (dht->seal == DECODE_SEAL_OPENED)
			wide_json("refused", dht->refused, json);
	} else if (dht->seal == DECODE_SEAL_PLAIN ||
		   dht->seal == DECODE_SEAL_OPENED) {
		message_json(dht, json);
	}
}

void
decode_print_json(const struct decoded *decoded, uint64_t record, int64_t at_ns,
		  struct json *json)
{
	char text[TEXT];

	json_object(json, NULL);
	json_uint(json, "record", record);
	json_int(json, "at_ns", at_ns);
	json_text(json, "from", end_text(&decoded->from, text));
	json_text(json, "to", end_text(&decoded->to, text));
	json_text(json, "kind", decoded->kind == DECODE_GUE ? "gue" : "dht");
	json_uint(json, "size", decoded->size);
	json_uint(json, "missing", decoded->missing);
	if (decoded->kind == DECODE_GUE)
		gue_json(decoded, json);
	else
		dht_json(&decoded->dht, json);
	json_end(json);
}
