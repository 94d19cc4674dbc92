#include "cli/status_line.hpp"

#include <iostream>
#include <unistd.h>
#include <utility>

#include "cli/terminal.hpp"

namespace nearline::cli {
namespace {

constexpr auto begin_again = "\r\x1b[K";

}  // namespace

StatusLine::StatusLine() : is_shown_(is_terminal(STDERR_FILENO)) {}

void StatusLine::show(const std::string& text) {
    if (!is_shown_) return;
    std::cerr << begin_again << text << std::flush;
    has_text_ = true;
}

void StatusLine::clear() {
    if (std::exchange(has_text_, false)) std::cerr << begin_again << std::flush;
}

}  // namespace nearline::cli
