#include "schema/flat_check.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "schema/numbers.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

/// Found by a walk, so not for objects of thousands.
constexpr std::size_t max_fields = 64;
constexpr std::size_t max_pattern_length = 256;

std::string_view view(json::string_view text) {
    return {text.data(), text.size()};
}

constexpr unsigned bit(json::kind kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
}

bool is_remark(std::string_view keyword) noexcept {
    constexpr std::array remarks{"$schema", "$id", "$comment", "title", "description", "default", "examples", "format"};
    return std::find(remarks.begin(), remarks.end(), keyword) != remarks.end();
}

std::optional<unsigned> type_bits(std::string_view type) noexcept {
    const unsigned numbers = bit(json::kind::int64) | bit(json::kind::uint64) | bit(json::kind::double_);
    if (type == "null") return bit(json::kind::null);
    if (type == "boolean") return bit(json::kind::bool_);
    if (type == "integer") return bit(json::kind::int64);  // 2.0 and 2^63 are left to the validator
    if (type == "number") return numbers;
    if (type == "string") return bit(json::kind::string);
    return std::nullopt;
}

std::optional<unsigned> type_bits(const json::value& type) noexcept {
    if (type.is_string()) return type_bits(view(type.get_string()));
    if (!type.is_array()) return std::nullopt;
    unsigned bits = 0;
    for (const auto& one : type.get_array()) {
        const auto more = one.is_string() ? type_bits(view(one.get_string())) : std::nullopt;
        if (!more) return std::nullopt;
        bits |= *more;
    }
    return bits;
}

constexpr bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '-' ||
           c == ':' || c == '_' || c == '/' || c == ',';
}

/// Takes "[0-9a-f]" off the front.
std::optional<std::bitset<256>> take_class(std::string_view& rest) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto inside = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    std::bitset<256> set;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        const auto first = static_cast<unsigned char>(inside[i]);
        if (!is_plain(inside[i]) || inside[i] == '-') return std::nullopt;
        if (i + 2 < inside.size() && inside[i + 1] == '-') {
            const auto last = static_cast<unsigned char>(inside[i + 2]);
            if (!is_plain(inside[i + 2]) || last < first) return std::nullopt;
            for (std::size_t c = first; c <= last; ++c) set.set(c);
            i += 2;
        } else {
            set.set(first);
        }
    }
    if (set.none()) return std::nullopt;
    return set;
}

/// Takes one character or class off the front.
std::optional<std::bitset<256>> take_one(std::string_view& rest) {
    if (rest.front() == '[') return take_class(rest);
    std::bitset<256> set;
    if (rest.size() > 1 && rest[0] == '\\' && (rest[1] == '.' || rest[1] == '-' || rest[1] == '+')) {
        set.set(static_cast<unsigned char>(rest[1]));
        rest.remove_prefix(2);
        return set;
    }
    if (!is_plain(rest.front())) return std::nullopt;
    set.set(static_cast<unsigned char>(rest.front()));
    rest.remove_prefix(1);
    return set;
}

/// Takes "{4}" off the front; 1 where there is none.
std::optional<std::size_t> take_count(std::string_view& rest) {
    if (rest.empty() || rest.front() != '{') return 1;
    const auto end = rest.find('}');
    if (end == std::string_view::npos || end < 2 || end > 4) return std::nullopt;
    std::size_t count = 0;
    for (const char c : rest.substr(1, end - 1)) {
        if (c < '0' || c > '9') return std::nullopt;
        count = count * 10 + static_cast<std::size_t>(c - '0');
    }
    rest.remove_prefix(end + 1);
    return count;
}

}  // namespace

std::optional<FixedPattern> FixedPattern::parse(std::string_view expression) {
    if (expression.size() < 2 || expression.front() != '^' || expression.back() != '$') return std::nullopt;
    auto rest = expression.substr(1, expression.size() - 2);
    FixedPattern pattern;
    while (!rest.empty()) {
        const auto one = take_one(rest);
        const auto count = one ? take_count(rest) : std::nullopt;
        if (!count || pattern.characters_.size() + *count > max_pattern_length) return std::nullopt;
        pattern.characters_.insert(pattern.characters_.end(), *count, *one);
    }
    return pattern;
}

bool FixedPattern::matches(std::string_view text) const noexcept {
    return text.size() == characters_.size() &&
           std::equal(text.begin(), text.end(), characters_.begin(),
                      [](char c, const auto& allowed) { return allowed[static_cast<unsigned char>(c)]; });
}

std::optional<FlatCheck::Field> FlatCheck::compile_field(std::string_view name, const json::value& schema) {
    if (!schema.is_object()) return std::nullopt;
    Field field{.name = std::string(name)};
    for (const auto& member : schema.get_object()) {
        const auto keyword = view(member.key());
        const auto& value = member.value();
        if (is_remark(keyword)) continue;
        if (keyword == "type") {
            const auto bits = type_bits(value);
            if (!bits) return std::nullopt;
            field.types = *bits;
        } else if (keyword == "minimum" && value.is_number()) {
            field.minimum = exact(value);
        } else if (keyword == "maximum" && value.is_number()) {
            field.maximum = exact(value);
        } else if (keyword == "pattern" && value.is_string()) {
            field.pattern = FixedPattern::parse(view(value.get_string()));
            if (!field.pattern) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    if (field.types == 0) return std::nullopt;
    return field;
}

std::optional<FlatCheck> FlatCheck::compile(const json::value& schema) {
    const auto* object = schema.if_object();
    if (object == nullptr) return std::nullopt;
    FlatCheck check;
    const json::array* required = nullptr;
    bool is_object = false;
    for (const auto& member : *object) {
        const auto keyword = view(member.key());
        const auto& value = member.value();
        if (is_remark(keyword)) continue;
        if (keyword == "type") {
            is_object = value == "object";
        } else if (keyword == "properties" && value.is_object() && value.get_object().size() <= max_fields) {
            for (const auto& property : value.get_object()) {
                auto field = compile_field(view(property.key()), property.value());
                if (!field) return std::nullopt;
                check.fields_.push_back(std::move(*field));
            }
        } else if (keyword == "required" && value.is_array()) {
            required = &value.get_array();
        } else if (keyword == "additionalProperties" && value.is_bool()) {
            check.open_ = value.get_bool();
        } else {
            return std::nullopt;
        }
    }
    if (!is_object) return std::nullopt;
    for (std::size_t i = 0; required != nullptr && i < required->size(); ++i) {
        const auto& name = (*required)[i];
        const auto field = std::find_if(check.fields_.begin(), check.fields_.end(),
                                        [&](const Field& one) { return name == json::string_view(one.name); });
        if (field == check.fields_.end()) return std::nullopt;
        check.required_ += field->required ? 0 : 1;
        field->required = true;
    }
    return check;
}

const FlatCheck::Field* FlatCheck::find(std::string_view name, std::size_t guess) const noexcept {
    // Most writers keep the schema's order.
    if (guess < fields_.size() && fields_[guess].name == name) return &fields_[guess];
    const auto found =
        std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
    return found == fields_.end() ? nullptr : &*found;
}

bool FlatCheck::Field::takes(const json::value& value) const noexcept {
    if ((types & bit(value.kind())) == 0) return false;
    if (value.is_number()) return exact(value) >= minimum && exact(value) <= maximum;
    return !pattern || !value.is_string() || pattern->matches(view(value.get_string()));
}

bool FlatCheck::surely_conforms(const json::value& document) const noexcept {
    const auto* object = document.if_object();
    if (object == nullptr) return false;
    std::size_t position = 0;
    std::size_t present = 0;
    for (const auto& member : *object) {
        if (const auto* field = find(view(member.key()), position++)) {
            if (!field->takes(member.value())) return false;
            present += field->required ? 1 : 0;
        } else if (!open_) {
            return false;
        }
    }
    return present == required_;
}

}  // namespace nearline::schema
