# shellcheck shell=bash
# Apicurio, a schema registry with the Confluent REST API, for the tests: from Maven, cached.
# tests/servers/apicurio starts one. Needs lib.sh.

: "${deps:?}"

apicurio_version=2.6.13.Final
apicurio_sha256=3cda1b34aa020fb4ac4dd6a66018d757e81e437f97e20a1f92d366b70091c6ba

apicurio_home() { printf '%s\n' "$deps/apicurio-$apicurio_version"; }

install_apicurio() {
    local prefix work archive=apicurio-registry-app-$apicurio_version-all.tar.gz
    prefix=$(apicurio_home)
    command -v java >/dev/null || apt_install default-jre-headless
    [ ! -e "$prefix" ] || return 0
    command -v mvn >/dev/null || apt_install maven
    say "installing Apicurio $apicurio_version for the tests (142 MB, once)"
    work=$(mktemp -d "$deps/apicurio.XXXXXX")
    (cd "$work" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
        -Dartifact="io.apicurio:apicurio-registry-app:$apicurio_version:tar.gz:all" -DoutputDirectory=. \
        >maven.log 2>&1) || { tail -n 20 "$work/maven.log" >&2; die "Maven could not get Apicurio (log: $work/maven.log)"; }
    require_sha256 "$work/$archive" "$apicurio_sha256"
    mkdir "$work/home"
    tar -xzf "$work/$archive" -C "$work/home"
    mv "$work/home" "$prefix"
    rm -rf "$work"
}
