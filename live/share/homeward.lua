-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- homeward.lua - the servers' datagrams in Wireshark and tshark
--
--	tshark -X lua_script:homeward.lua -r capture.pcap
--	or copy it into Wireshark's folder of personal Lua plugins
--
--	UDP 6080	GUE variant 0 and our private data (core/wire/gue.h);
--			the packet inside goes to Wireshark's own dissectors
--	UDP 7000	the seal (live/engine/seal.h); a simulated datagram has its
--			message in clear and 64 zeros behind it
--			(core/wire/message.h)
--
-- The second byte tells the two kinds on UDP 7000 apart: a sealed datagram has
-- zero there, a message its type. Nothing is opened or verified here, that
-- needs the cluster's secret: homeward replay --decode --secret FILE.
--
-- Captured where it was sent, a run of forwards may still be one UDP packet
-- (UDP_SEGMENT): each of them is shown, one after the other.
--
-- What a server would drop for its form bears expert information.

local GUE_PORT, DHT_PORT = 6080, 7000
local GUE_BYTES = 20
local SEAL_HEADER, SEAL_NONCE, SEAL_TAG = 24, 24, 16
local SEAL_BYTES = SEAL_HEADER + SEAL_NONCE + SEAL_TAG
local MESSAGE_BYTES = 8
local REPLY = 0x80

local group, severity = expert.group, expert.severity

-- ---- GUE ------------------------------------------------------------------

local gue = Proto("homeward_gue", "Generic UDP Encapsulation (Homeward)")
local inner_names = { [4] = "IPv4", [41] = "IPv6" }
local g = {
	variant = ProtoField.uint8("homeward_gue.variant", "Variant",
		base.DEC, nil, 0xc0),
	control = ProtoField.bool("homeward_gue.control", "Control", 8,
		{ "control message", "data" }, 0x20),
	hlen = ProtoField.uint8("homeward_gue.hlen", "Words of header behind",
		base.DEC, nil, 0x1f),
	protocol = ProtoField.uint8("homeward_gue.protocol", "Protocol",
		base.DEC, inner_names),
	flags = ProtoField.uint16("homeward_gue.flags", "Flags", base.HEX),
	hop_count = ProtoField.uint8("homeward_gue.hop_count", "Hop count"),
	key_id = ProtoField.uint8("homeward_gue.key_id", "Key id"),
	boot = ProtoField.uint16("homeward_gue.boot", "Boot"),
	sequence = ProtoField.uint32("homeward_gue.sequence", "Sequence"),
	tag = ProtoField.uint64("homeward_gue.tag", "Tag", base.HEX),
}
local ge = {
	short = ProtoExpert.new("homeward_gue.short",
		"ends inside the header", group.MALFORMED, severity.ERROR),
	variant = ProtoExpert.new("homeward_gue.variant.unknown",
		"variant is not 0", group.PROTOCOL, severity.WARN),
	control = ProtoExpert.new("homeward_gue.control.unexpected",
		"control message", group.PROTOCOL, severity.WARN),
	protocol = ProtoExpert.new("homeward_gue.protocol.unknown",
		"neither IPv4 nor IPv6 inside", group.PROTOCOL, severity.WARN),
	form = ProtoExpert.new("homeward_gue.form",
		"not four words of private data, or a flag is set",
		group.PROTOCOL, severity.WARN),
	hop_count = ProtoExpert.new("homeward_gue.hop_count.wrong",
		"hop count is not 1: dropped", group.PROTOCOL, severity.WARN),
	inner = ProtoExpert.new("homeward_gue.inner",
		"the packet inside is none of that version",
		group.MALFORMED, severity.ERROR),
}
gue.fields = { g.variant, g.control, g.hlen, g.protocol, g.flags, g.hop_count,
	g.key_id, g.boot, g.sequence, g.tag }
gue.experts = { ge.short, ge.variant, ge.control, ge.protocol, ge.form,
	ge.hop_count, ge.inner }

-- The fixed four bytes; true when ours follow.
local function gue_fixed(tvb, tree)
	local first = tvb(0, 1):uint()

	tree:add(g.variant, tvb(0, 1))
	if bit32.rshift(first, 6) ~= 0 then
		tree:add_proto_expert_info(ge.variant)
		return false
	end
	if tvb:len() < 4 then
		tree:add_proto_expert_info(ge.short)
		return false
	end
	tree:add(g.control, tvb(0, 1))
	tree:add(g.hlen, tvb(0, 1))
	tree:add(g.protocol, tvb(1, 1))
	tree:add(g.flags, tvb(2, 2))
	if bit32.band(first, 0x20) ~= 0 then
		tree:add_proto_expert_info(ge.control)
		return false
	end
	if inner_names[tvb(1, 1):uint()] == nil then
		tree:add_proto_expert_info(ge.protocol)
		return false
	end
	if bit32.band(first, 0x1f) ~= 4 or tvb(2, 2):uint() ~= 0 then
		tree:add_proto_expert_info(ge.form)
		return false
	end
	if tvb:len() < GUE_BYTES then
		tree:add_proto_expert_info(ge.short)
		return false
	end
	return true
end

-- Bytes of the packet inside, as its header says; nil: it says nothing that
-- can be.
local function gue_inner_bytes(tvb)
	local first = bit32.rshift(tvb(GUE_BYTES, 1):uint(), 4)
	local left = tvb:len() - GUE_BYTES
	local bytes

	if first == 4 and left >= 20 then
		bytes = tvb(GUE_BYTES + 2, 2):uint()
	elseif first == 6 and left >= 40 then
		bytes = 40 + tvb(GUE_BYTES + 4, 2):uint()
	end
	return bytes ~= nil and bytes >= 20 and bytes or nil
end

-- How much of it is one datagram: less than all where a header like this one
-- follows the packet inside.
local function gue_bytes(tvb)
	local size = tvb:len()
	local inner = size > GUE_BYTES and gue_inner_bytes(tvb) or nil

	if inner == nil or size < GUE_BYTES + inner + 2 or
	    tvb(GUE_BYTES + inner, 1):uint() ~= 4 or
	    tvb(GUE_BYTES + inner + 1, 1):uint() ~= tvb(1, 1):uint() then
		return size
	end
	return GUE_BYTES + inner
end

local function gue_inner(tvb, pinfo, tree, top)
	local version = tvb(1, 1):uint() == 4 and 4 or 6

	if tvb:len() == GUE_BYTES or
	    bit32.rshift(tvb(GUE_BYTES, 1):uint(), 4) ~= version then
		tree:add_proto_expert_info(ge.inner)
		return
	end
	local name = version == 4 and "ip" or "ipv6"
	-- What is malformed in there has been said where it is; it would come
	-- back here as an error of ours.
	pcall(Dissector.call, Dissector.get(name), tvb(GUE_BYTES):tvb(), pinfo,
		top)
	pinfo.cols.info:prepend("GUE: ")
end

-- One datagram; how much of tvb it was.
local function gue_one(tvb, pinfo, top)
	local tree = top:add(gue, tvb(0, math.min(tvb:len(), GUE_BYTES)))

	if not gue_fixed(tvb, tree) then
		return tvb:len()
	end
	local hop = tree:add(g.hop_count, tvb(4, 1))
	if tvb(4, 1):uint() ~= 1 then
		hop:add_proto_expert_info(ge.hop_count)
	end
	tree:add(g.key_id, tvb(5, 1))
	tree:add(g.boot, tvb(6, 2))
	tree:add(g.sequence, tvb(8, 4))
	tree:add(g.tag, tvb(12, 8))
	tree:append_text(string.format(", hop %d, key %d, sequence %d",
		tvb(4, 1):uint(), tvb(5, 1):uint(), tvb(8, 4):uint()))
	local size = gue_bytes(tvb)
	gue_inner(tvb(0, size):tvb(), pinfo, tree, top)
	return size
end

function gue.dissector(tvb, pinfo, top)
	local at = 0

	pinfo.cols.protocol = "GUE"
	pinfo.cols.info = "GUE"
	while at < tvb:len() do
		at = at + gue_one(tvb(at):tvb(), pinfo, top)
	end
	return at
end

-- ---- the servers' own datagrams --------------------------------------------

local dht = Proto("homeward_dht", "Homeward DHT")
local type_names = {
	[1] = "ping", [2] = "find-node", [3] = "find-value", [4] = "store",
	[5] = "remove", [6] = "not-mine", [7] = "leave",
}
local d = {
	key_id = ProtoField.uint8("homeward_dht.key_id", "Key id"),
	kind = ProtoField.uint8("homeward_dht.kind", "Kind", base.DEC,
		{ [0] = "message", [1] = "refusal" }),
	reserved = ProtoField.bytes("homeward_dht.reserved", "Reserved"),
	boot = ProtoField.uint64("homeward_dht.boot", "Boot id", base.HEX),
	sequence = ProtoField.uint64("homeward_dht.sequence", "Sequence"),
	nonce = ProtoField.bytes("homeward_dht.nonce", "Nonce"),
	sealed = ProtoField.bytes("homeward_dht.sealed", "Sealed message"),
	tag = ProtoField.bytes("homeward_dht.tag", "Tag"),
	version = ProtoField.uint8("homeward_dht.version", "Version"),
	type = ProtoField.uint8("homeward_dht.type", "Type", base.DEC,
		type_names, 0x7f),
	reply = ProtoField.bool("homeward_dht.reply", "Reply", 8, nil, REPLY),
	flags = ProtoField.uint8("homeward_dht.flags", "Flags", base.HEX),
	count = ProtoField.uint8("homeward_dht.count", "Items"),
	transaction = ProtoField.uint32("homeward_dht.transaction",
		"Transaction", base.HEX),
	items = ProtoField.bytes("homeward_dht.items", "Items and padding"),
}
local de = {
	short = ProtoExpert.new("homeward_dht.short",
		"shorter than a seal", group.MALFORMED, severity.ERROR),
	reserved = ProtoExpert.new("homeward_dht.reserved.set",
		"reserved bytes are not zero", group.PROTOCOL, severity.WARN),
	type = ProtoExpert.new("homeward_dht.type.unknown",
		"unknown version or type", group.PROTOCOL, severity.WARN),
}
dht.fields = { d.key_id, d.kind, d.reserved, d.boot, d.sequence, d.nonce,
	d.sealed, d.tag, d.version, d.type, d.reply, d.flags, d.count, d.transaction,
	d.items }
dht.experts = { de.short, de.reserved, de.type }

local function zeros(range)
	return range:bytes():tohex():find("[^0]") == nil
end

-- A message in clear, and zeros where the seal would be.
local function is_plain(tvb)
	local size = tvb:len()

	return size >= MESSAGE_BYTES + SEAL_BYTES and
		tvb(1, 1):uint() ~= 0 and
		zeros(tvb(size - SEAL_BYTES, SEAL_BYTES))
end

local function plain(tvb, pinfo, tree)
	local kind = tvb(1, 1):uint()
	local is_reply = bit32.band(kind, REPLY) ~= 0
	local name = type_names[bit32.band(kind, 0x7f)]
	local rest = tvb:len() - SEAL_BYTES - MESSAGE_BYTES

	tree:add(d.version, tvb(0, 1))
	local type_item = tree:add(d.type, tvb(1, 1))
	tree:add(d.reply, tvb(1, 1))
	tree:add(d.flags, tvb(2, 1))
	tree:add(d.count, tvb(3, 1))
	tree:add(d.transaction, tvb(4, 4))
	if rest > 0 then
		tree:add(d.items, tvb(MESSAGE_BYTES, rest))
	end
	local version = tvb(0, 1):uint()
	if version < 1 or version > 2 or name == nil then
		type_item:add_proto_expert_info(de.type)
		name = "unknown"
	end
	pinfo.cols.info = string.format("%s%s, %d items, 0x%08x", name,
		is_reply and " reply" or "", tvb(3, 1):uint(),
		tvb(4, 4):uint())
end

local function sealed(tvb, pinfo, tree)
	local size = tvb:len()

	tree:add(d.key_id, tvb(0, 1))
	tree:add(d.kind, tvb(1, 1))
	local reserved = tree:add(d.reserved, tvb(2, 6))
	if tvb(1, 1):uint() > 1 or not zeros(tvb(2, 6)) then
		reserved:add_proto_expert_info(de.reserved)
	end
	tree:add(d.boot, tvb(8, 8))
	tree:add(d.sequence, tvb(16, 8))
	tree:add(d.nonce, tvb(SEAL_HEADER, SEAL_NONCE))
	if size > SEAL_BYTES then
		tree:add(d.sealed, tvb(SEAL_HEADER + SEAL_NONCE,
			size - SEAL_BYTES))
	end
	-- Where a capture was cut, the last bytes are not the tag.
	if tvb:reported_len() == size then
		tree:add(d.tag, tvb(size - SEAL_TAG, SEAL_TAG))
	end
	local kind = tvb(1, 1):uint() == 1 and "refusal" or "sealed"
	pinfo.cols.info = string.format("%s, key %d, sequence %s",
		kind, tvb(0, 1):uint(), tostring(tvb(16, 8):uint64()))
end

function dht.dissector(tvb, pinfo, top)
	if tvb:len() == 0 then
		return 0
	end
	pinfo.cols.protocol = "Homeward"
	local tree = top:add(dht, tvb())
	if tvb:len() < SEAL_BYTES then
		tree:add_proto_expert_info(de.short)
	elseif is_plain(tvb) then
		plain(tvb, pinfo, tree)
	else
		sealed(tvb, pinfo, tree)
	end
	return tvb:len()
end

local udp = DissectorTable.get("udp.port")
udp:add(GUE_PORT, gue)
udp:add(DHT_PORT, dht)
