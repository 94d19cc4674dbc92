#pragma once

/// The commands of `nearline`: each takes its own arguments, with its name ("nearline up") as the first,
/// and gives the exit code.
namespace nearline::app {

int up(int argc, const char* const* argv);
int serve_registry(int argc, const char* const* argv);
int users(int argc, const char* const* argv);
int topics(int argc, const char* const* argv);
int dead_letters(int argc, const char* const* argv);
int predict(int argc, const char* const* argv);

}  // namespace nearline::app
