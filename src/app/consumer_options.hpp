#pragma once

#include <string>

#include "app/options.hpp"
#include "app/process.hpp"
#include "stream/consumer_loop.hpp"

namespace nearline::app {

/// Tells a consumer loop of this role what all of them are told: topics, group and Health's names from the settings;
/// the gate and the process when it is ready, or can't go on. `process` and `ready` must outlive the loop.
void fill_in(stream::ConsumerLoop::Options& loop, const std::string& role, const std::string& topic,
             const TopicsOptions& topics, const std::string& stream_name, Process& process, ReadyGate& ready);

}  // namespace nearline::app
