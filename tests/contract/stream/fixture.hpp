#pragma once

#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "runtime/metrics.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::testing {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// What must have happened by then on a machine that is busy with other things.
constexpr std::chrono::seconds patience{30};

/// Waits for a condition; false if it did not come true in time.
bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds time = patience);

/// A stream under test, and what its makers alone know about it.
class World {
public:
    virtual ~World() = default;
    virtual Stream& stream() = 0;
    /// Has the log lose all records before this offset. They have old timestamps (see `long_ago`).
    virtual void expire(const TopicPartition& at, std::int64_t before) = 0;
    Metrics& metrics() { return metrics_; }

private:
    Metrics metrics_;
};

std::unique_ptr<World> kafka_world();
std::unique_ptr<World> embedded_world();

/// The address of a real broker: NEARLINE_TEST_KAFKA, or one that is started for this process.
const std::string& broker();
/// Ends the broker that broker() started, if it did.
void stop_broker();

/// A broker of one test's own, to be stopped and killed.
class OwnBroker {
public:
    OwnBroker();
    ~OwnBroker();
    OwnBroker(const OwnBroker&) = delete;
    OwnBroker& operator=(const OwnBroker&) = delete;
    const std::string& address() const { return address_; }
    void start();  ///< on the same port, with the same data; nothing if it runs
    void stop() { end("stop"); }
    void kill() { end("kill"); }
    void freeze() { command("freeze"); }
    void thaw() { command("thaw"); }

private:
    std::string command(const std::string& verb);
    void end(const std::string& how);
    bool running_ = false;
    std::string folder_;
    std::string address_;
};

/// A name that no other test uses, on this broker or any other time.
std::string unique(const std::string& what);

/// Timestamp (ms) of records that retention is to remove: older than a day.
std::int64_t long_ago();
/// Keeps for an hour.
TopicOptions short_lived(int partitions);

std::vector<std::string> values(const std::vector<ConsumedRecord>& records);

/// For tests of one stream: makes topics, produces, consumes.
class StreamTest : public ::testing::Test {
protected:
    void use(std::unique_ptr<World> world) { world_ = std::move(world); }
    World& world() { return *world_; }
    Stream& stream() { return world_->stream(); }
    std::unique_ptr<Admin> admin() { return stream().admin(patience); }

    /// A fresh topic.
    std::string topic(int partitions, std::optional<TopicOptions> options = std::nullopt);
    /// Produces one record and waits for what became of it.
    Delivery send(const std::string& topic, std::optional<int> partition, Record record);
    /// Produces values in order and waits until all are stored.
    void send_values(const std::string& topic, int partition, const std::vector<std::string>& values,
                     std::int64_t timestamp = 0);

    GroupOptions group(const std::string& topic, const std::string& name) const;

    void TearDown() override { producer_.reset(); }

private:
    std::unique_ptr<World> world_;
    std::unique_ptr<Producer> producer_;
};

/// Polls until there are `count` records, or it takes too long.
template <class Source>
std::vector<ConsumedRecord> take(Source& source, std::size_t count, std::chrono::milliseconds time = patience) {
    std::vector<ConsumedRecord> all;
    const auto deadline = Clock::now() + time;
    while (all.size() < count && Clock::now() < deadline) {
        auto some = source.poll(count - all.size(), 200ms);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

/// Polls all of them in turn until the condition holds.
template <class... Sources>
bool poll_until(const std::function<bool()>& condition, Sources&... sources) {
    return wait_until([&] {
        (sources.poll(100, 20ms), ...);
        return condition();
    });
}

/// The suite's parameter: how to make a world, and its name in the tests' names.
struct Implementation {
    std::string name;
    std::unique_ptr<World> (*make)();
    friend void PrintTo(const Implementation& implementation, std::ostream* out) { *out << implementation.name; }
};

class StreamContract : public StreamTest, public ::testing::WithParamInterface<Implementation> {
protected:
    void SetUp() override { use(GetParam().make()); }
};

std::vector<Implementation> implementations();
std::string name_of(const ::testing::TestParamInfo<Implementation>& info);

}  // namespace nearline::stream::testing
