#include "registry/containment.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdint>
#include <unordered_set>

#include "domain/problem.hpp"
#include "registry/comparison.hpp"
#include "schema/json_schema.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t max_differences = 20;
constexpr long max_steps = 20'000;
constexpr long max_values = 400'000;
constexpr std::size_t max_depth = 200;
constexpr const char* too_large = "the schemas are too large to be compared, so they count as incompatible";

/// Keywords that are only compared for equality: what they mean together can't be decided in general.
constexpr std::array undecided{"not",
                               "contains",
                               "propertyNames",
                               "dependentSchemas",
                               "dependentRequired",
                               "unevaluatedProperties",
                               "unevaluatedItems",
                               "prefixItems",
                               "minContains",
                               "maxContains",
                               "$dynamicRef",
                               "$recursiveRef"};

/// Those of them that validation takes for remarks, since draft-07 does not have them: what it says of single values
/// leaves them out.
constexpr std::array unknown_to_validation{"dependentSchemas", "dependentRequired", "unevaluatedProperties",
                                           "unevaluatedItems", "prefixItems",       "minContains",
                                           "maxContains",      "$dynamicRef",       "$recursiveRef"};

/// The strictest of a bound in the writer's schemas.
template <class Stricter>
std::optional<long double> strictest(const Conjunction& writer, std::string_view keyword, Stricter stricter) {
    std::optional<long double> bound;
    for (const auto& node : writer) {
        const auto own = node.number(keyword);
        if (own && (!bound || stricter(*own, *bound))) bound = own;
    }
    return bound;
}

/// 1.0 as the 1 that it equals.
json::value comparable(const json::value& value) {
    constexpr double exact = 9007199254740992.0;  // 2^53
    const auto* number = value.if_double();
    if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) > exact) return value;
    return static_cast<std::int64_t>(*number);
}

}  // namespace

std::string Comparison::short_text(const json::value& value) {
    constexpr std::size_t most = 80;
    auto text = json::serialize(value);
    return text.size() <= most ? text : text.substr(0, most) + "…";
}

std::string Comparison::step(const std::string& path, std::string_view name) {
    return path + "/" + std::string(name);
}

void Comparison::compare(const Conjunction& raw_writer, const Node& raw_reader, const std::string& path) {
    work_.go_on();
    if (found_.size() >= max_differences) return;
    if (--work_.steps < 0 || open_.size() > max_depth) {
        return add(path, too_large);
    }
    const auto writer = expand(raw_writer, work_.steps);
    if (work_.steps < 0) return add(path, too_large);
    const auto reader = resolve(raw_reader);
    if (reader.is_bool(true) || types::of(writer) == 0) return;
    if (std::any_of(writer.begin(), writer.end(), [&](const Node& one) { return same(*one.schema, *reader.schema); })) {
        return;
    }
    if (reader.is_bool(false)) return add(path, writer_name_ + " allows something here, " + reader_name_ + " nothing");
    const auto pair = identity(writer, reader);
    if (!open_.insert(pair).second) return;  // a circle of references: decided further out
    if (!compare_alternatives_of_writer(writer, reader, path)) compare_keywords(writer, reader, path);
    open_.erase(pair);
}

Comparison::Pair Comparison::identity(const Conjunction& writer, const Node& reader) {
    Pair pair{{}, reader.schema};
    for (const auto& node : writer) pair.first.emplace_back(node.schema, node.split);
    std::sort(pair.first.begin(), pair.first.end());
    return pair;
}

void Comparison::add(const std::string& path, std::string reason) {
    if (found_.size() < max_differences) found_.push_back({path, std::move(reason)});
}

bool Comparison::understands(const Conjunction& writer, const Node& reader) {
    Comparison attempt(writer_name_, reader_name_, work_);
    attempt.open_ = open_;
    attempt.compare(writer, reader, "#");
    return attempt.found_.empty();
}

/// Each document of the writer fits one of its alternatives: each of them must pass. False: it has none.
bool Comparison::compare_alternatives_of_writer(const Conjunction& writer, const Node& reader,
                                                const std::string& path) {
    for (std::size_t i = 0; i < writer.size(); ++i) {
        if (writer[i].split) continue;
        for (const auto* keyword : {"anyOf", "oneOf"}) {
            const auto* list = writer[i].find(keyword);
            if (list == nullptr || !list->is_array()) continue;
            auto rest = writer;
            rest[i].split = true;
            for (const auto& alternative : list->get_array()) {
                auto one = rest;
                if (std::string_view(keyword) == "oneOf") one[i].chosen = &alternative;
                one.push_back(writer[i].at(alternative));
                compare(one, reader, path);
            }
            return true;
        }
    }
    return false;
}

void Comparison::compare_keywords(const Conjunction& writer, const Node& reader, const std::string& path) {
    if (compare_values(writer, reader, path)) {
        for (const auto* keyword : unknown_to_validation) compare_undecided(writer, reader, keyword, path);
        return;
    }
    if (!compare_types(writer, reader, path)) return;
    const auto bits = types::of(writer);
    if ((bits & (types::integer | types::fraction)) != 0) compare_numbers(writer, reader, path);
    if ((bits & types::string) != 0) compare_strings(writer, reader, path);
    if ((bits & types::array) != 0) compare_arrays(writer, reader, path);
    if ((bits & types::object) != 0) compare_objects(writer, reader, path);
    compare_combinations(writer, reader, path);
    compare_condition(writer, reader, path);
    for (const auto* keyword : undecided) compare_undecided(writer, reader, keyword, path);
}

void Comparison::compare_undecided(const Conjunction& writer, const Node& reader, const char* keyword,
                                   const std::string& path) {
    const auto* value = reader.find(keyword);
    if (value == nullptr || has_same(writer, keyword, *value)) return;
    add(step(path, keyword), "whether " + reader_name_ + " takes all that " + writer_name_ +
                                 " allows can't be decided for \"" + keyword + "\"");
}

/// if, then and else mean something only together.
void Comparison::compare_condition(const Conjunction& writer, const Node& reader, const std::string& path) {
    if (reader.find("if") == nullptr) return;
    const bool kept = std::any_of(writer.begin(), writer.end(), [&](const Node& one) {
        constexpr std::array parts{"if", "then", "else"};
        return std::all_of(parts.begin(), parts.end(), [&](const char* part) {
            const auto* own = one.find(part);
            const auto* wanted = reader.find(part);
            return (own == nullptr) == (wanted == nullptr) && (own == nullptr || same(*own, *wanted));
        });
    });
    if (!kept) {
        add(step(path, "if"),
            "whether " + reader_name_ + " takes all that " + writer_name_ + " allows can't be decided for \"if\"");
    }
}

bool Comparison::has_same(const Conjunction& writer, std::string_view keyword, const json::value& value) {
    return std::any_of(writer.begin(), writer.end(), [&](const Node& one) {
        const auto* own = one.find(keyword);
        return own != nullptr && same(*own, value);
    });
}

/// The writer has a list of values: the reader's schema is asked about each. False: it has none.
bool Comparison::compare_values(const Conjunction& writer, const Node& reader, const std::string& path) {
    std::vector<json::value> values;
    for (const auto& node : writer) {
        if (const auto* constant = node.find("const")) values = {*constant};
        const auto* options = node.find("enum");
        if (options != nullptr && options->is_array() && values.empty()) {
            values.assign(options->get_array().begin(), options->get_array().end());
        }
    }
    if (values.empty() || contains_reference(*reader.schema)) return false;
    // A list of the reader's own is looked up: the validator would walk it for each value.
    auto rest = *reader.schema;
    std::unordered_set<json::value> wanted;
    if (const auto* options = reader.find("enum"); options != nullptr && options->is_array()) {
        for (const auto& option : options->get_array()) wanted.insert(comparable(option));
        rest.get_object().erase("enum");
    }
    const auto text = json::serialize(rest);
    const auto cost = 1 + static_cast<long>(text.size() / 256);
    const auto bits = types::of(writer);
    const auto compiled = (work_.values -= cost) < 0 ? nullptr : schema::JsonSchema::compile(text);
    for (const auto& value : values) {
        work_.go_on();
        if ((work_.values -= cost) < 0) {
            add(path, too_large);
            break;
        }
        if ((types::of_value(value) & bits) == 0) continue;
        const bool listed = reader.find("enum") == nullptr || wanted.contains(comparable(value));
        if (!listed || !compiled->validate(value).empty()) {
            add(path, writer_name_ + " allows " + short_text(value) + ", " + reader_name_ + " does not");
        }
    }
    return true;
}

bool Comparison::compare_types(const Conjunction& writer, const Node& reader, const std::string& path) {
    const auto missing = types::of(writer) & ~types::of(reader);
    if (missing == 0) {
        for (const auto* keyword : {"const", "enum"}) {
            const auto* wanted = reader.find(keyword);
            if (wanted == nullptr || types::of(writer) == types::null) continue;
            add(step(path, keyword),
                reader_name_ + " takes only " + short_text(*wanted) + ", " + writer_name_ + " allows other values");
        }
        return true;
    }
    add(step(path, "type"), writer_name_ + " allows " + types::words(types::of(writer)) + ", " + reader_name_ +
                                " only " +
                                (types::of(reader) == 0 ? "nothing of it" : types::words(types::of(reader))));
    return false;
}

std::optional<long double> Comparison::least(const Conjunction& writer, std::string_view keyword) {
    return strictest(writer, keyword, std::less<>());
}

std::optional<long double> Comparison::most(const Conjunction& writer, std::string_view keyword) {
    return strictest(writer, keyword, std::greater<>());
}

void Comparison::refuse_bound(const Node& reader, const char* keyword, const std::string& path) {
    add(step(path, keyword), reader_name_ + " sets " + keyword + " " + short_text(*reader.find(keyword)) + ", " +
                                 writer_name_ + " none as strict");
}

void Comparison::compare_numbers(const Conjunction& writer, const Node& reader, const std::string& path) {
    const auto maximum = least(writer, "maximum");
    const auto below = least(writer, "exclusiveMaximum");
    const auto minimum = most(writer, "minimum");
    const auto above = most(writer, "exclusiveMinimum");
    if (const auto bound = reader.number("maximum")) {
        if (!(maximum && *maximum <= *bound) && !(below && *below <= *bound)) refuse_bound(reader, "maximum", path);
    }
    if (const auto bound = reader.number("exclusiveMaximum")) {
        if (!(maximum && *maximum < *bound) && !(below && *below <= *bound))
            refuse_bound(reader, "exclusiveMaximum", path);
    }
    if (const auto bound = reader.number("minimum")) {
        if (!(minimum && *minimum >= *bound) && !(above && *above >= *bound)) refuse_bound(reader, "minimum", path);
    }
    if (const auto bound = reader.number("exclusiveMinimum")) {
        if (!(minimum && *minimum > *bound) && !(above && *above >= *bound))
            refuse_bound(reader, "exclusiveMinimum", path);
    }
    const auto factor = reader.number("multipleOf");
    if (!factor) return;
    const auto divides = [&](long double number) { return std::fmod(number, *factor) == 0; };
    const bool whole = (types::of(writer) & types::fraction) == 0 && divides(1);
    const bool multiple = std::any_of(writer.begin(), writer.end(), [&](const Node& one) {
        const auto own = one.number("multipleOf");
        return own && divides(*own);
    });
    if (!whole && !multiple) refuse_bound(reader, "multipleOf", path);
}

/// A size that the reader bounds above ("max…") or below ("min…").
void Comparison::compare_size(const Conjunction& writer, const Node& reader, const char* keyword, bool above,
                              std::optional<long double> implied, const std::string& path) {
    const auto bound = reader.number(keyword);
    if (!bound || (!above && *bound <= 0)) return;
    const auto own = above ? least(writer, keyword) : most(writer, keyword);
    const auto fits = [&](std::optional<long double> size) {
        return size && (above ? *size <= *bound : *size >= *bound);
    };
    if (!fits(own) && !fits(implied)) refuse_bound(reader, keyword, path);
}

void Comparison::compare_strings(const Conjunction& writer, const Node& reader, const std::string& path) {
    compare_size(writer, reader, "maxLength", true, {}, path);
    compare_size(writer, reader, "minLength", false, {}, path);
    const auto* pattern = reader.find("pattern");
    if (pattern != nullptr && !has_same(writer, "pattern", *pattern)) {
        add(step(path, "pattern"), reader_name_ + " wants the pattern " + short_text(*pattern) + "; whether all that " +
                                       writer_name_ + " allows matches it can't be decided");
    }
}

void Comparison::compare_combinations(const Conjunction& writer, const Node& reader, const std::string& path) {
    if (const auto* all = reader.find("allOf"); all != nullptr && all->is_array()) {
        for (std::size_t i = 0; i < all->get_array().size(); ++i) {
            compare(writer, reader.at(all->get_array()[i]), step(step(path, "allOf"), std::to_string(i)));
        }
    }
    for (const auto* keyword : {"anyOf", "oneOf"}) {
        const auto* list = reader.find(keyword);
        if (list == nullptr || !list->is_array()) continue;
        const bool one_only = std::string_view(keyword) == "oneOf";
        if (fits_alternatives(writer, reader, list->get_array(), one_only)) continue;
        if (!fits_by_type(writer, reader, list->get_array(), one_only)) {
            add(step(path, keyword), "not all that " + writer_name_ + " allows is sure to fit " +
                                         (one_only ? "exactly one" : "one") + " of " + reader_name_ +
                                         "'s alternatives");
        }
    }
}

bool Comparison::fits_alternatives(const Conjunction& writer, const Node& reader, const json::array& list,
                                   bool one_only) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (!understands(writer, reader.at(list[i]))) continue;
        if (!one_only) return true;
        for (std::size_t j = 0; j < list.size(); ++j) {
            if (i != j && !excludes(writer, reader.at(list[j]))) return false;
        }
        return true;
    }
    return false;
}

/// Every type that the writer allows may fit another alternative.
bool Comparison::fits_by_type(const Conjunction& writer, const Node& reader, const json::array& list, bool one_only) {
    const auto bits = types::of(writer);
    for (unsigned bit = 1; bit <= types::all; bit <<= 1) {
        if ((bits & bit) == 0) continue;
        auto one_type = writer;
        one_type.push_back({&types::schema_of(bit), &types::schema_of(bit)});
        if (!fits_alternatives(one_type, reader, list, one_only)) return false;
    }
    return true;
}

/// Whether nothing that the writer allows fits the alternative: by type, or since the writer's own oneOf
/// keeps it out.
bool Comparison::excludes(const Conjunction& writer, const Node& alternative) {
    auto both = writer;
    both.push_back(alternative);
    if (types::of(expand(both, work_.steps)) == 0) return true;
    for (const auto& node : writer) {
        if (node.chosen == nullptr) continue;
        for (const auto& own : node.find("oneOf")->get_array()) {
            if (&own != node.chosen && understands({alternative}, node.at(own))) return true;
        }
    }
    return false;
}

void Work::go_on() const {
    if (stopped != nullptr && *stopped) throw Unavailable("the comparison of schemas was stopped");
}

std::vector<Difference> not_understood(const NamedSchema& writer, const NamedSchema& reader, Budget& budget) {
    const auto steps = std::min(max_steps, budget.steps);
    const auto values = std::min(max_values, budget.values);
    Work work{steps, values, budget.stopped, {}};
    Comparison comparison(writer.name, reader.name, work);
    comparison.compare({{&writer.schema, &writer.schema}}, {&reader.schema, &reader.schema}, "#");
    auto differences = comparison.take();
    if (differences.empty() && (work.steps < 0 || work.values < 0)) differences.push_back({"#", too_large});
    budget.steps -= steps - work.steps;
    budget.values -= values - work.values;
    return differences;
}

}  // namespace nearline::registry
