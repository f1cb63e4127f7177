/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon.c - see daemon.h */
#include "live/daemon.h"

#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "live/conf/conf.h"
#include "live/control/drain.h"
#include "live/control/helper.h"
#include "live/control/socket_path.h"
#include "live/kernel/icmp_in.h"
#include "live/kernel/privilege.h"
#include "live/kernel/raw_sender.h"
#include "live/loop.h"

#define ERROR_ROOM 512
/* The largest inner packet and its header. */
#define TUNNEL_MOST_BYTES (GUE_HEADER_BYTES + DATAPATH_PACKET_MAX)

struct daemon {
	const char *path;
	FILE *talk;
	bool debug;
	struct conf conf;
	struct secret secret;
	struct instant now;
	struct uplinks uplinks;
	struct latency_histogram cost;
	struct helper *helper;
	struct sessions *sessions;
	struct boot boot;
	struct sockdiag *sockdiag;
	struct datapath *datapath;
	struct udp_in *datagrams, *tunnel;
	struct udp_out *udp_out;
	struct raw_sender *raw_sender;
	struct icmp_in *icmp;
	struct engine *engine;
	struct drain *drain;
	struct control *control;
	int signal_fd;
};

static void __attribute__((format(printf, 2, 3)))
say(const struct daemon *daemon, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("homewardd: ", daemon->talk);
	(void)vfprintf(daemon->talk, format, arguments);
	(void)fputc('\n', daemon->talk);
	(void)fflush(daemon->talk);
	va_end(arguments);
}

/* ---- the edge ---- */

static int
edge_datagram(void *context, const struct endpoint *to, uint8_t avoid_uplink,
	      const uint8_t *bytes, size_t size)
{
	const struct daemon *daemon = context;

	return udp_out_datagram(daemon->udp_out, to, avoid_uplink, bytes, size);
}

static int
edge_forward(void *context, const struct endpoint *to, uint16_t source_port,
	     uint8_t avoid_uplink, const uint8_t *bytes, size_t size)
{
	const struct daemon *daemon = context;

	return udp_out_forward(daemon->udp_out, to, source_port, avoid_uplink,
			       bytes, size);
}

static int
edge_packet(void *context, uint8_t avoid_uplink, const uint8_t *bytes,
	    size_t size)
{
	const struct daemon *daemon = context;

	return raw_sender_packet(daemon->raw_sender, avoid_uplink, bytes, size);
}

static int
edge_deliver(void *context, const uint8_t *bytes, size_t size)
{
	const struct daemon *daemon = context;

	return datapath_deliver(daemon->datapath, bytes, size);
}

static int
edge_owns(void *context, const struct session_key *key,
	  const struct ownership_segment *segment, bool quoted)
{
	const struct daemon *daemon = context;

	return datapath_owns(daemon->datapath, key, segment, quoted);
}

static void
edge_say(void *context, const char *sentence)
{
	const struct daemon *daemon = context;

	say(daemon, "%s", sentence);
}

static void
udp_out_sent(void *context, const struct address *to, bool forward, int error)
{
	const struct daemon *daemon = context;

	engine_sent(daemon->engine, daemon->now, to, forward, error);
}

/* ---- reloading ---- */

/* With the first complaint of conf_load() in error. All of them, and its notes,
 * go to the talk. */
static int
reload_conf(const struct daemon *daemon, struct conf *conf, char *error,
	    size_t error_size)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (memory == NULL)
		return -errno;
	int result = conf_load(conf, daemon->path, memory);
	(void)fclose(memory);
	(void)fputs(text, daemon->talk);
	if (result != 0)
		(void)snprintf(error, error_size, "%.*s",
			       (int)strcspn(text, "\n"), text);
	free(text);
	return result;
}

/* The secret file is root's: the helper opens it. */
static int
reload_secret(const struct daemon *daemon, struct secret *secret, char *error,
	      size_t error_size)
{
	int fd = helper_secret(daemon->helper);

	if (fd < 0) {
		(void)snprintf(error, error_size, "%s: %s", daemon->conf.secret,
			       strerror(-fd));
		return fd;
	}
	int result =
		secret_read(secret, fd, daemon->conf.secret, error, error_size);
	(void)close(fd);
	return result;
}

/* Every reason to refuse the new files, before any part changes. */
static int
reload_check(const struct daemon *daemon, struct conf *conf,
	     struct secret *secret, char *error, size_t error_size)
{
	if (reload_conf(daemon, conf, error, error_size) != 0)
		return -1;
	const char *fixed = conf_fixed(&daemon->conf, conf);
	if (fixed != NULL) {
		(void)snprintf(error, error_size,
			       "%s: a change of '%s' needs a restart",
			       daemon->path, fixed);
		return -1;
	}
	/* The helper opens the file that it was born with. */
	if (strcmp(conf->secret, daemon->conf.secret) != 0) {
		(void)snprintf(error, error_size,
			       "%s: another 'secret' needs a restart",
			       daemon->path);
		return -1;
	}
	if (reload_secret(daemon, secret, error, error_size) != 0)
		return -1;
	if (memcmp(&secret->placement, &daemon->secret.placement,
		   sizeof(secret->placement)) != 0) {
		(void)snprintf(error, error_size,
			       "%s: another placement key needs a restart",
			       conf->secret);
		return -1;
	}
	return 0;
}

static void
notify_reloading(void)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
			 (long long)(loop_clock().ns / NS_PER_US));
}

/* As control.h wants it. */
static int
reload(void *context, struct instant now, char *error, size_t error_size)
{
	struct daemon *daemon = context;
	/* Of this call only; static because they are large. */
	static struct conf conf;
	static struct secret secret;
	int result;

	notify_reloading();
	result = reload_check(daemon, &conf, &secret, error, error_size);
	if (result == 0) {
		/* The one step that can still fail. */
		result = datapath_services(daemon->datapath, conf.services,
					   conf.service_count);
		if (result != 0)
			(void)snprintf(error, error_size, "services: %s",
				       strerror(-result));
	}
	if (result == 0) {
		daemon->conf = conf;
		daemon->secret = secret;
		engine_reload(daemon->engine, &daemon->conf, &daemon->secret,
			      now);
		udp_out_mtu(daemon->udp_out, conf.steer.mtu_bytes,
			    conf.steer.outer_fragment);
		/* Services that are new have sockets, too. */
		(void)engine_dump(daemon->engine, now);
		say(daemon, "reloaded %s", daemon->path);
	} else {
		say(daemon, "kept the old configuration: %s", error);
	}
	secret_wipe(&secret);
	(void)sd_notify(0, "READY=1");
	return result == 0 ? 0 : -1;
}

/* ---- opening ---- */

static int
failed(const struct daemon *daemon, const char *error, int status)
{
	say(daemon, "%s", error);
	return status;
}

static int
read_files(struct daemon *daemon)
{
	char error[ERROR_ROOM] = "";

	if (conf_load(&daemon->conf, daemon->path, daemon->talk) != 0)
		return DAEMON_USAGE;
	if (secret_load(&daemon->secret, daemon->conf.secret, error,
			sizeof(error)) != 0)
		return failed(daemon, error, DAEMON_USAGE);
	return 0;
}

static int
open_datapath(struct daemon *daemon, char *error, size_t error_size)
{
	const struct conf *conf = &daemon->conf;
	const char *uplinks[CONF_UPLINKS];

	for (uint32_t i = 0; i < conf->uplink_count; i++)
		uplinks[i] = conf->uplinks[i];
	return datapath_open(&daemon->datapath,
			     &(struct datapath_settings){
				     .uplinks = uplinks,
				     .uplink_count = conf->uplink_count,
				     .tun = conf->tun,
				     .services = conf->services,
				     .service_count = conf->service_count,
				     .self = conf->self.address,
				     .gue_port = conf->steer.gue_port,
			     },
			     error, error_size);
}

static int
open_sockets(struct daemon *daemon, char *error, size_t error_size)
{
	const struct conf *conf = &daemon->conf;
	struct endpoint tunnel = { conf->self.address, conf->steer.gue_port };
	int result = uplinks_find(&daemon->uplinks, conf, error, error_size);

	if (result == 0)
		result = udp_in_open(&daemon->datagrams, &conf->self,
				     MESSAGE_SEALED_MAX, false, error,
				     error_size);
	if (result == 0)
		result =
			udp_in_open(&daemon->tunnel, &tunnel, TUNNEL_MOST_BYTES,
				    true, error, error_size);
	if (result == 0)
		result = raw_sender_open(&daemon->raw_sender, &daemon->uplinks,
					 error, error_size);
	if (result == 0)
		result = icmp_in_open(&daemon->icmp, &conf->self.address, error,
				      error_size);
	if (result != 0)
		return result;
	return udp_out_open(&daemon->udp_out,
			    &(struct udp_out_settings){
				    .self = conf->self.address,
				    .datagram_fd = udp_in_fd(daemon->datagrams),
				    .uplinks = &daemon->uplinks,
				    .mtu_bytes = conf->steer.mtu_bytes,
				    .fragment = conf->steer.outer_fragment,
				    .sent = udp_out_sent,
				    .context = daemon,
			    },
			    error, error_size);
}

static int
open_signals(struct daemon *daemon)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	daemon->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return daemon->signal_fd < 0 ? -errno : 0;
}

static int
open_engine(struct daemon *daemon, char *error, size_t error_size)
{
	const struct engine_parts parts = {
		.sessions = daemon->sessions,
		.sockdiag = daemon->sockdiag,
		.boot = &daemon->boot,
	};
	const struct engine_edge edge = {
		.context = daemon,
		.datagram = edge_datagram,
		.forward = edge_forward,
		.packet = edge_packet,
		.deliver = edge_deliver,
		.say = edge_say,
		.owns = edge_owns,
	};
	int result =
		engine_create(&daemon->engine, &daemon->conf, &daemon->secret,
			      &parts, &edge, wall_read(), daemon->now);

	if (result != 0) {
		(void)snprintf(error, error_size, "engine: %s",
			       strerror(-result));
		return result;
	}
	daemon->drain = drain_create(daemon->helper);
	if (daemon->drain == NULL) {
		(void)snprintf(error, error_size, "no memory");
		return -ENOMEM;
	}
	return control_open(&daemon->control,
			    &(struct control_parts){
				    .conf = &daemon->conf,
				    .engine = daemon->engine,
				    .datapath = daemon->datapath,
				    .udp_out = daemon->udp_out,
				    .sessions = daemon->sessions,
				    .drain = daemon->drain,
				    .cost = &daemon->cost,
				    .reload = reload,
				    .context = daemon,
			    },
			    error, error_size);
}

/* Behind the lock of the sessions: one daemon a file. Without the file there
 * is the clock, and what peers say. */
static void
begin_boot(struct daemon *daemon)
{
	const char *path = daemon->conf.boot;
	char error[ERROR_ROOM] = "";

	socket_path_folder(path);
	if (boot_begin(&daemon->boot, path, boot_clock(), error,
		       sizeof(error)) != 0)
		say(daemon, "boot id: %s", error);
}

/* All parts, in the order of daemon.h. */
static int
open_all(struct daemon *daemon, char *error, size_t error_size)
{
	const struct conf *conf = &daemon->conf;
	int result = helper_open(&daemon->helper, conf);

	if (result != 0) {
		(void)snprintf(error, error_size, "helper: %s",
			       strerror(-result));
		return result;
	}
	result = open_signals(daemon);
	if (result == 0)
		result = sockdiag_open(&daemon->sockdiag);
	if (result != 0) {
		(void)snprintf(error, error_size, "signals, sock_diag: %s",
			       strerror(-result));
		return result;
	}
	socket_path_folder(conf->state);
	result = sessions_open(&daemon->sessions, conf->state,
			       conf->sessions_max, error, error_size);
	if (result == 0)
		begin_boot(daemon);
	/* What another daemon would have to give up comes before the data
	 * path, which takes the uplinks over from the daemon that has them. */
	if (result == 0)
		result = open_sockets(daemon, error, error_size);
	if (result == 0)
		result = socket_path_test(conf->control, error, error_size);
	if (result == 0)
		result = open_datapath(daemon, error, error_size);
	if (result == 0)
		result = open_engine(daemon, error, error_size);
	if (result == 0)
		result = privilege_drop(conf->user, error, error_size);
	return result;
}

int
daemon_open(struct daemon **made, const char *path, bool debug, FILE *talk)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	char error[ERROR_ROOM] = "";
	int status;

	*made = NULL;
	if (daemon == NULL)
		return DAEMON_RUNTIME;
	daemon->path = path;
	daemon->debug = debug;
	daemon->talk = talk;
	daemon->signal_fd = -1;
	daemon->boot.fd = -1;
	daemon->now = loop_clock();
	status = read_files(daemon);
	if (status == 0 && open_all(daemon, error, sizeof(error)) != 0)
		status = failed(daemon, error, DAEMON_RUNTIME);
	if (status != 0) {
		daemon_close(daemon);
		return status;
	}
	*made = daemon;
	return 0;
}

void
daemon_close(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	control_close(daemon->control);
	drain_destroy(daemon->drain);
	engine_destroy(daemon->engine);
	udp_out_close(daemon->udp_out);
	raw_sender_close(daemon->raw_sender);
	icmp_in_close(daemon->icmp);
	udp_in_close(daemon->tunnel);
	udp_in_close(daemon->datagrams);
	datapath_close(daemon->datapath);
	sockdiag_close(daemon->sockdiag);
	boot_end(&daemon->boot);
	sessions_close(daemon->sessions);
	/* After control_close(): it removes the socket's name. */
	helper_close(daemon->helper);
	if (daemon->signal_fd >= 0)
		(void)close(daemon->signal_fd);
	secret_wipe(&daemon->secret);
	free(daemon);
}

/* ---- serving ---- */

static bool
signalled(void *context, struct instant now, int signal)
{
	struct daemon *daemon = context;
	char error[ERROR_ROOM] = "";

	if (signal != SIGHUP)
		return true;
	(void)reload(daemon, now, error, sizeof(error));
	return false;
}

static void
say_begin(const struct daemon *daemon)
{
	const struct conf *conf = &daemon->conf;
	struct engine_status status;

	engine_status(daemon->engine, &status);
	say(daemon, "%u services, %u uplinks, %u peers, %u sessions, %zu MiB",
	    conf->service_count, conf->uplink_count, conf->peer_count,
	    status.sessions, status.memory_bytes >> 20);
}

int
daemon_serve(struct daemon *daemon)
{
	const struct loop_parts parts = {
		.datapath = daemon->datapath,
		.uplink_count = daemon->conf.uplink_count,
		.datagrams = daemon->datagrams,
		.tunnel = daemon->tunnel,
		.icmp = daemon->icmp,
		.self = daemon->conf.self.address,
		.udp_out = daemon->udp_out,
		.engine = daemon->engine,
		.control = daemon->control,
		.cost = &daemon->cost,
		.signal_fd = daemon->signal_fd,
		.now = &daemon->now,
		.signalled = signalled,
		.context = daemon,
	};
	int error;

	daemon->now = loop_clock();
	engine_join(daemon->engine, daemon->now);
	error = engine_dump(daemon->engine, daemon->now);
	if (error != 0)
		say(daemon, "list of sockets: %s; trying again",
		    strerror(-error));
	engine_flush(daemon->engine, daemon->now);
	udp_out_flush(daemon->udp_out);
	if (daemon->debug)
		say_begin(daemon);
	(void)sd_notify(0, "READY=1");
	error = loop_run(&parts);
	(void)sd_notify(0, "STOPPING=1");
	engine_leave(daemon->engine, loop_clock());
	engine_flush(daemon->engine, loop_clock());
	udp_out_flush(daemon->udp_out);
	if (error == 0)
		return 0;
	say(daemon, "epoll: %s", strerror(-error));
	return DAEMON_RUNTIME;
}

/* ---- without serving ---- */

/* What a start on this host would fail for; a file may be checked on another.
 */
static void
host_note(const struct conf *conf, const char *path, FILE *talk)
{
	for (uint32_t i = 0; i < conf->uplink_count; i++)
		if (if_nametoindex(conf->uplinks[i]) == 0)
			(void)fprintf(talk,
				      "%s: note: uplink %s: this host has no "
				      "such interface\n",
				      path, conf->uplinks[i]);
	if (conf->user[0] != '\0' && getpwnam(conf->user) == NULL)
		(void)fprintf(talk,
			      "%s: note: user %s: this host has no such user\n",
			      path, conf->user);
}

int
daemon_check(const char *path, bool print, FILE *out, FILE *talk)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int status;

	if (daemon == NULL)
		return DAEMON_RUNTIME;
	daemon->path = path;
	daemon->talk = talk;
	daemon->signal_fd = -1;
	daemon->boot.fd = -1;
	status = read_files(daemon);
	if (status == 0)
		host_note(&daemon->conf, path, talk);
	if (status == 0 && print)
		conf_print(&daemon->conf, out);
	daemon_close(daemon);
	return status;
}

int
daemon_clean(const char *path, FILE *out, FILE *talk)
{
	struct daemon daemon = { .talk = talk };
	const char *uplinks[CONF_UPLINKS];
	char error[ERROR_ROOM] = "";
	int removed;

	if (conf_load(&daemon.conf, path, talk) != 0)
		return DAEMON_USAGE;
	for (uint32_t i = 0; i < daemon.conf.uplink_count; i++)
		uplinks[i] = daemon.conf.uplinks[i];
	removed = datapath_clean(uplinks, daemon.conf.uplink_count, error,
				 sizeof(error));
	if (removed < 0)
		return failed(&daemon, error, DAEMON_RUNTIME);
	(void)socket_path_remove(daemon.conf.control);
	(void)fprintf(out, "removed %d programs\n", removed);
	return 0;
}
