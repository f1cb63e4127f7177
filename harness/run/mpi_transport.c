/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpi_transport.c - find the library that knows MPI
 */
#include "harness/run/mpi_transport.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef HOMEWARD_MPI
const struct mpi_transport *
mpi_transport_load(void)
{
	char path[4096 + 32];
	const struct mpi_transport *transport = NULL;
	ssize_t size = readlink("/proc/self/exe", path, 4096);
	void *library;

	/* Beside a program that was built but not installed. */
	path[size > 0 ? size : 0] = '\0';
	if (strrchr(path, '/') != NULL)
		memcpy(strrchr(path, '/'), "/homeward-mpi.so",
		       sizeof("/homeward-mpi.so"));
	if (access(path, R_OK) != 0)
		snprintf(path, sizeof(path), "%s", HOMEWARD_MPI);
	/* Global: what OpenMPI loads itself looks for libmpi's symbols. */
	library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
	if (library != NULL)
		transport = dlsym(library, "mpi_library");
	if (transport == NULL)
		fprintf(stderr,
			"homeward: started by mpirun, but its library is not "
			"there: %s\n",
			dlerror());
	return transport;
}
#else
const struct mpi_transport *
mpi_transport_load(void)
{
	fprintf(stderr,
		"homeward: started by mpirun, but built without MPI: without "
		"it, --jobs N uses the processors of this host\n");
	return NULL;
}
#endif
