#include "schema/violations.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "domain/json.hpp"
#include "domain/prediction.hpp"
#include "schema/numbers.hpp"
#include "schema/schema_graph.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

std::string_view view(json::string_view text) {
    return {text.data(), text.size()};
}

const char* type_word(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "a boolean";
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return "a number";
        case json::kind::string:
            return "a string";
        case json::kind::array:
            return "an array";
        case json::kind::object:
            return "an object";
    }
    return "something else";
}

std::string with_article(std::string_view type) {
    if (type == "null") return "null";
    const bool vowel = type == "array" || type == "object" || type == "integer";
    return (vowel ? "an " : "a ") + std::string(type);
}

bool has_type(const json::value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_bool();
    if (type == "number") return value.is_number();
    if (type == "integer") {
        return value.is_int64() || value.is_uint64() ||
               (value.is_double() && std::isfinite(value.get_double()) &&
                std::trunc(value.get_double()) == value.get_double());
    }
    if (type == "string") return value.is_string();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
}

std::string number_text(const json::value& number) {
    if (number.is_int64()) return std::to_string(number.get_int64());
    if (number.is_uint64()) return std::to_string(number.get_uint64());
    return std::isfinite(number.get_double()) ? number_to_json(number.get_double())
                                              : "a number beyond the range of doubles";
}

/// "5.2", but not "5,2".
bool is_number_in_quotes(const json::value& value) {
    if (!value.is_string()) return false;
    const auto inside = parse_json(view(value.get_string()));
    return inside.has_value() && inside->is_number();
}

/// What to say where the bound is the largest float32 itself, or the largest number that is rounded to it.
std::optional<std::string> float32_limit(const NumberRule& rule, const json::value& bound) {
    const auto number = static_cast<double>(exact(bound));
    if (std::abs(number) < static_cast<double>(std::numeric_limits<float>::max()) || !is_finite_float32(number)) {
        return std::nullopt;
    }
    if (rule.keyword == "maximum") {
        return std::string("is larger than float32 can hold: at most ") + largest_float32;
    }
    if (rule.keyword == "minimum") {
        return std::string("is smaller than float32 can hold: at least -") + largest_float32;
    }
    return std::nullopt;
}

/// A value as it can stand in a sentence.
std::string short_text(const json::value& value) {
    if (value.is_number()) return number_text(value);
    constexpr std::size_t most = 60;
    if (value.is_string()) {
        const auto text = view(value.get_string());
        return text.size() <= most ? quote_json(text) : "a string of " + std::to_string(text.size()) + " bytes";
    }
    if (value.is_structured()) return type_word(value);
    return json::serialize(value);
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// "sepalLength", "Sepal-Length" and "sepal_length" alike.
std::string loose_name(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z') {
            text += static_cast<char>(c - 'A' + 'a');
        } else if (c != '_' && c != '-' && c != ' ' && c != '.') {
            text += c;
        }
    }
    return text;
}

std::optional<std::size_t> size_keyword(const json::object& schema, std::string_view name) {
    const auto* value = schema.if_contains(json::string_view(name.data(), name.size()));
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const auto number = exact(*value);
    if (!(number >= 0 && number < 1e18L)) return std::nullopt;
    return static_cast<std::size_t>(number);
}

class Explainer {
public:
    Explainer(const json::value& root, const Patterns& patterns, long& steps)
        : root_(root), patterns_(patterns), steps_(steps) {}

    void explain(const json::value& schema, const json::value& value, const std::string& pointer) {
        if (full() || --steps_ < 0) return;
        if (schema.is_bool() && !schema.get_bool()) add(pointer, "is not allowed here");
        if (!schema.is_object()) return;
        const auto& object = schema.get_object();
        if (const auto* reference = object.if_contains("$ref"); reference != nullptr && reference->is_string()) {
            // In draft-07 what stands beside a $ref does not count.
            if (const auto* target = resolve_reference(root_, view(reference->get_string())))
                explain(*target, value, pointer);
            return;
        }
        if (!explain_type(object, value, pointer)) return;
        explain_values(object, value, pointer);
        if (value.is_number()) explain_number(object, value, pointer);
        if (value.is_string()) explain_string(object, view(value.get_string()), pointer);
        if (value.is_array()) explain_array(object, value.get_array(), pointer);
        if (value.is_object()) explain_object(object, value.get_object(), pointer);
        explain_combinations(object, value, pointer);
    }

    std::vector<Violation> take() { return std::move(found_); }

private:
    bool full() const { return found_.size() >= max_violations; }
    void add(std::string pointer, std::string detail) {
        Violation one{std::move(pointer), std::move(detail)};
        // Two schemas of an allOf may say the same.
        if (!full() && std::find(found_.begin(), found_.end(), one) == found_.end()) found_.push_back(std::move(one));
    }

    /// False where the type is wrong, and so nothing else is worth saying.
    bool explain_type(const json::object& schema, const json::value& value, const std::string& pointer) {
        const auto* type = schema.if_contains("type");
        if (type == nullptr) return true;
        std::vector<std::string_view> allowed;
        if (type->is_string()) allowed.push_back(view(type->get_string()));
        if (type->is_array()) {
            for (const auto& one : type->get_array()) {
                if (one.is_string()) allowed.push_back(view(one.get_string()));
            }
        }
        if (std::any_of(allowed.begin(), allowed.end(), [&](auto one) { return has_type(value, one); })) return true;
        std::string wanted;
        for (std::size_t i = 0; i < allowed.size(); ++i) {
            if (i > 0) wanted += i + 1 == allowed.size() ? " or " : ", ";
            wanted += with_article(allowed[i]);
        }
        std::string hint;
        const bool wants_number = std::find(allowed.begin(), allowed.end(), "number") != allowed.end();
        if (wants_number && is_number_in_quotes(value)) hint = "; write it without quotes";
        const bool wants_integer = std::find(allowed.begin(), allowed.end(), "integer") != allowed.end();
        add(pointer, "must be " + wanted + ", not " +
                         (wants_integer && value.is_number() ? number_text(value) : type_word(value) + hint));
        return false;
    }

    void explain_values(const json::object& schema, const json::value& value, const std::string& pointer) {
        const auto equals = [plain = with_plain_numbers(value)](const json::value& other) {
            return with_plain_numbers(other) == plain;
        };
        if (const auto* constant = schema.if_contains("const"); constant != nullptr && !equals(*constant)) {
            add(pointer, "must be " + short_text(*constant) + ", not " + short_text(value));
        }
        const auto* options = schema.if_contains("enum");
        if (options == nullptr || !options->is_array()) return;
        const auto& list = options->get_array();
        if (std::any_of(list.begin(), list.end(), equals)) return;
        std::string text;
        constexpr std::size_t most = 20;
        for (std::size_t i = 0; i < list.size() && i < most; ++i) text += (i > 0 ? ", " : "") + short_text(list[i]);
        if (list.size() > most) text += ", …";
        add(pointer, "must be one of " + text + ", not " + short_text(value));
    }

    void explain_number(const json::object& schema, const json::value& value, const std::string& pointer) {
        for (const auto& rule : number_rules) {
            const auto* bound = schema.if_contains(json::string_view(rule.keyword.data(), rule.keyword.size()));
            if (bound == nullptr || !bound->is_number() || rule.holds(value, *bound)) continue;
            add(pointer, float32_limit(rule, *bound)
                             .value_or(std::string(rule.wanted) + number_text(*bound) + ", not " + number_text(value)));
        }
    }

    void explain_string(const json::object& schema, std::string_view text, const std::string& pointer) {
        const auto length = code_points(text);
        if (const auto most = size_keyword(schema, "maxLength"); most && length > *most) {
            add(pointer, "must have at most " + std::to_string(*most) + " characters, not " + std::to_string(length));
        }
        if (const auto least = size_keyword(schema, "minLength"); least && length < *least) {
            add(pointer, "must have at least " + std::to_string(*least) + " characters, not " + std::to_string(length));
        }
        const auto* pattern = schema.if_contains("pattern");
        if (pattern == nullptr || !pattern->is_string()) return;
        const auto expression = view(pattern->get_string());
        const auto compiled = patterns_.find(expression);
        if (compiled != patterns_.end() && !compiled->second.found_in(text)) {
            add(pointer, "must match the pattern " + std::string(expression.substr(0, 200)));
        }
    }

    void explain_array(const json::object& schema, const json::array& array, const std::string& pointer) {
        if (const auto most = size_keyword(schema, "maxItems"); most && array.size() > *most) {
            add(pointer,
                "must have at most " + std::to_string(*most) + " elements, not " + std::to_string(array.size()));
        }
        if (const auto least = size_keyword(schema, "minItems"); least && array.size() < *least) {
            add(pointer,
                "must have at least " + std::to_string(*least) + " elements, not " + std::to_string(array.size()));
        }
        const auto* items = schema.if_contains("items");
        if (items == nullptr) return;
        const auto* rest = items->is_array() ? schema.if_contains("additionalItems") : items;
        for (std::size_t i = 0; i < array.size() && !full(); ++i) {
            const bool in_tuple = items->is_array() && i < items->get_array().size();
            const auto* one = in_tuple ? &items->get_array()[i] : rest;
            if (one != nullptr) explain(*one, array[i], pointer + "/" + std::to_string(i));
        }
    }

    void explain_object(const json::object& schema, const json::object& object, const std::string& pointer) {
        const auto* members = schema.if_contains("properties");
        const auto* properties = members != nullptr && members->is_object() ? &members->get_object() : nullptr;
        if (properties != nullptr) {
            for (const auto& property : *properties) {
                if (const auto* value = object.if_contains(property.key())) {
                    explain(property.value(), *value, pointer + pointer_step(view(property.key())));
                }
            }
        }
        if (const auto* required = schema.if_contains("required"); required != nullptr && required->is_array()) {
            for (const auto& name : required->get_array()) {
                if (name.is_string() && !object.contains(name.get_string())) {
                    add(pointer + pointer_step(view(name.get_string())), "is missing");
                }
            }
        }
        if (const auto most = size_keyword(schema, "maxProperties"); most && object.size() > *most) {
            add(pointer,
                "must have at most " + std::to_string(*most) + " fields, not " + std::to_string(object.size()));
        }
        if (const auto least = size_keyword(schema, "minProperties"); least && object.size() < *least) {
            add(pointer,
                "must have at least " + std::to_string(*least) + " fields, not " + std::to_string(object.size()));
        }
        // Which names patterns allow is left to the validator.
        const auto* additional = schema.if_contains("additionalProperties");
        if (additional == nullptr || schema.contains("patternProperties")) return;
        for (const auto& member : object) {
            if (full()) return;
            if (properties != nullptr && properties->contains(member.key())) continue;
            const auto place = pointer + pointer_step(view(member.key()));
            if (additional->is_bool() && !additional->get_bool()) {
                add(place, unknown_field(properties, view(member.key())));
            } else {
                explain(*additional, member.value(), place);
            }
        }
    }

    static std::string unknown_field(const json::object* properties, std::string_view name) {
        if (properties == nullptr || properties->empty()) return "is not a known field; the schema knows none";
        constexpr std::size_t most = 30;
        std::string known;
        std::size_t count = 0;
        for (const auto& property : *properties) {
            if (loose_name(view(property.key())) == loose_name(name)) {
                return "is not a known field; write " + std::string(view(property.key()));
            }
            if (count < most) known += (count > 0 ? ", " : "") + std::string(view(property.key()));
            if (count++ == most) known += ", …";
        }
        return "is not a known field; the schema knows " + known;
    }

    void explain_combinations(const json::object& schema, const json::value& value, const std::string& pointer) {
        if (const auto* all = schema.if_contains("allOf"); all != nullptr && all->is_array()) {
            for (const auto& one : all->get_array()) explain(one, value, pointer);
        }
        for (const auto* keyword : {"anyOf", "oneOf"}) {
            const auto* any = schema.if_contains(keyword);
            if (any != nullptr && any->is_array()) explain_alternatives(any->get_array(), value, pointer);
        }
    }

    /// Only where something is known to be wrong with every alternative.
    void explain_alternatives(const json::array& alternatives, const json::value& value, const std::string& pointer) {
        std::string reasons;
        for (const auto& alternative : alternatives) {
            Explainer one(root_, patterns_, steps_);
            one.explain(alternative, value, pointer);
            if (one.found_.empty()) return;
            const auto& first = one.found_.front();
            if (reasons.size() > 400) continue;
            if (!reasons.empty()) reasons += "; or ";
            if (first.pointer != pointer) reasons += first.pointer.substr(pointer.size()) + " ";
            reasons += first.detail;
        }
        add(pointer, "fits none of the schema's alternatives: " + reasons);
    }

    const json::value& root_;
    const Patterns& patterns_;
    long& steps_;  // that may still be taken; then what has been found is all
    std::vector<Violation> found_;
};

}  // namespace

std::vector<Violation> explain(const json::value& schema, const Patterns& patterns, const json::value& document) {
    constexpr long most_steps = 1'000'000;
    long steps = most_steps;
    Explainer explainer(schema, patterns, steps);
    explainer.explain(schema, document, "");
    return explainer.take();
}

}  // namespace nearline::schema
