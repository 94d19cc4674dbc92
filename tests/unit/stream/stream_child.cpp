// A process that embedded_faults_test.cpp lets live and die with an embedded log; and what puts records there that no
// gateway would take, for tests of the real binaries.
//
//     stream_child produce FOLDER TOPIC TAG    produces for ever; prints "partition offset value" of each stored record
//     stream_child fill FOLDER TOPIC           fills a disk, makes room, goes on; says what it saw
//     stream_child put FOLDER TOPIC            stores records, one of each line of standard input: value=HEX and
//                                              NAME=VALUE for each header, spaces between them

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/metrics.hpp"
#include "stream/stream.hpp"

namespace {

using namespace nearline;
using namespace nearline::stream;
using namespace std::chrono_literals;

// One write(2) for each line: what was said before a SIGKILL is said.
void say(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(3);
}

int produce(const std::string& folder, const std::string& topic, const std::string& tag) {
    Metrics metrics;
    const auto stream = open_embedded(folder, {.checkpoint_pages = 100}, metrics);
    const auto producer = stream->producer({.delivery_timeout = 60s});
    std::mutex mutex;
    std::condition_variable changed;
    int on_the_way = 0;
    for (int i = 0;; ++i) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return on_the_way < 64; });
        ++on_the_way;
        lock.unlock();
        const std::string value = tag + "-" + std::to_string(i);
        producer->produce(topic, i % 3, {.value = value}, [&, value](const Delivery& delivery) {
            if (delivery.outcome == Delivery::Outcome::stored) {
                say(std::to_string(delivery.at.partition) + " " + std::to_string(delivery.offset) + " " + value);
            }
            const std::scoped_lock relock(mutex);
            --on_the_way;
            changed.notify_one();
        });
    }
}

Delivery send(Producer& producer, const std::string& topic) {
    std::promise<Delivery> delivered;
    producer.produce(topic, 0, {.value = std::string(50'000, 'v')}, [&](const Delivery& d) { delivered.set_value(d); });
    return delivered.get_future().get();
}

void let_files_grow_to(rlim_t bytes) {
    struct rlimit limit {};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

int fill(const std::string& folder, const std::string& topic) {
    std::signal(SIGXFSZ, SIG_IGN);
    Metrics metrics;
    const auto stream = open_embedded(folder, {}, metrics);
    const auto producer = stream->producer({.delivery_timeout = 60s});
    let_files_grow_to(2'000'000);
    long stored = 0;
    Delivery delivery;
    for (int i = 0; i < 1'000 && delivery.outcome == Delivery::Outcome::stored; ++i) {
        delivery = send(*producer, topic);
        if (delivery.outcome == Delivery::Outcome::stored) ++stored;
    }
    say((delivery.outcome == Delivery::Outcome::rejected ? "rejected: " : "not rejected: ") + delivery.reason);
    for (int i = 0; i < 5; ++i) {
        if (send(*producer, topic).outcome == Delivery::Outcome::stored) ++stored;
    }
    say("trouble: " + stream->ping(10s));
    let_files_grow_to(RLIM_INFINITY);
    delivery = send(*producer, topic);
    if (delivery.outcome == Delivery::Outcome::stored) ++stored;
    say(std::string("room again: ") + (delivery.outcome == Delivery::Outcome::stored ? "stored" : delivery.reason));
    say(std::to_string(stored));
    return stream->ping(10s).empty() ? 0 : 1;
}

Record parse_record(const std::string& line) {
    const auto text_of = [](const std::string& hex) {
        std::string text;
        for (std::size_t i = 0; i < hex.size(); i += 2)
            text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
        return text;
    };
    Record record;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        const auto text = word.substr(equals + 1);
        if (name == "value") {
            record.value = text_of(text);
        } else {
            record.headers.push_back({name, text});
        }
    }
    return record;
}

int put(const std::string& folder, const std::string& topic) {
    Metrics metrics;
    const auto stream = open_embedded(folder, {}, metrics);
    const auto producer = stream->producer({.delivery_timeout = 60s});
    std::atomic<long> lost = 0;
    for (std::string line; std::getline(std::cin, line);) {
        producer->produce(topic, {}, parse_record(line), [&](const Delivery& delivery) {
            if (delivery.outcome != Delivery::Outcome::stored) ++lost;
        });
    }
    if (!producer->flush(60s) || lost > 0) throw std::runtime_error(std::to_string(lost) + " records were not stored");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    try {
        if (what == "produce" && argc == 5) return produce(argv[2], argv[3], argv[4]);
        if (what == "fill" && argc == 4) return fill(argv[2], argv[3]);
        if (what == "put" && argc == 4) return put(argv[2], argv[3]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "stream_child: %s\n", error.what());
        return 1;
    }
    return 2;
}
