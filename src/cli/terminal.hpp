#pragma once

#include <string>

/// What a command says to the person at the terminal, and asks them.
namespace nearline::cli {

bool is_terminal(int descriptor) noexcept;

/// A password: asked for on the terminal without echo where standard input is one (twice, if it is a new
/// one), else one line of standard input. Throws std::runtime_error when there is none, or the two differ.
std::string ask_password(const std::string& prompt, bool is_new);

/// Text that can't steer the terminal: control characters become "?".
std::string printable(const std::string& text);

}  // namespace nearline::cli
