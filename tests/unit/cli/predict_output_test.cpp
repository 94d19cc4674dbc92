#include "cli/predict_output.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace nearline::cli {
namespace {

const std::string setosa = R"({"a":2.0,"status":200,"prediction":"setosa","note":null})";

Outcome outcome(std::vector<std::string> carried = {}) {
    return {{.carried = std::move(carried)}, true, setosa};
}

TEST(PredictOutput, WritesCsvWithALineOfNames) {
    std::ostringstream out;
    PredictOutput output(out, PredictOutput::Format::csv, {"id"});
    output.write(outcome({"x,y"}));
    output.write(outcome({"z"}));
    EXPECT_EQ(out.str(), "id,a,status,prediction,note\n\"x,y\",2.0,200,setosa,\nz,2.0,200,setosa,\n");
}

TEST(PredictOutput, WritesJsonLines) {
    std::ostringstream out;
    PredictOutput output(out, PredictOutput::Format::jsonl, {"id"});
    output.write(outcome({"x\""}));
    EXPECT_EQ(out.str(), "{\"id\":\"x\\\"\"," + setosa.substr(1) + "\n");
    std::ostringstream plain;
    PredictOutput(plain, PredictOutput::Format::jsonl, {}).write(outcome());
    EXPECT_EQ(plain.str(), setosa + "\n");
}

TEST(PredictOutput, DoesNotLoseAFullDiskSilently) {
    std::ofstream full("/dev/full");
    PredictOutput output(full, PredictOutput::Format::jsonl, {});
    EXPECT_THROW(
        {
            output.write(outcome());
            output.flush();
        },
        std::runtime_error);
}

TEST(Failures, AreListedWithLineAndReason) {
    std::ostringstream out;
    Failures failures;
    failures.print(out);
    EXPECT_EQ(out.str(), "");
    failures.add({{.line = 7}, false, "HTTP 422: /a is missing"});
    failures.add({{}, false, "x\x1b[0m"});
    failures.print(out);
    EXPECT_EQ(out.str(), "2 failed:\n  line 7: HTTP 422: /a is missing\n  x?[0m\n");
    EXPECT_EQ(failures.count(), 2);
}

TEST(Failures, AreAllCountedButNotAllListed) {
    Failures failures;
    for (int i = 0; i < 10'003; ++i) failures.add({{.line = i + 1}, false, "x"});
    std::ostringstream out;
    failures.print(out);
    EXPECT_THAT(out.str(), testing::StartsWith("10003 failed:\n"));
    EXPECT_THAT(out.str(), testing::EndsWith("  line 10000: x\n  and 3 more\n"));
}

}  // namespace
}  // namespace nearline::cli
