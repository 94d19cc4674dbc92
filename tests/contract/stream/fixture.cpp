#include "contract/stream/fixture.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include "support/temp_dir.hpp"

namespace nearline::stream::testing {
namespace {

/// The output of tests/servers/kafka; throws where it fails.
std::string run_server_script(const std::string& arguments) {
    const std::string command = NEARLINE_SOURCE_DIR "/tests/servers/kafka " + arguments;
    FILE* pipe = ::popen(command.c_str(), "re");
    if (pipe == nullptr) throw std::runtime_error("can't run " + command);
    std::string output;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
    if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
    while (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
}

std::string until_exit_of_us() {
    return " --heap 384m --until-exit-of " + std::to_string(::getpid());
}

/// The broker of this process, where none was given from outside.
struct SharedBroker {
    nearline::test::TempDir folder;
    std::string address = run_server_script("start " + (folder / "kafka") + until_exit_of_us());
    ~SharedBroker() { run_server_script("stop " + (folder / "kafka")); }
    SharedBroker() = default;
    SharedBroker(const SharedBroker&) = delete;
    SharedBroker& operator=(const SharedBroker&) = delete;
};
std::unique_ptr<SharedBroker> shared_broker;

class KafkaWorld : public World {
public:
    Stream& stream() override { return *stream_; }

    void expire(const TopicPartition& at, std::int64_t before) override {
        stream_->admin(patience)->delete_records(at, before);
    }

private:
    std::unique_ptr<Stream> stream_ = open_kafka(broker(), {}, "contract-tests", metrics());
};

class EmbeddedWorld : public World {
public:
    Stream& stream() override { return *stream_; }

    void expire(const TopicPartition& at, std::int64_t before) override {
        const auto admin = stream_->admin(patience);
        if (!wait_until([&] { return admin->watermarks(at).start >= before; })) {
            throw std::runtime_error("retention did not remove the old records");
        }
    }

private:
    nearline::test::TempDir folder_;
    std::unique_ptr<Stream> stream_ =
        open_embedded(folder_ / "topics", EmbeddedOptions{.retention_interval = 20ms, .retention_step = 2}, metrics());
};

}  // namespace

const std::string& broker() {
    static const std::string address = [] {
        if (const char* given = std::getenv("NEARLINE_TEST_KAFKA")) return std::string(given);
        shared_broker = std::make_unique<SharedBroker>();
        return shared_broker->address;
    }();
    return address;
}

void stop_broker() {
    shared_broker.reset();
}

std::unique_ptr<World> kafka_world() {
    return std::make_unique<KafkaWorld>();
}

std::unique_ptr<World> embedded_world() {
    return std::make_unique<EmbeddedWorld>();
}

std::vector<Implementation> implementations() {
    return {{"Embedded", embedded_world}, {"Kafka", kafka_world}};
}

std::string name_of(const ::testing::TestParamInfo<Implementation>& info) {
    return info.param.name;
}

OwnBroker::OwnBroker() {
    std::string name = "/tmp/nearline-broker-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    start();
}

OwnBroker::~OwnBroker() {
    command("kill");
    std::filesystem::remove_all(folder_);
}

std::string OwnBroker::command(const std::string& verb) {
    return run_server_script(verb + " " + folder_);
}

void OwnBroker::start() {
    if (!running_) address_ = run_server_script("start " + folder_ + until_exit_of_us());
    running_ = true;
}

void OwnBroker::end(const std::string& how) {
    command(how);
    running_ = false;
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds time) {
    const auto deadline = Clock::now() + time;
    while (!condition()) {
        if (Clock::now() >= deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

std::string unique(const std::string& what) {
    static const auto process = std::random_device{}();
    static std::atomic<int> count = 0;
    return what + "-" + std::to_string(process) + "-" + std::to_string(++count);
}

std::int64_t long_ago() {
    const auto day_ago = std::chrono::system_clock::now() - 25h;
    return std::chrono::duration_cast<std::chrono::milliseconds>(day_ago.time_since_epoch()).count();
}

TopicOptions short_lived(int partitions) {
    return {.partitions = partitions, .retention = 1h};
}

std::vector<std::string> values(const std::vector<ConsumedRecord>& records) {
    std::vector<std::string> values;
    for (const auto& record : records) values.push_back(record.value.value_or("(null)"));
    return values;
}

std::string StreamTest::topic(int partitions, std::optional<TopicOptions> options) {
    const auto name = unique("topic");
    // For ever: some tests write records of long ago.
    admin()->create_topic(name, options.value_or(TopicOptions{.partitions = partitions, .retention = 0ms}));
    return name;
}

Delivery StreamTest::send(const std::string& topic, std::optional<int> partition, Record record) {
    if (!producer_) producer_ = stream().producer({.delivery_timeout = 20s});
    auto delivered = std::make_shared<std::promise<Delivery>>();
    producer_->produce(topic, partition, std::move(record),
                       [delivered](const Delivery& d) { delivered->set_value(d); });
    auto delivery = delivered->get_future();
    if (delivery.wait_for(patience) != std::future_status::ready) throw std::runtime_error("no delivery report");
    return delivery.get();
}

void StreamTest::send_values(const std::string& topic, int partition, const std::vector<std::string>& values,
                             std::int64_t timestamp) {
    if (!producer_) producer_ = stream().producer({.delivery_timeout = 20s});
    auto stored = std::make_shared<std::atomic<std::size_t>>(0);
    for (const auto& value : values) {
        producer_->produce(topic, partition, {.value = value, .timestamp = timestamp},
                           [stored](const Delivery& delivery) {
                               if (delivery.outcome == Delivery::Outcome::stored) ++*stored;
                           });
    }
    producer_->flush(patience);
    ASSERT_EQ(*stored, values.size());
}

GroupOptions StreamTest::group(const std::string& topic, const std::string& name) const {
    return {.group = name, .topics = {topic}, .session_timeout = 3s};
}

}  // namespace nearline::stream::testing
