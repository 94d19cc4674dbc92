#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nearline::schema {

/// Confluent's wire format: a zero byte, the schema id as four bytes big-endian, the JSON.
struct Frame {
    std::int32_t schema_id = 0;
    std::string_view payload;  ///< a view into the framed value
};

/// An id as a record shows it: what no registry ever gave out has no sign there.
std::string schema_id_text(std::int32_t id);

std::string frame(std::int32_t schema_id, std::string_view payload);

/// Nothing where the value is shorter than five bytes or does not begin with a zero byte.
std::optional<Frame> unframe(std::string_view value) noexcept;

}  // namespace nearline::schema
