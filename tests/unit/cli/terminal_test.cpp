#include "cli/terminal.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <pty.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

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
    }
    bool has_echo() const {
        termios mode{};
        return tcgetattr(terminal_, &mode) == 0 && (mode.c_lflag & ECHO) != 0;
    }
    int open_other_end() const { return open(ptsname(terminal_), O_RDWR | O_NOCTTY); }
    void type(const std::string& text) {
        ASSERT_EQ(write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    int end() {
        while (read_more()) {
        }
        return exit_code();
    }
    int exit_code() const {
        int status = 0;
        waitpid(pid_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);  // as a shell says it
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

TEST(Terminal, WhatIsTypedAsSoonAsThePromptIsThereCounts) {
    for (int i = 0; i < 20; ++i) {
        AtTerminal terminal(false);
        terminal.wait_for("Password: ");
        EXPECT_FALSE(terminal.has_echo());
        terminal.type("s3cret\n");
        EXPECT_EQ(terminal.end(), 0);
    }
}

TEST(Terminal, CtrlCAtThePromptEndsTheProcessAndLeavesTheEcho) {
    for (const auto& [key, signal] : {std::pair{'\x03', SIGINT}, {'\x1c', SIGQUIT}}) {
        AtTerminal terminal(false);
        const auto other_end = terminal.open_other_end();  // the terminal's modes go when its last one is closed
        terminal.wait_for("Password: ");
        terminal.type(std::string("half a passw") + key);
        EXPECT_EQ(terminal.exit_code(), 128 + signal);
        EXPECT_TRUE(terminal.has_echo());
        close(other_end);
    }
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
