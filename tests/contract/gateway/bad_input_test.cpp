#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.hpp"
#include "token/base64url.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

/// One gateway for all of them; none of the requests may reach the topic.
class BadInput : public testing::Test {
protected:
    static void SetUpTestSuite() {
        world = new World;
        gateway = new Gateway(*world);
        gateway->wait_until_ready();
    }
    static void TearDownTestSuite() {
        delete gateway;
        delete world;
    }
    void TearDown() override { EXPECT_EQ(world->records("input-topic"), 0); }

    static std::string with(const std::string& number) {
        return R"({"sepal_length":)" + number + R"(,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3})";
    }
    /// The problem that the body gets.
    json::object refused(int status, const std::string& body, http::Headers headers = {}) const {
        return problem(status, gateway->predict(person, body, std::move(headers)));
    }
    static json::object problem(int status, const http::Response& response) {
        EXPECT_EQ(response.status, status) << response.body;
        EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
        EXPECT_TRUE(Uuid::parse(header(response, "X-Request-Id")));
        auto body = json::parse(response.body).as_object();
        EXPECT_EQ(body.at("status").as_int64(), status);
        EXPECT_FALSE(body.at("detail").as_string().empty());
        if (response.status != status) return {{"detail", ""}, {"errors", json::array()}};
        EXPECT_EQ(body.at("request_id").as_string(), header(response, "X-Request-Id"));
        return body;
    }
    static std::string detail(const json::object& problem) { return std::string(problem.at("detail").as_string()); }
    std::vector<std::string> pointers(const std::string& body) const {
        std::vector<std::string> pointers;
        const auto refusal = refused(422, body);
        for (const auto& error : refusal.at("errors").as_array()) {
            pointers.emplace_back(error.at("pointer").as_string());
            EXPECT_FALSE(error.at("detail").as_string().empty());
        }
        return pointers;
    }
    json::object unauthorized(const std::optional<std::string>& authorization) const {
        http::Headers headers{{"Content-Type", "application/json"}};
        if (authorization) headers.add("Authorization", *authorization);
        const auto response = gateway->send({"POST", "/predict", headers, setosa});
        EXPECT_TRUE(header(response, "WWW-Authenticate").starts_with("Bearer"));
        return problem(401, response);
    }

    static inline World* world = nullptr;
    static inline Gateway* gateway = nullptr;
    Person person;
};

TEST_F(BadInput, AnUnquotedShellStringSaysWhatIsMissing) {
    const auto said =
        detail(refused(400, "{sepal_length: 5.2, sepal_width: 3.6, petal_length: 1.5, petal_width: 0.3}"));
    EXPECT_NE(said.find("line 1, column 2"), std::string::npos) << said;
    EXPECT_NE(said.find("double quotes"), std::string::npos) << said;
}

TEST_F(BadInput, WhatIsNoJsonIs400WithThePosition) {
    const std::vector<std::pair<std::string, std::string>> bodies{
        {setosa.substr(0, setosa.size() - 5), ""},
        {"", "empty"},
        {std::string(10'000, '[') + std::string(10'000, ']'), "deep"},
        {with("NaN"), "NaN"},
        {with("-Infinity"), ""},
        {setosa.substr(0, setosa.size() - 1) + R"(,"sepal_length":1})", "twice"},
        {"\xef\xbb\xbf" + setosa, "byte order mark"},
        {with("\"\xff\xfe\""), "UTF-8"},
        {setosa + " x", "after"},
        {setosa + setosa, "after"},
        {"{'sepal_length': 5.2}", "double quotes"},
    };
    for (const auto& [body, hint] : bodies) {
        const auto said = detail(refused(400, body));
        EXPECT_NE(said.find("line 1, column"), std::string::npos) << said;
        EXPECT_NE(said.find(hint), std::string::npos) << said;
    }
}

TEST_F(BadInput, WhatBreaksTheSchemaIs422WithPointers) {
    EXPECT_EQ(pointers(with("\"5.2\"")), std::vector<std::string>{"/sepal_length"});
    EXPECT_EQ(pointers(with("null")), std::vector<std::string>{"/sepal_length"});
    EXPECT_EQ(pointers(with("[5.2]")), std::vector<std::string>{"/sepal_length"});
    for (const auto* number : {"1e999", "-1e999", "1e308", "3.5e38"}) {
        EXPECT_EQ(pointers(with(number)), std::vector<std::string>{"/sepal_length"}) << number;
    }
    EXPECT_FALSE(pointers("[5.2,3.6,1.5,0.3]").empty());
    EXPECT_FALSE(pointers("5.2").empty());
    EXPECT_FALSE(pointers("null").empty());
    EXPECT_GE(pointers(R"({"sepal_length":"x","colour":1})").size(), 4U) << "every place is named";
}

TEST_F(BadInput, OtherContentTypesAre415) {
    for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonx"}) {
        refused(415, setosa, {{"Content-Type", type}});
    }
    const auto none = gateway->send({"POST", "/predict", {{"Authorization", person.authorization()}}, setosa});
    problem(415, none);
}

TEST_F(BadInput, TenMegabytesAre413) {
    refused(413, "[" + std::string(10'000'000, ' ') + "]");
}

TEST_F(BadInput, TokensOfAllKinds) {
    const auto said = detail(unauthorized({}));
    EXPECT_NE(said.find("/login"), std::string::npos);
    EXPECT_NE(said.find("Authorization: Bearer"), std::string::npos);
    unauthorized("Bearer");
    unauthorized("Bearer nonsense");
    unauthorized("Basic dXNlcjpwYXNzd29yZA==");
    unauthorized("Bearer " + person.token(3'600, 4'000));   // expired
    unauthorized("Bearer " + person.token(3'600, -1'000));  // from the future
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    const token::Jwt other(std::string(48, 'x'));
    unauthorized("Bearer " + other.sign({person.name, now + 3'600, now, true, person.id}));
    const std::string good = person.token();
    const auto body = good.substr(good.find('.'), good.rfind('.') - good.find('.'));
    const auto signature = good.substr(good.rfind('.'));
    for (const auto* algorithm : {"none", "RS256", "HS512"}) {
        const auto head = token::base64url_encode(R"({"typ":"JWT","alg":")" + std::string(algorithm) + "\"}");
        unauthorized("Bearer " + head + body + signature);
        unauthorized("Bearer " + head + body + ".");
    }
    problem(401, gateway->send({"GET", "/predictions/" + Uuid::random().to_string()}));
}

TEST_F(BadInput, UnknownPathsAndMethods) {
    problem(404, gateway->get(person, "/nowhere"));
    const auto wrong = gateway->send({"PUT", "/predict", {{"Authorization", person.authorization()}}, setosa});
    problem(405, wrong);
    EXPECT_NE(header(wrong, "Allow").find("POST"), std::string::npos);
}

TEST_F(BadInput, CostsNoMemoryThatStays) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers keep memory that was freed";
#endif
    const auto resident = [] {
        long pages = 0;
        FILE* file = std::fopen("/proc/self/statm", "r");
        if (!file || std::fscanf(file, "%*d %ld", &pages) != 1) pages = -1;
        if (file) std::fclose(file);
        return pages * ::sysconf(_SC_PAGESIZE);
    };
    const std::vector<std::string> bodies{std::string(500'000, '['), "[" + std::string(900'000, '1') + "]",
                                          with("\"x\""), "{sepal_length: 5.2}", with("1e999")};
    const auto send_all = [&](int times) {
        for (int i = 0; i < times; ++i) {
            for (const auto& body : bodies) EXPECT_GE(gateway->predict(person, body).status, 400);
        }
    };
    send_all(20);
    const auto before = resident();
    send_all(60);
    EXPECT_LT(resident() - before, 16L << 20);
}

/// The table ends here: the same gateway still does its work.
TEST(AfterBadInput, AGoodRequestIsAnswered) {
    World world;
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const Person person;
    EXPECT_EQ(gateway.predict(person, "{").status, 400);
    EXPECT_EQ(gateway.predict(person, setosa, {{"Content-Type", "application/json; charset=utf-8"}}).status, 200);
    EXPECT_EQ(worker.taken(), 1);
    EXPECT_EQ(gateway.count("nearline_gateway_requests_total", {{"outcome", "400"}}), 1);
}

}  // namespace
}  // namespace nearline::test
