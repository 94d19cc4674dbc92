#pragma once

#include <chrono>
#include <string>

#include "domain/problem.hpp"

/// Why a call of auth-svc is refused, where no single function is the only one to say so. Pure functions.
namespace nearline::auth {

Problem unavailable(std::string detail);
Problem void_token(std::string detail);
Problem forbidden(std::string detail);
Problem too_many_failures(std::chrono::seconds wait);

}  // namespace nearline::auth
