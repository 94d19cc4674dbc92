# shellcheck shell=bash
# Apache Kafka for the tests and benchmarks: the broker's jars from Maven, cached. tests/servers/kafka
# starts one. Needs lib.sh.

: "${root:?}" "${deps:?}"

kafka_version=4.3.0
# Of the list that sha256sum gives for all jars: Maven resolves what Kafka depends on, this pins it.
kafka_jars_sha256=e4e3863e827a68a364a6dd6ef8e835cbc7eb31e6ab5dc1605610c068ac49473b

kafka_home() { printf '%s\n' "$deps/kafka-$kafka_version"; }

kafka_jars_sum() { (cd "$1" && LC_ALL=C sha256sum ./*.jar | sha256sum | cut -d ' ' -f 1); }

install_kafka_jars() {
    local prefix work sum
    prefix=$(kafka_home)
    [ ! -e "$prefix/libs" ] || return 0
    command -v mvn >/dev/null || apt_install maven
    say "installing Kafka $kafka_version for the tests (40 MB, once)"
    work=$(mktemp -d "$deps/kafka.XXXXXX")
    # Without the binding Kafka's log, and so the reason why a broker did not start, would be lost.
    cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>nearline</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka_version</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
  </dependencies>
</project>
POM
    (cd "$work" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DoutputDirectory=libs >maven.log 2>&1) || { tail -n 20 "$work/maven.log" >&2; die "Maven could not get Kafka (log: $work/maven.log)"; }
    sum=$(kafka_jars_sum "$work/libs")
    [ "$sum" = "$kafka_jars_sha256" ] || die "Kafka's jars are not those they should be: $work/libs sums up to $sum"
    mkdir -p "$prefix" && mv "$work/libs" "$prefix/libs"
    rm -rf "$work"
}

install_kafka() {
    command -v java >/dev/null || apt_install default-jre-headless
    install_kafka_jars
    # A broker that starts a little slower is no reason to fail.
    "$root/tests/servers/kafka" archive || say "going on without archives of Kafka's classes"
}
