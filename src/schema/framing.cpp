#include "schema/framing.hpp"

namespace nearline::schema {
namespace {

constexpr std::size_t header_size = 5;

}  // namespace

std::string schema_id_text(std::int32_t id) {
    return std::to_string(static_cast<std::uint32_t>(id));
}

std::string frame(std::int32_t schema_id, std::string_view payload) {
    const auto id = static_cast<std::uint32_t>(schema_id);
    std::string value;
    value.reserve(header_size + payload.size());
    value += '\0';
    for (const int shift : {24, 16, 8, 0}) value += static_cast<char>((id >> shift) & 0xFF);
    value += payload;
    return value;
}

std::optional<Frame> unframe(std::string_view value) noexcept {
    if (value.size() < header_size || value.front() != '\0') return std::nullopt;
    std::uint32_t id = 0;
    for (std::size_t i = 1; i < header_size; ++i) id = (id << 8) | static_cast<unsigned char>(value[i]);
    return Frame{static_cast<std::int32_t>(id), value.substr(header_size)};
}

}  // namespace nearline::schema
