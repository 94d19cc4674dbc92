#include "cli/terminal.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <poll.h>
#include <stdexcept>
#include <termios.h>
#include <unistd.h>

namespace nearline::cli {

namespace {

volatile std::sig_atomic_t caught_signal = 0;

extern "C" void note_signal(int signal) {
    caught_signal = signal;
}

/// The terminal without echo, as long as this lives. Signals that end or stop the process wait until it has its echo
/// back: wait_for_line() tells of them.
class NoEcho {
public:
    NoEcho() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) throw std::runtime_error("can't turn off the terminal's echo");
        caught_signal = 0;
        sigset_t kept_back;
        sigemptyset(&kept_back);
        for (const int signal : signals) sigaddset(&kept_back, signal);
        sigprocmask(SIG_BLOCK, &kept_back, &mask_before_);
        struct sigaction note {};
        note.sa_handler = note_signal;
        for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &note, &actions_before_[i]);
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        silent.c_lflag |= ECHONL;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~NoEcho() {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &actions_before_[i], nullptr);
        sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

    /// Until a line can be read: 0; or until a signal came: its number.
    int wait_for_line() const {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        // Only within ppoll can they come, so that none is missed.
        while (ppoll(&input, 1, nullptr, &mask_before_) < 0 && errno == EINTR) {
            if (caught_signal != 0) return caught_signal;
        }
        return 0;
    }

private:
    static constexpr std::array signals{SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP};
    termios before_{};
    sigset_t mask_before_{};
    std::array<struct sigaction, signals.size()> actions_before_{};
};

/// One line and not a byte more: what follows is somebody else's.
std::string read_line() {
    std::string line;
    for (char c = 0;;) {
        const auto length = read(STDIN_FILENO, &c, 1);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0 && line.empty()) throw std::runtime_error("no password was given");
        if (length <= 0 || c == '\n') break;
        line += c;
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::string ask(const std::string& prompt) {
    for (;;) {
        int signal = 0;
        {
            // Before the prompt: what is typed as soon as it is there is not shown, and not thrown away.
            const NoEcho no_echo;
            std::cerr << prompt << ": " << std::flush;
            signal = no_echo.wait_for_line();
            if (signal == 0) return read_line();
        }
        std::cerr << '\n';
        std::raise(signal);  // ends the process, or stops it (Ctrl-Z); then it asks again
    }
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
