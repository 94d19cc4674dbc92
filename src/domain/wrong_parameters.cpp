#include "domain/wrong_parameters.hpp"

#include <utility>

namespace nearline {

Problem wrong_parameters(std::vector<Violation> errors) {
    return {400, "Bad Request", "The query has parameters that can't be used, see errors.", std::move(errors)};
}

}  // namespace nearline
