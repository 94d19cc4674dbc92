#include "store/migration_plan.hpp"

#include <stdexcept>
#include <string>

namespace nearline::store {

void require_rising(std::string_view component, std::span<const Migration> steps) {
    int expected = 1;
    for (const Migration& step : steps) {
        if (step.version != expected++) {
            throw std::logic_error("migrations of " + std::string(component) + " don't rise by 1 at '" + step.name +
                                   "'");
        }
    }
}

std::span<const Migration> steps_to_do(std::string_view component, std::span<const Migration> steps, int present,
                                       std::string_view where) {
    const int known = static_cast<int>(steps.size());
    if (present > known) {
        throw std::runtime_error("database " + std::string(where) + ": its " + std::string(component) +
                                 " tables have version " + std::to_string(present) +
                                 ", this program knows them up to " + std::to_string(known) +
                                 ": run the newer version of Nearline that wrote them");
    }
    return steps.subspan(static_cast<std::size_t>(present));
}

}  // namespace nearline::store
