# SPDX-License-Identifier: GPL-3.0-or-later
#
# room.cmake - what a folder's CMakeLists.txt says, in one word
#
# room(LAYER [EXCEPT file...]): the *.c of this folder go into library LAYER
# (core, sim, live, harness). By their names:
#
#	x_test.c	a program of its own, test FOLDER.x with dots for
#			slashes; label sim in sim, else unit; x_live_test.c:
#			label live (root and namespaces, one at a time)
#	x_test.sh	test FOLDER.x.sh, called with the folder of programs;
#			label sim; x_long_test.sh: long; x_live_test.sh: live;
#			x_night_test.sh: night, not in harness/check
#	x_fuzz.c	a libFuzzer target (FUZZ=ON), test fuzz.x over
#			FOLDER/corpus/x
#
# Exit status 77 of a test: skipped, and it says why. Tests depend on no
# machine's speed; their limits are there for those that hang.
set(TEST_ENVIRONMENT
	"HOMEWARD_SOURCE=${CMAKE_SOURCE_DIR}"
	"HOMEWARD_BIN=${CMAKE_BINARY_DIR}/bin"
	"HOMEWARD_SANITIZE=$<BOOL:${SANITIZE}>"
	"ASAN_OPTIONS=detect_leaks=1:abort_on_error=0"
	"UBSAN_OPTIONS=print_stacktrace=1")
set(TEST_HANGS 3000) # seconds
set(TEST_NIGHT_HANGS 36000)

# A test's properties, from what its name ends in.
function(room_test name stem label)
	set(hangs ${TEST_HANGS})
	if(stem MATCHES "_live$")
		set(label live)
		# It sleeps more than it works: begun first, beside others, it
		# costs little. Two labs would be more than a small machine has.
		set_tests_properties(${name} PROPERTIES RESOURCE_LOCK lab COST 100)
	elseif(stem MATCHES "_long$")
		set(label long)
	elseif(stem MATCHES "_night$")
		set(label night)
		set(hangs ${TEST_NIGHT_HANGS})
	endif()
	set_tests_properties(${name} PROPERTIES LABELS ${label}
		TIMEOUT ${hangs} SKIP_RETURN_CODE 77
		ENVIRONMENT "${TEST_ENVIRONMENT}")
endfunction()

function(room_tests layer prefix)
	set(label unit)
	if(layer STREQUAL sim)
		set(label sim)
	endif()
	file(GLOB tests CONFIGURE_DEPENDS *_test.c)
	foreach(test ${tests})
		get_filename_component(name ${test} NAME_WE)
		string(REGEX REPLACE "_test$" "" name ${name})
		set(target ${prefix}.${name}_test)
		add_executable(${target} ${test})
		target_link_libraries(${target} PRIVATE ${layer} ${ARGN})
		set_target_properties(${target} PROPERTIES
			RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
		add_test(NAME ${prefix}.${name} COMMAND ${target}
			WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
		room_test(${prefix}.${name} ${name} ${label})
	endforeach()
	file(GLOB scripts CONFIGURE_DEPENDS *_test.sh)
	foreach(script ${scripts})
		get_filename_component(name ${script} NAME_WE)
		string(REGEX REPLACE "_test$" "" name ${name})
		add_test(NAME ${prefix}.${name}.sh
			COMMAND bash ${script} ${CMAKE_BINARY_DIR}/bin
			WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
		room_test(${prefix}.${name}.sh ${name} sim)
	endforeach()
endfunction()

function(room_fuzz layer folder)
	file(GLOB targets CONFIGURE_DEPENDS *_fuzz.c)
	foreach(source ${targets})
		get_filename_component(name ${source} NAME_WE)
		string(REGEX REPLACE "_fuzz$" "" short ${name})
		add_executable(${name} ${source})
		target_link_libraries(${name} PRIVATE ${layer})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		set_target_properties(${name} PROPERTIES
			RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
		add_test(NAME fuzz.${short} COMMAND
			${CMAKE_SOURCE_DIR}/harness/tools/fuzz_run
			$<TARGET_FILE:${name}>
			${CMAKE_SOURCE_DIR}/${folder}/corpus/${short})
		set_tests_properties(fuzz.${short} PROPERTIES LABELS fuzz
			TIMEOUT ${TEST_HANGS})
	endforeach()
endfunction()

# TEST_LIBRARIES: what this folder's tests link besides the layer.
function(room layer)
	cmake_parse_arguments(ROOM "" "" "EXCEPT;TEST_LIBRARIES" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS *.c)
	list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.c$|\\.bpf\\.c$")
	foreach(file ${ROOM_EXCEPT})
		list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${file})
	endforeach()
	target_sources(${layer} PRIVATE ${sources})
	file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
	string(REPLACE "/" "." prefix ${folder})
	if(FUZZ)
		room_fuzz(${layer} ${folder})
	else()
		room_tests(${layer} ${prefix} ${ROOM_TEST_LIBRARIES})
	endif()
endfunction()
