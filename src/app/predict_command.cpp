#include <csignal>
#include <iostream>
#include <thread>
#include <unistd.h>

#include "app/commands.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "cli/predict.hpp"
#include "cli/predict_output.hpp"
#include "cli/terminal.hpp"
#include "runtime/stop.hpp"

namespace nearline::app {

namespace {

/// The first Ctrl-C or SIGTERM is a wish to stop; the second ends the process at once.
class StopAtSignal {
public:
    StopAtSignal() {
        block_signals();
        // Whoever reads our output and has seen enough ends us, as it ends other commands.
        std::signal(SIGPIPE, SIG_DFL);
        thread_ = std::thread([this] {
            signal_ = wait_for_signal(ended_);
            if (signal_ == 0) return;
            stop_.request();
            std::cerr << "\nstopping; waits for the answers that are on their way, a second Ctrl-C does not\n";
        });
    }
    ~StopAtSignal() { end(); }
    StopAtSignal(const StopAtSignal&) = delete;
    StopAtSignal& operator=(const StopAtSignal&) = delete;

    const StopToken& token() const noexcept { return stop_; }
    /// Waits no longer. The signal that came; 0: none.
    int end() {
        ended_.request();
        if (thread_.joinable()) thread_.join();
        return signal_;
    }

private:
    StopToken stop_;
    StopToken ended_;
    int signal_ = 0;
    std::thread thread_;
};

}  // namespace

int predict(int argc, const char* const* argv) {
    cli::PredictOptions options;
    std::optional<std::string> auth_url;
    std::optional<std::string> password;
    Settings settings(
        "nearline predict",
        "Asks a running gateway for predictions and writes them down: of one observation, `nearline predict -u "
        "you@example.com sepal_length=5.2 sepal_width=3.6 petal_length=1.5 petal_width=0.3`, or of a CSV of many, "
        "whose first line has the names. The CSV is as in RFC 4180: fields separated by commas, in double quotes "
        "where they must be, numbers with a point. What failed is listed at the end, and the exit code is 1; what was "
        "accepted, but has not come in time, with its request id and Location, which stand in JSON lines in its "
        "place.");
    settings.positional("NAME=VALUE...", options.observation, "one observation", 0, 1'000);
    settings.group("Login");
    settings.add("-u,--user NAME", "NEARLINE_USER", options.user, "log in as this user");
    settings.group("Input and output");
    settings.add("-f,--file FILE", "", options.file, "a CSV of many observations; - is standard input");
    settings.add("--carry", "", options.carry,
                 "columns of the CSV that are no features: they are not sent, but stand in the output again");
    settings.add(
        "-o,--output FILE", "", options.output,
        "where to write; standard output without it. Until all is done it is FILE.partial, which Ctrl-C leaves "
        "with what there was");
    settings.add("--format FORMAT", "", options.format,
                 "csv or jsonl; without it as the output's name ends, else as the input", one_of({"csv", "jsonl"}));
    settings.group("Gateway");
    settings.add("--gateway URL", "NEARLINE_GATEWAY_URL", options.gateway_url, "the gateway", check_http_url);
    settings.add("--auth-url URL", "NEARLINE_AUTH_URL", auth_url, "where to log in, if not at the gateway",
                 check_http_url);
    settings.add("--concurrency", "", options.concurrency, "requests at a time", {1, 256});
    settings.add("--timeout", "", options.timeout, "for one observation, all its tries together", {100, 3'600'000});
    settings.secret("NEARLINE_PASSWORD", password, "the user's password; without it it is asked for");
    settings.check([&options]() -> std::vector<std::string> {
        auto wrong = cli::carry_faults(options.carry);
        if (options.user.empty()) wrong.emplace_back("--user: is missing");
        if (options.observation.empty() == options.file.empty()) {
            wrong.emplace_back("give either one observation, as NAME=VALUE..., or a CSV with --file");
        }
        if (options.file.empty() && !options.carry.empty()) wrong.emplace_back("--carry: goes together with --file");
        return wrong;
    });
    if (const auto code = settings.load(argc, argv)) return *code;
    options.auth_url = auth_url.value_or("");
    if (!password && options.file == "-" && !cli::is_terminal(STDIN_FILENO)) {
        throw ConfigurationError(
            "standard input has the CSV: give the password as NEARLINE_PASSWORD or NEARLINE_PASSWORD_FILE");
    }
    options.password = password ? *password : cli::ask_password("Password of " + options.user, false);
    StopAtSignal stop;
    const int code = cli::predict(options, stop.token());
    const int signal = stop.end();
    return signal == 0 ? code : 128 + signal;
}

}  // namespace nearline::app
