#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/metrics.hpp"
#include "stream/stream.hpp"
#include "support/temp_dir.hpp"

namespace nearline::stream {

using namespace std::chrono_literals;

/// What must have happened by then on a machine that is busy with other things.
inline constexpr std::chrono::seconds patience{30};

inline bool wait_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// An embedded stream in a folder of its own, which can be closed and opened again.
class EmbeddedTest : public ::testing::Test {
protected:
    void SetUp() override { open(); }
    void TearDown() override { close(); }

    void open() { stream = open_embedded(folder(), options, metrics); }
    void close() {
        sender_.reset();
        stream.reset();
    }
    void reopen() {
        close();
        open();
    }
    std::string folder() const { return dir_ / "topics"; }
    std::unique_ptr<Admin> admin() { return stream->admin(patience); }

    /// Sends records and waits until each has been reported.
    std::vector<Delivery> send(const std::string& topic, std::optional<int> partition, std::vector<Record> records) {
        if (!sender_) sender_ = stream->producer({.delivery_timeout = patience});
        const auto deliveries = std::make_shared<std::vector<Delivery>>();
        for (auto& record : records) {
            sender_->produce(topic, partition, std::move(record),
                             [deliveries](const Delivery& delivery) { deliveries->push_back(delivery); });
        }
        EXPECT_TRUE(sender_->flush(patience));
        return *deliveries;
    }
    Delivery send(const std::string& topic, std::optional<int> partition, const std::string& value,
                  std::int64_t timestamp = 0) {
        return send(topic, partition, std::vector<Record>{{.value = value, .timestamp = timestamp}}).front();
    }

    /// Everything in a partition from an offset on, read to the end that it has now.
    std::vector<ConsumedRecord> read(const TopicPartition& at, std::int64_t from = 0) {
        const auto [start, end] = admin()->watermarks(at);
        const auto reader = stream->reader();
        reader->assign({{at, from}});
        std::vector<ConsumedRecord> all;
        std::int64_t next = std::max(from, start);
        while (next < end) {
            for (auto& record : reader->poll(1'000, patience)) {
                next = record.offset + 1;
                all.push_back(std::move(record));
            }
        }
        return all;
    }

    EmbeddedOptions options{.retention_interval = 1h};
    Metrics metrics;
    std::unique_ptr<Stream> stream;

private:
    test::TempDir dir_;
    std::unique_ptr<Producer> sender_;
};

inline std::vector<std::string> values(const std::vector<ConsumedRecord>& records) {
    std::vector<std::string> all;
    for (const auto& record : records) all.push_back(record.value.value_or("(null)"));
    return all;
}

inline std::vector<std::int64_t> offsets(const std::vector<ConsumedRecord>& records) {
    std::vector<std::int64_t> all;
    for (const auto& record : records) all.push_back(record.offset);
    return all;
}

}  // namespace nearline::stream
