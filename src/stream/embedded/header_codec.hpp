#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/record.hpp"

namespace nearline::stream::embedded {

/// Headers as one column of the table `records`:
///
///     count, then for each header: key length, key, value length + 1 (0: null), value
///
/// Numbers are unsigned LEB128 (seven bits a byte, low ones first). No headers are an empty text, which
/// is stored as NULL.
std::string encode_headers(const std::vector<Header>& headers);

/// Nothing for bytes that encode_headers did not write.
std::optional<std::vector<Header>> decode_headers(std::string_view bytes);

}  // namespace nearline::stream::embedded
