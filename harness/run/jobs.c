/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jobs.c - fork, simulate or run, wait4
 *
 * SIGCHLD, SIGINT and SIGTERM are blocked and taken with sigtimedwait(), so
 * there are no handlers and nothing to race with. Progress is three numbers a
 * child in shared memory.
 *
 * In the second pass of a determinism check malloc() fills memory with another
 * pattern and the heap is shifted: a run that reads what it did not write, or
 * orders things by address, then differs.
 */
#include "harness/run/jobs.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/exit.h"
#include "harness/db/run_log.h"
#include "harness/db/run_writer.h"
#include "harness/db/trace.h"
#include "harness/emulate/emulation.h"
#include "harness/lab/lab.h"

#define TICK_NS 200000000

struct shared {
	_Atomic int64_t now_ns, end_ns;
	_Atomic uint64_t events;
};

struct job {
	pid_t pid; /* 0: free */
	uint32_t point, pass;
	FILE *run_log;
	struct timespec started;
	char started_at[32];
	char lab[LAB_NAME]; /* "": it simulates */
};

struct jobs {
	uint32_t most, running; /* children at once */
	struct job job[JOBS_MAX];
	struct shared *shared; /* one a job */
	sigset_t signals, before;
	int64_t tick_ns;
	bool paced;
};

/* What a child's watch calls need. */
struct child {
	FILE *run_log;
	struct trace *trace;
	struct shared *shared;
	struct watch writer;
};

struct jobs *
jobs_create(uint32_t most)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (jobs != NULL)
		jobs->shared = mmap(NULL, most * sizeof(*jobs->shared),
				    PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (jobs == NULL || jobs->shared == MAP_FAILED) {
		fprintf(stderr, "homeward: out of memory\n");
		free(jobs);
		return NULL;
	}
	jobs->most = most;
	jobs->tick_ns = TICK_NS;
	sigemptyset(&jobs->signals);
	sigaddset(&jobs->signals, SIGCHLD);
	sigaddset(&jobs->signals, SIGINT);
	sigaddset(&jobs->signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &jobs->signals, &jobs->before);
	return jobs;
}

static void
job_kill(struct job *job)
{
	if (job->pid == 0)
		return;
	kill(job->pid, SIGKILL);
	while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
		;
	fclose(job->run_log);
	job->pid = 0;
	if (job->lab[0] != '\0')
		(void)lab_down(job->lab);
}

void
jobs_destroy(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	for (uint32_t i = 0; i < jobs->most; i++)
		job_kill(&jobs->job[i]);
	munmap(jobs->shared, jobs->most * sizeof(*jobs->shared));
	sigprocmask(SIG_SETMASK, &jobs->before, NULL);
	free(jobs);
}

bool
jobs_is_full(const struct jobs *jobs)
{
	return jobs->running == jobs->most;
}

uint32_t
jobs_running(const struct jobs *jobs)
{
	return jobs->running;
}

/* ---- the child ---- */

static void
child_measurement(void *context, const struct watch_measurement *measurement)
{
	struct child *child = context;

	child->writer.measurement(child->run_log, measurement);
}

static void
child_session(void *context, const struct watch_session *session)
{
	struct child *child = context;

	child->writer.session(child->run_log, session);
}

static void
child_fault(void *context, struct instant at, const char *kind,
	    const char *target)
{
	struct child *child = context;

	child->writer.fault(child->run_log, at, kind, target);
}

static void
child_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct child *child = context;

	child->writer.counter(child->run_log, node, name, value);
}

static void
child_sample(void *context, uint32_t flow, struct instant at, uint64_t bytes)
{
	struct child *child = context;

	child->writer.sample(child->run_log, flow, at, bytes);
}

static void
child_probe(void *context, const struct watch_probe *probe)
{
	struct child *child = context;

	child->writer.probe(child->run_log, probe);
}

static void
child_remark(void *context, const struct watch_remark *remark)
{
	struct child *child = context;

	child->writer.remark(child->run_log, remark);
}

static void
child_violation(void *context, const struct watch_violation *violation)
{
	struct child *child = context;

	child->writer.violation(child->run_log, violation);
}

static void
child_packet(void *context, const char *device, uint32_t port,
	     struct instant at, const uint8_t *bytes, uint32_t size)
{
	struct child *child = context;

	trace_packet(child->trace, device, port, at, bytes, size);
}

static bool
child_progress(void *context, struct instant now, struct instant end,
	       uint64_t events)
{
	struct child *child = context;

	atomic_store(&child->shared->events, events);
	atomic_store(&child->shared->end_ns, end.ns);
	atomic_store(&child->shared->now_ns, now.ns);
	return true;
}

static void
child_capture(void *context, const char *name, uint64_t packets, uint64_t hash)
{
	run_log_capture(context, name, packets, hash);
}

static void
heap_disturb(void)
{
	static void *volatile kept;

	(void)mallopt(M_PERTURB, 0x5a);
	/* Never freed, on purpose: they push everything else elsewhere. The
	 * process ends soon. */
	for (size_t size = 24; size < 4096; size += 136)
		kept = malloc(size);
	(void)kept;
}

/* Run one world or the other. 0 or the child's exit code. */
static int
child_world(const struct jobs_task *task, const struct watch *watch,
	    struct world_result *result)
{
	struct world *world;
	char error[512] = "";
	int status;

	if (task->lab != NULL)
		status = emulation_run(task->lab, task->settings, watch, result,
				       error, sizeof(error));
	else
		status = world_create(&world, task->settings, watch, error,
				      sizeof(error));
	if (status != 0) {
		fprintf(stderr, "homeward: %s\n",
			error[0] != '\0' ? error : "the world cannot be made");
		return task->lab != NULL && status != -EINVAL ? JOBS_LAB_FAILED
							      : EXIT_USAGE;
	}
	if (task->lab == NULL) {
		*result = world_run(world);
		world_destroy(world);
	}
	return 0;
}

/* Returns the child's exit code. */
static int
child_run(const struct jobs_task *task, struct child *child)
{
	struct world_result result;
	struct watch watch = {
		.context = child,
		.measurement = child_measurement,
		.session = child_session,
		.fault = child_fault,
		.counter = child_counter,
		.sample = child_sample,
		.probe = child_probe,
		.remark = child_remark,
		.violation = task->judged ? child_violation : NULL,
		.packet = child->trace != NULL ? child_packet : NULL,
		.progress = child_progress,
	};
	int code = child_world(task, &watch, &result);

	if (code != 0)
		return code;
	if (child->trace != NULL)
		code = trace_close(child->trace,
				   task->hash ? child_capture : NULL,
				   child->run_log);
	if (code == 0 && run_log_end(child->run_log, &result) != 0) {
		fprintf(stderr, "homeward: temporary file: %s\n",
			strerror(errno));
		code = EXIT_RUNTIME;
	}
	return code == 0 && result.stuck ? JOBS_STUCK : code;
}

static _Noreturn void
child_main(const struct jobs *jobs, const struct jobs_task *task,
	   struct child *child, pid_t parent)
{
	/* Should the parent be killed, no process would read the result; but a
	 * lab is to be taken down. */
	prctl(PR_SET_PDEATHSIG, task->lab != NULL ? SIGTERM : SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_RUNTIME);
	/* The terminal's Ctrl-C is the parent's to handle, and so is mpirun's
	 * SIGTERM to the whole group; but a lab is to be taken down. */
	signal(SIGINT, SIG_IGN);
	if (task->lab == NULL)
		signal(SIGTERM, SIG_IGN);
	sigprocmask(SIG_SETMASK, &jobs->before, NULL);
	if (task->pass == 1)
		heap_disturb();
	if (task->hash || task->trace_folder != NULL) {
		child->trace =
			trace_create(task->trace_folder, task->trace_prefix);
		if (child->trace == NULL)
			_exit(EXIT_RUNTIME);
	}
	_exit(child_run(task, child));
}

/* ---- the parent ---- */

int
jobs_start(struct jobs *jobs, const struct jobs_task *task)
{
	pid_t parent = getpid();
	uint32_t slot = 0;
	struct job *job;
	struct child child;

	while (jobs->job[slot].pid != 0)
		slot++;
	job = &jobs->job[slot];
	job->point = task->point;
	job->pass = task->pass;
	snprintf(job->lab, sizeof(job->lab), "%s",
		 task->lab != NULL ? task->lab : "");
	job->run_log = run_log_create();
	if (job->run_log == NULL)
		return EXIT_RUNTIME;
	atomic_store(&jobs->shared[slot].now_ns, 0);
	atomic_store(&jobs->shared[slot].end_ns, 0);
	atomic_store(&jobs->shared[slot].events, 0);
	child = (struct child){ .run_log = job->run_log,
				.shared = &jobs->shared[slot],
				.writer = run_log_watch(job->run_log) };
	clock_gettime(CLOCK_MONOTONIC, &job->started);
	run_writer_now(job->started_at);
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0) {
		fprintf(stderr, "homeward: fork: %s\n", strerror(errno));
		fclose(job->run_log);
		job->pid = 0;
		return EXIT_RUNTIME;
	}
	if (job->pid == 0)
		child_main(jobs, task, &child, parent);
	jobs->running++;
	return 0;
}

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void
job_collect(struct job *job, int status, const struct rusage *usage,
	    struct jobs_result *result)
{
	struct timespec now;
	struct utsname host = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)uname(&host);
	*result = (struct jobs_result){
		.point = job->point,
		.pass = job->pass,
		.exit_code = WIFEXITED(status) ? WEXITSTATUS(status)
					       : 128 + WTERMSIG(status),
		.run_log = job->run_log,
		.wall_s = (double)(now.tv_sec - job->started.tv_sec) +
			  (double)(now.tv_nsec - job->started.tv_nsec) * 1e-9,
		.cpu_s = seconds_of(usage->ru_utime) +
			 seconds_of(usage->ru_stime),
		.peak_rss_bytes = (int64_t)usage->ru_maxrss * 1024,
	};
	memcpy(result->started_at, job->started_at, sizeof(result->started_at));
	snprintf(result->host, sizeof(result->host), "%s", host.nodename);
	snprintf(result->kernel, sizeof(result->kernel), "%s %s", host.sysname,
		 host.release);
	if (jobs_log_is_whole(result->exit_code) &&
	    !run_log_is_whole(result->run_log, &result->world))
		result->exit_code = EXIT_RUNTIME;
	job->pid = 0;
	if (job->lab[0] != '\0' && result->exit_code != EXIT_OK)
		(void)lab_down(job->lab);
}

/* A child that has ended, if there is one. */
static bool
job_reap(struct jobs *jobs, struct jobs_result *result)
{
	for (uint32_t i = 0; i < jobs->most; i++) {
		struct job *job = &jobs->job[i];
		struct rusage usage;
		int status;

		if (job->pid == 0 ||
		    wait4(job->pid, &status, WNOHANG, &usage) != job->pid)
			continue;
		job_collect(job, status, &usage, result);
		jobs->running--;
		return true;
	}
	return false;
}

static void
reason_hear(void *context, const struct watch_remark *remark)
{
	if (remark->kind == REMARK_STUCK)
		(void)snprintf(context, JOBS_REASON, "%s", remark->sentence);
}

void
jobs_reason(const struct jobs_result *result, char *text)
{
	int code = result->exit_code;

	text[0] = '\0';
	if (code == JOBS_STUCK)
		run_log_remarks(result->run_log, reason_hear, text);
	else if (code > 128)
		(void)snprintf(text, JOBS_REASON, "killed by signal %d (%s)",
			       code - 128, strsignal(code - 128));
	else if (code != EXIT_OK)
		(void)snprintf(text, JOBS_REASON, "failed");
}

enum jobs_news
jobs_wait(struct jobs *jobs, struct jobs_result *result)
{
	const struct timespec tick = { .tv_nsec = jobs->tick_ns };
	int number;

	for (;;) {
		if (job_reap(jobs, result))
			return JOBS_ENDED;
		if (jobs->running == 0 && !jobs->paced)
			return JOBS_EMPTY;
		number = sigtimedwait(&jobs->signals, NULL, &tick);
		if (number == SIGINT || number == SIGTERM) {
			for (uint32_t i = 0; i < jobs->most; i++)
				job_kill(&jobs->job[i]);
			jobs->running = 0;
			return JOBS_INTERRUPTED;
		}
		if (number < 0 && errno == EAGAIN)
			return JOBS_TICK;
	}
}

struct jobs_share
jobs_progress(const struct jobs *jobs, uint32_t slot)
{
	struct jobs_share share = { 0 };

	for (uint32_t i = 0; i < jobs->most; i++) {
		const struct shared *shared = &jobs->shared[i];
		int64_t end;

		if (jobs->job[i].pid == 0 || slot-- > 0)
			continue;
		share.point = jobs->job[i].point;
		share.pass = jobs->job[i].pass;
		share.events = atomic_load(&shared->events);
		end = atomic_load(&shared->end_ns);
		if (end > 0)
			share.time = (double)atomic_load(&shared->now_ns) /
				     (double)end;
		break;
	}
	return share;
}

void
jobs_pace(struct jobs *jobs, int64_t tick_ns)
{
	jobs->tick_ns = tick_ns;
	jobs->paced = true;
}
