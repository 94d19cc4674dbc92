#include "token/base64url.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nearline::token {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr auto values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}();

}  // namespace

std::string base64url_encode(std::string_view bytes) {
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    std::size_t size = 0;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6;) text[size++] = alphabet[(bits >> (count -= 6)) & 63];
    }
    if (count > 0) text[size++] = alphabet[(bits << (6 - count)) & 63];
    return text;
}

std::string base64_encode(std::string_view bytes) {
    std::string text = base64url_encode(bytes);
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.resize((bytes.size() + 2) / 3 * 4, '=');
    return text;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes(text.size() * 3 / 4, '\0');
    std::size_t size = 0;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = values[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        if ((count += 6) >= 8) bytes[size++] = static_cast<char>((bits >> (count -= 8)) & 255);
    }
    if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return bytes;
}

}  // namespace nearline::token
