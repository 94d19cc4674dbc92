#include "schema/json_schema.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <limits>
#include <optional>
#include <stdexcept>

#include "domain/json.hpp"
#include "schema/flat_check.hpp"
#include "schema/numbers.hpp"
#include "schema/pattern.hpp"
#include "schema/schema_graph.hpp"
#include "schema/schema_text.hpp"
#include "schema/valijson.hpp"
#include "schema/violations.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;
using Adapter = valijson::adapters::BoostJsonAdapter;

/// How often values may be checked: for each of a document's, and beside that. Schemas that are not made to multiply
/// the work take a few for each.
constexpr long steps_for_each = 100;
constexpr long more_steps = 100'000;
/// valijson compares each element of an array that must have none twice with each other one.
constexpr std::size_t most_unique_items = 5'000;

bool names_keyword(const json::value& schema, std::string_view keyword) {
    const auto in = [&](const json::value& below) { return names_keyword(below, keyword); };
    if (const auto* array = schema.if_array()) return std::any_of(array->begin(), array->end(), in);
    const auto* object = schema.if_object();
    return object != nullptr && std::any_of(object->begin(), object->end(), [&](const auto& member) {
               return member.key() == keyword || in(member.value());
           });
}

bool has_long_array(const json::value& value) {
    if (const auto* array = value.if_array()) {
        return array->size() > most_unique_items || std::any_of(array->begin(), array->end(), has_long_array);
    }
    const auto* object = value.if_object();
    return object != nullptr && std::any_of(object->begin(), object->end(),
                                            [](const auto& member) { return has_long_array(member.value()); });
}

std::size_t count_values(const json::value& value, std::size_t most) {
    std::size_t count = 1;
    if (value.is_array()) {
        for (const auto& element : value.get_array()) {
            if (count > most) return count;
            count += count_values(element, most - count);
        }
    } else if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            if (count > most) return count;
            count += count_values(member.value(), most - count);
        }
    }
    return count;
}

/// valijson's place "<root>", "[a]", "[0]" as a JSON pointer.
std::string to_pointer(const std::vector<std::string>& context) {
    std::string pointer;
    for (std::size_t i = 1; i < context.size(); ++i) {
        pointer += pointer_step(std::string_view(context[i]).substr(1, context[i].size() - 2));
    }
    return pointer;
}

/// Of "/a" and "", which says that something below is wrong, "/a" is enough.
void drop_ancestors(std::vector<Violation>& violations) {
    const auto all = violations;
    std::erase_if(violations, [&](const Violation& one) {
        return std::any_of(all.begin(), all.end(), [&](const Violation& other) {
            return other.pointer.size() > one.pointer.size() && other.pointer.starts_with(one.pointer + "/");
        });
    });
}

/// Kept by valijson as a copy of itself.
class NumberConstraint : public valijson::constraints::PolyConstraint {
public:
    NumberConstraint(const NumberRule& rule, json::value bound) : rule_(&rule), bound_(std::move(bound)) {}

    bool validate(const valijson::adapters::Adapter& target, const std::vector<std::string>& context,
                  valijson::ValidationResults* results) const override {
        const auto number = number_of(target);
        if (number.is_null() || rule_->holds(number, bound_)) return true;
        if (results != nullptr) results->pushError(context, std::string(rule_->wanted) + json::serialize(bound_));
        return false;
    }

    /// null where it is none.
    static json::value number_of(const valijson::adapters::Adapter& value) {
        if (value.isInteger()) return value.asInteger();
        if (value.isDouble()) return value.asDouble();
        return nullptr;
    }

private:
    valijson::constraints::Constraint* cloneInto(void* place) const override {
        return new (place) NumberConstraint(*this);
    }
    std::size_t sizeOf() const override { return sizeof(NumberConstraint); }

    const NumberRule* rule_;
    json::value bound_;
};

class NumberConstraintBuilder : public valijson::ConstraintBuilder {
public:
    explicit NumberConstraintBuilder(const NumberRule& rule) : rule_(rule) {}
    valijson::constraints::Constraint* make(const valijson::adapters::Adapter& bound) const override {
        return new NumberConstraint(rule_, NumberConstraint::number_of(bound));
    }

private:
    const NumberRule& rule_;
};

std::vector<std::string> texts(const json::value* list) {
    std::vector<std::string> names;
    if (list == nullptr || !list->is_array()) return names;
    for (const auto& name : list->get_array()) {
        if (name.is_string()) names.emplace_back(name.get_string().data(), name.get_string().size());
    }
    return names;
}

}  // namespace

struct JsonSchema::Impl {
    std::string text;
    json::value document;
    valijson::Schema compiled;
    std::optional<FlatCheck> flat;
    Patterns patterns;
    bool wants_unique_items = false;
    std::vector<std::string> properties;
    std::vector<std::string> required;

    /// Throws TooManySteps.
    bool conforms(const json::value& value, valijson::ValidationResults* results = nullptr) const {
        constexpr std::size_t all = std::numeric_limits<long>::max() / (2 * steps_for_each);
        check_under_way() = {&patterns, more_steps + steps_for_each * static_cast<long>(count_values(value, all))};
        // Made anew, since it keeps what it has looked up of the patterns of this schema.
        valijson::Validator validator;
        try {
            return validator.validate(compiled, Adapter(value), results);
        } catch (const TooManySteps&) {
            throw;
        } catch (const std::exception&) {
            return false;
        }
    }

    /// What valijson has to say where explain() finds nothing.
    std::vector<Violation> explain_otherwise(const json::value& value) const {
        // It says something for every value, and more than once.
        constexpr std::size_t most_values = 5'000;
        std::vector<Violation> violations;
        if (count_values(value, most_values) <= most_values) {
            valijson::ValidationResults results;
            conforms(value, &results);
            for (const auto& error : results) {
                if (violations.size() == max_violations) break;
                violations.push_back({to_pointer(error.context), error.description});
            }
            drop_ancestors(violations);
        }
        if (violations.empty()) violations.push_back({"", "does not conform to the schema"});
        return violations;
    }
};

JsonSchema::JsonSchema(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonSchema::~JsonSchema() = default;

std::shared_ptr<const JsonSchema> JsonSchema::compile(std::string_view text) {
    auto impl = std::make_unique<Impl>();
    impl->text = text;
    impl->document = parse_schema(text);
    impl->patterns = compile_patterns(impl->document);
    const auto checked = for_valijson(impl->document);
    try {
        valijson::SchemaParser parser;
        for (const auto& rule : number_rules) {
            parser.addConstraintBuilder(own_keyword(rule.keyword), new NumberConstraintBuilder(rule));
        }
        parser.populateSchema(Adapter(checked), impl->compiled);
    } catch (const std::exception& error) {
        throw std::invalid_argument(std::string("the schema is no JSON Schema: ") + error.what());
    }
    impl->wants_unique_items = names_keyword(checked, "uniqueItems");
    impl->flat = FlatCheck::compile(impl->document);
    if (const auto* object = impl->document.if_object()) {
        const auto* properties = object->if_contains("properties");
        if (properties != nullptr && properties->is_object()) {
            for (const auto& property : properties->get_object()) impl->properties.emplace_back(property.key());
        }
        impl->required = texts(object->if_contains("required"));
    }
    return std::shared_ptr<const JsonSchema>(new JsonSchema(std::move(impl)));
}

std::vector<Violation> JsonSchema::validate(const json::value& document) const {
    if (impl_->flat && impl_->flat->surely_conforms(document)) return {};
    if (const auto* string = find_nul(document)) {
        return {{pointer_to(document, *string), "has a NUL character (\\u0000), with which nothing is checked"}};
    }
    if (impl_->wants_unique_items && has_long_array(document)) {
        return {{"", "has an array of more than " + std::to_string(most_unique_items) +
                         " elements, more than are compared for uniqueItems"}};
    }
    try {
        const auto plain = with_plain_numbers(document);
        if (impl_->conforms(plain)) return {};
        auto violations = explain(impl_->document, impl_->patterns, document);
        return violations.empty() ? impl_->explain_otherwise(plain) : violations;
    } catch (const TooManySteps&) {
        return {{"", "takes too many steps to be checked: the schema's alternatives multiply"}};
    }
}

const std::vector<std::string>& JsonSchema::properties() const noexcept {
    return impl_->properties;
}
const std::vector<std::string>& JsonSchema::required() const noexcept {
    return impl_->required;
}
const std::string& JsonSchema::text() const noexcept {
    return impl_->text;
}

}  // namespace nearline::schema
