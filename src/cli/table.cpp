#include "cli/table.hpp"

#include <algorithm>
#include <iostream>

namespace nearline::cli {

void print_table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::cout << row[i];
            if (i + 1 < row.size()) std::cout << std::string(widths[i] - row[i].size() + 2, ' ');
        }
        std::cout << '\n';
    }
}

}  // namespace nearline::cli
