# shellcheck shell=bash
# What the commands of this folder share: where things lie, how they install what is missing, and how they build.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Libraries that are built once and kept between builds and clones.
deps=${NEARLINE_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/nearline}
export root deps

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# as_root COMMAND...: runs it as root, through sudo if need be.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        die "needs root to run '$*': run it as root, or install sudo"
    fi
}

# packages_missing NAME...: the Debian packages of these that are not installed.
packages_missing() {
    # One question for all: one for each takes most of a second.
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | awk '$2 == "installed" { print $1 }' | sort -u)
}

# apt_install NAME...: installs those that are missing; does nothing, fast, where all are there.
apt_install() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    as_root apt-get -qq update || say "apt-get update failed; going on with the package lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends \
        "${missing[@]}" >"$deps/apt.log" 2>&1 || { tail -n 20 "$deps/apt.log" >&2; die "apt-get could not install: ${missing[*]} (log: $deps/apt.log)"; }
}

# codename: of this Debian (bookworm, trixie).
codename() { (. /etc/os-release && echo "${VERSION_CODENAME:-unknown}"); }

# require_sha256 FILE SUM
require_sha256() {
    echo "$2  $1" | sha256sum --check --status || die "$1 is not the file it should be: its SHA-256 is not $2"
}

# with_lock NAME COMMAND...: one at a time on this machine, so that two scripts can't build one thing together.
with_lock() {
    local name=$1
    shift
    mkdir -p "$deps"
    (flock 9 && "$@") 9>"$deps/$name.lock"
}

# build_preset PRESET [TARGET...]: configures and builds. Says how far it is where somebody looks, else nothing
# unless it fails.
build_preset() {
    local preset=$1 dir=$root/build/$1 log=$root/build/$1.log
    shift
    mkdir -p "$root/build"
    : >"$log"
    # Ninja knows when CMake's files have changed, but not that presets have.
    [ "$dir/build.ninja" -nt "$root/CMakePresets.json" ] || (cd "$root" && cmake --preset "$preset") >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2; die "cmake failed (log: $log)"; }
    NINJA_STATUS='%f/%t ' ninja -C "$dir" "$@" 2>&1 | tee -a "$log" | show_progress ||
        { grep -aE -A 12 'error|FAILED' "$log" | tail -n 60 >&2; die "the build failed (log: $log)"; }
}

# show_progress: of ninja's lines, how far it is; nothing where nobody looks.
show_progress() {
    local line
    while IFS= read -r line; do
        case $line in
            [0-9]*/[0-9]*\ *) [ ! -t 2 ] || printf '\r\033[K%s: building %s' "${0##*/}" "${line%% *}" >&2 ;;
        esac
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
}
