#pragma once

#include <bitset>
#include <boost/json/value.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nearline::schema {

/// A regular expression of the form ^…$ in which every character stands for itself or for one of a class,
/// as in ^[0-9]{4}-[0-9]{2}$: what dates and ids are described by.
class FixedPattern {
public:
    /// Nothing for every other expression.
    static std::optional<FixedPattern> parse(std::string_view expression);
    bool matches(std::string_view text) const noexcept;

private:
    std::vector<std::bitset<256>> characters_;
};

/// A quick yes for the usual case: one object of scalars, each with a type and perhaps bounds or a fixed
/// pattern. Such are the records of models, and each is checked three times on its way; valijson takes 2 to
/// 7 µs for one, this 0.1. Immutable.
class FlatCheck {
public:
    /// Nothing where the schema says more than this understands.
    static std::optional<FlatCheck> compile(const boost::json::value& schema);

    /// True: the document conforms. False: it does not, or this can't tell.
    bool surely_conforms(const boost::json::value& document) const noexcept;

private:
    struct Field {
        std::string name;
        unsigned types = 0;  ///< bits of boost::json::kind
        long double minimum = -std::numeric_limits<long double>::infinity();
        long double maximum = std::numeric_limits<long double>::infinity();
        std::optional<FixedPattern> pattern{};
        bool required = false;

        bool takes(const boost::json::value& value) const noexcept;
    };
    static std::optional<Field> compile_field(std::string_view name, const boost::json::value& schema);
    const Field* find(std::string_view name, std::size_t guess) const noexcept;

    std::vector<Field> fields_;
    std::size_t required_ = 0;
    bool open_ = true;  ///< other members are allowed
};

}  // namespace nearline::schema
