// What the embedded stream adds to the disk: the way of one request (produce, consume, produce, consume) against two
// bare SQLite commits with synchronous=FULL in the same folder, both warmed; then records a second with
// many on their way.
//
//     embedded_ping_pong [FOLDER [ROUNDS]]           default: a temporary folder, 5000
//     embedded_ping_pong --json [FOLDER [ROUNDS]]    one line of JSON: microseconds with one on its way, and
//                                                    records a second with 64

#include <SQLiteCpp/SQLiteCpp.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/metrics.hpp"
#include "store/sqlite.hpp"
#include "stream/stream.hpp"

namespace {

using namespace nearline;
using namespace nearline::stream;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const std::string value(120, 'x');  // about an observation with its frame

Record a_record() {
    Record record;
    record.value = value;
    record.headers = {{"request-id", "0190a0a0-0000-4000-8000-000000000000"}, {"reply-partition", "3"}};
    return record;
}

struct Figures {
    double p50;
    double p99;
};

// In microseconds, after a tenth of the rounds as warm-up.
Figures measure(int rounds, const std::function<void()>& round) {
    for (int i = 0; i < rounds / 10; ++i) round();
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        const auto start = Clock::now();
        round();
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

Figures bare_commits(const std::string& folder, int rounds) {
    const auto database = store::open_sqlite(folder + "/bare.db");
    database->exec("CREATE TABLE records (id INTEGER PRIMARY KEY, value BLOB)");
    SQLite::Statement insert(*database, "INSERT INTO records (value) VALUES (?)");
    return measure(rounds, [&] {
        for (int i = 0; i < 2; ++i) {
            insert.bindNoCopy(1, value.data(), static_cast<int>(value.size()));
            insert.exec();
            insert.reset();
        }
    });
}

// Echoes input-topic to output-topic, as a worker does, until told to stop.
class Echo {
public:
    explicit Echo(Stream& stream)
        : producer_(stream.producer({})),
          consumer_(stream.consumer({.group = "bench", .topics = {"input-topic"}}, {})),
          thread_([this] {
              while (!stop_) {
                  for (auto& record : consumer_->poll(1'000, milliseconds(1'000))) {
                      const Position next{record.at, record.offset + 1};
                      producer_->produce("output-topic", 0, std::move(record), [](const Delivery&) {});
                      consumer_->commit_async({next});
                  }
              }
          }) {}
    ~Echo() {
        stop_ = true;
        consumer_->wake();
        thread_.join();
    }

private:
    std::unique_ptr<Producer> producer_;
    std::unique_ptr<GroupConsumer> consumer_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

Figures two_hops(Stream& stream, int rounds) {
    const auto producer = stream.producer({});
    const auto reader = stream.reader();
    const TopicPartition reply{"output-topic", 0};
    reader->assign({{reply, stream.admin(milliseconds(1'000))->watermarks(reply).end}});
    const Echo echo(stream);
    return measure(rounds, [&] {
        producer->produce("input-topic", std::nullopt, a_record(), [](const Delivery&) {});
        while (reader->poll(1, milliseconds(1'000)).empty()) {
        }
    });
}

// Records a second over both hops, with `depth` on their way.
double throughput(Stream& stream, int depth, milliseconds time) {
    const auto producer = stream.producer({});
    const auto reader = stream.reader();
    const TopicPartition reply{"output-topic", 0};
    reader->assign({{reply, stream.admin(milliseconds(1'000))->watermarks(reply).end}});
    const Echo echo(stream);
    for (int i = 0; i < depth; ++i) producer->produce("input-topic", std::nullopt, a_record(), [](const Delivery&) {});
    const auto start = Clock::now();
    std::size_t answers = 0;
    while (Clock::now() - start < time) {
        const auto records = reader->poll(1'000, milliseconds(1'000));
        answers += records.size();
        for (std::size_t i = 0; i < records.size(); ++i) {
            producer->produce("input-topic", std::nullopt, a_record(), [](const Delivery&) {});
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    producer->flush(milliseconds(5'000));
    return static_cast<double>(answers) / seconds;
}

// The better of three turns each, so that a disk that changes its mind does so to both.
std::pair<Figures, Figures> commits_and_hops(Stream& stream, const std::string& folder, int rounds) {
    Figures commits{1e9, 1e9};
    Figures hops{1e9, 1e9};
    for (int turn = 0; turn < 3; ++turn) {
        const auto bare = bare_commits(folder, rounds / 3);
        std::filesystem::remove(folder + "/bare.db");
        if (bare.p50 < commits.p50) commits = bare;
        const auto both = two_hops(stream, rounds / 3);
        if (both.p50 < hops.p50) hops = both;
    }
    return {commits, hops};
}

void run(const std::string& folder, int rounds, bool json) {
    Metrics metrics;
    const auto stream = open_embedded(folder + "/stream", {}, metrics);
    const auto admin = stream->admin(milliseconds(5'000));
    admin->create_topic("input-topic", {});
    admin->create_topic("output-topic", {});
    const auto [commits, hops] = commits_and_hops(*stream, folder, rounds);
    if (json) {
        std::printf(
            "{\"commits\": {\"p50_us\": %.1f, \"p99_us\": %.1f}, "
            "\"stream\": {\"p50_us\": %.1f, \"p99_us\": %.1f, \"per_second\": %.0f}}\n",
            commits.p50, commits.p99, hops.p50, hops.p99, throughput(*stream, 64, milliseconds(1'000)));
        return;
    }
    std::printf("two bare SQLite FULL commits      p50 %7.0f us   p99 %7.0f us\n", commits.p50, commits.p99);
    std::printf("two hops of the embedded stream   p50 %7.0f us   p99 %7.0f us\n", hops.p50, hops.p99);
    std::printf("ratio                             p50 %7.2f      p99 %7.2f\n", hops.p50 / commits.p50,
                hops.p99 / commits.p99);
    for (const int depth : {16, 256, 2'000}) {
        std::printf("two hops, %4d on their way        %8.0f records/s\n", depth,
                    throughput(*stream, depth, milliseconds(2'000)));
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool json = !arguments.empty() && arguments[0] == "--json";
    if (json) arguments.erase(arguments.begin());
    const bool own_folder = arguments.empty();
    std::string folder =
        own_folder ? (std::filesystem::temp_directory_path() / "nearline-bench-XXXXXX").string() : arguments[0];
    if (own_folder && ::mkdtemp(folder.data()) == nullptr) {
        std::perror(folder.c_str());
        return 1;
    }
    try {
        run(folder, arguments.size() > 1 ? std::max(30, std::atoi(arguments[1].c_str())) : 5'000, json);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "embedded_ping_pong: %s\n", error.what());
        return 1;
    }
    if (own_folder) std::filesystem::remove_all(folder);
    return 0;
}
