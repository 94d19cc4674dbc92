#include "domain/user.hpp"

#include <algorithm>

namespace nearline {
namespace {

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 5321 atext.
constexpr bool is_atom_character(char c) noexcept {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) noexcept {
    if (text.empty() || text.front() == '.' || text.back() == '.') return false;
    char before = '\0';
    for (const char c : text) {
        if (c == '.' ? before == '.' : !is_atom_character(c)) return false;
        before = c;
    }
    return true;
}

bool is_domain_label(std::string_view label) noexcept {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_domain(std::string_view text) noexcept {
    while (true) {
        const auto dot = text.find('.');
        if (!is_domain_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace

bool is_email_address(std::string_view text) noexcept {
    const auto at = text.find('@');
    // 64 bytes for the local part and 254 in all: RFC 5321, 4.5.3.1, and its erratum 1690.
    return at != std::string_view::npos && text.size() <= 254 && at <= 64 && is_dot_atom(text.substr(0, at)) &&
           is_domain(text.substr(at + 1));
}

std::string normal_name(std::string_view name) {
    std::string normal(name);
    std::transform(normal.begin(), normal.end(), normal.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return normal;
}

}  // namespace nearline
