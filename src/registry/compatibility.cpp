#include "registry/compatibility.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "registry/containment.hpp"
#include "schema/schema_text.hpp"

namespace nearline::registry {
namespace {

struct Level {
    Compatibility level;
    std::string_view name;
    bool backward;
    bool forward;
    bool transitive;
};
constexpr std::array levels{
    Level{Compatibility::none, "NONE", false, false, false},
    Level{Compatibility::backward, "BACKWARD", true, false, false},
    Level{Compatibility::backward_transitive, "BACKWARD_TRANSITIVE", true, false, true},
    Level{Compatibility::forward, "FORWARD", false, true, false},
    Level{Compatibility::forward_transitive, "FORWARD_TRANSITIVE", false, true, true},
    Level{Compatibility::full, "FULL", true, true, false},
    Level{Compatibility::full_transitive, "FULL_TRANSITIVE", true, true, true},
};

const Level& facts(Compatibility level) noexcept {
    return *std::find_if(levels.begin(), levels.end(), [&](const Level& one) { return one.level == level; });
}

void add(std::vector<std::string>& reasons, const std::vector<Difference>& differences, const std::string& rule) {
    for (const auto& difference : differences)
        reasons.push_back("at " + difference.path + ": " + difference.reason + rule);
}

/// Of an earlier version's text: reading it counts, too.
constexpr std::size_t bytes_a_step = 1024;

/// What an earlier release took for a schema may be none any more.
std::optional<boost::json::value> parse_earlier(const std::string& text, const std::string& name,
                                                std::vector<std::string>& reasons) {
    try {
        return schema::parse_schema(text);
    } catch (const std::invalid_argument& error) {
        reasons.push_back("at #: " + name + " can't be compared with: " + error.what());
        return std::nullopt;
    }
}

}  // namespace

std::optional<Compatibility> parse_compatibility(std::string_view text) noexcept {
    const auto found = std::find_if(levels.begin(), levels.end(), [&](const Level& one) { return one.name == text; });
    if (found == levels.end()) return std::nullopt;
    return found->level;
}

std::string_view to_string(Compatibility level) noexcept {
    return facts(level).name;
}

std::string_view compatibility_names() noexcept {
    return "NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE";
}

std::vector<std::string> incompatibilities(Compatibility level, const std::string& candidate,
                                           const std::vector<VersionedSchema>& earlier,
                                           const std::atomic<bool>* stopped) {
    const auto& rule = facts(level);
    std::vector<std::string> reasons;
    if ((!rule.backward && !rule.forward) || earlier.empty()) return reasons;
    const auto fresh = schema::parse_schema(candidate);
    const std::string fresh_name = "the new schema";
    Budget budget{.stopped = stopped};
    for (std::size_t i = rule.transitive ? 0 : earlier.size() - 1; i < earlier.size(); ++i) {
        const auto old_name = "version " + std::to_string(earlier[i].version);
        budget.steps -= static_cast<long>(earlier[i].text.size() / bytes_a_step);
        if (budget.is_spent()) {
            reasons.push_back("at #: the schemas of all versions together are too large to be compared; " + old_name +
                              " and later ones count as incompatible");
            break;
        }
        const auto old = parse_earlier(earlier[i].text, old_name, reasons);
        if (!old) continue;
        if (rule.backward) {
            add(reasons, not_understood({*old, old_name}, {fresh, fresh_name}, budget),
                " (BACKWARD: the new schema must take what was written with " + old_name + ")");
        }
        if (rule.forward) {
            add(reasons, not_understood({fresh, fresh_name}, {*old, old_name}, budget),
                " (FORWARD: " + old_name + " must take what is written with the new schema)");
        }
    }
    return reasons;
}

}  // namespace nearline::registry
