#pragma once

#include <atomic>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/containment.hpp"
#include "registry/schema_facts.hpp"
#include "schema/pattern.hpp"

namespace nearline::registry {

/// What a comparison and the attempts that it makes on the way share.
struct Work {
    long steps;                        ///< how many may still be taken
    long values;                       ///< how many single values may still be asked about; more for a large schema
    const std::atomic<bool>* stopped;  ///< may be none
    schema::Patterns patterns;

    /// Throws Unavailable.
    void go_on() const;
};

/// The work behind not_understood(): walks the reader's schema keyword by keyword and looks for what in the
/// writer's implies it. The writer is a conjunction: all its schemas hold for every document.
class Comparison {
public:
    Comparison(std::string writer_name, std::string reader_name, Work& work)
        : writer_name_(std::move(writer_name)), reader_name_(std::move(reader_name)), work_(work) {}

    void compare(const Conjunction& raw_writer, const Node& raw_reader, const std::string& path);
    std::vector<Difference> take() { return std::move(found_); }

private:
    using Pair = std::pair<std::vector<std::pair<const boost::json::value*, bool>>, const boost::json::value*>;
    static Pair identity(const Conjunction& writer, const Node& reader);

    void add(const std::string& path, std::string reason);
    bool understands(const Conjunction& writer, const Node& reader);

    // containment.cpp: one value
    bool compare_alternatives_of_writer(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_keywords(const Conjunction& writer, const Node& reader, const std::string& path);
    bool compare_values(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_undecided(const Conjunction& writer, const Node& reader, const char* keyword, const std::string& path);
    bool compare_types(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_numbers(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_strings(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_size(const Conjunction& writer, const Node& reader, const char* keyword, bool above,
                      std::optional<long double> implied, const std::string& path);
    void refuse_bound(const Node& reader, const char* keyword, const std::string& path);
    void compare_combinations(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_condition(const Conjunction& writer, const Node& reader, const std::string& path);
    bool fits_alternatives(const Conjunction& writer, const Node& reader, const boost::json::array& list,
                           bool one_only);
    bool fits_by_type(const Conjunction& writer, const Node& reader, const boost::json::array& list, bool one_only);
    bool excludes(const Conjunction& writer, const Node& alternative);

    // containment_members.cpp: arrays and objects
    void compare_arrays(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_objects(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_required(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_dependencies(const Conjunction& writer, const Node& reader, const std::string& path);
    void compare_property(const Conjunction& writer, const Node& reader, std::string_view name,
                          const std::string& path);
    void compare_pattern(const Conjunction& writer, const Node& reader, std::string_view pattern,
                         const std::string& path);
    void compare_other_properties(const Conjunction& writer, const Node& reader, const std::string& path);
    Conjunction property(const Conjunction& nodes, std::string_view name);
    bool never(const Conjunction& writer, std::string_view name);

    static bool has_same(const Conjunction& writer, std::string_view keyword, const boost::json::value& value);
    /// The strictest of an upper ("maximum", …) or lower bound in the writer's schemas.
    static std::optional<long double> least(const Conjunction& writer, std::string_view keyword);
    static std::optional<long double> most(const Conjunction& writer, std::string_view keyword);
    static std::string step(const std::string& path, std::string_view name);
    static std::string short_text(const boost::json::value& value);

    std::string writer_name_;
    std::string reader_name_;
    Work& work_;
    std::set<Pair> open_;
    std::vector<Difference> found_;
};

}  // namespace nearline::registry
