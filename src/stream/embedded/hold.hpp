#pragma once

#include <string>
#include <vector>

#include "stream/embedded/log.hpp"
#include "stream/transactional_producer.hpp"

namespace nearline::stream::embedded {

/// Which member of which group.
struct EmbeddedIdentity : MemberIdentity {
    EmbeddedIdentity(std::string its_group, MemberId its_id) : group(std::move(its_group)), id(its_id) {}
    const std::string group;
    const MemberId id;
};

/// Keeps partitions, while offsets of them are on their way to the disk, from being handed to another member, which
/// would go on from the offsets before. Thread-safe; its end takes the log's lock.
class Hold {
public:
    Hold(const Log::Lock& lock, Log& log, std::string group, std::vector<TopicPartition> partitions);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

private:
    Log& log_;
    const std::string group_;
    const std::vector<TopicPartition> partitions_;
};

}  // namespace nearline::stream::embedded
