#pragma once

#include <string>
#include <vector>

namespace nearline {

/// One figure of this process, by the names that Prometheus' client libraries agree on.
struct ProcessFigure {
    std::string name;
    std::string help;
    bool is_counter = false;
    double value = 0;
};

/// CPU, memory, descriptors, threads and start time of this process, from /proc; what can't be read is
/// left out. Thread-safe.
std::vector<ProcessFigure> process_figures();

}  // namespace nearline
