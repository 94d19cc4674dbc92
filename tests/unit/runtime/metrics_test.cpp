#include "runtime/metrics.hpp"

#include <ctime>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>

using nearline::Metrics;
using testing::HasSubstr;

namespace {

double figure(const std::string& exposition, const std::string& name) {
    std::istringstream lines(exposition);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(name + " ", 0) == 0) return std::stod(line.substr(name.size() + 1));
    }
    ADD_FAILURE() << name << " is not there";
    return -1;
}

}  // namespace

TEST(Metrics, CountsUnderOneNameAndItsLabels) {
    Metrics metrics;
    metrics.counter("nearline_requests_total", "Requests", {{"status", "200"}}).add();
    metrics.counter("nearline_requests_total", "Requests", {{"status", "200"}}).add(2);
    metrics.counter("nearline_requests_total", "Requests", {{"status", "503"}}).add();
    EXPECT_EQ(metrics.counter("nearline_requests_total", "Requests", {{"status", "200"}}).value(), 3);
    const auto text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("# HELP nearline_requests_total Requests\n# TYPE nearline_requests_total counter\n"));
    EXPECT_THAT(text, HasSubstr("nearline_requests_total{status=\"200\"} 3"));
    EXPECT_THAT(text, HasSubstr("nearline_requests_total{status=\"503\"} 1"));
}

TEST(Metrics, GaugesGoUpAndDown) {
    Metrics metrics;
    const auto gauge = metrics.gauge("nearline_pending", "Pending");
    gauge.set(5);
    gauge.add(-2);
    EXPECT_EQ(gauge.value(), 3);
    EXPECT_THAT(metrics.exposition(), HasSubstr("# TYPE nearline_pending gauge\nnearline_pending 3"));
}

TEST(Metrics, HistogramsHaveCumulativeBuckets) {
    Metrics metrics;
    const auto histogram = metrics.histogram("nearline_seconds", "Time", {}, {0.1, 1});
    for (const double value : {0.05, 0.5, 0.6, 5.0}) histogram.observe(value);
    const auto text = metrics.exposition();
    EXPECT_THAT(text, HasSubstr("nearline_seconds_bucket{le=\"0.1\"} 1"));
    EXPECT_THAT(text, HasSubstr("nearline_seconds_bucket{le=\"1\"} 3"));
    EXPECT_THAT(text, HasSubstr("nearline_seconds_bucket{le=\"+Inf\"} 4"));
    EXPECT_THAT(text, HasSubstr("nearline_seconds_count 4"));
}

TEST(Metrics, RefusesANameThatIsAnotherKindOfInstrument) {
    Metrics metrics;
    metrics.counter("nearline_x", "X");
    EXPECT_THROW(metrics.gauge("nearline_x", "X"), std::invalid_argument);
}

TEST(Metrics, CountsFromManyThreads) {
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) metrics.counter("nearline_n_total", "N").add();
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(metrics.counter("nearline_n_total", "N").value(), 4000);
}

TEST(Metrics, TellsOfTheProcess) {
    Metrics metrics;
    const auto text = metrics.exposition();
    EXPECT_GE(figure(text, "process_cpu_seconds_total"), 0);
    EXPECT_GT(figure(text, "process_resident_memory_bytes"), 1e6);
    EXPECT_GE(figure(text, "process_open_fds"), 3);
    EXPECT_GT(figure(text, "process_max_fds"), figure(text, "process_open_fds"));
    EXPECT_GE(figure(text, "process_threads"), 1);
    EXPECT_NEAR(figure(text, "process_start_time_seconds"), static_cast<double>(std::time(nullptr)), 600);
    EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter"));
}

TEST(Metrics, EmptyHandlesCountNowhere) {
    const nearline::Counter counter;
    counter.add();
    EXPECT_EQ(counter.value(), 0);
}
