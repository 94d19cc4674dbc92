#include "cli/predict_desk.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace nearline::cli {
namespace {

class PredictDeskTest : public testing::Test {
protected:
    PredictDeskTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "desk.XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~PredictDeskTest() override { std::filesystem::remove_all(folder_); }
    std::string file(int rows, const std::string& end = "") {
        const auto path = (folder_ / "in.csv").string();
        std::ofstream out(path);
        out << "a\n";
        for (int i = 0; i < rows; ++i) out << i << '\n';
        out << end;
        return path;
    }
    std::filesystem::path folder_;
};

TEST_F(PredictDeskTest, GivesOutcomesInTheOrderOfTheInput) {
    PredictInput input(file(5'000), {});
    PredictDesk desk(input);
    std::vector<std::thread> workers;
    for (int w = 0; w < 4; ++w) {
        workers.emplace_back([&desk, w] {
            while (auto job = desk.take()) {
                if (job->number % 4 == w) std::this_thread::yield();
                const auto text = job->body;
                desk.give({std::move(*job), true, text});
            }
        });
    }
    long count = 0;
    for (auto outcome = desk.next(); outcome; outcome = desk.next(), ++count) {
        ASSERT_EQ(outcome->text, "{\"a\":" + std::to_string(count) + "}");
    }
    for (auto& worker : workers) worker.join();
    EXPECT_EQ(count, 5'000);
    EXPECT_EQ(desk.broken(), "");
}

TEST_F(PredictDeskTest, DoesNotRunFarAheadOfTheSlowest) {
    PredictInput input(file(3'000), {});
    PredictDesk desk(input);
    auto slow = desk.take();
    ASSERT_TRUE(slow);
    std::atomic<int> taken = 1;
    std::thread fast([&] {
        while (auto job = desk.take()) {
            ++taken;
            desk.give({std::move(*job), true, ""});
        }
    });
    while (taken < 1'000) std::this_thread::yield();
    EXPECT_EQ(taken, 1'000);
    desk.give({std::move(*slow), true, ""});
    int count = 0;
    while (desk.next()) ++count;
    fast.join();
    EXPECT_EQ(count, 3'000);
}

TEST_F(PredictDeskTest, SaysWhyTheInputEndedEarly) {
    PredictInput input(file(2, "\"open\n"), {});
    PredictDesk desk(input);
    while (auto job = desk.take()) desk.give({std::move(*job), true, ""});
    int count = 0;
    while (desk.next()) ++count;
    EXPECT_EQ(count, 2);
    EXPECT_EQ(desk.broken(), "line 4: a field's double quote is not closed");
}

TEST_F(PredictDeskTest, HandsOutNothingOnceStopped) {
    PredictInput input(file(2), {});
    PredictDesk desk(input);
    desk.stop();
    EXPECT_FALSE(desk.take());
}

}  // namespace
}  // namespace nearline::cli
