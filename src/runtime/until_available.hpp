#pragma once

#include <functional>
#include <string>

#include "runtime/health.hpp"
#include "runtime/stop.hpp"

namespace nearline {

/// Runs `attempt` until it does not throw Unavailable any more, with backoff between (0.1 s to 2 s); tells
/// Health of the dependency, as `witness`, how it stands. False: the wish to stop came first. Other exceptions pass
/// through.
bool until_available(Health& health, const std::string& dependency, const StopToken& stop,
                     const std::function<void()>& attempt, const std::string& witness = "");

}  // namespace nearline
