#include "schema/pattern.hpp"

#include <re2/re2.h>
#include <stdexcept>

#include "domain/json.hpp"
#include "schema/ecma_pattern.hpp"

namespace nearline::schema {
namespace {

/// Of what RE2 compiles a pattern to. The time for a text is at worst its length times this.
constexpr int max_instructions = 30'000;
/// Bytes, for the compiled pattern and for the states that it remembers on its way.
constexpr std::int64_t max_memory = 4 << 20;

RE2::Options options() {
    RE2::Options options(RE2::Quiet);
    options.set_never_capture(true);
    options.set_max_mem(max_memory);
    return options;
}

std::string translated(std::string_view expression) {
    try {
        return ecma_to_re2(expression);
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("the pattern " + quote_json(expression.substr(0, 200)) +
                                    " is not understood: " + error.what());
    }
}

}  // namespace

struct Pattern::Impl {
    explicit Impl(const std::string& expression) : regex(expression, options()) {}
    RE2 regex;
};

Pattern::Pattern(std::string_view expression) {
    auto impl = std::make_unique<const Impl>(translated(expression));
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument("the pattern " + quote_json(expression.substr(0, 200)) + why);
    };
    if (!impl->regex.ok()) refuse(" is not understood: " + impl->regex.error());
    if (impl->regex.ProgramSize() > max_instructions) refuse(" is too large: let it repeat less");
    impl_ = std::move(impl);
}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::found_in(std::string_view text) const {
    // Its views are its own, or Abseil's, or the standard's: Debian 12's and 13's differ.
    return RE2::PartialMatch({text.data(), text.size()}, impl_->regex);
}

const Pattern& pattern_of(Patterns& patterns, std::string_view expression) {
    const auto known = patterns.find(expression);
    if (known != patterns.end()) return known->second;
    return patterns.emplace(std::string(expression), Pattern(expression)).first->second;
}

}  // namespace nearline::schema
