# A room is one folder under src/ and one static library; its headers are included as "room/header.hpp".

# nearline_room(NAME SOURCES file... [ROOMS room...] [LINK library...])
# ROOMS are the rooms below that it uses; LINK are third-party libraries, for its .cpp files only.
function(nearline_room name)
    cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;LINK" ${ARGN})
    add_library(nearline_${name} STATIC ${ARG_SOURCES})
    target_include_directories(nearline_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    nearline_precompile(nearline_${name} ROOMS ${name} ${ARG_ROOMS})
    list(TRANSFORM ARG_ROOMS PREPEND nearline_)
    target_link_libraries(nearline_${name} PUBLIC ${ARG_ROOMS} Threads::Threads PRIVATE ${ARG_LINK})
endfunction()

# nearline_program(NAME SOURCES file... ROOMS room... [LINK library...])
function(nearline_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    list(TRANSFORM ARG_ROOMS PREPEND nearline_)
    target_link_libraries(${name} PRIVATE ${ARG_ROOMS} ${ARG_LINK})
    if(NEARLINE_SANITIZER STREQUAL "")  # a sanitizer has a malloc of its own
        target_link_libraries(${name} PRIVATE PkgConfig::JEMALLOC)
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# nearline_test(NAME SOURCES file... ROOMS room... [LINK library...] [LABELS unit|contract|threads...])
# One executable, one test of CTest; label "threads" has script/check run it under ThreadSanitizer too.
function(nearline_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;LINK;LABELS" ${ARGN})
    nearline_program(${name} SOURCES ${ARG_SOURCES} ROOMS ${ARG_ROOMS} LINK ${ARG_LINK} GTest::gmock GTest::gtest_main)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()

# nearline_text_constant(TARGET FILE SYMBOL): compiles a text file into the target as
# `extern const std::string_view SYMBOL` in namespace nearline::embedded_text.
function(nearline_text_constant target file symbol)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp)
    add_custom_command(OUTPUT ${source}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${source} -DSYMBOL=${symbol} -P ${CMAKE_SOURCE_DIR}/cmake/TextConstant.cmake
        DEPENDS ${file} ${CMAKE_SOURCE_DIR}/cmake/TextConstant.cmake)
    target_sources(${target} PRIVATE ${source})
endfunction()
