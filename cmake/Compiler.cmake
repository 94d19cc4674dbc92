# How everything here is compiled.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

add_compile_options(-Wall -Wextra -Wpedantic -Werror)
# GCC 12 sees maybe-uninitialized values in Boost's coroutines and std::optional where there are none.
add_compile_options(-Wno-maybe-uninitialized)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # libbson's iterators are aligned to 128 bytes: a note that GCC 4.5 passed such parameters in another way.
    add_compile_options(-Wno-psabi)
endif()

# Asio and Beast are compiled once, in http/, not in every file that includes them.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT NEARLINE_SANITIZER STREQUAL "")
    # Instrumented, GCC 12 inlines Asio's frame deletion without its allocation, and takes them for a mismatch.
    add_compile_options(-Wno-mismatched-new-delete)
endif()
if(NEARLINE_SANITIZER STREQUAL "address")
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
elseif(NEARLINE_SANITIZER STREQUAL "thread")
    # Asio's fences are atomics that ThreadSanitizer knows; GCC only warns that it does not model fences.
    # And the same mismatch as above.
    add_compile_options(-fsanitize=thread -Wno-tsan -Wno-mismatched-new-delete)
    add_link_options(-fsanitize=thread)
elseif(NEARLINE_SANITIZER STREQUAL "fuzzer")
    # Clang alone has libFuzzer. What it warns of is clang-tidy's to say.
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -w)
    add_link_options(-fsanitize=address,undefined)
elseif(NOT NEARLINE_SANITIZER STREQUAL "")
    message(FATAL_ERROR "NEARLINE_SANITIZER is '${NEARLINE_SANITIZER}': address, thread or fuzzer")
endif()

# A clone elsewhere, or another preset, finds what was compiled before. The inode cache is for precompiled headers: with
# it their 100 MB are hashed once, not for each file.
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_INODECACHE=1
            CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
