/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lab.h - a scenario's fabric on this machine: namespaces, veth, FRR, nginx
 *
 *	settings -> fabric (the simulator's own) -> a namespace a device,
 *	a veth pair a link, BGP unnumbered on routers and servers, nginx and
 *	homewardd on servers
 *
 * Device d of the fabric is network namespace hw-LAB-d ("hw-paper-leaf3"); an
 * interface is named after the device at its other end ("spine2"), so that
 * `ip netns exec hw-paper-leaf3 ip route` reads by itself. The second link
 * between the same two would be a contradiction and does not occur.
 * Addresses are the fabric's: fabric_address(), fabric_service().
 *
 * Everything that belongs to lab LAB is found by its tag alone, so that down
 * works after a crash, from another process: namespaces by their prefix,
 * processes by the namespace that they are in (`ip netns pids`), files by the
 * folder /run/homeward/LAB. Nothing else is ever touched.
 *
 * Links with a delay of LAB_DELAY_NS or more, or with loss, and those that an
 * event may degrade, go through a relay process between two AF_PACKET sockets
 * (relay.h); less is what the kernel costs anyway. Rates are not imitated, but
 * those that an event gives (relayed.h).
 *
 * homewardd runs at niceness LAB_DAEMON_NICE, as its systemd unit has it
 * (live/share/homewardd.service.in), whatever ours: dozens of programs of a lab
 * share few processors, and a daemon behind a busy nginx would be measured
 * late. It has it again when it is restarted in mid-run.
 *
 * Traps that ruin such a lab, each avoided in lab.c and said there: hash
 * policy and seeds, nexthop objects, transit through servers, rp_filter,
 * duplicate address detection, BBR.
 */
#ifndef HARNESS_LAB_LAB_H
#define HARNESS_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/model/fabric.h"
#include "sim/model/settings.h"

#define LAB_NAME	24
#define LAB_PATH	256
#define LAB_SERVERS_MAX 64
#define LAB_DELAY_NS	(100 * NS_PER_US)
#define LAB_DAEMON_NICE (-10)

struct lab_relayed;

struct lab {
	char name[LAB_NAME];
	char folder[LAB_PATH]; /* /run/homeward/NAME */
	struct settings settings; /* borrowed parts as in the original */
	struct fabric *fabric;
	int *sockets; /* of route.c: one to each device's routing */
	struct lab_relayed *relayed; /* by link; NULL after lab_find() */
};

/* Can this machine have labs at all? NULL: yes; else what is missing ("not
 * root", "no bgpd: apt install frr"). */
const char *lab_missing(void);
/* May a lab be called so? 1 to 23 lower case letters, digits and inner dashes:
 * what namespaces, folders and shells take as it is. */
bool lab_name_good(const char *name);
/* Does the live world do what these settings ask for? 0; -1 with a sentence
 * ("fabric.servers: 256; a lab has at most 64"). */
int lab_possible(const struct settings *, char *error, size_t error_size);

/* Build and start all, wait until BGP has converged, nginx answers and (with
 * the scheme homeward) every daemon has joined. What an earlier lab of that
 * name left is removed first. 0; -1 after saying why, with everything gone
 * again. */
int lab_up(struct lab *, const char *name, const struct settings *);
/* For another process: the lab that runs, from its folder. 0; -1: no such
 * lab. */
int lab_find(struct lab *, const char *name);
/* Remove all that bears the name; harmless when there is nothing. Returns the
 * number of namespaces removed, or -1. */
int lab_down(const char *name);
void lab_close(struct lab *); /* memory only */

/* Descriptor of a device's network namespace, for setns(2); -1. */
int lab_namespace(const struct lab *, uint32_t device);
/* Interface name, in its device's namespace, of one end of a link; end 0 is
 * the upper one (fabric_link.ports[]). FABRIC_NAME_BYTES. */
const char *lab_interface(const struct lab *, uint32_t link, uint32_t end);
/* Run a command in a device's namespace; output to file or NULL: our standard
 * error. The pid, or -1. */
pid_t lab_spawn(const struct lab *, uint32_t device, const char *const *argv,
		const char *output);

/* The link's end goes down or up, as `ip link set` does it. 0 or -errno. */
int lab_link(const struct lab *, uint32_t link, uint32_t end, bool up);
/* What that end sends is dropped, with the link's carrier up; or no longer. */
int lab_silence(const struct lab *, uint32_t link, uint32_t end, bool silent);
/* Delay, loss, duplicates, reordering and rate are these from now on. 0, or
 * -ENOENT: no event said, when the lab was made, that they will change. */
int lab_link_settings(const struct lab *, uint32_t link,
		      const struct link_settings *);
/* The links that a packet of this session takes from the client to the
 * service now, asked hop by hop from the kernels' routing (RTM_GETROUTE with
 * ports); at most capacity. *server: where it ends, or FABRIC_NONE. The number
 * of links, 0 if there is no path. */
uint32_t lab_path(const struct lab *, const struct address *client,
		  uint16_t client_port, uint32_t *links, uint32_t capacity,
		  uint32_t *server);
/* The same for the server's answers to that client. */
uint32_t lab_path_back(const struct lab *, uint32_t server,
		       const struct address *client, uint16_t client_port,
		       uint32_t *links, uint32_t capacity);
/* The daemon of a server: its control socket's path, and its life. */
void lab_control_path(const struct lab *, uint32_t server, char path[LAB_PATH]);
int lab_daemon_start(const struct lab *, uint32_t server);
int lab_daemon_kill(const struct lab *, uint32_t server, int signal);
/* The server withdraws or announces the anycast route by its daemon (or, with
 * Homeward off, by vtysh). 0 or -1. */
int lab_drain(const struct lab *, uint32_t server, bool drain);
/* URL of `bytes` of the served file at `pace_bps` (0: no limit; servers write
 * that fast), for a plain GET; or the place for uploads, by PUT to that URL and
 * any name appended to it. */
void lab_url(const struct lab *, uint64_t bytes, uint64_t pace_bps, bool upload,
	     char *url, size_t size);
/* Byte i of the served file is that of pattern_fill(LAB_CONTENT_SEED, i, ..).
 */
#define LAB_CONTENT_SEED UINT64_C(0x686f6d6577617264)
/* Where a server keeps the upload of that name once it is complete. */
void lab_upload_path(const struct lab *, uint32_t server, const char *name,
		     char path[LAB_PATH]);

#endif
