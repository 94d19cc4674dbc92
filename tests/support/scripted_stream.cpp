#include "support/scripted_stream.hpp"

#include "domain/problem.hpp"

namespace nearline::test {

using stream::ConsumedRecord;
using stream::Delivery;
using stream::Position;
using stream::TopicPartition;
using Partitions = std::vector<TopicPartition>;

class ScriptedProducer : public stream::Producer {
public:
    explicit ScriptedProducer(ScriptedStream& owner) : owner_(owner) {}

    ~ScriptedProducer() override {
        owner_.release({.outcome = Delivery::Outcome::unknown, .reason = "the producer ended"});
    }

    void produce(const std::string& topic, std::optional<int> partition, stream::Record record,
                 stream::OnDelivery on_delivery) override {
        std::optional<Delivery> delivery = Delivery{};
        {
            const std::scoped_lock lock(owner_.mutex_);
            if (owner_.deliver_) delivery = owner_.deliver_(topic, partition, record);
            ScriptedStream::Stored stored{partition, std::move(record)};
            if (!delivery) {
                owner_.held_.push_back({topic, std::move(stored), std::move(on_delivery)});
            } else if (delivery->outcome == Delivery::Outcome::stored) {
                owner_.stored_[topic].push_back(std::move(stored));
            }
        }
        if (delivery) on_delivery(*delivery);
        owner_.changed_.notify_all();
    }
    bool flush(std::chrono::milliseconds) override { return owner_.held() == 0; }
    std::size_t in_flight() const override { return owner_.held(); }

private:
    ScriptedStream& owner_;
};

struct ScriptedIdentity : stream::MemberIdentity {};

class ScriptedTransactionalProducer : public stream::TransactionalProducer {
public:
    explicit ScriptedTransactionalProducer(ScriptedStream& owner) : owner_(owner) {}

    void settle() override {
        const std::scoped_lock lock(owner_.mutex_);
        owner_.changed_.notify_all();
        if (owner_.fails_settling_ > 0) {
            --owner_.fails_settling_;
            throw Unavailable("no coordinator answers");
        }
        ++owner_.settled_;
    }

    stream::TransactionReport transact(const std::vector<stream::Addressed>& records,
                                       const stream::GroupOffsets& offsets) override {
        using Outcome = stream::TransactionReport::Outcome;
        if (!offsets.member) return {.outcome = Outcome::outdated, .reason = "no member"};
        ScriptedStream::Transact transact;
        {
            const std::scoped_lock lock(owner_.mutex_);
            transact = owner_.transact_;
        }
        auto report = transact ? transact(records, offsets) : stream::TransactionReport{};
        const std::scoped_lock lock(owner_.mutex_);
        owner_.changed_.notify_all();
        if (report.outcome != Outcome::committed) return report;
        for (const auto& [topic, partition, record] : records) owner_.stored_[topic].push_back({partition, record});
        for (const auto& [at, offset] : offsets.next) owner_.committed_[at] = offset;
        owner_.transactions_.push_back(records.size());
        return report;
    }

private:
    ScriptedStream& owner_;
};

class ScriptedConsumer : public stream::GroupConsumer {
public:
    ScriptedConsumer(ScriptedStream& owner, stream::RebalanceListener listener)
        : owner_(owner), listener_(std::move(listener)) {
        const std::scoped_lock lock(owner_.mutex_);
        ++owner_.consumers_made_;
        owner_.positions_.clear();
        owner_.paused_.clear();
        owner_.woken_ = false;
    }

    std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) override {
        { const std::scoped_lock begins(owner_.hanging); }
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        for (;;) {
            handle_events();
            std::unique_lock lock(owner_.mutex_);
            auto records = fetch(most);
            if (!records.empty() || std::exchange(owner_.woken_, false)) return records;
            const bool changed = owner_.changed_.wait_until(
                lock, deadline, [&] { return owner_.woken_ || !owner_.events_.empty() || has_records(); });
            if (!changed) return {};
        }
    }

    void commit(const std::vector<Position>& next) override {
        {
            const std::scoped_lock lock(owner_.mutex_);
            if (owner_.fails_commits_) throw Unavailable("the group's coordinator is away");
            ++owner_.blocking_commits_;
        }
        store(next);
    }
    void commit_async(const std::vector<Position>& next) override {
        {
            const std::scoped_lock lock(owner_.mutex_);
            if (owner_.fails_commits_) return;
        }
        store(next);
    }
    stream::GroupOffsets offsets(const std::vector<Position>& next) const override {
        const std::scoped_lock lock(owner_.mutex_);
        for (const auto& position : next) {
            if (!owner_.positions_.contains(position.at)) return {.next = next};
        }
        return {.next = next, .member = std::make_shared<ScriptedIdentity>()};
    }
    void pause(const Partitions& partitions) override {
        const std::scoped_lock lock(owner_.mutex_);
        owner_.paused_.insert(partitions.begin(), partitions.end());
        owner_.changed_.notify_all();
    }
    void resume(const Partitions& partitions) override {
        const std::scoped_lock lock(owner_.mutex_);
        for (const auto& at : partitions) owner_.paused_.erase(at);
        owner_.changed_.notify_all();
    }
    std::set<TopicPartition> assignment() const override {
        const std::scoped_lock lock(owner_.mutex_);
        std::set<TopicPartition> assigned;
        for (const auto& [at, offset] : owner_.positions_) assigned.insert(at);
        return assigned;
    }
    void wake() override {
        const std::scoped_lock lock(owner_.mutex_);
        owner_.woken_ = true;
        owner_.changed_.notify_all();
    }
    void close() override {
        const auto all = assignment();
        take_away({all.begin(), all.end()}, true);
    }
    std::uint64_t lost_to_retention() const override { return 0; }

private:
    void handle_events() {
        for (;;) {
            std::unique_lock lock(owner_.mutex_);
            if (owner_.events_.empty()) return;
            const auto event = owner_.events_.front();
            owner_.events_.erase(owner_.events_.begin());
            using Kind = ScriptedStream::Event::Kind;
            if (event.kind == Kind::fail) throw Unavailable("this handle is broken");
            if (event.kind == Kind::assign) {
                for (const auto& at : event.partitions) {
                    owner_.positions_[at] = owner_.committed_.contains(at) ? owner_.committed_[at] : 0;
                }
                lock.unlock();
                listener_.assigned(event.partitions);
                continue;
            }
            lock.unlock();
            take_away(event.partitions, event.kind == Kind::revoke);
        }
    }

    void take_away(const Partitions& partitions, bool asks_first) {
        if (asks_first) {
            listener_.revoked(partitions);
        } else {
            listener_.lost(partitions);
        }
        const std::scoped_lock lock(owner_.mutex_);
        for (const auto& at : partitions) {
            owner_.positions_.erase(at);
            owner_.paused_.erase(at);
        }
        owner_.changed_.notify_all();
    }

    bool has_records() const {
        for (const auto& [at, offset] : owner_.positions_) {
            const auto log = owner_.logs_.find(at);
            if (log != owner_.logs_.end() && !owner_.paused_.contains(at) &&
                offset < static_cast<std::int64_t>(log->second.size())) {
                return true;
            }
        }
        return false;
    }

    std::vector<ConsumedRecord> fetch(std::size_t most) {
        std::vector<ConsumedRecord> records;
        std::size_t bytes = 0;
        most = std::min<std::size_t>(most, owner_.most_per_poll);
        for (auto& [at, offset] : owner_.positions_) {
            if (owner_.paused_.contains(at)) continue;
            const auto& log = owner_.logs_[at];
            while (offset < static_cast<std::int64_t>(log.size()) && records.size() < most &&
                   bytes < stream::most_polled_bytes) {
                ConsumedRecord record;
                static_cast<stream::Record&>(record) = log[static_cast<std::size_t>(offset)];
                record.at = at;
                record.offset = offset++;
                bytes += size_in_bytes(record);
                records.push_back(std::move(record));
            }
        }
        return records;
    }

    void store(const std::vector<Position>& next) {
        const std::scoped_lock lock(owner_.mutex_);
        for (const auto& position : next) {
            if (owner_.positions_.contains(position.at)) owner_.committed_[position.at] = position.offset;
        }
        owner_.changed_.notify_all();
    }

    ScriptedStream& owner_;
    const stream::RebalanceListener listener_;
};

class ScriptedAdmin : public stream::Admin {
public:
    explicit ScriptedAdmin(ScriptedStream& owner) : owner_(owner) {}
    std::string cluster_id() override { return "scripted"; }
    std::vector<stream::TopicInfo> topics() override { return {}; }
    std::optional<stream::TopicInfo> topic(const std::string& name) override {
        const std::scoped_lock lock(owner_.mutex_);
        if (owner_.fails_admin_) throw Unavailable("no broker answers");
        const auto topic = owner_.topics_.find(name);
        if (topic == owner_.topics_.end()) return std::nullopt;
        return stream::TopicInfo{name, owner_.partitions_, 1, topic->second};
    }
    bool create_topic(const std::string& name, const stream::TopicOptions&) override {
        const std::scoped_lock lock(owner_.mutex_);
        if (owner_.fails_admin_) throw Unavailable("no broker answers");
        return owner_.topics_.emplace(name, std::to_string(++owner_.topics_made_)).second;
    }
    std::chrono::milliseconds retention(const std::string&) override { return {}; }
    stream::Watermarks watermarks(const TopicPartition&) override { return {}; }
    std::int64_t offset_at(const TopicPartition&, std::int64_t) override { return 0; }
    void delete_records(const TopicPartition&, std::int64_t) override {}
    std::vector<stream::GroupInfo> groups() override { return {}; }
    std::map<TopicPartition, std::int64_t> committed(const std::string&) override { return owner_.committed(); }
    std::map<TopicPartition, std::int64_t> committed(const std::string&, const std::string& topic) override {
        auto offsets = owner_.committed();
        std::erase_if(offsets, [&](const auto& each) { return each.first.topic != topic; });
        return offsets;
    }

private:
    ScriptedStream& owner_;
};

std::int64_t ScriptedStream::append(const std::string& topic, int partition, stream::Record record) {
    const std::scoped_lock lock(mutex_);
    auto& log = logs_[{topic, partition}];
    if (record.timestamp == 0) record.timestamp = 1'700'000'000'000;
    log.push_back(std::move(record));
    changed_.notify_all();
    return static_cast<std::int64_t>(log.size()) - 1;
}

void ScriptedStream::deliver(Deliver deliver) {
    const std::scoped_lock lock(mutex_);
    deliver_ = std::move(deliver);
}

void ScriptedStream::transact(Transact transact) {
    const std::scoped_lock lock(mutex_);
    transact_ = std::move(transact);
}

void ScriptedStream::commit(const TopicPartition& at, std::int64_t offset) {
    const std::scoped_lock lock(mutex_);
    committed_[at] = offset;
}

void ScriptedStream::fail_settling(int times) {
    const std::scoped_lock lock(mutex_);
    fails_settling_ = times;
}

std::vector<std::size_t> ScriptedStream::transactions() {
    const std::scoped_lock lock(mutex_);
    return transactions_;
}

int ScriptedStream::settled() {
    const std::scoped_lock lock(mutex_);
    return settled_;
}

void ScriptedStream::release(const Delivery& delivery) {
    std::vector<Held> held;
    {
        const std::scoped_lock lock(mutex_);
        held.swap(held_);
        if (delivery.outcome == Delivery::Outcome::stored) {
            for (const auto& one : held) stored_[one.topic].push_back(one.stored);
        }
    }
    for (const auto& one : held) one.on_delivery(delivery);
    changed_.notify_all();
}

std::size_t ScriptedStream::held() {
    const std::scoped_lock lock(mutex_);
    return held_.size();
}

std::vector<ScriptedStream::Stored> ScriptedStream::stored(const std::string& topic) {
    const std::scoped_lock lock(mutex_);
    return stored_[topic];
}

void ScriptedStream::add_event(Event event) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
}

void ScriptedStream::assign(Partitions partitions) {
    add_event({Event::Kind::assign, std::move(partitions)});
}

void ScriptedStream::revoke(Partitions partitions) {
    add_event({Event::Kind::revoke, std::move(partitions)});
}

void ScriptedStream::lose(Partitions partitions) {
    add_event({Event::Kind::lose, std::move(partitions)});
}

void ScriptedStream::fail_next_poll() {
    add_event({Event::Kind::fail, {}});
}

void ScriptedStream::fail_commits(bool fail) {
    const std::scoped_lock lock(mutex_);
    fails_commits_ = fail;
}

void ScriptedStream::fail_admin(bool fail) {
    const std::scoped_lock lock(mutex_);
    fails_admin_ = fail;
}

void ScriptedStream::set_partitions(int partitions) {
    const std::scoped_lock lock(mutex_);
    partitions_ = partitions;
}

void ScriptedStream::answer_ping(const std::string& why) {
    const std::scoped_lock lock(mutex_);
    ping_ = why;
}

std::string ScriptedStream::ping(std::chrono::milliseconds) {
    const std::scoped_lock lock(mutex_);
    return ping_;
}

void ScriptedStream::make_topic(const std::string& topic) {
    ScriptedAdmin(*this).create_topic(topic, {});
}

void ScriptedStream::delete_topic(const std::string& topic) {
    const std::scoped_lock lock(mutex_);
    topics_.erase(topic);
}

std::map<TopicPartition, std::int64_t> ScriptedStream::committed() {
    const std::scoped_lock lock(mutex_);
    return committed_;
}

int ScriptedStream::blocking_commits() {
    const std::scoped_lock lock(mutex_);
    return blocking_commits_;
}

int ScriptedStream::consumers_made() {
    const std::scoped_lock lock(mutex_);
    return consumers_made_;
}

std::set<TopicPartition> ScriptedStream::paused() {
    const std::scoped_lock lock(mutex_);
    return paused_;
}

bool ScriptedStream::wait(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        std::unique_lock lock(mutex_);
        // Also looks now and then by itself: not all that a test waits for happens here.
        changed_.wait_for(lock, std::chrono::milliseconds(2));
        if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
}

std::unique_ptr<stream::Producer> ScriptedStream::producer(const stream::ProducerOptions&) {
    return std::make_unique<ScriptedProducer>(*this);
}

std::unique_ptr<stream::TransactionalProducer> ScriptedStream::transactional_producer(
    const stream::TransactionOptions&) {
    return std::make_unique<ScriptedTransactionalProducer>(*this);
}

std::unique_ptr<stream::GroupConsumer> ScriptedStream::consumer(const stream::GroupOptions&,
                                                                stream::RebalanceListener listener) {
    return std::make_unique<ScriptedConsumer>(*this, std::move(listener));
}

std::unique_ptr<stream::GroupMember> ScriptedStream::member(const stream::GroupOptions&, stream::RebalanceListener) {
    return nullptr;
}

std::unique_ptr<stream::Reader> ScriptedStream::reader() {
    return nullptr;
}

std::unique_ptr<stream::Admin> ScriptedStream::admin(std::chrono::milliseconds) {
    return std::make_unique<ScriptedAdmin>(*this);
}

}  // namespace nearline::test
