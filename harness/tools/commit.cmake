# Write the commit that is being built into a header, at build time, and only
# when it changed. Outside a git checkout: "unknown".
#	cmake -DSOURCE=dir -DOUTPUT=file -P commit.cmake
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
	OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
	ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
	set(commit unknown)
else()
	execute_process(COMMAND git -C ${SOURCE} status --porcelain
		--untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
	if(changes)
		string(APPEND commit "+changes")
	endif()
endif()
set(text "#define HOMEWARD_COMMIT \"${commit}\"\n")
if(EXISTS ${OUTPUT})
	file(READ ${OUTPUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
	file(WRITE ${OUTPUT} "${text}")
endif()
