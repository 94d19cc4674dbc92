#include "domain/json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <unordered_set>

namespace nearline {
namespace {

namespace json = boost::json;

/// Builds the value, as Boost.JSON's own parser does, and refuses a key that its object has already.
class StrictHandler {
public:
    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t n, json::error_code&) {
        stack_.push_array(n);
        return true;
    }
    bool on_object_begin(json::error_code&) {
        levels_.push_back({keys_.size()});
        return true;
    }
    bool on_object_end(std::size_t n, json::error_code&) {
        keys_.resize(levels_.back().first);
        levels_.pop_back();
        stack_.push_object(n);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        key_ += part;
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        key_ += part;
        if (has_key(key_)) {
            duplicate_ = key_;
            error = json::error::syntax;
            return false;
        }
        stack_.push_key(key_);
        keys_.push_back(std::move(key_));
        key_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        stack_.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, json::string_view text, json::error_code&) {
        // Boost.JSON 1.81 is one unit in the last place off for one number of 17 digits in eight. The text is
        // the whole number, since the parser gets all in one piece; out of range leaves 0 or infinity.
        double exact = value;
        if (std::from_chars(text.begin(), text.end(), exact).ec == std::errc()) value = exact;
        stack_.push_double(value);
        return true;
    }
    bool on_bool(bool value, json::error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    json::value release() { return stack_.release(); }
    const std::string& duplicate() const noexcept { return duplicate_; }

private:
    /// The keys of one open object. A few are compared one by one; an object of thousands, which only
    /// a hostile body has, gets a set so that it does not cost their square.
    struct Level {
        std::size_t first;
        std::unordered_set<std::string> many{};
    };
    static constexpr std::ptrdiff_t few = 32;

    bool has_key(const std::string& key) {
        auto& level = levels_.back();
        const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(level.first);
        if (keys_.end() - first < few) return std::find(first, keys_.end(), key) != keys_.end();
        if (level.many.empty()) level.many.insert(first, keys_.end());
        return !level.many.insert(key).second;
    }

    json::value_stack stack_;
    std::vector<std::string> keys_;  // of the objects that are open, outermost first
    std::vector<Level> levels_;
    std::string key_;
    std::string duplicate_;
};

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.substr(0, word.size()) == word;
}

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char last_before(std::string_view text, std::size_t position) {
    while (position > 0 && is_space(text[position - 1])) --position;
    return position > 0 ? text[position - 1] : '\0';
}

/// Where the word that the parser stumbled in begins.
std::size_t word_start(std::string_view text, std::size_t position) {
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') || c == '-';
    };
    while (position > 0 && position <= text.size() && is_word(text[position - 1])) --position;
    return position;
}

std::string hint(std::string_view text, std::size_t position, const json::error_code& error) {
    if (error == json::error::too_deep) return "it is nested too deeply";
    if (error == json::error::incomplete)
        return text.find_first_not_of(" \t\r\n") == std::string_view::npos ? "it is empty"
                                                                           : "it ends before the value is complete";
    if (error == json::error::extra_data) return "there is something after the end of the value";
    const auto start = word_start(text, position);
    const auto rest = text.substr(std::min(start, text.size()));
    const char before = last_before(text, start);
    for (const auto word : {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "Inf"}) {
        if (starts_with_word(rest, word)) return "NaN and Infinity are not JSON numbers";
    }
    if (starts_with_word(rest, "None")) return "write null, not None";
    if (starts_with_word(rest, "True") || starts_with_word(rest, "False")) return "write true and false in lower case";
    const bool wants_key = before == '{' || before == ',';
    if (!rest.empty() && rest.front() == '\'') {
        return "strings and keys need double quotes, not single ones";
    }
    if (wants_key && !rest.empty() && (rest.front() == '}' || rest.front() == ']')) return "there is a comma too many";
    if (before == '{' || (before == ',' && !rest.empty() && rest.front() != '"')) {
        return "keys need double quotes, as in {\"sepal_length\": 5.2}; in a shell, put single quotes around the whole "
               "body and double quotes around the keys";
    }
    const auto near = text.substr(position < 3 ? 0 : position - 3, 4);
    if (std::any_of(near.begin(), near.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; })) {
        return "there are bytes that are not valid UTF-8, or not inside double quotes";
    }
    return error.message();
}

Problem not_json(std::string_view text, std::size_t position, const std::string& what) {
    const auto before = text.substr(0, std::min(position, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n');
    const auto column = line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start;
    return Problem{.status = 400,
                   .title = "Not JSON",
                   .detail = "the body is not valid JSON at line " + std::to_string(line) + ", column " +
                             std::to_string(column) + " (byte " + std::to_string(before.size()) + "): " + what};
}

}  // namespace

Result<json::value> parse_json(std::string_view text, JsonLimits limits) {
    if (text.starts_with("\xEF\xBB\xBF")) {
        return not_json(text, 0, "it begins with a byte order mark; send UTF-8 without one");
    }
    json::parse_options options;
    options.max_depth = static_cast<std::size_t>(limits.max_depth);
    json::basic_parser<StrictHandler> parser(options);
    json::error_code error;
    const auto read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = json::error::extra_data;
    if (error) {
        const auto& duplicate = parser.handler().duplicate();
        if (!duplicate.empty())
            return not_json(text, read, "the key " + quote_json(duplicate.substr(0, 100)) + " is there twice");
        return not_json(text, read, hint(text, read, error));
    }
    return parser.handler().release();
}

std::string quote_json(std::string_view text) {
    return json::serialize(json::string_view(text.data(), text.size()));
}

}  // namespace nearline
