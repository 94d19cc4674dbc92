#include "notification/outbox.hpp"

#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

#include "notification/outbox_impl.hpp"

namespace nearline::notification {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr std::string_view mysql_scheme = "mysql:";

}  // namespace

std::int64_t to_state(Outbox::End end) noexcept {
    switch (end) {
        case Outbox::End::sent:
            return entry_state::sent;
        case Outbox::End::skipped:
            return entry_state::skipped;
        case Outbox::End::dead:
            break;
    }
    return entry_state::dead;
}

std::int64_t most_failures(Outbox::Whom whom) noexcept {
    return whom == Outbox::Whom::without_failures ? 0 : std::numeric_limits<std::int32_t>::max();
}

std::vector<Uuid> users_of(std::span<const Entry> entries) {
    std::set<Uuid> users;
    for (const Entry& entry : entries) users.insert(entry.user);
    return {users.begin(), users.end()};
}

std::unique_ptr<Outbox> make_outbox(const std::string& url, const std::string& mysql_password) {
    if (url.starts_with(sqlite_scheme) && url.size() > sqlite_scheme.size()) {
        return make_sqlite_outbox(url.substr(sqlite_scheme.size()));
    }
    if (url.starts_with(mysql_scheme)) {
        store::MysqlOptions options = store::parse_mysql_url(url);
        options.password = mysql_password;
        return make_mysql_outbox(std::move(options));
    }
    throw std::invalid_argument("'" + url + "' is neither sqlite:FILE nor mysql://user@host:3306/database");
}

}  // namespace nearline::notification
