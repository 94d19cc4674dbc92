# shellcheck shell=bash
# What script/test, script/check and script/bench share: the servers that tests use.
# Needs lib.sh and lib-deps.sh.

set -euo pipefail
: "${root:?}"

servers_dir=''

# start_servers DIR [KAFKA_OPTION...]: one Kafka, one MariaDB, one schema registry and one MongoDB for all tests
# of this run; each test uses names of its own on them. They are told of through NEARLINE_TEST_*.
start_servers() {
    servers_dir=$1
    shift
    # Not with what an earlier run left, which may be what a kill left.
    rm -rf "$servers_dir" && mkdir -p "$servers_dir"
    say "starting Kafka, MariaDB, a schema registry and a MongoDB"
    NEARLINE_TEST_KAFKA=$("$root/tests/servers/kafka" start "$servers_dir/kafka" --until-exit-of $$ "$@")
    NEARLINE_TEST_KAFKA_PROXIED=$("$root/tests/servers/kafka" proxied "$servers_dir/kafka")
    NEARLINE_TEST_MYSQL=$("$root/tests/servers/mariadb" start "$servers_dir/mariadb")
    NEARLINE_TEST_REGISTRY=$("$root/tests/servers/apicurio" start "$servers_dir/apicurio" --until-exit-of $$)
    # A real MongoDB, where somebody has one: MONGODB_URL=mongodb://host:27017 script/test
    NEARLINE_TEST_MONGODB=${MONGODB_URL:-}
    if [ -z "$NEARLINE_TEST_MONGODB" ]; then
        NEARLINE_TEST_MONGODB=mongodb://$("$root/tests/servers/mongo" start "$servers_dir/mongo" --until-exit-of $$)
    fi
    export NEARLINE_TEST_KAFKA NEARLINE_TEST_KAFKA_PROXIED NEARLINE_TEST_MYSQL NEARLINE_TEST_REGISTRY NEARLINE_TEST_MONGODB
}

stop_servers() {
    [ -n "$servers_dir" ] || return 0
    local server
    for server in kafka mariadb apicurio mongo; do
        [ ! -d "$servers_dir/$server" ] || "$root/tests/servers/$server" stop "$servers_dir/$server" || true
    done
}
