#include "cli/observation.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <stdexcept>

#include "domain/json.hpp"

namespace nearline::cli {

namespace {

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_number(const std::string& text) {
    const auto value = parse_json(text);
    return value.has_value() && value->is_number();
}

}  // namespace

std::pair<std::string, std::string> parse_field(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw std::runtime_error("\"" + text + "\" is not name=value, such as sepal_length=5.2");
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string observation_json(const Fields& fields) {
    std::string json;
    for (const auto& [name, given] : fields) {
        const auto value = trimmed(given);
        if (value.empty()) continue;
        json += (json.empty() ? "" : ",") + quote_json(trimmed(name)) + ":" +
                (is_number(value) ? value : quote_json(value));
    }
    return "{" + json + "}";
}

std::string describe_texts(const Fields& fields) {
    constexpr std::size_t most = 60;
    std::string all;
    for (const auto& [name, given] : fields) {
        const auto value = trimmed(given);
        if (value.empty() || is_number(value)) continue;
        all += (all.empty() ? "" : ", ") + trimmed(name) + " \"" + value.substr(0, most) +
               (value.size() > most ? "…\"" : "\"");
    }
    return all;
}

}  // namespace nearline::cli
