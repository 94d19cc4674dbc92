#include "domain/json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <unordered_set>

#include "domain/json_advice.hpp"

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

/// Characters of UTF-8, as an editor counts them; a byte that is no character's counts as one or none.
std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Problem not_json(std::string_view text, std::size_t position, const std::string& what) {
    const auto before = text.substr(0, std::min(position, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto column = 1 + count_characters(before.substr(line_start));
    return Problem{.status = 400,
                   .title = "Not JSON",
                   .detail = "the body is not valid JSON at line " + std::to_string(line) + ", column " +
                             std::to_string(column) + ": " + what};
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
        return not_json(text, read, json_advice(text, read, error, limits.max_depth));
    }
    return parser.handler().release();
}

std::string quote_json(std::string_view text) {
    return json::serialize(json::string_view(text.data(), text.size()));
}

std::string pointer_step(std::string_view name) {
    std::string step = "/";
    for (const char c : name) {
        if (c == '~') {
            step += "~0";
        } else if (c == '/') {
            step += "~1";
        } else {
            step += c;
        }
    }
    return step;
}

}  // namespace nearline
