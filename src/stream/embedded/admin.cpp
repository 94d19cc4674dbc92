#include <algorithm>
#include <cctype>
#include <memory>

#include "domain/problem.hpp"
#include "stream/embedded/engine.hpp"

namespace nearline::stream::embedded {
namespace {

// Kafka's rule, so that what works here works there.
void check_name(const std::string& name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    if (name.empty() || name.size() > 249 || name == "." || name == ".." ||
        !std::all_of(name.begin(), name.end(), legal)) {
        throw std::invalid_argument("'" + name + "' can't be a topic's name: 1 to 249 of a-z A-Z 0-9 . _ -");
    }
}

TopicInfo info(const Topic& topic) {
    return {topic.name, topic.options.partitions, 1};
}

class EmbeddedAdmin final : public Admin {
public:
    EmbeddedAdmin(Engine& engine, std::chrono::milliseconds timeout) : engine_(engine), timeout_(timeout) {}

    std::string cluster_id() override { return engine_.cluster_id(); }

    std::vector<TopicInfo> topics() override {
        std::vector<TopicInfo> all;
        for (const Topic* topic : engine_.log().topics()) all.push_back(info(*topic));
        return all;
    }

    std::optional<TopicInfo> topic(const std::string& name) override {
        const Topic* found = engine_.log().find_topic(name);
        return found == nullptr ? std::nullopt : std::optional(info(*found));
    }

    std::chrono::milliseconds retention(const std::string& topic) override {
        const Topic* found = engine_.log().find_topic(topic);
        if (found == nullptr) throw Unavailable("there is no topic " + topic);
        return std::max(found->options.retention, std::chrono::milliseconds(0));
    }

    bool create_topic(const std::string& name, const TopicOptions& options) override {
        check_name(name);
        if (options.partitions < 1) throw std::invalid_argument("topic " + name + ": it needs a partition");
        if (engine_.log().find_topic(name) != nullptr) return false;
        // The writer looks again: two may make the same one at once, even in one transaction.
        const auto made = std::make_shared<std::optional<StoredTopic>>();
        const auto log = &engine_.log();
        engine_.writer().run([name, options, made](Storage& storage) { *made = storage.create_topic(name, options); },
                             [made, log] {
                                 if (*made) log->add_topic(**made);
                             },
                             timeout_);
        return made->has_value();
    }

    Watermarks watermarks(const TopicPartition& at) override {
        const PartitionLog& partition = find(at);
        const auto lock = engine_.log().lock();
        return {partition.start, partition.end};
    }

    std::int64_t offset_at(const TopicPartition& at, std::int64_t timestamp) override {
        const PartitionLog& partition = find(at);
        const auto [start, end] = watermarks(at);
        return engine_.reader().offset_at(partition.id, start, end, timestamp);
    }

    void delete_records(const TopicPartition& at, std::int64_t before) override {
        PartitionLog& partition = find(at);
        const auto deadline = std::chrono::steady_clock::now() + timeout_;
        before = std::min(before, watermarks(at).end);
        // In steps: what is written meanwhile does not wait for all of them.
        for (auto start = watermarks(at).start; start < before;) {
            const auto next = std::min(before, start + engine_.options().retention_step);
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
            engine_.writer().run(
                [id = partition.id, start, next](Storage& storage) { storage.remove_before(id, start, next); },
                [log = &engine_.log(), &partition, next] { log->publish_start(partition, next); },
                std::max(left, std::chrono::milliseconds(0)));
            start = next;
        }
    }

    std::vector<GroupInfo> groups() override { return engine_.log().groups(); }

    std::map<TopicPartition, std::int64_t> committed(const std::string& group) override {
        return engine_.log().stored_offsets(group);
    }
    std::map<TopicPartition, std::int64_t> committed(const std::string& group, const std::string& topic) override {
        auto offsets = committed(group);
        std::erase_if(offsets, [&](const auto& each) { return each.first.topic != topic; });
        return offsets;
    }

private:
    PartitionLog& find(const TopicPartition& at) const {
        PartitionLog* partition = engine_.log().find_partition(at);
        if (partition == nullptr) {
            throw Unavailable("embedded log: there is no partition " + std::to_string(at.partition) + " of topic " +
                              at.topic);
        }
        return *partition;
    }

    Engine& engine_;
    const std::chrono::milliseconds timeout_;
};

}  // namespace

std::unique_ptr<Admin> make_admin(Engine& engine, std::chrono::milliseconds timeout) {
    return std::make_unique<EmbeddedAdmin>(engine, timeout);
}

}  // namespace nearline::stream::embedded
