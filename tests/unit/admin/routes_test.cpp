#include "admin/routes.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/time.hpp"
#include "http/client.hpp"

namespace nearline::admin {
namespace {

using testing::HasSubstr;

const std::string secret = "0123456789abcdef0123456789abcdef";

class RoutesTest : public testing::Test {
protected:
    RoutesTest() {
        stream_->admin(std::chrono::seconds(5))->create_topic("letters", {.partitions = 1});
        loop_.start();
        server_.start();
    }
    ~RoutesTest() override {
        queries_.stop();
        server_.stop();
        pool_.join();
        loop_.stop();
        std::filesystem::remove_all(folder_);
    }
    static std::string make_folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "admin.XXXXXX").string();
        return mkdtemp(pattern.data());
    }
    http::Response get(const std::string& path, bool admin = true, const std::string& method = "GET") const {
        const auto now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
        http::ClientRequest request;
        request.method = method;
        request.headers.set(
            "Authorization",
            "Bearer " +
                jwt_.sign({.username = "me@example.com", .exp = now + 60, .iat = now, .admin = admin, .subject = {}}));
        return http::fetch(server_.url() + path, request);
    }

    std::string folder_ = make_folder();
    Metrics metrics_;
    std::unique_ptr<stream::Stream> stream_ = stream::open_embedded(folder_, {}, metrics_);
    TopicQueries queries_{*stream_};
    DeadLetterDesk letters_{*stream_};
    boost::asio::thread_pool pool_{2};
    token::Jwt jwt_{secret};
    http::EventLoop loop_{"admin"};
    http::Server server_{loop_, {.service = "admin"}, routes(queries_, letters_, pool_, jwt_), metrics_};
};

TEST_F(RoutesTest, AnswerAdministrators) {
    EXPECT_THAT(get("/admin/topics").body, HasSubstr("\"letters\""));
    EXPECT_THAT(get("/admin/topics/letters").body, HasSubstr("\"partitions\""));
    EXPECT_EQ(get("/admin/topics/letters/records?limit=5").body, R"({"records":[],"next":"0:0"})");
    EXPECT_EQ(get("/admin/groups").body, R"({"groups":[]})");
    EXPECT_EQ(get("/admin/dead-letters").body, R"({"topics":[]})");
}

TEST_F(RoutesTest, RefuseAllOthers) {
    EXPECT_EQ(http::fetch(server_.url() + "/admin/topics", {}).status, 401);
    EXPECT_EQ(get("/admin/topics", false).status, 403);
    http::ClientRequest request;
    request.headers.set("Authorization", "Bearer nonsense");
    EXPECT_EQ(http::fetch(server_.url() + "/admin/groups", request).status, 401);
}

TEST_F(RoutesTest, TakeDeadLettersOnlyFromAdministrators) {
    for (const auto& name : {"a.b.dlq", "a.b.retry"})
        stream_->admin(std::chrono::seconds(5))->create_topic(name, {.partitions = 1});
    const std::string base = "/admin/dead-letters/a.b.dlq";
    EXPECT_THAT(get(base).body, HasSubstr("\"letters\":[]"));
    EXPECT_EQ(get(base + "/0/0").status, 404);
    EXPECT_THAT(get(base + "/replay", true, "POST").body, HasSubstr("\"replayed\":0"));
    EXPECT_THAT(get(base + "/drop", true, "POST").body, HasSubstr("\"dropped\":0"));
    EXPECT_EQ(get(base + "/replay", false, "POST").status, 403);
    EXPECT_EQ(get(base + "/replay").status, 405) << "a link must not do it";
}

TEST_F(RoutesTest, SayWhatIsWrongWithAQuestion) {
    const auto answer = get("/admin/topics/letters/records?limit=0");
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("\"/limit\""));
    EXPECT_EQ(get("/admin/topics/none").status, 404);
}

TEST_F(RoutesTest, EveryRefusalHasItsRequestId) {
    for (const auto& answer :
         {get("/admin/topics", false), get("/admin/topics/none"), get("/admin/nothing"),
          get("/admin/topics/letters/records?limit=0"), http::fetch(server_.url() + "/admin/topics", {})}) {
        EXPECT_EQ(answer.headers.find("content-type"), "application/problem+json");
        const auto id = answer.headers.find("x-request-id");
        ASSERT_TRUE(id);
        EXPECT_THAT(answer.body, HasSubstr("\"request_id\":\"" + std::string(*id) + "\"")) << answer.status;
    }
}

}  // namespace
}  // namespace nearline::admin
