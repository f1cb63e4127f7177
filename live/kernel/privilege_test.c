/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privilege_test.c - what is left after privilege_drop(), as the kernel has it
 *
 * Each case is a child of its own: there is no way back. Needs root.
 */
#include "live/kernel/privilege.h"

#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/test/check.h"

static uint64_t
field(const char *name)
{
	char line[256];
	uint64_t value = UINT64_MAX;
	size_t size = strlen(name);
	FILE *file = fopen("/proc/self/status", "r");

	if (file == NULL)
		return value;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, name, size) == 0 && line[size] == ':')
			value = strtoull(line + size + 1, NULL,
					 strncmp(name, "Cap", 3) == 0 ? 16
								      : 10);
	}
	fclose(file);
	return value;
}

/* What the process had of what is to be kept. */
static uint64_t
wanted(uint64_t before)
{
	return before & (UINT64_C(1) << CAP_NET_ADMIN |
			 UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_BPF);
}

static void
sets_check(uint64_t before)
{
	CHECK(field("CapPrm") == wanted(before));
	CHECK(field("CapEff") == wanted(before));
	CHECK(field("CapInh") == 0);
	CHECK(field("CapBnd") == 0);
	CHECK(field("CapAmb") == 0);
	CHECK(field("NoNewPrivs") == 1);
}

/* The program that we would become has nothing, even as root. */
static void
exec_check(void)
{
	CHECK(system("test $(sed -n 's/^CapEff:\\t//p' /proc/self/status) = "
		     "0000000000000000") == 0);
}

static void
nobody_case(void)
{
	uint64_t before = field("CapPrm");
	char error[256] = "";
	gid_t groups[4];

	CHECK(privilege_drop("nobody", error, sizeof(error)) == 0);
	sets_check(before);
	CHECK(getuid() == 65534 && geteuid() == 65534);
	CHECK(getgid() == 65534 && getegid() == 65534);
	CHECK(getgroups(4, groups) == 0);
	CHECK(open("/etc/shadow", O_RDONLY) < 0);
	CHECK(setresuid(0, 0, 0) != 0);
	exec_check();
}

static void
root_case(void)
{
	uint64_t before = field("CapPrm");
	char error[256] = "";

	CHECK(privilege_drop("", error, sizeof(error)) == 0);
	sets_check(before);
	CHECK(geteuid() == 0);
	CHECK(chown("/proc/self/status", 1, 1) != 0);
	exec_check();
}

static void
unknown_case(void)
{
	char error[256] = "";

	CHECK(privilege_drop("no-such-user", error, sizeof(error)) < 0);
	CHECK(strcmp(error, "there is no user no-such-user") == 0);
}

static void
stranger_case(void)
{
	char error[256] = "";

	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresuid(65534, 65534, 65534) == 0);
	CHECK(privilege_drop("root", error, sizeof(error)) < 0);
	CHECK(error[0] != '\0');
}

int
main(void)
{
	static const struct {
		const char *sentence;
		void (*run)(void);
	} cases[] = {
		{ "becomes nobody with three capabilities", nobody_case },
		{ "stays root without the others", root_case },
		{ "a user that is not there", unknown_case },
		{ "a user that is not root stays itself", stranger_case },
	};

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: not root\n");
		return 77;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0) {
			check_failures = check_count = 0;
			cases[i].run();
			_exit(check_failures == 0 && check_count > 0 ? 0 : 1);
		}
		CHECK_ROW(waitpid(pid, &status, 0) == pid, cases[i].sentence);
		CHECK_ROW(status == 0, cases[i].sentence);
	}
	return check_done();
}
