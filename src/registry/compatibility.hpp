#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whether schemas of one subject may follow each other. No I/O; thread-safe.
namespace nearline::registry {

/// Confluent's levels: who has to understand whom. Transitive: not only the latest version, but all.
enum class Compatibility {
    none,
    backward,  ///< readers with the new schema understand what was written with the old one
    backward_transitive,
    forward,  ///< readers with the old schema understand what is written with the new one
    forward_transitive,
    full,  ///< both
    full_transitive,
};

/// "BACKWARD_TRANSITIVE"; upper case only, as Confluent writes it. Nothing for another word.
std::optional<Compatibility> parse_compatibility(std::string_view text) noexcept;
std::string_view to_string(Compatibility level) noexcept;
/// All of them, for messages: "NONE, BACKWARD, …".
std::string_view compatibility_names() noexcept;

struct VersionedSchema {
    int version;
    std::string text;
};

/// Why the candidate may not follow the earlier versions (oldest first); empty: it may. Follows Confluent's
/// rules for JSON Schema: a property that is added must not be one that an open content model already let
/// through in another form; a required one needs a default. What can't be decided counts as incompatible.
/// All texts must be JSON Schemas. All versions share one bounded number of steps. Throws Unavailable when `*stopped`
/// becomes true on the way.
std::vector<std::string> incompatibilities(Compatibility level, const std::string& candidate,
                                           const std::vector<VersionedSchema>& earlier,
                                           const std::atomic<bool>* stopped = nullptr);

}  // namespace nearline::registry
