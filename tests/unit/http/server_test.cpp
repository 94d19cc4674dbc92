#include "unit/http/server_fixture.hpp"

namespace nearline::test {
namespace {

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
    start();
    RawClient client(port());
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "hello\n");
        EXPECT_EQ(answer.field("Server"), "nearline");
        EXPECT_EQ(answer.field("X-Request-Id").size(), 36U);
        EXPECT_EQ(answer.field("Date").size(), 29U);
    }
}

}  // namespace
}  // namespace nearline::test
