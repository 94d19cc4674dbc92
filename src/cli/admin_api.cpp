#include "cli/admin_api.hpp"

#include <iostream>
#include <thread>

#include "domain/problem.hpp"
#include "runtime/backoff.hpp"

namespace nearline::cli {

void rest_before_next_try(const std::string& command, const Unavailable& error, Backoff& backoff) {
    const auto wait = backoff.next();
    std::cerr << command << ": " << error.what() << "; trying again\n";
    std::this_thread::sleep_for(wait);
}

}  // namespace nearline::cli
