# shellcheck shell=bash
# MariaDB for tests/servers/mariadb. Needs lib.sh.

# The -core packages alone: programs without a service, a system user or a /var/lib/mysql, so that
# nothing runs on this machine that was not started by a test.
install_mariadb() {
    apt_install mariadb-server-core mariadb-client-core
}
