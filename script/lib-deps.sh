# shellcheck shell=bash
# The dependencies of Nearline, each with its version and how it gets onto the machine.
# docs/decisions/ says why each is here. Needs lib.sh.

set -euo pipefail
: "${root:?}" "${deps:?}"

# --- to build and run -----------------------------------------------------------------------

build_packages=(
    build-essential cmake ninja-build pkg-config ccache ca-certificates curl xz-utils unzip dpkg-dev
    libboost1.81-dev libboost-json1.81-dev libboost-context1.81-dev
    libsqlite3-dev libsqlitecpp-dev libmariadb-dev libmongoc-dev libcurl4-openssl-dev libsodium-dev libssl-dev
    libsasl2-dev libzstd-dev liblz4-dev zlib1g-dev libjemalloc-dev
    libspdlog-dev libtomlplusplus-dev libvalijson-dev libre2-dev prometheus-cpp-dev libgtest-dev libgmock-dev
    libbenchmark-dev librapidcheck-dev
)
# What Debian 13 has under other names, and has itself.
trixie_packages=(libboost-dev libboost-json-dev libboost-context-dev libonnxruntime-dev)

install_build_packages() {
    if [ "$(codename)" = bookworm ]; then
        apt_install "${build_packages[@]}"
    else
        local name wanted=()
        for name in "${build_packages[@]}"; do
            [[ $name == libboost*1.81-dev ]] || wanted+=("$name")
        done
        apt_install "${wanted[@]}" "${trixie_packages[@]}"
    fi
}

# trixie_apt_get ARGUMENT...: apt-get on Debian 13's packages, from the mirror this machine uses
# already, with lists of its own, so that the machine's apt is not changed.
trixie_apt_get() {
    local lists=$deps/apt-trixie mirror
    mkdir -p "$lists/lists/partial" "$lists/archives/partial" "$lists/parts"
    if [ ! -s "$lists/sources.list" ]; then
        # shellcheck disable=SC2016  # apt's own format
        mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | awk -v name="$(codename)" '$2 == name { print $1; exit }')
        [ -n "$mirror" ] || die "no Debian mirror for $(codename) in this machine's apt sources"
        printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\ndeb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' \
            "$mirror" "$mirror" >"$lists/sources.list"
    fi
    apt-get -qq -o Dir::Etc::sourcelist="$lists/sources.list" -o Dir::Etc::sourceparts="$lists/parts" \
        -o Dir::State::lists="$lists/lists" -o Dir::Cache="$lists" -o APT::Sandbox::User=root "$@"
}

rdkafka_version=2.8.0
rdkafka_sha256=5bd1c46f63265f31c6bfcedcde78703f77d28238eadf23821c2b43fc30be3e25

# Debian 12 has 2.0.2, which loses records around rebalances: on each Debian, 2.8 from Debian 13's source package, with
# a patch that says itself what it mends. A changed patch needs another number here and in cmake/Dependencies.cmake.
rdkafka_patch=$root/cmake/librdkafka-$rdkafka_version.patch
rdkafka_prefix=$deps/librdkafka-$rdkafka_version-p4
install_librdkafka() {
    build_librdkafka "$rdkafka_prefix"
}

# ThreadSanitizer's runtime in GCC 12 does not know C11's thrd_create, which librdkafka uses where it
# can, and crashes in the first lock of such a thread. So script/check has one on POSIX threads, and
# instrumented, so that what librdkafka's own atomics order is seen as ordered.
install_librdkafka_tsan() {
    build_librdkafka "$rdkafka_prefix-tsan" "-DCMAKE_C_FLAGS=-fsanitize=thread -g1"
}

# build_librdkafka PREFIX [CMAKE-OPTION...]: a static one; with options, on POSIX threads.
build_librdkafka() {
    local prefix=$1 work
    shift
    [ -e "$prefix/lib/librdkafka.a" ] && return 0
    say "building librdkafka $rdkafka_version for ${prefix##*/} (about a minute, once)"
    work=$(mktemp -d "$deps/rdkafka.XXXXXX")
    (
        cd "$work"
        trixie_apt_get update
        trixie_apt_get source --download-only "librdkafka=$rdkafka_version-1" >/dev/null ||
            trixie_apt_get source --download-only librdkafka >/dev/null
        require_sha256 "librdkafka_$rdkafka_version.orig.tar.gz" "$rdkafka_sha256"
        mkdir source && tar -xzf "librdkafka_$rdkafka_version.orig.tar.gz" -C source --strip-components=1
        patch --quiet --strip=1 --directory=source <"$rdkafka_patch"
        # It has no option for this, only a probe.
        [ $# -eq 0 ] || echo '#error POSIX threads are wanted' >source/packaging/cmake/try_compile/c11threads_test.c
        cmake -G Ninja -S source -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX="$prefix.new" \
            -DCMAKE_INSTALL_LIBDIR=lib -DRDKAFKA_BUILD_STATIC=ON -DRDKAFKA_BUILD_TESTS=OFF \
            -DRDKAFKA_BUILD_EXAMPLES=OFF -DWITH_SSL=ON -DWITH_SASL=ON -DWITH_ZSTD=ON -DWITH_CURL=ON \
            -DENABLE_LZ4_EXT=ON "$@" >build.log 2>&1 &&
            cmake --build build >>build.log 2>&1 && cmake --install build >>build.log 2>&1 ||
            { tail -n 30 build.log >&2; die "librdkafka did not build"; }
    )
    rm -rf "$prefix" && mv "$prefix.new" "$prefix"
    # The installed .pc file names the folder it was installed to.
    sed -i "s|$prefix.new|$prefix|g" "$prefix"/lib/pkgconfig/*.pc
    rm -rf "$work"
}

onnxruntime_version=1.21.0
onnxruntime_wheel_sha256=8a5d09815a9e209fa0cb20c2985b34ab4daeba7aea94d0f96b8751eb10403201
onnxruntime_so_sha256=a0df84fae0f09d9eca3d6919f685ba435f1ae6cb628e128b69bcf2a2b965504c
onnxruntime_headers_sha256=14f7d959d5deacbcf1504830d4189f91fc67382b399ed9ae9d3aa9c4050ced08

# Debian 12 has no ONNX Runtime: the library from the PyPI wheel, the headers from Debian 13.
install_onnxruntime() {
    local prefix=$deps/onnxruntime-$onnxruntime_version work
    [ "$(codename)" = bookworm ] || return 0
    [ -e "$prefix/lib/libonnxruntime.so" ] && return 0
    [ "$(uname -m)" = x86_64 ] || die "on $(uname -m) Nearline builds on Debian 13, whose own packages have ONNX Runtime"
    say "installing ONNX Runtime $onnxruntime_version (once)"
    apt_install python3 python3-pip
    work=$(mktemp -d "$deps/onnxruntime.XXXXXX")
    (
        cd "$work"
        /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 \
            --platform manylinux_2_27_x86_64 "onnxruntime==$onnxruntime_version"
        require_sha256 ./onnxruntime-*.whl "$onnxruntime_wheel_sha256"
        unzip -q ./onnxruntime-*.whl 'onnxruntime/capi/libonnxruntime.so.*' -d wheel
        trixie_apt_get update
        trixie_apt_get download "libonnxruntime-dev=$onnxruntime_version+dfsg-1" >/dev/null
        require_sha256 ./libonnxruntime-dev_*.deb "$onnxruntime_headers_sha256"
        dpkg-deb -x ./libonnxruntime-dev_*.deb headers
        mkdir -p new/lib
        cp -r headers/usr/include new/include
        cp "wheel/onnxruntime/capi/libonnxruntime.so.$onnxruntime_version" new/lib/
        require_sha256 "new/lib/libonnxruntime.so.$onnxruntime_version" "$onnxruntime_so_sha256"
        ln -s "libonnxruntime.so.$onnxruntime_version" new/lib/libonnxruntime.so.1
        ln -s libonnxruntime.so.1 new/lib/libonnxruntime.so
    )
    rm -rf "$prefix" && mv "$work/new" "$prefix"
    rm -rf "$work"
}

# --- to test ---------------------------------------------------------------------------------

install_test_stack() {
    local part
    for part in kafka apicurio mariadb mongo; do
        # shellcheck source=/dev/null
        . "$root/script/lib-$part.sh"
    done
    apt_install default-jre-headless maven python3-venv
    install_kafka
    install_apicurio
    install_mariadb
    install_mongo
    install_python
}

# A virtual environment for each state of the requirements, so that clones of different ages don't
# break one another's.
python_dir() { echo "$deps/python-$(cat "$root/tests/requirements.txt" "$root/training/requirements.txt" | sha256sum | cut -c 1-12)"; }
test_python() { echo "$(python_dir)/bin/python"; }

install_python() {
    local dir
    dir=$(python_dir)
    [ -e "$dir/complete" ] && return 0
    say "installing the Python packages of the tests"
    rm -rf "$dir"
    /usr/bin/python3 -m venv "$dir"
    "$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/tests/requirements.txt" ||
        die "pip could not install tests/requirements.txt"
    touch "$dir/complete"
}

# --- to check ---------------------------------------------------------------------------------

llvm_version=14

install_linters() {
    apt_install shellcheck git
    if [ "$(codename)" = bookworm ]; then
        apt_install "clang-format-$llvm_version" "clang-tidy-$llvm_version"
    else
        # The same version everywhere, so that everyone's code is formatted alike.
        apt_install "clang-format-$llvm_version" "clang-tidy-$llvm_version" 2>/dev/null || apt_install clang-format clang-tidy
    fi
}

# With libFuzzer, which GCC does not have.
install_clang() {
    if [ "$(codename)" = bookworm ]; then
        apt_install "clang-$llvm_version" "libclang-rt-$llvm_version-dev"
    else
        apt_install "clang-$llvm_version" "libclang-rt-$llvm_version-dev" 2>/dev/null || apt_install clang libclang-rt-dev
    fi
}

# linter NAME: clang-format, clang-tidy, clang++, in our version.
linter() { command -v "$1-$llvm_version" || command -v "$1"; }
