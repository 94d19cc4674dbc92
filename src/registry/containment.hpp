#pragma once

#include <atomic>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace nearline::registry {

/// A place in a schema, and why documents of the writer are not sure to pass there.
struct Difference {
    std::string path;  ///< "#/properties/a"
    std::string reason;
};

struct NamedSchema {
    const boost::json::value& schema;
    const std::string& name;  ///< "version 3"
};

/// What the comparisons of one request may take together; each of them has a limit of its own beside.
struct Budget {
    long steps = 100'000;
    long values = 1'200'000;                     ///< that may be looked at one by one
    const std::atomic<bool>* stopped = nullptr;  ///< once true, no comparison goes on

    bool is_spent() const noexcept { return steps <= 0 || values <= 0; }
};

/// Why a reader with one schema can't be sure to understand every document that is valid for the writer's;
/// empty: it can. A property that the reader requires and has a default for may be missing, as in
/// Confluent's rules. Never a wrong yes; a no also where it can't tell, within a bounded number of steps, which
/// are taken from the budget. Throws Unavailable when it is stopped.
std::vector<Difference> not_understood(const NamedSchema& writer, const NamedSchema& reader, Budget& budget);

}  // namespace nearline::registry
