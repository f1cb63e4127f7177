# SPDX-License-Identifier: GPL-3.0-or-later
#
# Make C of .sql files: what follows `-- name: X` in one is one statement
# and becomes the string sql_file_X; `-- script: X` is several, for db_exec().
# Lines that are comments are left out. sql_list[] has all of them, for the test
# that prepares each.
#	cmake -DFOLDER=dir -DOUTPUT=dir -P embed_sql.cmake
cmake_minimum_required(VERSION 3.25)
set(HEAD "\n-- (name|script): ([a-z_0-9]+)\n")
set(declared "")
set(defined "")
set(entries "")
file(GLOB_RECURSE files ${FOLDER}/*.sql)
list(FILTER files EXCLUDE REGEX "/corpus/")
list(SORT files)
foreach(file ${files})
	get_filename_component(stem ${file} NAME_WE)
	file(READ ${file} text)
	while("${text}" MATCHES "${HEAD}")
		set(kind ${CMAKE_MATCH_1})
		set(name sql_${stem}_${CMAKE_MATCH_2})
		string(FIND "${text}" "${CMAKE_MATCH_0}" at)
		string(LENGTH "${CMAKE_MATCH_0}" length)
		math(EXPR at "${at} + ${length} - 1")
		string(SUBSTRING "${text}" ${at} -1 text)
		set(body "${text}")
		if("${text}" MATCHES "${HEAD}")
			string(FIND "${text}" "${CMAKE_MATCH_0}" at)
			string(SUBSTRING "${text}" 0 ${at} body)
		endif()
		string(REGEX REPLACE "\n[ \t]*--[^\n]*" "" body "${body}")
		string(STRIP "${body}" body)
		string(REGEX REPLACE "\n+" "\n" body "${body}")
		string(REPLACE "\\" "\\\\" body "${body}")
		string(REPLACE "\"" "\\\"" body "${body}")
		string(REPLACE "\n" "\\n\"\n\t\"" body "${body}")
		string(APPEND declared "extern const char ${name}[];\n")
		string(APPEND defined
			"const char ${name}[] =\n\t\"${body}\";\n\n")
		string(COMPARE EQUAL "${kind}" "script" script)
		string(APPEND entries "\t{ \"${name}\", ${name}, ${script} },\n")
	endwhile()
endforeach()
set(made "/* Made of .sql files by harness/tools/embed_sql.cmake. */\n")
file(WRITE ${OUTPUT}/sql.h "${made}#ifndef SQL_H
#define SQL_H

#include <stdbool.h>

${declared}
struct sql {
	const char *name, *text;
	bool script; /* several statements */
};
/* Ends with name NULL. */
extern const struct sql sql_list[];

#endif
")
file(WRITE ${OUTPUT}/sql.c "${made}#include \"sql.h\"

#include <stddef.h>

${defined}const struct sql sql_list[] = {
${entries}\t{ NULL, NULL, 0 },
};
")
