#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "runtime/stop.hpp"

namespace nearline::cli {

struct PredictOptions {
    std::string gateway_url = "http://127.0.0.1:1958";
    std::string auth_url;  ///< where to log in; empty: at the gateway, which passes it on
    std::string user;
    std::string password;
    std::vector<std::string> observation;       ///< "name=value": one observation
    std::string file;                           ///< else a CSV of many, its first line the names; "-": standard input
    std::vector<std::string> carry;             ///< columns that are no features: not sent, copied to the output
    std::string output;                         ///< a file; empty or "-": standard output
    std::string format;                         ///< "csv" or "jsonl"; empty: as `output` ends, else csv for a CSV
    int concurrency = 8;                        ///< requests at a time
    std::chrono::milliseconds timeout{60'000};  ///< for one observation, all its tries together
};

/// Logs in, asks for the predictions and writes them in the order of the observations. What failed is
/// listed on standard error at the end, with its line and its reason. The exit code: 0, or 1 when anything
/// failed, or `stop` was requested. Then it asks for no more, waits for answers to requests that are under way, and
/// gives up what would have to be asked for again. The output has its name only when all of the input has been gone
/// through: see OutputFile. Throws std::runtime_error for what can't begin at all (no such file, no login).
int predict(const PredictOptions& options, const StopToken& stop);

}  // namespace nearline::cli
