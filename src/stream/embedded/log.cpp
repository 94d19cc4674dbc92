#include "stream/embedded/log.hpp"

#include <algorithm>

namespace nearline::stream::embedded {
namespace {

// What a record in a tail takes, with its strings' and the allocator's own bytes.
std::size_t size_in_memory(const Record& record) noexcept {
    std::size_t size = sizeof(Record) + 64 + record.headers.size() * sizeof(Header);
    return size + static_cast<std::size_t>(stored_size(record));
}

}  // namespace

Log::Log(const StoredState& stored, std::size_t memory, Metrics& metrics) : memory_(memory), metrics_(metrics) {
    for (const auto& topic : stored.topics) insert_topic(topic);
    for (const auto& offset : stored.offsets) stored_[offset.group][offset.at] = offset.offset;
    noted_ = stored_;
    for (const auto& [name, offsets] : stored_) groups_.try_emplace(name, partition_counts_);
}

const Topic* Log::find_topic(std::string_view name) const {
    const std::shared_lock lock(topics_mutex_);
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : found->second.get();
}

PartitionLog* Log::find_partition(const TopicPartition& at) const {
    const Topic* topic = find_topic(at.topic);
    if (topic == nullptr || at.partition < 0) return nullptr;
    const auto number = static_cast<std::size_t>(at.partition);
    return number < topic->partitions.size() ? topic->partitions[number].get() : nullptr;
}

std::vector<const Topic*> Log::topics() const {
    const std::shared_lock lock(topics_mutex_);
    std::vector<const Topic*> all;
    for (const auto& [name, topic] : topics_) all.push_back(topic.get());
    return all;
}

void Log::insert_topic(const StoredTopic& stored) {
    auto topic = std::make_unique<Topic>();
    topic->name = stored.name;
    topic->options = stored.options;
    topic->stored = metrics_.counter("nearline_stream_stored_records_total",
                                     "Records that the embedded log has on disk", {{"topic", stored.name}});
    for (std::size_t number = 0; number < stored.partitions.size(); ++number) {
        topic->partitions.push_back(std::make_unique<PartitionLog>(
            TopicPartition{stored.name, static_cast<int>(number)}, stored.partitions[number]));
    }
    partition_counts_[stored.name] = static_cast<int>(stored.partitions.size());
    const std::unique_lock lock(topics_mutex_);
    topics_.emplace(stored.name, std::move(topic));
}

void Log::add_topic(const StoredTopic& stored) {
    const Lock lock(mutex_);
    insert_topic(stored);
    for (auto& [name, group] : groups_) group.rebalance();
    for (const auto& signal : topic_watchers_) signal->tell();
}

void Log::keep(PartitionLog& partition, std::shared_ptr<const Record> record) {
    kept_bytes_ += size_in_memory(*record);
    partition.tail.push_back(std::move(record));
    kept_.push_back(&partition);
    // Oldest first over all partitions is oldest first in each.
    while (kept_bytes_ > memory_) {
        auto& tail = kept_.front()->tail;
        kept_bytes_ -= size_in_memory(*tail.front());
        tail.pop_front();
        kept_.pop_front();
    }
}

void Log::publish(std::vector<Committed>&& records) {
    std::vector<std::shared_ptr<Signal>> signals;
    {
        const Lock lock(mutex_);
        const PartitionLog* last = nullptr;
        for (auto& [partition, record] : records) {
            ++partition->end;
            partition->bytes += stored_size(*record);
            keep(*partition, std::move(record));
            if (partition == last) continue;
            last = partition;
            signals.insert(signals.end(), partition->watchers.begin(), partition->watchers.end());
        }
    }
    // Without the lock, so that whoever wakes does not have to wait for it.
    std::sort(signals.begin(), signals.end());
    signals.erase(std::unique(signals.begin(), signals.end()), signals.end());
    for (const auto& signal : signals) signal->tell();
}

void Log::publish(const std::vector<GroupOffset>& offsets) {
    const Lock lock(mutex_);
    for (const auto& offset : offsets) stored_[offset.group][offset.partition->at] = offset.next;
}

void Log::publish_and_note(const std::vector<GroupOffset>& offsets) {
    const Lock lock(mutex_);
    for (const auto& offset : offsets) {
        stored_[offset.group][offset.partition->at] = offset.next;
        noted_[offset.group][offset.partition->at] = offset.next;
    }
}

void Log::publish_start(PartitionLog& partition, std::int64_t start) {
    const Lock lock(mutex_);
    partition.start = std::max(partition.start, start);
}

Group& Log::group(const Lock&, const std::string& name) {
    return groups_.try_emplace(name, partition_counts_).first->second;
}

std::optional<SteadyTime> Log::expire_members(SteadyTime now) {
    const Lock lock(mutex_);
    std::optional<SteadyTime> next;
    for (auto& [name, group] : groups_) {
        const auto its_next = group.expire(now);
        if (its_next && (!next || *its_next < *next)) next = its_next;
    }
    return next;
}

void Log::watch(const Lock&, PartitionLog& partition, const std::shared_ptr<Signal>& signal) {
    partition.watchers.push_back(signal);
}

void Log::unwatch(const Lock&, PartitionLog& partition, const std::shared_ptr<Signal>& signal) {
    std::erase(partition.watchers, signal);
}

void Log::watch_topics(const Lock&, const std::shared_ptr<Signal>& signal) {
    topic_watchers_.push_back(signal);
}

void Log::unwatch_topics(const Lock&, const std::shared_ptr<Signal>& signal) {
    std::erase(topic_watchers_, signal);
}

void Log::note_offset(const Lock&, const std::string& group, const TopicPartition& at, std::int64_t next) {
    noted_[group][at] = next;
}

std::optional<std::int64_t> Log::noted_offset(const Lock&, const std::string& group, const TopicPartition& at) const {
    const auto offsets = noted_.find(group);
    if (offsets == noted_.end()) return std::nullopt;
    const auto found = offsets->second.find(at);
    return found == offsets->second.end() ? std::nullopt : std::optional(found->second);
}

std::vector<GroupInfo> Log::groups() {
    const Lock lock(mutex_);
    std::vector<GroupInfo> all;
    for (const auto& [name, group] : groups_) {
        // One that stores nothing ends with its last member, as on Kafka.
        if (group.size() == 0 && !stored_.contains(name)) continue;
        all.push_back({name, std::string(group.state()), group.size()});
    }
    return all;
}

std::map<TopicPartition, std::int64_t> Log::stored_offsets(const std::string& group) {
    const Lock lock(mutex_);
    const auto found = stored_.find(group);
    return found == stored_.end() ? std::map<TopicPartition, std::int64_t>() : found->second;
}

}  // namespace nearline::stream::embedded
