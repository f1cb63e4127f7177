/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpi_scheduler.c - hello, tasks, beats and results over mpi_transport.h
 *
 * A result is a header and then its run log in messages of at most 256 KiB, of
 * which a few are on their way at a time; it has arrived when all bytes of the
 * log have. A rank sends one result after the other.
 *
 * A slot of a rank is FREE, RUNNING, or GIVEN: its point was given to
 * another rank when this one was silent. What comes from a GIVEN slot is
 * dropped; then the slot is free.
 */
#include "harness/run/mpi_scheduler.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "core/siphash.h"
#include "harness/base/exit.h"
#include "harness/base/release.h"
#include "harness/db/run_log.h"
#include "harness/run/mpi_transport.h"

#define SECOND_NS	INT64_C(1000000000)
#define BEAT_NS		(SECOND_NS / 2)
#define LOST_NS		(10 * SECOND_NS) /* of a rank */
#define ORPHAN_NS	(60 * SECOND_NS) /* of rank 0: it may be storing */
#define HELLO_NS	(60 * SECOND_NS)
#define FAREWELL_NS	(2 * SECOND_NS)
#define TICK_BUSY_NS	1000000
#define TICK_IDLE_NS	3000000
#define BUSY_NS		(SECOND_NS / 10)
#define MESSAGES_ON_WAY 4
#define FORMAT		UINT64_C(0x0102030405060001) /* last: its version */

enum kind {
	KIND_HELLO = 1,
	KIND_ANSWER,
	KIND_TASK,
	KIND_BEAT,
	KIND_RESULT,
	KIND_LOG,
	KIND_DONE,
};

struct hello {
	uint64_t format, program, scenario;
	uint32_t jobs;
	char commit[64], host[65], name[64];
};

struct header {
	uint32_t point, pass;
	int32_t exit_code;
	char started_at[32], host[65], kernel[131];
	double wall_s, cpu_s;
	int64_t peak_rss_bytes;
	uint64_t log_bytes;
};

enum slot_state {
	SLOT_FREE,
	SLOT_RUNNING,
	SLOT_GIVEN
};

struct slot {
	enum slot_state state;
	struct jobs_share share; /* point and pass, too */
};

struct peer {
	char host[65];
	uint32_t jobs;
	bool there; /* has said hello */
	bool lost;
	int64_t heard_ns;
	struct slot slot[JOBS_MAX];
	/* The result that is arriving. */
	struct header header;
	FILE *run_log; /* NULL: none */
	uint64_t missing;
};

/* A result that is leaving. */
struct outgoing {
	struct outgoing *next;
	struct header header;
	FILE *run_log;
	bool begun;
};

struct mpi_scheduler {
	const struct mpi_transport *transport;
	uint32_t rank, count;
	int64_t heard_ns, busy_ns, beat_ns;
	struct peer *peers; /* rank 0: by rank; its own is unused */
	struct outgoing *outgoing; /* others: oldest first */
	bool whole; /* others: rank 0 says that no rank is lost */
};

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

bool
mpi_scheduler_wanted(void)
{
	/* OpenMPI's mpirun; MPICH's and its kin; Slurm's srun --mpi=pmix. */
	static const char *const sizes[] = { "OMPI_COMM_WORLD_SIZE",
					     "PMI_SIZE" };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *size = getenv(sizes[i]);

		if (size != NULL)
			return atoi(size) > 1;
	}
	if (getenv("PMIX_RANK") != NULL) {
		const char *tasks = getenv("SLURM_NTASKS");

		return tasks == NULL || atoi(tasks) > 1;
	}
	return false;
}

/* ---- hello ---- */

/* A build from changed sources has no commit to know it by: the program's own
 * bytes, then. */
static uint64_t
program_hash(void)
{
	static const struct siphash_key key;
	const char *commit = release_commit();
	struct stat status;
	uint64_t hash = 0;
	uint8_t *bytes;
	int fd;

	if (strchr(commit, '+') == NULL && strcmp(commit, "unknown") != 0)
		return 0;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0)
		return 0;
	bytes = malloc((size_t)status.st_size);
	if (bytes != NULL) {
		ssize_t size = read(fd, bytes, (size_t)status.st_size);

		hash = siphash(&key, bytes, size > 0 ? (size_t)size : 0);
	}
	free(bytes);
	close(fd);
	return hash;
}

static struct hello
hello_make(const char *name, const char *scenario, uint32_t jobs)
{
	static const struct siphash_key key;
	struct hello hello;
	struct utsname host = { 0 };

	memset(&hello, 0, sizeof(hello));
	(void)uname(&host);
	hello.format = FORMAT;
	hello.program = program_hash();
	hello.scenario = siphash(&key, scenario, strlen(scenario));
	hello.jobs = jobs;
	snprintf(hello.commit, sizeof(hello.commit), "%s", release_commit());
	snprintf(hello.host, sizeof(hello.host), "%.64s", host.nodename);
	snprintf(hello.name, sizeof(hello.name), "%.63s", name);
	return hello;
}

/* True when a rank may work with us; else says why not. */
static bool
hello_fits(const struct hello *own, const struct mpi_transport_message *message)
{
	struct hello hello;

	if (message->size != sizeof(hello) ||
	    memcmp(message->bytes, &own->format, sizeof(own->format)) != 0) {
		fprintf(stderr,
			"homeward: rank %u: another version of Homeward, or "
			"another byte order\n",
			message->rank);
		return false;
	}
	memcpy(&hello, message->bytes, sizeof(hello));
	if (strncmp(hello.commit, own->commit, sizeof(hello.commit)) != 0) {
		fprintf(stderr,
			"homeward: rank %u on %.64s is of commit %.63s, rank 0 "
			"on %.64s of %.63s\n",
			message->rank, hello.host, hello.commit, own->host,
			own->commit);
		return false;
	}
	if (hello.program != own->program) {
		fprintf(stderr,
			"homeward: rank %u on %.64s is another build of commit "
			"%.63s\n",
			message->rank, hello.host, hello.commit);
		return false;
	}
	if (hello.scenario != own->scenario) {
		fprintf(stderr,
			"homeward: rank %u on %.64s has another scenario "
			"(%.63s) or other --set than rank 0 (%.63s)\n",
			message->rank, hello.host, hello.name, own->name);
		return false;
	}
	return true;
}

/* Wait a moment. False: interrupted (the signals are blocked). */
static bool
moment_wait(void)
{
	const struct timespec tick = { .tv_nsec = TICK_BUSY_NS };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	return sigtimedwait(&signals, NULL, &tick) < 0;
}

/* Rank 0: hear everyone, then answer everyone. */
static int
hellos_take(struct mpi_scheduler *mpi, const struct hello *own)
{
	uint32_t expected = mpi->count - 1;
	uint8_t welcome = 1;

	while (expected > 0) {
		struct mpi_transport_message message;
		struct peer *peer;
		int news = mpi->transport->take(&message);

		if (news < 0 || (news == 0 && !moment_wait()))
			return EXIT_RUNTIME;
		if (news == 0)
			continue;
		peer = &mpi->peers[message.rank];
		if (message.kind == KIND_HELLO && !peer->there) {
			struct hello hello;

			expected--;
			peer->there = true;
			peer->heard_ns = now_ns();
			if (hello_fits(own, &message)) {
				memcpy(&hello, message.bytes, sizeof(hello));
				memcpy(peer->host, hello.host,
				       sizeof(peer->host));
				peer->jobs = hello.jobs;
			} else {
				welcome = 0;
			}
		}
		free(message.bytes);
	}
	for (uint32_t rank = 1; rank < mpi->count; rank++)
		if (mpi->transport->send(rank, KIND_ANSWER, &welcome, 1) != 0)
			return EXIT_RUNTIME;
	if (!welcome)
		fprintf(stderr, "homeward: nothing was run: give all ranks the "
				"same program and scenario\n");
	return welcome ? 0 : EXIT_USAGE;
}

static int
hello_send(struct mpi_scheduler *mpi, const struct hello *own)
{
	int64_t began = now_ns();

	if (mpi->transport->send(0, KIND_HELLO, own, sizeof(*own)) != 0)
		return EXIT_RUNTIME;
	for (;;) {
		struct mpi_transport_message message;
		int news = mpi->transport->take(&message);
		bool welcome;

		if (news == 0 && now_ns() - began > HELLO_NS) {
			fprintf(stderr, "homeward: rank %u: no answer\n",
				mpi->rank);
			return EXIT_RUNTIME;
		}
		if (news < 0 || (news == 0 && !moment_wait()))
			return EXIT_RUNTIME;
		if (news == 0)
			continue;
		welcome = message.size > 0 && message.bytes[0] == 1;
		free(message.bytes);
		return welcome ? 0 : EXIT_USAGE;
	}
}

int
mpi_scheduler_open(struct mpi_scheduler **out, const char *name,
		   const char *scenario, uint32_t jobs)
{
	struct mpi_scheduler *mpi = calloc(1, sizeof(*mpi));
	const struct mpi_transport *transport = mpi_transport_load();
	struct hello own = hello_make(name, scenario, jobs);
	int code;

	*out = NULL;
	if (transport == NULL || mpi == NULL) {
		free(mpi);
		return EXIT_USAGE;
	}
	mpi->transport = transport;
	if (transport->open(&mpi->rank, &mpi->count) != 0) {
		free(mpi);
		return EXIT_RUNTIME;
	}
	mpi->peers = calloc(mpi->count, sizeof(*mpi->peers));
	mpi->heard_ns = mpi->busy_ns = now_ns();
	if (mpi->count == 1) {
		fprintf(stderr, "homeward: the mpirun that started this is "
				"not of the MPI that it was built with\n");
		code = EXIT_USAGE;
	} else if (mpi->peers == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		code = EXIT_RUNTIME;
	} else if (mpi->rank == 0) {
		code = hellos_take(mpi, &own);
	} else {
		code = hello_send(mpi, &own);
	}
	if (code == 0) {
		*out = mpi;
		return 0;
	}
	if (code == EXIT_USAGE)
		transport->close();
	free(mpi->peers);
	free(mpi);
	return code;
}

bool
mpi_scheduler_is_worker(const struct mpi_scheduler *mpi)
{
	return mpi != NULL && mpi->rank != 0;
}

uint32_t
mpi_scheduler_count(const struct mpi_scheduler *mpi)
{
	return mpi->count;
}

int64_t
mpi_scheduler_tick_ns(const struct mpi_scheduler *mpi)
{
	return now_ns() - mpi->busy_ns < BUSY_NS ? TICK_BUSY_NS : TICK_IDLE_NS;
}

/* ---- rank 0 ---- */

static struct slot *
slot_find(struct peer *peer, enum slot_state state)
{
	for (uint32_t i = 0; i < peer->jobs; i++)
		if (peer->slot[i].state == state)
			return &peer->slot[i];
	return NULL;
}

/* The busy slot of a point. NULL: it has none. */
static struct slot *
slot_of(struct peer *peer, uint32_t point, uint32_t pass)
{
	for (uint32_t i = 0; i < peer->jobs; i++) {
		struct slot *slot = &peer->slot[i];

		if (slot->state != SLOT_FREE && slot->share.point == point &&
		    slot->share.pass == pass)
			return slot;
	}
	return NULL;
}

/* The least busy rank that has a slot, so that hosts fill evenly. */
static struct peer *
peer_free(const struct mpi_scheduler *mpi)
{
	struct peer *best = NULL;
	uint32_t least = JOBS_MAX + 1;

	for (uint32_t rank = 1; rank < mpi->count; rank++) {
		struct peer *peer = &mpi->peers[rank];
		uint32_t busy = 0;

		for (uint32_t i = 0; i < peer->jobs; i++)
			busy += peer->slot[i].state != SLOT_FREE;
		if (!peer->lost && busy < peer->jobs && busy < least) {
			best = peer;
			least = busy;
		}
	}
	return best;
}

bool
mpi_scheduler_has_slot(const struct mpi_scheduler *mpi)
{
	return peer_free(mpi) != NULL;
}

int
mpi_scheduler_start(struct mpi_scheduler *mpi,
		    const struct mpi_scheduler_task *task)
{
	struct peer *peer = peer_free(mpi);
	struct slot *slot = slot_find(peer, SLOT_FREE);
	uint32_t rank = (uint32_t)(peer - mpi->peers);

	*slot = (struct slot){ .state = SLOT_RUNNING,
			       .share = { .point = task->point,
					  .pass = task->pass } };
	mpi->busy_ns = now_ns();
	return mpi->transport->send(rank, KIND_TASK, task, sizeof(*task)) == 0
		       ? 0
		       : EXIT_RUNTIME;
}

uint32_t
mpi_scheduler_running(const struct mpi_scheduler *mpi)
{
	uint32_t running = 0;

	for (uint32_t rank = 1; rank < mpi->count; rank++)
		for (uint32_t i = 0; i < mpi->peers[rank].jobs; i++)
			running +=
				mpi->peers[rank].slot[i].state == SLOT_RUNNING;
	return running;
}

struct jobs_share
mpi_scheduler_progress(const struct mpi_scheduler *mpi, uint32_t number)
{
	for (uint32_t rank = 1; rank < mpi->count; rank++) {
		const struct peer *peer = &mpi->peers[rank];

		for (uint32_t i = 0; i < peer->jobs; i++)
			if (peer->slot[i].state == SLOT_RUNNING &&
			    number-- == 0)
				return peer->slot[i].share;
	}
	return (struct jobs_share){ 0 };
}

static void
beat_take(struct peer *peer, const struct mpi_transport_message *message)
{
	struct jobs_share share;

	for (size_t at = 0; at + sizeof(share) <= message->size;
	     at += sizeof(share)) {
		struct slot *slot;

		memcpy(&share, message->bytes + at, sizeof(share));
		slot = slot_of(peer, share.point, share.pass);
		if (slot != NULL)
			slot->share = share;
	}
}

/* All bytes of a result are there. */
static enum mpi_scheduler_news
result_finish(struct peer *peer, struct jobs_result *result)
{
	const struct header *header = &peer->header;
	struct slot *slot = slot_of(peer, header->point, header->pass);
	bool given = slot == NULL || slot->state == SLOT_GIVEN;
	FILE *run_log = peer->run_log;

	peer->run_log = NULL;
	if (slot != NULL)
		slot->state = SLOT_FREE;
	if (given) {
		fclose(run_log);
		return MPI_SCHEDULER_NOTHING;
	}
	*result = (struct jobs_result){
		.point = header->point,
		.pass = header->pass,
		.exit_code = header->exit_code,
		.run_log = run_log,
		.wall_s = header->wall_s,
		.cpu_s = header->cpu_s,
		.peak_rss_bytes = header->peak_rss_bytes,
	};
	memcpy(result->started_at, header->started_at,
	       sizeof(result->started_at));
	memcpy(result->host, header->host, sizeof(result->host));
	memcpy(result->kernel, header->kernel, sizeof(result->kernel));
	if (jobs_log_is_whole(result->exit_code) &&
	    (fflush(run_log) != 0 || ferror(run_log) ||
	     !run_log_is_whole(run_log, &result->world))) {
		fprintf(stderr, "homeward: temporary file: %s\n",
			strerror(errno));
		result->exit_code = EXIT_RUNTIME;
	}
	return MPI_SCHEDULER_ENDED;
}

static enum mpi_scheduler_news
message_take(struct peer *peer, const struct mpi_transport_message *message,
	     struct jobs_result *result)
{
	switch ((enum kind)message->kind) {
	case KIND_BEAT:
		beat_take(peer, message);
		break;
	case KIND_RESULT:
		if (message->size != sizeof(peer->header) ||
		    peer->run_log != NULL)
			break;
		memcpy(&peer->header, message->bytes, sizeof(peer->header));
		peer->missing = peer->header.log_bytes;
		peer->run_log = run_log_create();
		if (peer->run_log == NULL)
			return MPI_SCHEDULER_BROKEN;
		if (peer->missing == 0)
			return result_finish(peer, result);
		break;
	case KIND_LOG:
		if (peer->run_log == NULL || message->size > peer->missing)
			break;
		/* Errors stay in the stream until it is whole. */
		fwrite(message->bytes, 1, message->size, peer->run_log);
		peer->missing -= message->size;
		if (peer->missing == 0)
			return result_finish(peer, result);
		break;
	default:
		break;
	}
	return MPI_SCHEDULER_NOTHING;
}

/* A slot of a rank that was silent for long: its point will run again. */
static enum mpi_scheduler_news
silence_find(struct mpi_scheduler *mpi, struct jobs_result *result)
{
	int64_t now = now_ns();

	for (uint32_t rank = 1; rank < mpi->count; rank++) {
		struct peer *peer = &mpi->peers[rank];
		struct slot *slot;

		if (now - peer->heard_ns < LOST_NS)
			continue;
		if (!peer->lost)
			fprintf(stderr,
				"homeward: rank %u on %s is lost: others run "
				"its points\n",
				rank, peer->host);
		peer->lost = true;
		slot = slot_find(peer, SLOT_RUNNING);
		if (slot == NULL)
			continue;
		slot->state = SLOT_GIVEN;
		*result = (struct jobs_result){ .point = slot->share.point,
						.pass = slot->share.pass };
		return MPI_SCHEDULER_LOST;
	}
	return MPI_SCHEDULER_NOTHING;
}

static void
beats_send(struct mpi_scheduler *mpi)
{
	if (now_ns() - mpi->beat_ns < BEAT_NS)
		return;
	mpi->beat_ns = now_ns();
	for (uint32_t rank = 1; rank < mpi->count; rank++)
		if (!mpi->peers[rank].lost)
			(void)mpi->transport->send(rank, KIND_BEAT, NULL, 0);
}

enum mpi_scheduler_news
mpi_scheduler_collect(struct mpi_scheduler *mpi, struct jobs_result *result)
{
	struct mpi_transport_message message;
	int there;

	(void)mpi->transport->unsent();
	beats_send(mpi);
	while ((there = mpi->transport->take(&message)) == 1) {
		struct peer *peer = &mpi->peers[message.rank];
		enum mpi_scheduler_news news =
			message_take(peer, &message, result);

		if (peer->lost)
			fprintf(stderr, "homeward: rank %u is back\n",
				message.rank);
		peer->lost = false;
		peer->heard_ns = now_ns();
		if (message.kind != KIND_BEAT)
			mpi->busy_ns = peer->heard_ns;
		free(message.bytes);
		if (news != MPI_SCHEDULER_NOTHING)
			return news;
	}
	return there < 0 ? MPI_SCHEDULER_BROKEN : silence_find(mpi, result);
}

/* ---- the others ---- */

int
mpi_scheduler_report(struct mpi_scheduler *mpi,
		     const struct jobs_result *result)
{
	struct outgoing **end = &mpi->outgoing;
	struct outgoing *outgoing = calloc(1, sizeof(*outgoing));
	struct header *header;
	long size;

	if (outgoing == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		fclose(result->run_log);
		return EXIT_RUNTIME;
	}
	header = &outgoing->header;
	*header = (struct header){
		.point = result->point,
		.pass = result->pass,
		.exit_code = result->exit_code,
		.wall_s = result->wall_s,
		.cpu_s = result->cpu_s,
		.peak_rss_bytes = result->peak_rss_bytes,
	};
	memcpy(header->started_at, result->started_at,
	       sizeof(header->started_at));
	memcpy(header->host, result->host, sizeof(header->host));
	memcpy(header->kernel, result->kernel, sizeof(header->kernel));
	/* Half a log is of no use. */
	if (jobs_log_is_whole(result->exit_code) &&
	    fseek(result->run_log, 0, SEEK_END) == 0 &&
	    (size = ftell(result->run_log)) > 0)
		header->log_bytes = (uint64_t)size;
	rewind(result->run_log);
	outgoing->run_log = result->run_log;
	while (*end != NULL)
		end = &(*end)->next;
	*end = outgoing;
	return 0;
}

static void
outgoing_drop(struct mpi_scheduler *mpi)
{
	struct outgoing *outgoing = mpi->outgoing;

	mpi->outgoing = outgoing->next;
	fclose(outgoing->run_log);
	free(outgoing);
}

/* Send on, but never have much on its way. 0 or -1. */
static int
outgoing_send(struct mpi_scheduler *mpi)
{
	static uint8_t bytes[MPI_TRANSPORT_MESSAGE_BYTES];

	while (mpi->transport->unsent() < MESSAGES_ON_WAY &&
	       mpi->outgoing != NULL) {
		struct outgoing *outgoing = mpi->outgoing;
		size_t size = 0;
		int code;

		if (outgoing->begun)
			size = fread(bytes, 1, sizeof(bytes),
				     outgoing->run_log);
		if (!outgoing->begun)
			code = mpi->transport->send(0, KIND_RESULT,
						    &outgoing->header,
						    sizeof(outgoing->header));
		else
			code = size == 0 ? 0
					 : mpi->transport->send(0, KIND_LOG,
								bytes, size);
		if (code != 0)
			return -1;
		mpi->busy_ns = now_ns();
		if (outgoing->begun ? size < sizeof(bytes)
				    : outgoing->header.log_bytes == 0)
			outgoing_drop(mpi);
		else
			outgoing->begun = true;
	}
	return 0;
}

enum mpi_scheduler_news
mpi_scheduler_order(struct mpi_scheduler *mpi, struct mpi_scheduler_task *task)
{
	struct mpi_transport_message message;
	enum mpi_scheduler_news news = MPI_SCHEDULER_NOTHING;
	int there = 0;

	if (outgoing_send(mpi) != 0)
		return MPI_SCHEDULER_BROKEN;
	while (news == MPI_SCHEDULER_NOTHING &&
	       (there = mpi->transport->take(&message)) == 1) {
		mpi->heard_ns = now_ns();
		if (message.kind == KIND_DONE) {
			mpi->whole = message.size > 0 && message.bytes[0] != 0;
			news = MPI_SCHEDULER_DONE;
		} else if (message.kind == KIND_TASK &&
			   message.size == sizeof(*task)) {
			memcpy(task, message.bytes, sizeof(*task));
			mpi->busy_ns = mpi->heard_ns;
			news = MPI_SCHEDULER_TASK;
		}
		free(message.bytes);
	}
	if (there < 0)
		return MPI_SCHEDULER_BROKEN;
	if (news == MPI_SCHEDULER_NOTHING &&
	    now_ns() - mpi->heard_ns > ORPHAN_NS) {
		fprintf(stderr, "homeward: rank %u: rank 0 is lost\n",
			mpi->rank);
		return MPI_SCHEDULER_BROKEN;
	}
	return news;
}

void
mpi_scheduler_beat(struct mpi_scheduler *mpi, const struct jobs *jobs)
{
	struct jobs_share shares[JOBS_MAX];
	uint32_t running = jobs_running(jobs);

	if (now_ns() - mpi->beat_ns < BEAT_NS)
		return;
	mpi->beat_ns = now_ns();
	memset(shares, 0, sizeof(shares));
	for (uint32_t i = 0; i < running; i++)
		shares[i] = jobs_progress(jobs, i);
	(void)mpi->transport->send(0, KIND_BEAT, shares,
				   running * sizeof(shares[0]));
}

/* ---- the end ---- */

/* Rank 0: tell all ranks; then wait for all only when none is lost. */
static bool
farewell(struct mpi_scheduler *mpi)
{
	uint8_t whole = 1;
	int64_t began = now_ns();

	for (uint32_t rank = 1; rank < mpi->count; rank++)
		whole &= !mpi->peers[rank].lost;
	for (uint32_t rank = 1; rank < mpi->count; rank++)
		if (!mpi->peers[rank].lost)
			(void)mpi->transport->send(rank, KIND_DONE, &whole, 1);
	while (mpi->transport->unsent() > 0 && now_ns() - began < FAREWELL_NS)
		if (!moment_wait())
			return false;
	return whole;
}

void
mpi_scheduler_close(struct mpi_scheduler *mpi, bool orderly)
{
	if (mpi == NULL)
		return;
	if (orderly && (mpi->rank == 0 ? farewell(mpi) : mpi->whole))
		mpi->transport->close();
	while (mpi->outgoing != NULL)
		outgoing_drop(mpi);
	for (uint32_t rank = 1; mpi->rank == 0 && rank < mpi->count; rank++)
		if (mpi->peers[rank].run_log != NULL)
			fclose(mpi->peers[rank].run_log);
	free(mpi->peers);
	free(mpi);
}
