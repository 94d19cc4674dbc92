#include "cli/terminal.hpp"

#include <cerrno>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <termios.h>
#include <unistd.h>

namespace nearline::cli {

namespace {

/// The terminal without echo, as long as this lives. Ctrl-C meanwhile must not leave it silent.
class NoEcho {
public:
    NoEcho() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) throw std::runtime_error("can't turn off the terminal's echo");
        sigset_t interrupts;
        sigemptyset(&interrupts);
        for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGTSTP}) sigaddset(&interrupts, signal);
        sigprocmask(SIG_BLOCK, &interrupts, &signals_before_);
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
        silent.c_lflag |= ECHONL;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~NoEcho() {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

private:
    termios before_{};
    sigset_t signals_before_{};
};

/// One line and not a byte more: what follows is somebody else's.
std::string read_line() {
    std::string line;
    for (char c = 0;;) {
        const auto length = read(STDIN_FILENO, &c, 1);
        if (length < 0 && errno == EINTR) continue;
        // Without signals Ctrl-C is a character like any other.
        if ((length <= 0 && line.empty()) || c == '\x03') throw std::runtime_error("no password was given");
        if (length <= 0 || c == '\n') break;
        line += c;
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::string ask(const std::string& prompt) {
    std::cerr << prompt << ": " << std::flush;
    const NoEcho no_echo;
    return read_line();
}

}  // namespace

bool is_terminal(int descriptor) noexcept {
    return isatty(descriptor) == 1;
}

std::string ask_password(const std::string& prompt, bool is_new) {
    if (!is_terminal(STDIN_FILENO)) return read_line();
    auto password = ask(prompt);
    if (is_new && ask(prompt + ", again") != password) throw std::runtime_error("the two passwords differ");
    return password;
}

std::string printable(const std::string& text) {
    std::string safe = text;
    for (auto& c : safe) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte == 0x7f) c = '?';
    }
    return safe;
}

}  // namespace nearline::cli
