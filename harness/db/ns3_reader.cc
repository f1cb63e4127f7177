// SPDX-License-Identifier: GPL-3.0-or-later
//
// ns3_reader - read captures with ns-3's own PcapFile, print what it saw
//
// For each file named: link type, packets, bytes and the last time stamp, or
// why ns-3 could not read it. Built only by ns3_test.sh, where Debian's
// libns3-dev is installed; nothing else here is C++.
#include <cstdint>
#include <cstdio>
#include <vector>

#include <ns3/pcap-file.h>

static bool
read_file(const char *name)
{
	ns3::PcapFile file;
	file.Open(name, std::ios::in);
	if (file.Fail()) {
		std::fprintf(stderr, "%s: ns-3 cannot read its header\n", name);
		return false;
	}
	std::vector<uint8_t> data(65536);
	uint64_t packets = 0, bytes = 0;
	uint32_t seconds = 0, fraction = 0, last = 0;
	bool ordered = true;
	for (;;) {
		uint32_t included, original, read;
		file.Read(data.data(), data.size(), seconds, fraction, included,
			  original, read);
		if (file.Eof() || file.Fail())
			break;
		packets++;
		bytes += read;
		ordered = ordered && seconds >= last;
		last = seconds;
	}
	std::printf("%s\tlink %u\t%lu packets\t%lu bytes\t%s\n", name,
		    file.GetDataLinkType(), static_cast<unsigned long>(packets),
		    static_cast<unsigned long>(bytes),
		    ordered ? "ordered" : "DISORDERED");
	return file.Eof() && ordered && packets > 0;
}

int
main(int argc, char **argv)
{
	bool ok = argc > 1;
	for (int i = 1; i < argc; i++)
		ok = read_file(argv[i]) && ok;
	return ok ? 0 : 1;
}
