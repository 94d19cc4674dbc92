#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace nearline::notification {

/// Where mail goes, as the setting spells it: file:DIR, or smtp(s)://[user@]host[:port].
struct MailPlace {
    enum class Kind { file, smtp };
    Kind kind = Kind::file;
    std::string folder{};
    std::string host{};
    int port = 0;  ///< 0: the scheme's own
    bool tls = false;
    std::string user{};  ///< empty: none

    /// The place, or what is wrong with the text.
    static boost::system::result<MailPlace, std::string> parse(const std::string& text);
};

}  // namespace nearline::notification
