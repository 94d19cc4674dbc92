#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>

/// Where parts are, as settings spell it. Pure functions.
namespace nearline::app {

/// A value, or what is wrong with the text.
template <class T>
using Parsed = boost::system::result<T, std::string>;

/// embedded:DIR or kafka://host:port,host:port
struct StreamPlace {
    enum class Kind { embedded, kafka };
    Kind kind;
    std::string where;  ///< the folder, or "host:port,host:port"
    static Parsed<StreamPlace> parse(const std::string& text);
};

/// embedded:DIR or http(s)://[user@]host[:port][/path]
struct RegistryPlace {
    enum class Kind { embedded, http };
    Kind kind;
    std::string where;  ///< the folder, or the URL without its user
    std::string user;
    static Parsed<RegistryPlace> parse(const std::string& text);
};

/// The file that sqlite:FILE names; nothing for other URLs.
std::optional<std::string> sqlite_file(const std::string& url);

/// Whether only this machine can reach what listens there.
bool is_loopback(const std::string& address);

}  // namespace nearline::app
