#pragma once

#include <vector>

#include "domain/problem.hpp"

namespace nearline {

/// 400: parameters of a request's query can't be used. Pointers are the parameters' names: "/limit".
Problem wrong_parameters(std::vector<Violation> errors);

}  // namespace nearline
