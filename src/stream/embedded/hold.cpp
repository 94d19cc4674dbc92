#include "stream/embedded/hold.hpp"

namespace nearline::stream::embedded {

Hold::Hold(const Log::Lock& lock, Log& log, std::string group, std::vector<TopicPartition> partitions)
    : log_(log), group_(std::move(group)), partitions_(std::move(partitions)) {
    log_.group(lock, group_).hold(partitions_);
}

Hold::~Hold() {
    const auto lock = log_.lock();
    log_.group(lock, group_).let_go(partitions_);
}

}  // namespace nearline::stream::embedded
