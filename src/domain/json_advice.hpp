#pragma once

#include <boost/json/error.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace nearline {

/// Why `text` is no JSON and what to write instead, where a parser stopped at `position` with `error`: for
/// who wrote the text by hand, in a shell or in another language. `max_depth`: how many levels the parser takes. Never
/// empty.
std::string json_advice(std::string_view text, std::size_t position, const boost::json::error_code& error,
                        int max_depth);

}  // namespace nearline
