# Third-party libraries, one target each. docs/decisions/ says why each is here.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# What script/bootstrap built because this Debian does not have it.
if(DEFINED ENV{NEARLINE_DEPS})
    set(nearline_deps $ENV{NEARLINE_DEPS})
elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(nearline_deps $ENV{XDG_CACHE_HOME}/nearline)
else()
    set(nearline_deps $ENV{HOME}/.cache/nearline)
endif()

find_package(Boost 1.81 REQUIRED COMPONENTS json context)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET GLOBAL libsodium)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET GLOBAL libmariadb)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET GLOBAL re2)
pkg_check_modules(MONGOC REQUIRED IMPORTED_TARGET GLOBAL libmongoc-1.0)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET GLOBAL jemalloc)

# SQLiteCpp: Debian's package has a library and headers, on Debian 12 no working CMake configuration.
find_library(SQLITECPP_LIBRARY SQLiteCpp REQUIRED)
# Imported, so that CMake puts SQLite behind it wherever both are linked.
add_library(nearline_sqlitecpp UNKNOWN IMPORTED GLOBAL)
set_target_properties(nearline_sqlitecpp PROPERTIES IMPORTED_LOCATION ${SQLITECPP_LIBRARY})
target_link_libraries(nearline_sqlitecpp INTERFACE SQLite::SQLite3)

# librdkafka: the one that bootstrap built and patched; under ThreadSanitizer one of its own (script/lib-deps.sh says
# why).
set(rdkafka ${nearline_deps}/librdkafka-2.8.0-p4)
if(NEARLINE_SANITIZER STREQUAL "thread")
    set(rdkafka ${rdkafka}-tsan)
endif()
if(NOT EXISTS ${rdkafka}/lib/librdkafka.a)
    message(FATAL_ERROR "librdkafka 2.8 is not in ${rdkafka}: run script/bootstrap (with --check for the sanitizers)")
endif()
# Its .pc file names the archive by path, which CMake puts before the objects that need it.
add_library(nearline_rdkafka STATIC IMPORTED GLOBAL)
set_target_properties(nearline_rdkafka PROPERTIES
    IMPORTED_LOCATION ${rdkafka}/lib/librdkafka.a
    INTERFACE_INCLUDE_DIRECTORIES ${rdkafka}/include
    INTERFACE_COMPILE_DEFINITIONS LIBRDKAFKA_STATICLIB)
target_link_libraries(nearline_rdkafka INTERFACE
    CURL::libcurl OpenSSL::SSL OpenSSL::Crypto sasl2 zstd lz4 z Threads::Threads ${CMAKE_DL_LIBS} m)

# ONNX Runtime: the system's where it has one, else the one that bootstrap fetched.
find_library(ONNXRUNTIME_LIBRARY onnxruntime)
find_path(ONNXRUNTIME_INCLUDE onnxruntime_c_api.h PATH_SUFFIXES onnxruntime onnxruntime/core/session)
if(NOT ONNXRUNTIME_LIBRARY OR NOT ONNXRUNTIME_INCLUDE)
    unset(ONNXRUNTIME_LIBRARY CACHE)
    unset(ONNXRUNTIME_INCLUDE CACHE)
    find_library(ONNXRUNTIME_LIBRARY onnxruntime PATHS ${nearline_deps}/onnxruntime-1.21.0/lib NO_DEFAULT_PATH REQUIRED)
    find_path(ONNXRUNTIME_INCLUDE onnxruntime_c_api.h PATHS ${nearline_deps}/onnxruntime-1.21.0/include
              PATH_SUFFIXES onnxruntime onnxruntime/core/session NO_DEFAULT_PATH REQUIRED)
endif()
cmake_path(IS_PREFIX nearline_deps "${ONNXRUNTIME_LIBRARY}" onnxruntime_is_ours)
if(onnxruntime_is_ours)
    # Beside the programs, which find it there wherever both are moved to and whoever runs them: the cache may be
    # readable for none but who built them.
    set(onnxruntime ${CMAKE_BINARY_DIR}/lib/libonnxruntime.so.1)
    configure_file(${ONNXRUNTIME_LIBRARY} ${onnxruntime} COPYONLY)
else()
    set(onnxruntime ${ONNXRUNTIME_LIBRARY})
endif()
add_library(nearline_onnxruntime SHARED IMPORTED GLOBAL)
set_target_properties(nearline_onnxruntime PROPERTIES
    IMPORTED_LOCATION ${onnxruntime}
    INTERFACE_INCLUDE_DIRECTORIES ${ONNXRUNTIME_INCLUDE})

if(NEARLINE_TESTS)
    find_package(GTest REQUIRED)
endif()
