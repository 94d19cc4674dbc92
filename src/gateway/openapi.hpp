#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"

namespace nearline::gateway {

/// The OpenAPI 3.1 document of these routes, with the topics' schemas for what goes in and comes out.
/// Throws std::logic_error for a route that nobody has described: a route without its answers would make
/// the document untrue.
std::string openapi_document(const std::vector<http::Route>& routes, std::string_view input_schema,
                             std::string_view output_schema);

/// What GET / answers: the routes with their summaries, as JSON.
std::string index_document(const std::vector<http::Route>& routes);

}  // namespace nearline::gateway
