#pragma once

#include <chrono>
#include <functional>

#include "domain/problem.hpp"

namespace nearline::test {

/// Runs `attempt` until it does not throw Unavailable any more; passes that on after 30 s. For servers that have just
/// come back: on a busy machine their first answers can be late, and again and again. Each attempt waits by itself.
inline void once_available(const std::function<void()>& attempt) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
        try {
            attempt();
            return;
        } catch (const Unavailable&) {
            if (std::chrono::steady_clock::now() > deadline) throw;
        }
    }
}

}  // namespace nearline::test
