#include "cli/predict.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "http/server.hpp"

namespace nearline::cli {
namespace {

using testing::HasSubstr;

http::Response with_location(int status, const std::string& location) {
    auto response = http::json_response(status, "{}");
    response.headers.set("Location", location);
    return response;
}

/// A gateway on a real port: logs in with one password, lets every third request wait behind a Location,
/// is busy every seventh time, and says no to what has an "x" in it.
class Gateway {
public:
    Gateway() {
        loop_.start();
        server_.start();
    }
    ~Gateway() {
        server_.stop();
        loop_.stop();
    }
    std::string url() const { return server_.url(); }
    std::atomic<int> logins = 0;
    std::atomic<int> requests = 0;
    std::atomic<bool> forget_tokens = false;
    std::atomic<bool> never_done = false;
    std::function<void()> on_request = [] {};

private:
    boost::asio::awaitable<http::Response> login(const http::Request& request) {
        // me@example.com:secret
        if (request.headers.find("authorization") != "Basic bWVAZXhhbXBsZS5jb206c2VjcmV0") {
            co_return http::to_response({401, "Unauthorized", "Name or password is wrong."});
        }
        co_return http::Response{200, {{"Content-Type", "text/plain"}}, "token" + std::to_string(++logins)};
    }
    boost::asio::awaitable<http::Response> predict(const http::Request& request) {
        const int number = ++requests;
        on_request();
        if (number == 5 && forget_tokens.exchange(false)) co_return http::to_response({401, "Unauthorized", "expired"});
        if (request.body.find('x') != std::string::npos) {
            co_return http::to_response({422, "Invalid", "no", {{"/a", "must be a number"}}});
        }
        if (number % 7 == 0) {
            auto busy = http::to_response({503, "Busy", "later"});
            busy.headers.set("Retry-After", "0");
            co_return busy;
        }
        if (number % 3 == 0)
            co_return with_location(202, "/predictions/" + request.body.substr(5, request.body.size() - 6));
        co_return http::json_response(200,
                                      "{\"a\":" + request.body.substr(5, request.body.size() - 6) + ",\"status\":200}");
    }
    boost::asio::awaitable<http::Response> fetch(const http::Request& request) {
        if (never_done) co_return http::Response{202};
        co_return http::json_response(200, "{\"a\":" + request.params.at("id") + ",\"status\":200}");
    }

    Metrics metrics_;
    http::EventLoop loop_{"gateway"};
    http::Server server_{loop_,
                         {.service = "gateway"},
                         {{"POST", "/login", [this](const http::Request& r) { return login(r); }},
                          {"POST", "/predict", [this](const http::Request& r) { return predict(r); }},
                          {"GET", "/predictions/{id}", [this](const http::Request& r) { return fetch(r); }}},
                         metrics_};
};

class Predict : public testing::Test {
protected:
    Predict() {
        std::string pattern = (std::filesystem::temp_directory_path() / "predict.XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        options_.gateway_url = gateway_.url();
        options_.user = "me@example.com";
        options_.password = "secret";
        options_.output = (folder_ / "out").string();
    }
    ~Predict() override { std::filesystem::remove_all(folder_); }
    std::string file(const std::string& text) {
        const auto path = (folder_ / "in.csv").string();
        std::ofstream(path) << text;
        return path;
    }
    std::string output() const {
        std::ifstream in(options_.output);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    int run() {
        testing::internal::CaptureStderr();
        const int code = predict(options_, stop_);
        errors_ = testing::internal::GetCapturedStderr();
        return code;
    }

    Gateway gateway_;
    PredictOptions options_;
    StopToken stop_;
    std::filesystem::path folder_;
    std::string errors_;
};

TEST_F(Predict, OneObservation) {
    options_.observation = {"a=5.2"};
    EXPECT_EQ(run(), 0);
    EXPECT_EQ(output(), "{\"a\":5.2,\"status\":200}\n");
}

TEST_F(Predict, ManyComeBackInTheirOrderWhateverTheGatewayMakesOfThem) {
    std::string in = "a\n";
    std::string expected = "a,status\n";
    for (int i = 0; i < 300; ++i) {
        in += std::to_string(i) + "\n";
        expected += std::to_string(i) + ",200\n";
    }
    options_.file = file(in);
    EXPECT_EQ(run(), 0) << errors_;
    EXPECT_EQ(output(), expected);
    EXPECT_EQ(gateway_.logins, 1);
    EXPECT_GT(gateway_.requests, 300);
}

TEST_F(Predict, FailuresAreListedAndTheRestIsWritten) {
    options_.file = file("id,a\nk1,1\nk2,x\nk3,3,4\nk4,5\n");
    options_.carry = {"id"};
    options_.format = "jsonl";
    EXPECT_EQ(run(), 1);
    EXPECT_EQ(output(), "{\"id\":\"k1\",\"a\":1,\"status\":200}\n{\"id\":\"k4\",\"a\":5,\"status\":200}\n");
    EXPECT_EQ(errors_,
              "2 failed:\n  line 3: HTTP 422: /a must be a number (sent as text: a \"x\")\n  line 4: has 3 fields, and "
              "the first line 2\n");
}

TEST_F(Predict, WhatWasAcceptedAndDoesNotComeCanBeHadLater) {
    gateway_.never_done = true;
    options_.concurrency = 1;
    options_.timeout = std::chrono::milliseconds(100);
    options_.file = file("id,a\nk1,1\nk2,2\nk3,3\n");
    options_.carry = {"id"};
    options_.format = "jsonl";
    EXPECT_EQ(run(), 1);
    EXPECT_THAT(output(),
                testing::ContainsRegex("\n\\{\"id\":\"k3\",\"status\":\"accepted\",\"request_id\":\"[0-9a-f-]{36}\","
                                       "\"location\":\"/predictions/3\"\\}\n$"));
    EXPECT_THAT(errors_, testing::ContainsRegex("line 4: .*; to ask for it later: request id [0-9a-f-]{36}, "
                                                "Location /predictions/3"));
    options_.format = "csv";
    gateway_.requests = 0;
    EXPECT_EQ(run(), 1);
    EXPECT_EQ(output(), "id,a,status\nk1,1,200\nk2,2,200\n");
}

TEST_F(Predict, DoesNotWriteOverItsInput) {
    const std::string text = "a\n1\n";
    options_.file = file(text);
    std::filesystem::create_symlink(options_.file, folder_ / "link.csv");
    std::filesystem::create_hard_link(options_.file, folder_ / "out.csv.partial");
    for (const auto& name : {options_.file, (folder_ / "link.csv").string(), (folder_ / "out.csv").string()}) {
        options_.output = name;
        EXPECT_THAT([&] { predict(options_, stop_); },
                    testing::ThrowsMessage<std::runtime_error>(HasSubstr("is the input, and would be written over")));
    }
    options_.output = options_.file;
    EXPECT_EQ(output(), text);
    EXPECT_EQ(gateway_.logins, 0);
}

TEST_F(Predict, WhatWasThereStaysUntilTheOutputIsWhole) {
    std::ofstream(options_.output) << "before";
    std::string seen;
    gateway_.on_request = [&] { seen = output(); };
    options_.concurrency = 1;
    options_.file = file("a\n1\n");
    EXPECT_EQ(run(), 0);
    EXPECT_EQ(seen, "before");
    EXPECT_EQ(output(), "a,status\n1,200\n");
    EXPECT_FALSE(std::filesystem::exists(options_.output + ".partial"));
}

TEST_F(Predict, WhoIsStoppedLeavesWhatThereWasUnderAnotherName) {
    options_.output += ".csv";
    std::ofstream(options_.output) << "before";
    options_.concurrency = 1;
    options_.file = file("a\n1\n2\n4\n5\n");
    gateway_.on_request = [&] {
        if (gateway_.requests == 2) stop_.request();
    };
    EXPECT_EQ(run(), 1);
    EXPECT_EQ(gateway_.requests, 2);
    EXPECT_THAT(errors_,
                HasSubstr("stopped before the end\nwhat was predicted before is in " + options_.output + ".partial"));
    EXPECT_EQ(output(), "before");
    options_.output += ".partial";
    EXPECT_EQ(output(), "a,status\n1,200\n2,200\n") << "what was under way is waited for";
}

TEST_F(Predict, WhoIsStoppedBeforeTheFirstLeavesNothing) {
    options_.file = file("a\n");
    stop_.request();
    EXPECT_EQ(run(), 1);
    EXPECT_FALSE(std::filesystem::exists(options_.output));
    EXPECT_FALSE(std::filesystem::exists(options_.output + ".partial"));
}

TEST_F(Predict, LogsInAgainWhenTheTokenIsSpent) {
    gateway_.forget_tokens = true;
    options_.concurrency = 1;
    options_.file = file("a\n1\n2\n4\n5\n7\n8\n");
    EXPECT_EQ(run(), 0) << errors_;
    EXPECT_EQ(gateway_.logins, 2);
}

TEST_F(Predict, AWrongPasswordIsSaidOnce) {
    options_.password = "wrong";
    options_.observation = {"a=1"};
    EXPECT_THAT([&] { predict(options_, stop_); },
                testing::ThrowsMessage<std::runtime_error>(HasSubstr(
                    "can't log in as me@example.com at " + gateway_.url() + ": HTTP 401: Name or password is wrong.")));
    EXPECT_EQ(gateway_.requests, 0);
}

TEST_F(Predict, WhereNobodyAnswersTheFlagIsNamed) {
    options_.observation = {"a=1"};
    options_.gateway_url = "http://127.0.0.1:1";
    EXPECT_THAT([&] { predict(options_, stop_); },
                testing::ThrowsMessage<std::runtime_error>(HasSubstr("is Nearline running there? --gateway says")));
    options_.auth_url = options_.gateway_url;
    EXPECT_THAT([&] { predict(options_, stop_); },
                testing::ThrowsMessage<std::runtime_error>(HasSubstr("--auth-url says where")));
}

TEST_F(Predict, AnUnwritableOutputIsSaidBeforeAnythingIsSent) {
    options_.observation = {"a=1"};
    options_.output = "/nowhere/out";
    EXPECT_THROW(predict(options_, stop_), std::runtime_error);
    EXPECT_EQ(gateway_.requests, 0);
}

}  // namespace
}  // namespace nearline::cli
