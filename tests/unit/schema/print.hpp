#pragma once

#include <ostream>

#include "domain/problem.hpp"

namespace nearline {

/// So that GoogleTest shows words, not bytes.
inline void PrintTo(const Violation& violation, std::ostream* out) {
    *out << '"' << violation.pointer << "\" " << violation.detail;
}

}  // namespace nearline
