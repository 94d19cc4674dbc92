#pragma once

#include <span>
#include <string_view>

#include "store/migration.hpp"

namespace nearline::store {

/// Throws std::logic_error unless the versions are 1, 2, 3, …
void require_rising(std::string_view component, std::span<const Migration> steps);

/// The steps that a database at version `present` lacks. Throws std::runtime_error where it is newer
/// than the last step; `where` names the database.
std::span<const Migration> steps_to_do(std::string_view component, std::span<const Migration> steps, int present,
                                       std::string_view where);

}  // namespace nearline::store
