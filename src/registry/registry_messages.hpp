#pragma once

#include <algorithm>
#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "registry/embedded_registry.hpp"

/// Requests and answers of Confluent's REST API as text. For registry_api.cpp.
namespace nearline::registry {

http::Response reply(const boost::json::value& document, int status = 200);
http::Response reply(const RegistryError& error);

/// ?name=true, in any case (Python clients write True).
bool flag(const http::Request& request, const std::string& name);
/// What ?deleted= asks for.
Scope scope(const http::Request& request);

/// What the queries of a list ask for: ?deleted=, ?deletedOnly=, ?offset=, ?limit= (below 0: no limit).
struct Listing {
    Scope scope = Scope::in_use;
    std::size_t offset = 0;
    std::optional<std::size_t> limit{};

    template <class T>
    std::vector<T> cut(std::vector<T> all) const {
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(offset, all.size())));
        if (limit && *limit < all.size()) all.resize(*limit);
        return all;
    }
};
/// 400 where a number is none.
Answer<Listing> read_listing(const http::Request& request);

/// The schema that a body carries; 42201 where it carries none that can be kept here.
Answer<std::string> read_schema(const http::Request& request);
/// As read_schema(), where it is to be registered: 42205 where the body says which id or version it should get.
Answer<std::string> read_new_schema(const http::Request& request);
/// The level that the body of PUT /config carries; 42203 where it is none, 422 where it
/// carries a setting that is not kept here.
Answer<Compatibility> read_level(const http::Request& request);
/// The mode that the body of PUT /mode carries; 42204 where there is none.
Answer<std::string> read_mode(const http::Request& request);
/// The {id} of the path; 40403 where it can't be one.
Answer<std::int32_t> read_id(const http::Request& request);
/// The {version} of the path.
Answer<VersionName> read_version(const http::Request& request);
const std::string& read_subject(const http::Request& request);

boost::json::value to_document(const SchemaVersion& version);
boost::json::value to_document(const std::vector<SchemaVersion>& versions);  ///< [{"subject", "version"}]

}  // namespace nearline::registry
