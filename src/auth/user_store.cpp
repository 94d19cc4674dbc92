#include "auth/user_store.hpp"

#include <stdexcept>
#include <utility>

#include "auth/user_store_impl.hpp"

namespace nearline::auth {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr std::string_view mysql_scheme = "mysql:";

}  // namespace

std::string name_digest(std::string_view name) {
    return sha256_hex(normal_name(name));
}

std::string check_user_store_url(const std::string& url) {
    try {
        make_user_store(url, "");
        return "";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

std::unique_ptr<UserStore> make_user_store(const std::string& url, const std::string& mysql_password) {
    if (url.starts_with(sqlite_scheme) && url.size() > sqlite_scheme.size()) {
        return make_sqlite_user_store(url.substr(sqlite_scheme.size()));
    }
    if (url.starts_with(mysql_scheme)) {
        store::MysqlOptions options = store::parse_mysql_url(url);
        options.password = mysql_password;
        return make_mysql_user_store(std::move(options));
    }
    throw std::invalid_argument("'" + url + "' is neither sqlite:FILE nor mysql://user@host:3306/database");
}

}  // namespace nearline::auth
