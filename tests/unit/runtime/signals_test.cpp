#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "runtime/stop.hpp"

namespace {

/// A child process that says over a pipe how far it is.
class Child {
public:
    explicit Child(const std::function<int(std::function<void()> say)>& main) {
        EXPECT_EQ(pipe(pipe_.data()), 0);
        pid_ = fork();
        if (pid_ == 0) {
            const int code = main([this] { [[maybe_unused]] const auto n = write(pipe_[1], "x", 1); });
            _exit(code);
        }
        close(pipe_[1]);
    }
    ~Child() { close(pipe_[0]); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void wait_until_it_speaks() {
        char c = 0;
        ASSERT_EQ(read(pipe_[0], &c, 1), 1);
    }
    /// False once it has ended.
    bool speaks() {
        char c = 0;
        return read(pipe_[0], &c, 1) == 1;
    }
    void signal(int number) const { ASSERT_EQ(kill(pid_, number), 0); }
    int status() const {
        int status = 0;
        EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
        return status;
    }

private:
    std::array<int, 2> pipe_{};
    pid_t pid_ = 0;
};

}  // namespace

TEST(Signals, TheFirstIsHandedToMain) {
    for (const int number : {SIGINT, SIGTERM}) {
        Child child([](const auto& say) {
            nearline::block_signals();
            say();
            return nearline::wait_for_signal();
        });
        child.wait_until_it_speaks();
        child.signal(number);
        const int status = child.status();
        ASSERT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), number);
    }
}

TEST(Signals, TheSecondEndsTheProcessAtOnce) {
    Child child([](const auto& say) -> int {
        nearline::block_signals();
        say();
        nearline::wait_for_signal();
        for (;;) say();  // a drain that hangs
    });
    child.wait_until_it_speaks();
    child.signal(SIGTERM);
    // Within the first second it is the same wish.
    while (child.speaks()) child.signal(SIGINT);
    const int status = child.status();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
}

TEST(Signals, TwoAtOnceAreOneWish) {
    Child child([](const auto&) {
        nearline::block_signals();
        raise(SIGTERM);
        raise(SIGINT);
        const int first = nearline::wait_for_signal();
        return first == SIGINT || first == SIGTERM ? 0 : 1;
    });
    const int status = child.status();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Signals, TheProcessItselfCanAskToStop) {
    Child child([](const auto&) {
        nearline::block_signals();
        nearline::StopToken stop;
        std::thread part([&] { stop.request(); });
        const int number = nearline::wait_for_signal(stop);
        part.join();
        return number;
    });
    const int status = child.status();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Signals, ASignalEndsTheWaitOnTheTokenToo) {
    Child child([](const auto& say) {
        nearline::block_signals();
        const nearline::StopToken stop;
        say();
        return nearline::wait_for_signal(stop);
    });
    child.wait_until_it_speaks();
    child.signal(SIGTERM);
    const int status = child.status();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), SIGTERM);
}
