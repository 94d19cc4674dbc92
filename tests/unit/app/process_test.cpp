#include "app/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::app {
namespace {

using testing::HasSubstr;

TEST(Guarded, TurnsFailuresIntoALastLineAndAnExitCode) {
    EXPECT_EQ(guarded("x-svc", [] { return 7; }), 7);
    testing::internal::CaptureStderr();
    EXPECT_EQ(guarded("x-svc", []() -> int { throw ConfigurationError("--x: no"); }), 2);
    EXPECT_EQ(guarded("x-svc", []() -> int { throw std::runtime_error("port 1 is taken"); }), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "x-svc: --x: no\nx-svc: port 1 is taken\n");
}

TEST(ReadyGate, OpensWhenEveryPartIsReady) {
    Process process;
    ReadyGate gate(process.health, 2);
    gate.part_ready();
    EXPECT_EQ(process.health.readyz().status, 503);
    gate.part_ready();
    EXPECT_EQ(process.health.readyz().status, 200);
}

TEST(Server, NamesTheFlagOfATakenPort) {
    Process process;
    http::EventLoop loop("test");
    ListenOptions listen;
    listen.address = "127.0.0.1";
    const auto first = make_server(loop, process, "auth", listen, 0, "--auth-port", {});
    try {
        make_server(loop, process, "gateway", listen, first->port(), "--gateway-port", {});
        FAIL() << "two servers on one port";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("gateway: can't listen on 127.0.0.1 port " + std::to_string(first->port())));
        EXPECT_THAT(e.what(), HasSubstr("--gateway-port"));
    }
}

TEST(Server, AllTakenPortsAreNamedAtOnce) {
    Process process;
    http::EventLoop loop("test");
    ListenOptions listen;
    listen.address = "127.0.0.1";
    const auto first = make_server(loop, process, "auth", listen, 0, "--auth-port", {});
    const auto second = make_server(loop, process, "auth", listen, 0, "--auth-port", {});
    EXPECT_NO_THROW(check_ports(listen, {{"auth", 0, "--auth-port"}, {"gateway", 0, "--gateway-port"}}));
    try {
        check_ports(listen, {{"auth", first->port(), "--auth-port"},
                             {"gateway", 0, "--gateway-port"},
                             {"operations", second->port(), "--admin-port"}});
        FAIL() << "two taken ports";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("auth: can't listen on 127.0.0.1 port " + std::to_string(first->port())));
        EXPECT_THAT(e.what(), HasSubstr("--auth-port)\noperations: can't listen on 127.0.0.1 port " +
                                        std::to_string(second->port())));
        EXPECT_THAT(e.what(), Not(HasSubstr("gateway")));
    }
}

TEST(Server, APortThatIsGivenTwiceIsNamed) {
    ListenOptions listen;
    listen.address = "127.0.0.1";
    int free = 0;
    {
        Process process;
        http::EventLoop loop("test");
        free = make_server(loop, process, "auth", listen, 0, "--auth-port", {})->port();
    }
    EXPECT_THROW(check_ports(listen, {{"auth", free, "--auth-port"}, {"gateway", free, "--gateway-port"}}),
                 std::runtime_error);
}

TEST(Run, EndsWithOneWhenAPartCannotGoOn) {
    block_signals();
    Process process;
    Lifecycle lifecycle;
    bool stopped = false;
    lifecycle.add({"part", [&] { process.fail("part", "broken"); }, [](auto) {}, [&] { stopped = true; }});
    EXPECT_EQ(run(process, lifecycle, {}), 1);
    EXPECT_TRUE(stopped);
    EXPECT_THAT(process.health.readyz().body, HasSubstr("draining"));
}

}  // namespace
}  // namespace nearline::app
