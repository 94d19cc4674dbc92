#include "domain/problem.hpp"

#include <stdexcept>

namespace nearline {

void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
    throw std::runtime_error(problem.title + ": " + problem.detail);
}

}  // namespace nearline
