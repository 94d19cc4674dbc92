#include "cli/terminal.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <pty.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace nearline::cli {
namespace {

/// A child at a terminal of its own, which asks for a password and writes it down in brackets.
class AtTerminal {
public:
    explicit AtTerminal(bool is_new) {
        pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
        if (pid_ == 0) {
            try {
                const auto password = ask_password("Password", is_new);
                std::cout << "[" << password << "]" << std::endl;
                _exit(0);
            } catch (const std::exception& e) {
                std::cout << e.what() << std::endl;
                _exit(1);
            }
        }
    }
    ~AtTerminal() { close(terminal_); }
    AtTerminal(const AtTerminal&) = delete;
    AtTerminal& operator=(const AtTerminal&) = delete;

    void wait_for(const std::string& text) {
        while (seen_.find(text, answered_) == std::string::npos) ASSERT_TRUE(read_more()) << seen_;
        answered_ = seen_.size();
        // The echo is turned off after the prompt, and what was typed until then is thrown away.
        termios mode{};
        do {
            ASSERT_EQ(tcgetattr(terminal_, &mode), 0);
        } while ((mode.c_lflag & ECHO) != 0);
    }
    void type(const std::string& text) {
        ASSERT_EQ(write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    int end() {
        while (read_more()) {
        }
        int status = 0;
        waitpid(pid_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    const std::string& seen() const { return seen_; }

private:
    bool read_more() {
        std::array<char, 256> part{};
        const auto length = read(terminal_, part.data(), part.size());
        if (length <= 0) return false;
        seen_.append(part.data(), static_cast<std::size_t>(length));
        return true;
    }

    int terminal_ = -1;
    pid_t pid_ = 0;
    std::string seen_;
    std::size_t answered_ = 0;
};

std::string count(const std::string& text, const std::string& part) {
    int n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return std::to_string(n);
}

TEST(Terminal, APasswordIsNotEchoed) {
    AtTerminal terminal(false);
    terminal.wait_for("Password: ");
    terminal.type("s3cret\n");
    EXPECT_EQ(terminal.end(), 0);
    EXPECT_EQ(count(terminal.seen(), "s3cret"), "1") << terminal.seen();
    EXPECT_THAT(terminal.seen(), testing::HasSubstr("[s3cret]"));
}

TEST(Terminal, ANewPasswordIsAskedForTwice) {
    AtTerminal terminal(true);
    terminal.wait_for("Password: ");
    terminal.type("one\n");
    terminal.wait_for("Password, again: ");
    terminal.type("two\n");
    EXPECT_EQ(terminal.end(), 1);
    EXPECT_THAT(terminal.seen(), testing::HasSubstr("the two passwords differ"));
}

TEST(Terminal, WithoutATerminalItIsOneLineOfStandardInput) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    ASSERT_EQ(write(pipe_ends[1], "pass word\r\nrest\n", 16), 16);
    close(pipe_ends[1]);
    const int before = dup(STDIN_FILENO);
    dup2(pipe_ends[0], STDIN_FILENO);
    const auto password = ask_password("Password", true);
    dup2(before, STDIN_FILENO);
    close(before);
    close(pipe_ends[0]);
    EXPECT_EQ(password, "pass word");
}

TEST(Terminal, PrintableTextCannotSteerIt) {
    EXPECT_EQ(printable("a\x1b[2J\r\nb\x7f ü"), "a?[2J??b? ü");
}

}  // namespace
}  // namespace nearline::cli
