/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket_path_test.c - whose is the name of the control socket?
 *
 * Asked as the daemon does, by opening a control there.
 */
#include "live/control/socket_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/test/control_dialogue.h"

static void
name_test(void)
{
	struct drain *drain = drain_create(NULL);
	struct control_parts parts = dialogue_parts(drain);
	struct control *control, *second;
	struct stat status;
	char error[256] = "";

	CHECK(control_open(&control, &parts, error, sizeof(error)) == 0);
	CHECK(stat(conf.control, &status) == 0);
	CHECK((status.st_mode & 0777) == 0660);
	CHECK(control_open(&second, &parts, error, sizeof(error)) ==
	      -EADDRINUSE);
	CHECK(contains(error, "another homewardd answers there"));
	int fd = dialogue_connect();
	CHECK(contains(ask(control, fd, "peers\n"), "ok\n"));
	close(fd);
	control_close(control);
	CHECK(stat(conf.control, &status) != 0);

	/* What a killed daemon leaves is replaced. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	memcpy(address.sun_path, conf.control, strlen(conf.control));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(fd);
	CHECK(control_open(&control, &parts, error, sizeof(error)) == 0);
	control_close(control);

	/* A file that is no socket stays. */
	fd = open(conf.control, O_CREAT | O_WRONLY, 0600);
	close(fd);
	CHECK(control_open(&control, &parts, error, sizeof(error)) == -EEXIST);
	CHECK(contains(error, "that is no socket"));
	CHECK(unlink(conf.control) == 0);
	drain_destroy(drain);
}

int
main(void)
{
	dialogue_open();
	name_test();
	dialogue_close();
	return check_done();
}
