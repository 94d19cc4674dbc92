#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/mysql.hpp"

namespace nearline::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using Tls = MysqlOptions::Tls;

TEST(MysqlUrl, AllParts) {
    const MysqlOptions options = parse_mysql_url("mysql://me%40home@db.example:3307/near%20line?ssl-ca=/etc/ca%2b.pem");
    EXPECT_EQ("me@home", options.user);
    EXPECT_EQ("db.example", options.host);
    EXPECT_EQ(3307, options.port);
    EXPECT_EQ("near line", options.database);
    EXPECT_EQ(Tls::verified, options.tls);
    EXPECT_EQ("/etc/ca+.pem", options.tls_ca);
    EXPECT_EQ("db.example:3307", options.address());
}

TEST(MysqlUrl, Defaults) {
    const MysqlOptions options = parse_mysql_url("mysql://u@h/d");
    EXPECT_EQ(3306, options.port);
    EXPECT_EQ(Tls::off, options.tls);
    EXPECT_EQ(Tls::required, parse_mysql_url("mysql://u@h/d?ssl-mode=required").tls);
    EXPECT_EQ(Tls::verified, parse_mysql_url("mysql://u@h/d?ssl-mode=verified").tls);
    EXPECT_EQ(Tls::off, parse_mysql_url("mysql://u@h/d?ssl-mode=off").tls);
}

TEST(MysqlUrl, IpVersion6) {
    const MysqlOptions options = parse_mysql_url("mysql://u@[::1]:3306/d");
    EXPECT_EQ("::1", options.host);
    EXPECT_EQ("[::1]:3306", options.address());
    EXPECT_EQ(3306, parse_mysql_url("mysql://u@[fe80::1]/d").port);
}

TEST(MysqlUrl, SaysWhatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"", "mysql://"},
        {"mariadb://u@h/d", "mysql://"},
        {"mysql://u@h", "no database"},
        {"mysql://u@h/", "no database"},
        {"mysql://u@h/a/b", "a/b"},
        {"mysql://h/d", "no user"},
        {"mysql://@h/d", "no user"},
        {"mysql://u@/d", "no host"},
        {"mysql://u@:3306/d", "no host"},
        {"mysql://u@h:/d", "port"},
        {"mysql://u@h:0/d", "port"},
        {"mysql://u@h:65536/d", "port"},
        {"mysql://u@h:33x/d", "33x"},
        {"mysql://u@[::1/d", "[' without"},
        {"mysql://u@[::1]x/d", "after the host"},
        {"mysql://u%4@h/d", "%"},
        {"mysql://u%zz@h/d", "%"},
        {"mysql://u@h/d?tls=1", "tls=1"},
        {"mysql://u@h/d?ssl-mode=on", "on"},
        {"mysql://u@h/d?ssl-ca=", "ssl-ca"},
        {"mysql://u@h/d?ssl-ca=/x&ssl-mode=required", "verified"},
    };
    for (const auto& each : wrong) {
        const auto& url = each.first;
        const auto& why = each.second;
        EXPECT_THAT([&] { parse_mysql_url(url); },
                    ThrowsMessage<std::invalid_argument>(AllOf(HasSubstr(why), HasSubstr("mysql://user@host"))))
            << url;
    }
}

TEST(MysqlUrl, APasswordIsRefusedAndNotRepeated) {
    EXPECT_THAT([] { parse_mysql_url("mysql://u:s3cret@h/d"); },
                ThrowsMessage<std::invalid_argument>(AllOf(HasSubstr("MYSQL_PASSWORD"), Not(HasSubstr("s3cret")))));
}

}  // namespace
}  // namespace nearline::store
