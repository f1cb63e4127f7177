// SPDX-License-Identifier: GPL-3.0-or-later
//
// ns3_rpc - the load of sim/host/rpc.h on the fabric of a plan, in ns-3
//
//	ns3_rpc PLAN RPCS REQUEST_BYTES ANSWER_BYTES udp|tcp SEED [PREFIX]
//
// `homeward bench ns3` writes the plan (plan.h) and builds and runs this; it
// is no part of the program, and nothing else here but ns3_reader.cc is C++.
// It prints one line: RPCs answered, seconds of wall time and events of
// Simulator::Run() alone, and seconds of set-up before it.
//
// What ns-3 is given, so that it need not do what we do not: links are
// PointToPointNetDevice (no ARP), routes static, no queue disc (none is
// installed where addresses are set by hand), checksums left off, its
// default, and payload that is not even bytes in memory. What it does as we
// do: every hop is its own events, every router looks up the destination and
// decrements the TTL, UDP and TCP are whole stacks. TCP is NewReno with a
// segment of 1,460 bytes; a server opens one connection and keeps it.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>

using namespace ns3;

namespace
{

constexpr uint16_t PORT = 7001;

// One direction of a link, seen from a device.
struct End
{
	uint32_t device, link;
	Ptr<PointToPointNetDevice> net;
};

class Load
{
      public:
	Load(uint64_t rpcs, uint32_t request, uint32_t answer, uint64_t seed)
		: m_rpcs(rpcs), m_request(request), m_answer(answer),
		  m_seed(seed)
	{
	}

	void Read(std::istream &plan);
	void Prepare(bool tcp);
	void Pcap(const std::string &prefix);
	uint64_t Run();

      private:
	struct Host
	{
		Ptr<Node> node;
		Ipv4Address address;
		std::mt19937_64 random;
		Ptr<Socket> asking, answering;
		uint64_t due = 0; // TCP: bytes of the answer still to come
	};

	void Link(std::istream &words);
	void Route(std::istream &words);
	void PrepareUdp(uint32_t index);
	void PrepareTcp(uint32_t index);
	uint32_t Other(uint32_t index);
	void Ask(uint32_t index);
	void Answered(uint32_t index);
	void UdpAnswer(uint32_t index, Ptr<Socket> socket);
	void UdpRequest(Ptr<Socket> socket);
	void TcpAnswer(uint32_t index, Ptr<Socket> socket);
	void TcpAccept(Ptr<Socket> socket, const Address &from);
	void TcpRequest(uint64_t *due, Ptr<Socket> socket);
	void Start();

	uint64_t m_rpcs, m_begun = 0, m_answered = 0;
	uint32_t m_request, m_answer;
	uint64_t m_seed;
	bool m_tcp = false;
	NodeContainer m_nodes;
	std::vector<End> m_ends; // two a link
	std::vector<Host> m_hosts;
};

// "link A B RATE_BPS DELAY_NS QUEUE_BYTES MTU_BYTES"
void
Load::Link(std::istream &words)
{
	uint32_t a, b, queue, mtu;
	uint64_t rate, delay;

	words >> a >> b >> rate >> delay >> queue >> mtu;
	PointToPointHelper helper;
	helper.SetDeviceAttribute("DataRate", DataRateValue(DataRate(rate)));
	helper.SetDeviceAttribute("Mtu", UintegerValue(mtu));
	helper.SetChannelAttribute("Delay", TimeValue(NanoSeconds(delay)));
	helper.SetQueue("ns3::DropTailQueue", "MaxSize",
			QueueSizeValue(QueueSize(QueueSizeUnit::BYTES, queue)));
	NetDeviceContainer both =
		helper.Install(m_nodes.Get(a), m_nodes.Get(b));
	uint32_t link = static_cast<uint32_t>(m_ends.size() / 2);
	const uint32_t devices[2] = { a, b };
	for (uint32_t i = 0; i < 2; i++) {
		m_ends.push_back(
			{ devices[i], link,
			  DynamicCast<PointToPointNetDevice>(both.Get(i)) });
		Ptr<Ipv4> ipv4 = m_nodes.Get(devices[i])->GetObject<Ipv4>();
		uint32_t interface = ipv4->AddInterface(both.Get(i));
		// Every interface must have one; a router's is nobody's
		// destination. A mask of ones adds no route of its own.
		Ipv4Address address(0xac100000U +
				    static_cast<uint32_t>(m_ends.size()));
		if (devices[i] < m_hosts.size())
			address = m_hosts[devices[i]].address;
		ipv4->AddAddress(interface,
				 Ipv4InterfaceAddress(address,
						      Ipv4Mask::GetOnes()));
		ipv4->SetUp(interface);
	}
}

// "route DEVICE NETWORK MASK LINK"
void
Load::Route(std::istream &words)
{
	uint32_t device, link;
	std::string network, mask;

	words >> device >> network >> mask >> link;
	const End &end = m_ends.at(2 * link).device == device
				 ? m_ends.at(2 * link)
				 : m_ends.at(2 * link + 1);
	Ptr<Ipv4> ipv4 = m_nodes.Get(device)->GetObject<Ipv4>();
	Ipv4StaticRoutingHelper helper;
	helper.GetStaticRouting(ipv4)->AddNetworkRouteTo(
		Ipv4Address(network.c_str()), Ipv4Mask(mask.c_str()),
		static_cast<uint32_t>(ipv4->GetInterfaceForDevice(end.net)));
}

void
Load::Read(std::istream &plan)
{
	std::string line, word;

	// Every node has static routes and nothing else.
	InternetStackHelper stack;
	Ipv4StaticRoutingHelper routing;
	stack.SetRoutingHelper(routing);
	stack.SetIpv6StackInstall(false);
	while (std::getline(plan, line)) {
		std::istringstream words(line);
		words >> word;
		if (word == "devices") {
			uint32_t count;
			words >> count;
			m_nodes.Create(count);
			stack.Install(m_nodes);
		} else if (word == "host") {
			std::string address;
			uint32_t index;
			words >> index >> address;
			m_hosts.push_back(Host{
				m_nodes.Get(index),
				Ipv4Address(address.c_str()),
				std::mt19937_64(m_seed * 1000003 + index),
				nullptr, nullptr });
		} else if (word == "link") {
			Link(words);
		} else if (word == "route") {
			Route(words);
		}
		if (words.fail()) {
			std::cerr << "ns3_rpc: bad line: " << line << "\n";
			std::exit(2);
		}
	}
}

uint32_t
Load::Other(uint32_t index)
{
	std::uniform_int_distribution<uint32_t> any(
		0, static_cast<uint32_t>(m_hosts.size()) - 2);
	uint32_t other = any(m_hosts[index].random);

	return other + (other >= index);
}

void
Load::Ask(uint32_t index)
{
	Host &host = m_hosts[index];

	if (m_begun == m_rpcs)
		return;
	m_begun++;
	if (m_tcp) {
		host.due = m_answer;
		host.asking->Send(Create<Packet>(m_request));
	} else {
		host.asking->SendTo(
			Create<Packet>(m_request), 0,
			InetSocketAddress(m_hosts[Other(index)].address, PORT));
	}
}

void
Load::Answered(uint32_t index)
{
	if (++m_answered == m_rpcs)
		Simulator::Stop();
	else
		Ask(index);
}

void
Load::UdpAnswer(uint32_t index, Ptr<Socket> socket)
{
	Address from;

	while (Ptr<Packet> packet = socket->RecvFrom(from))
		Answered(index);
}

void
Load::UdpRequest(Ptr<Socket> socket)
{
	Address from;

	while (Ptr<Packet> packet = socket->RecvFrom(from))
		socket->SendTo(Create<Packet>(m_answer), 0, from);
}

void
Load::TcpAnswer(uint32_t index, Ptr<Socket> socket)
{
	Host &host = m_hosts[index];

	while (Ptr<Packet> packet = socket->Recv()) {
		host.due -= packet->GetSize();
		if (host.due == 0)
			Answered(index);
	}
}

void
Load::TcpRequest(uint64_t *due, Ptr<Socket> socket)
{
	while (Ptr<Packet> packet = socket->Recv())
		*due += packet->GetSize();
	for (; *due >= m_request; *due -= m_request)
		socket->Send(Create<Packet>(m_answer));
}

void
Load::TcpAccept(Ptr<Socket> socket, const Address &)
{
	// As long as the socket: the program's end.
	uint64_t *due = new uint64_t(0);

	socket->SetRecvCallback(MakeCallback(&Load::TcpRequest, this).Bind(due));
}

void
Load::PrepareUdp(uint32_t index)
{
	Host &host = m_hosts[index];

	host.answering = Socket::CreateSocket(host.node,
					      UdpSocketFactory::GetTypeId());
	host.answering->Bind(InetSocketAddress(Ipv4Address::GetAny(), PORT));
	host.answering->SetRecvCallback(MakeCallback(&Load::UdpRequest, this));
	host.asking = Socket::CreateSocket(host.node,
					   UdpSocketFactory::GetTypeId());
	host.asking->Bind(InetSocketAddress(Ipv4Address::GetAny(), PORT + 1));
	host.asking->SetRecvCallback(
		MakeCallback(&Load::UdpAnswer, this).Bind(index));
}

void
Load::PrepareTcp(uint32_t index)
{
	Host &host = m_hosts[index];

	host.answering = Socket::CreateSocket(host.node,
					      TcpSocketFactory::GetTypeId());
	host.answering->Bind(InetSocketAddress(Ipv4Address::GetAny(), PORT));
	host.answering->Listen();
	host.answering->SetAcceptCallback(
		MakeNullCallback<bool, Ptr<Socket>, const Address &>(),
		MakeCallback(&Load::TcpAccept, this));
	host.asking = Socket::CreateSocket(host.node,
					   TcpSocketFactory::GetTypeId());
	host.asking->Bind(InetSocketAddress(host.address, PORT + 1));
	host.asking->SetRecvCallback(
		MakeCallback(&Load::TcpAnswer, this).Bind(index));
}

void
Load::Prepare(bool tcp)
{
	m_tcp = tcp;
	for (uint32_t i = 0; i < m_hosts.size(); i++) {
		if (tcp)
			PrepareTcp(i);
		else
			PrepareUdp(i);
	}
	Simulator::ScheduleNow(&Load::Start, this);
}

void
Load::Start()
{
	for (uint32_t i = 0; i < m_hosts.size(); i++) {
		if (m_tcp) {
			Address to = InetSocketAddress(
				m_hosts[Other(i)].address, PORT);
			m_hosts[i].asking->Connect(to);
		}
		Ask(i);
	}
}

void
Load::Pcap(const std::string &prefix)
{
	PointToPointHelper().EnablePcapAll(prefix);
}

uint64_t
Load::Run()
{
	Simulator::Run();
	return m_answered;
}

double
Seconds()
{
	return std::chrono::duration<double>(
		       std::chrono::steady_clock::now().time_since_epoch())
		.count();
}

} // namespace

int
main(int argc, char **argv)
{
	if (argc < 7) {
		std::cerr << "usage: ns3_rpc PLAN RPCS REQUEST_BYTES "
			     "ANSWER_BYTES udp|tcp SEED [PCAP_PREFIX]\n";
		return 2;
	}
	double created = Seconds();
	Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1460));
	Config::SetDefault("ns3::TcpL4Protocol::SocketType",
			   TypeIdValue(TcpNewReno::GetTypeId()));
	std::ifstream plan(argv[1]);
	if (!plan) {
		std::cerr << "ns3_rpc: cannot read " << argv[1] << "\n";
		return 2;
	}
	Load load(std::strtoull(argv[2], nullptr, 10),
		  static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10)),
		  static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10)),
		  std::strtoull(argv[6], nullptr, 10));
	load.Read(plan);
	load.Prepare(std::string(argv[5]) == "tcp");
	if (argc > 7)
		load.Pcap(argv[7]);
	double began = Seconds();
	uint64_t answered = load.Run();
	double ended = Seconds();
	std::cout << "rpcs " << answered << " run_s " << ended - began
		  << " events " << Simulator::GetEventCount() << " setup_s "
		  << began - created << std::endl;
	// Taking it all apart takes as long as making it, and tells nothing.
	std::_Exit(0);
}
