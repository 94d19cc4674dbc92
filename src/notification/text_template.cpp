#include "notification/text_template.hpp"

#include <algorithm>

namespace nearline::notification {
namespace {

[[noreturn]] void refuse(const std::string& name, std::string_view text, std::size_t position, const std::string& why) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
    throw BadTemplate(name + ":" + std::to_string(line) + ": " + why);
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

}  // namespace

TextTemplate::TextTemplate(const std::string& name, std::string_view text, const std::set<std::string>& known) {
    std::size_t at = 0;
    for (;;) {
        const std::size_t open = text.find("{{", at);
        if (open == std::string_view::npos) break;
        const std::size_t close = text.find("}}", open);
        if (close == std::string_view::npos) refuse(name, text, open, "{{ without }}");
        const std::string place(trimmed(text.substr(open + 2, close - open - 2)));
        if (!known.contains(place)) {
            std::string all;
            for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
            refuse(name, text, open, "{{" + place + "}} is not known here; there are " + all);
        }
        parts_.push_back({std::string(text.substr(at, open - at)), place});
        at = close + 2;
    }
    parts_.push_back({std::string(text.substr(at)), ""});
}

std::string TextTemplate::fill(const std::map<std::string, std::string>& values) const {
    std::string filled;
    for (const Part& part : parts_) {
        filled += part.text;
        if (!part.place.empty()) filled += values.at(part.place);
    }
    return filled;
}

std::string escape_html(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

}  // namespace nearline::notification
