#pragma once

#include <string>

#include "cli/admin_api.hpp"

namespace nearline::cli {

struct TailOptions {
    std::string topic;
    int last = 10;                ///< the newest so many
    bool follow = false;          ///< goes on with what comes
    bool from_beginning = false;  ///< all there is
};

/// Prints a table of topics; the exit code.
int list_topics(const AskAdmin& ask);

/// Prints records as JSON lines; the exit code. With `follow` it ends when the process does.
int tail_topic(const AskAdmin& ask, const TailOptions& options);

}  // namespace nearline::cli
