#include "gateway/stream_watch.hpp"

#include <utility>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 1'500ms;
constexpr auto while_up = 1'000ms;
constexpr auto while_down = 200ms;

}  // namespace

StreamWatch::StreamWatch(stream::Stream& stream, LoopGate gate, Health& health, std::string name,
                         std::function<std::uint64_t()> stored)
    : stream_(stream),
      gate_(std::move(gate)),
      health_(health),
      name_(std::move(name)),
      stored_(std::move(stored)),
      down_(name_ + " has not answered yet") {}

void StreamWatch::start() {
    thread_.start();
    thread_.post([this] { look(); });
}

void StreamWatch::look() {
    std::string why;
    if (stored_() == seen_) why = stream_.ping(patience);
    const auto stored = stored_();
    if (std::exchange(seen_, stored) != stored) why.clear();
    if (why.empty()) {
        health_.up(name_);
    } else {
        health_.down(name_, why);
    }
    gate_.post([this, down = why.empty() ? std::string() : name_ + " does not answer: " + why] { down_ = down; });
    thread_.post_after(why.empty() ? while_up : while_down, [this] { look(); });
}

}  // namespace nearline::gateway
