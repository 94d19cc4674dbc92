# shellcheck shell=bash
# mongo-java-server, which speaks MongoDB's wire protocol, for the tests: from Maven, cached. There is no
# package of MongoDB itself for Debian. tests/servers/mongo starts one. Needs lib.sh.

: "${root:?}" "${deps:?}"

mongo_version=1.46.0
ecj_version=3.36.0
# Of the list that sha256sum gives for all jars: Maven resolves what it depends on, this pins it.
mongo_jars_sha256=c46e89c0fc3c2c64ff82160bb99875935bbdd8b5822a7617497202ccdc272be5

# Another one where what is compiled for it is another.
mongo_home() { printf '%s\n' "$deps/mongo-java-server-$mongo_version-$(cksum <"$root/tests/servers/MongoForTests.java" | cut -d ' ' -f 1)"; }

install_mongo() {
    local prefix work sum
    prefix=$(mongo_home)
    command -v java >/dev/null || apt_install default-jre-headless
    [ ! -e "$prefix/classes" ] || return 0
    command -v mvn >/dev/null || apt_install maven
    say "installing mongo-java-server $mongo_version for the tests (9 MB, once)"
    work=$(mktemp -d "$deps/mongo.XXXXXX")
    # Its few lines of main are compiled by ECJ: a Java runtime alone has no compiler.
    cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>nearline</groupId><artifactId>mongo-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>de.bwaldvogel</groupId><artifactId>mongo-java-server-h2-backend</artifactId><version>$mongo_version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>2.0.16</version></dependency>
    <dependency><groupId>org.eclipse.jdt</groupId><artifactId>ecj</artifactId><version>$ecj_version</version></dependency>
  </dependencies>
</project>
POM
    (cd "$work" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DoutputDirectory=home/libs >maven.log 2>&1) || { tail -n 20 "$work/maven.log" >&2; die "Maven could not get mongo-java-server (log: $work/maven.log)"; }
    sum=$(cd "$work/home/libs" && LC_ALL=C sha256sum ./*.jar | sha256sum | cut -d ' ' -f 1)
    [ "$sum" = "$mongo_jars_sha256" ] || die "mongo-java-server's jars are not those they should be: $work/home/libs sums up to $sum"
    java -cp "$work/home/libs/*" org.eclipse.jdt.internal.compiler.batch.Main -17 -d "$work/home/classes" \
        -cp "$(printf '%s:' "$work"/home/libs/*.jar)" "$root/tests/servers/MongoForTests.java" >&2 || die "MongoForTests.java does not compile"
    mv "$work/home" "$prefix"
    rm -rf "$work"
}
