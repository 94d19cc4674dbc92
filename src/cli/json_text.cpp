#include "cli/json_text.hpp"

#include <boost/json/value.hpp>

#include "domain/json.hpp"
#include "domain/prediction.hpp"

namespace nearline::cli {

namespace {

template <class Container, class Each>
std::string joined(const Container& container, char open, char close, Each each) {
    std::string text(1, open);
    for (const auto& element : container) {
        if (text.size() > 1) text += ',';
        text += each(element);
    }
    return text + close;
}

}  // namespace

std::string to_text(const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::object:
            return joined(value.get_object(), '{', '}',
                          [](const auto& member) { return quote_json(member.key()) + ':' + to_text(member.value()); });
        case boost::json::kind::array:
            return joined(value.get_array(), '[', ']', [](const auto& element) { return to_text(element); });
        case boost::json::kind::string:
            return quote_json(value.get_string());
        case boost::json::kind::double_:
            return number_to_json(value.get_double());
        case boost::json::kind::int64:
            return std::to_string(value.get_int64());
        case boost::json::kind::uint64:
            return std::to_string(value.get_uint64());
        case boost::json::kind::bool_:
            return value.get_bool() ? "true" : "false";
        case boost::json::kind::null:
            break;
    }
    return "null";
}

std::string to_cell(const boost::json::value& value) {
    if (value.is_null()) return "";
    return value.is_string() ? std::string(value.get_string()) : to_text(value);
}

}  // namespace nearline::cli
