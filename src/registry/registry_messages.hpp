#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "http/message.hpp"
#include "registry/embedded_registry.hpp"

/// Requests and answers of Confluent's REST API as text. For registry_api.cpp.
namespace nearline::registry {

http::Response reply(const boost::json::value& document, int status = 200);
http::Response reply(const RegistryError& error);

/// ?name=true, in any case (Python clients write True).
bool flag(const http::Request& request, const std::string& name);
Scope scope(const http::Request& request);

/// The schema that a body carries; 42201 where it carries none that can be kept here.
Answer<std::string> read_schema(const http::Request& request);
/// The level that the body of PUT /config carries; 42203 where it is none.
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
