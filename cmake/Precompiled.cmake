# What most files of src/ include, compiled once and not once for each of them (docs/decisions/0008).

option(NEARLINE_PRECOMPILE "Compile the headers that most files include only once" OFF)

# nearline_precompiled(NAME header...): a target that nothing links; others take its headers.
function(nearline_precompiled name)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE Boost::json)
    target_compile_options(${name} PRIVATE -pthread)
    target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

if(NEARLINE_PRECOMPILE)
    set(headers_of_all
        <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <exception> <filesystem>
        <fstream> <functional> <iostream> <map> <memory> <mutex> <optional> <set> <span> <stdexcept> <string>
        <string_view> <thread> <unordered_map> <utility> <variant> <vector>
        <boost/json/parse.hpp> <boost/json/serialize.hpp> <boost/json/value.hpp>)
    nearline_precompiled(nearline_precompiled ${headers_of_all})
    nearline_precompiled(nearline_precompiled_http ${headers_of_all}
        <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
        <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/thread_pool.hpp>
        <boost/asio/use_awaitable.hpp>)
endif()

# nearline_precompile(TARGET [ROOMS room...]): for a target that uses Boost.JSON and, if one of ROOMS does, Asio.
function(nearline_precompile target)
    if(NOT NEARLINE_PRECOMPILE)
        return()
    endif()
    cmake_parse_arguments(ARG "" "" "ROOMS" ${ARGN})
    set(precompiled nearline_precompiled)
    foreach(room IN LISTS ARG_ROOMS)
        get_target_property(of_room nearline_${room} NEARLINE_PRECOMPILED)
        if(room STREQUAL "http" OR of_room STREQUAL "nearline_precompiled_http")
            set(precompiled nearline_precompiled_http)
        endif()
    endforeach()
    set_target_properties(${target} PROPERTIES NEARLINE_PRECOMPILED ${precompiled})
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
    # Some libraries ask for it, and it has to be the same for all.
    target_compile_options(${target} PRIVATE -pthread)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Without the first ccache keeps nothing. And GCC 12 forgets that the inside of std::string is a system
        # header's, where it sees copies beyond bounds that are none.
        target_compile_options(${target} PRIVATE
            -fpch-preprocess -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
endfunction()
