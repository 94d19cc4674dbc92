#include "stream/embedded/header_codec.hpp"

#include <cstdint>

namespace nearline::stream::embedded {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    while (number >= 0x80) {
        out += static_cast<char>(number | 0x80);
        number >>= 7;
    }
    out += static_cast<char>(number);
}

bool take_number(std::string_view& bytes, std::uint64_t& number) noexcept {
    number = 0;
    for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

bool take_text(std::string_view& bytes, std::uint64_t size, std::string& text) {
    if (size > bytes.size()) return false;
    text = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return true;
}

}  // namespace

std::string encode_headers(const std::vector<Header>& headers) {
    std::string out;
    if (headers.empty()) return out;
    append_number(out, headers.size());
    for (const auto& header : headers) {
        append_number(out, header.key.size());
        out += header.key;
        append_number(out, header.value ? header.value->size() + 1 : 0);
        if (header.value) out += *header.value;
    }
    return out;
}

std::optional<std::vector<Header>> decode_headers(std::string_view bytes) {
    std::vector<Header> headers;
    if (bytes.empty()) return headers;
    std::uint64_t count = 0;
    // Each header takes two bytes at least: a broken count can't ask for memory.
    if (!take_number(bytes, count) || count > bytes.size() / 2) return std::nullopt;
    headers.resize(count);
    for (auto& header : headers) {
        std::uint64_t size = 0;
        if (!take_number(bytes, size) || !take_text(bytes, size, header.key)) return std::nullopt;
        if (!take_number(bytes, size)) return std::nullopt;
        if (size > 0 && !take_text(bytes, size - 1, header.value.emplace())) return std::nullopt;
    }
    if (!bytes.empty()) return std::nullopt;
    return headers;
}

}  // namespace nearline::stream::embedded
