#include "schema/ecma_pattern.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace nearline::schema {
namespace {

/// RE2 takes no more.
constexpr unsigned max_repetitions = 1000;

constexpr const char* any_but_line_ends = R"([^\n\r\x{2028}\x{2029}])";
/// ECMA-262's \s, inside brackets; RE2's own knows ASCII alone.
constexpr const char* spaces =
    R"(\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr const char* no_spaces =
    R"(\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

/// RE2 knows Unicode's categories by their short names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> long_categories{{
    {"Letter", "L"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Symbol", "S"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
}};

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string literal(std::uint32_t code_point) {
    const char c = static_cast<char>(code_point);
    if (code_point < 0x80 && (is_letter(c) || is_digit(c))) return {c};
    std::array<char, 8> hex{};
    const auto* end = std::to_chars(hex.data(), hex.data() + hex.size(), code_point, 16).ptr;
    return "\\x{" + std::string(hex.data(), static_cast<std::size_t>(end - hex.data())) + "}";
}

class Translation {
public:
    explicit Translation(std::string_view text) : text_(text) {}

    std::string run() {
        while (!done()) take_term();
        return std::move(out_);
    }

private:
    [[noreturn]] static void refuse(const std::string& why) { throw std::invalid_argument(why); }

    bool done() const noexcept { return at_ >= text_.size(); }
    bool next_is(std::string_view what) const noexcept { return text_.substr(at_).starts_with(what); }
    bool take(std::string_view what) noexcept {
        if (!next_is(what)) return false;
        at_ += what.size();
        return true;
    }

    void put(std::string_view text, bool can_repeat) {
        out_ += text;
        can_repeat_ = can_repeat;
    }

    void take_term() {
        const char c = text_[at_];
        switch (c) {
            case '(':
                ++at_;
                return take_group();
            case ')':
            case '|':
                ++at_;
                return put({&c, 1}, c == ')');
            case '^':
                ++at_;
                return put("\\A", false);
            case '$':
                ++at_;
                return put("\\z", false);
            case '.':
                ++at_;
                return put(any_but_line_ends, true);
            case '[':
                ++at_;
                return take_class();
            case '*':
            case '+':
            case '?':
                ++at_;
                return take_quantifier({c});
            case '{':
                if (const auto range = repetitions()) return take_quantifier(*range);
                break;
            case '\\':
                ++at_;
                return take_escape();
            default:
                break;
        }
        put(literal(take_code_point()), true);
    }

    void take_group() {
        if (take("?=") || take("?!") || take("?<=") || take("?<!")) {
            refuse("looking ahead or behind, (?=…), (?!…), (?<=…), (?<!…), is not supported");
        }
        if (take("?<")) {
            const auto end = text_.find('>', at_);
            if (end == std::string_view::npos) refuse("the name of a group is never closed");
            at_ = end + 1;
        } else if (!take("?:") && next_is("?")) {
            refuse("(?" + std::string(text_.substr(at_ + 1, 1)) + " is no group of ECMA-262");
        }
        put("(?:", false);  // nobody asks what a group matched
    }

    void take_quantifier(std::string quantifier) {
        if (!can_repeat_) refuse("there is nothing to repeat before " + quantifier);
        if (take("?")) quantifier += '?';
        put(quantifier, false);
    }

    /// Takes "{2}", "{2,}" or "{2,3}"; any other brace stands for itself.
    std::optional<std::string> repetitions() {
        auto end = at_ + 1;
        const auto number = [&]() -> std::optional<unsigned> {
            const auto first = end;
            unsigned value = 0;
            for (; end < text_.size() && is_digit(text_[end]); ++end) {
                value = std::min(value * 10 + static_cast<unsigned>(text_[end] - '0'), max_repetitions + 1);
            }
            return end > first ? std::optional(value) : std::nullopt;
        };
        const auto least = number();
        if (!least) return std::nullopt;
        auto most = least;
        if (end < text_.size() && text_[end] == ',') {
            ++end;
            most = number();
        }
        if (end >= text_.size() || text_[end] != '}') return std::nullopt;
        const std::string range(text_.substr(at_, end + 1 - at_));
        if (std::max(*least, most.value_or(0)) > max_repetitions) {
            refuse(range + " repeats more than " + std::to_string(max_repetitions) +
                   " times; minLength and maxLength know no such limit");
        }
        if (most && *most < *least) refuse(range + " is out of order");
        at_ = end + 1;
        return range;
    }

    /// After the backslash, outside brackets.
    void take_escape() {
        if (done()) refuse("it ends with a lone \\");
        const char c = text_[at_];
        if (c == 'b' || c == 'B') {
            ++at_;
            return put(c == 'b' ? "\\b" : "\\B", false);
        }
        if ((c >= '1' && c <= '9') || c == 'k')
            refuse("a back reference, \\" + std::string(1, c) + ", is not supported");
        if (const auto set = take_set()) {
            return put(c == 's' || c == 'S' ? "[" + *set + "]" : *set, true);
        }
        put(literal(take_character_escape()), true);
    }

    /// After the backslash: what stands for many characters, as it stands inside brackets.
    std::optional<std::string> take_set() {
        const char c = text_[at_];
        if (c == 'd' || c == 'D' || c == 'w' || c == 'W') {
            ++at_;
            return std::string("\\") + c;
        }
        if (c == 's' || c == 'S') {
            ++at_;
            return c == 's' ? spaces : no_spaces;
        }
        if (c != 'p' && c != 'P') return std::nullopt;
        const auto end = text_.find('}', at_);
        if (text_.substr(at_ + 1, 1) != "{" || end == std::string_view::npos) {
            refuse(std::string("\\") + c + " needs the name of a property in braces, \\p{L}");
        }
        auto name = text_.substr(at_ + 2, end - at_ - 2);
        at_ = end + 1;
        for (const std::string_view kind : {"General_Category=", "gc=", "Script=", "sc="}) {
            if (name.starts_with(kind)) name.remove_prefix(kind.size());
        }
        const auto* known = std::find_if(long_categories.begin(), long_categories.end(),
                                         [&](const auto& category) { return category.first == name; });
        if (known != long_categories.end()) name = known->second;
        return std::string("\\") + c + "{" + std::string(name) + "}";
    }

    /// After the backslash: what stands for one character.
    std::uint32_t take_character_escape() {
        const char c = text_[at_];
        constexpr std::string_view controls = "tnvfr";
        constexpr std::string_view meant = "\t\n\v\f\r";
        if (const auto control = controls.find(c); control != std::string_view::npos) {
            ++at_;
            return static_cast<std::uint32_t>(meant[control]);
        }
        if (c == 'c' && at_ + 1 < text_.size() && is_letter(text_[at_ + 1])) {
            at_ += 2;
            return static_cast<std::uint32_t>(text_[at_ - 1]) % 32;
        }
        if (c == '0' && !(at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
            ++at_;
            return 0;
        }
        if (c == 'x') {
            ++at_;
            return take_hex(2);
        }
        if (c == 'u') {
            ++at_;
            return take_unicode_escape();
        }
        if (is_letter(c) || is_digit(c)) refuse(std::string("\\") + c + " means nothing in ECMA-262");
        return take_code_point();
    }

    std::uint32_t take_unicode_escape() {
        if (take("{")) {
            const auto end = text_.find('}', at_);
            const auto code = end == std::string_view::npos ? 0 : take_hex(end - at_);
            if (!take("}")) refuse("\\u{ is never closed");
            return checked(code);
        }
        const auto first = take_hex(4);
        if (first >= 0xD800 && first < 0xDC00 && take("\\u")) {
            const auto second = take_hex(4);
            if (second >= 0xDC00 && second < 0xE000) return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        }
        return checked(first);
    }

    static std::uint32_t checked(std::uint32_t code) {
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
            refuse("\\u names half of a surrogate pair, or nothing in Unicode");
        }
        return code;
    }

    std::uint32_t take_hex(std::size_t digits) {
        std::uint32_t code = 0;
        const auto text = text_.substr(at_, digits);
        const auto read = std::from_chars(text.data(), text.data() + text.size(), code, 16);
        if (text.size() < digits || digits == 0 || digits > 8 || read.ptr != text.data() + digits) {
            refuse("\\x wants two hexadecimal digits, \\u four, or some in braces");
        }
        at_ += digits;
        return code;
    }

    /// After "[", up to and with "]".
    void take_class() {
        const bool negated = take("^");
        std::string inside;
        while (!take("]")) {
            if (done()) refuse("a [ is never closed");
            auto first = take_class_atom();
            if (!first.code || !next_is("-") || next_is("-]")) {
                inside += first.text;
                continue;
            }
            ++at_;
            if (done()) refuse("a [ is never closed");
            const auto last = take_class_atom();
            if (last.code && *last.code < *first.code) refuse("a range in brackets is out of order");
            inside += first.text + (last.code ? "-" : literal('-')) + last.text;
        }
        // RE2 would take the bracket for the first of the class.
        if (inside.empty()) return put(negated ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]", true);
        put((negated ? "[^" : "[") + inside + "]", true);
    }

    struct ClassAtom {
        std::string text;
        std::optional<std::uint32_t> code;  ///< nothing where it stands for many
    };
    ClassAtom take_class_atom() {
        if (!take("\\")) {
            const auto code = take_code_point();
            return {literal(code), code};
        }
        if (done()) refuse("it ends with a lone \\");
        if (take("b")) return {literal('\b'), '\b'};
        if (auto set = take_set()) return {std::move(*set), std::nullopt};
        const auto code = take_character_escape();
        return {literal(code), code};
    }

    std::uint32_t take_code_point() {
        const auto lead = static_cast<unsigned char>(text_[at_++]);
        if (lead == 0) refuse("it holds a NUL; write \\u0000 with two backslashes");
        if (lead < 0x80) return lead;
        const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        std::uint32_t code = lead & (0x3FU >> more);
        for (int i = 0; i < more; ++i) {
            if (done() || (static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80) refuse("it is no UTF-8");
            code = code << 6U | (static_cast<unsigned char>(text_[at_++]) & 0x3FU);
        }
        return code;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
    bool can_repeat_ = false;
};

}  // namespace

std::string ecma_to_re2(std::string_view expression) {
    return Translation(expression).run();
}

}  // namespace nearline::schema
