#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "stream/stream.hpp"

namespace nearline::test {

/// A stream for tests of what a worker does when things go wrong: deliveries end as the test says,
/// partitions come and go when it says so. The test sees every commit. Topics have 3 partitions.
class ScriptedStream : public stream::Stream {
public:
    struct Stored {
        std::optional<int> partition;
        stream::Record record;
    };
    /// What becomes of a record; nothing: it is held until release().
    using Deliver = std::function<std::optional<stream::Delivery>(
        const std::string& topic, std::optional<int> partition, const stream::Record& record)>;

    /// What becomes of a transaction; where it is `committed`, all of it is stored. May call what is here.
    using Transact = std::function<stream::TransactionReport(const std::vector<stream::Addressed>& records,
                                                             const stream::GroupOffsets& offsets)>;

    std::int64_t append(const std::string& topic, int partition, stream::Record record);
    void deliver(Deliver deliver);
    void transact(Transact transact);
    void commit(const stream::TopicPartition& at, std::int64_t offset);
    /// So many settle() fail from now on.
    void fail_settling(int times);
    /// Records of each transaction that was committed.
    std::vector<std::size_t> transactions();
    int settled();
    /// Reports what is held, in the order of produce().
    void release(const stream::Delivery& delivery);
    std::size_t held();
    std::vector<Stored> stored(const std::string& topic);

    /// Happens in the consumer's next poll().
    void assign(std::vector<stream::TopicPartition> partitions);
    void revoke(std::vector<stream::TopicPartition> partitions);
    void lose(std::vector<stream::TopicPartition> partitions);
    void fail_next_poll();
    /// The records that one poll() gives.
    std::atomic<std::size_t> most_per_poll{1'000'000};
    /// While the test holds it, poll() does not begin.
    std::mutex hanging;
    void fail_commits(bool fail);
    void fail_admin(bool fail);
    void set_partitions(int partitions);
    /// ping() gives this.
    void answer_ping(const std::string& why);
    void make_topic(const std::string& topic);
    void delete_topic(const std::string& topic);

    std::map<stream::TopicPartition, std::int64_t> committed();
    int blocking_commits();
    int consumers_made();
    std::set<stream::TopicPartition> paused();
    /// Whether the condition became true within ten seconds; looks whenever something happened here.
    bool wait(const std::function<bool()>& condition);

    std::unique_ptr<stream::Producer> producer(const stream::ProducerOptions& options) override;
    std::unique_ptr<stream::GroupConsumer> consumer(const stream::GroupOptions& options,
                                                    stream::RebalanceListener listener) override;
    std::unique_ptr<stream::GroupMember> member(const stream::GroupOptions&, stream::RebalanceListener) override;
    std::unique_ptr<stream::Reader> reader() override;
    std::unique_ptr<stream::Admin> admin(std::chrono::milliseconds timeout) override;
    void scan(const std::vector<stream::Position>&, std::chrono::milliseconds,
              const std::function<bool(stream::ConsumedRecord&&)>&) override {}
    std::unique_ptr<stream::FencedWriter> fenced_writer(const std::string&, std::chrono::milliseconds) override {
        return nullptr;
    }
    std::unique_ptr<stream::TransactionalProducer> transactional_producer(const stream::TransactionOptions&) override;
    std::string ping(std::chrono::milliseconds) override;

private:
    friend class ScriptedProducer;
    friend class ScriptedConsumer;
    friend class ScriptedAdmin;
    friend class ScriptedTransactionalProducer;
    struct Held {
        std::string topic;
        Stored stored;
        stream::OnDelivery on_delivery;
    };
    struct Event {
        enum class Kind { assign, revoke, lose, fail } kind;
        std::vector<stream::TopicPartition> partitions;
    };
    void add_event(Event event);

    std::mutex mutex_;
    std::condition_variable changed_;
    Deliver deliver_;
    Transact transact_;
    std::vector<std::size_t> transactions_;
    int settled_ = 0;
    int fails_settling_ = 0;
    std::map<stream::TopicPartition, std::vector<stream::Record>> logs_;
    std::map<std::string, std::vector<Stored>> stored_;
    std::vector<Held> held_;
    std::vector<Event> events_;
    std::map<stream::TopicPartition, std::int64_t> committed_;
    std::map<stream::TopicPartition, std::int64_t> positions_;  // of the consumer's partitions
    std::set<stream::TopicPartition> paused_;
    int blocking_commits_ = 0;
    int consumers_made_ = 0;
    bool fails_commits_ = false;
    bool fails_admin_ = false;
    bool woken_ = false;
    int partitions_ = 3;
    std::string ping_;
    std::map<std::string, std::string> topics_;  // and their ids
    int topics_made_ = 0;
};

}  // namespace nearline::test
