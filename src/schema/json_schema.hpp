#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/problem.hpp"

namespace nearline::schema {

/// A compiled JSON Schema (draft-07). Immutable, thread-safe.
class JsonSchema {
public:
    /// Throws std::invalid_argument when the text is no JSON Schema, saying where.
    static std::shared_ptr<const JsonSchema> compile(std::string_view text);
    ~JsonSchema();
    JsonSchema(const JsonSchema&) = delete;
    JsonSchema& operator=(const JsonSchema&) = delete;

    /// Every place in the document that breaks the schema; none: it conforms. Details say what would be
    /// right: "is missing", "must be a number, not a string", "is not a known field; known are …".
    std::vector<Violation> validate(const boost::json::value& document) const;

    /// Names of the members that the schema's top-level "properties" lists, in its order.
    const std::vector<std::string>& properties() const noexcept;
    /// Names under the top-level "required".
    const std::vector<std::string>& required() const noexcept;
    /// The text it was compiled from.
    const std::string& text() const noexcept;

private:
    struct Impl;
    explicit JsonSchema(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// The same schema without white space and with the keys of every object sorted: two texts with equal
/// canonical forms are one schema. Throws std::invalid_argument for what is no JSON.
std::string canonical_form(std::string_view schema);

}  // namespace nearline::schema
