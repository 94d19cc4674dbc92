#pragma once

#include <string>
#include <vector>

namespace nearline::cli {

using Row = std::vector<std::string>;

/// Writes rows of as many cells each to standard output, in columns two spaces apart. At least one row.
void print_table(const std::vector<Row>& rows);

}  // namespace nearline::cli
