#include <array>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands.hpp"
#include "app/process.hpp"
#include "runtime/setting_values.hpp"
#include "runtime/version.hpp"

namespace nearline::app {
namespace {

struct Command {
    std::string_view name;
    std::string_view summary;
    int (*run)(int argc, const char* const* argv);
};

constexpr std::array commands{
    Command{"up", "everything in this process, on embedded parts: the way to begin", up},
    Command{"predict", "asks a running gateway for predictions: one observation, or a CSV of many", predict},
    Command{"users", "adds, lists and removes users", users},
    Command{"topics", "lists topics and shows their records", topics},
    Command{"dlq", "lists, shows, replays and drops dead letters", dead_letters},
    Command{"registry", "serves the embedded schema registry alone", serve_registry},
};

std::string usage() {
    std::string text =
        "Usage: nearline COMMAND [OPTION...]\n\nNear-real-time machine-learning predictions: over HTTP, through Kafka "
        "topics, "
        "to everyone who reads them.\n\nCommands:\n";
    for (const auto& command : commands) {
        text += "  " + std::string(command.name) + std::string(12 - command.name.size(), ' ') +
                std::string(command.summary) + '\n';
    }
    text +=
        "\n`nearline COMMAND --help` has more. The separate services are archive-svc, auth-svc, gateway-svc, "
        "notification-svc\nand prediction-svc.\n";
    return text;
}

int unknown(const std::string& name) {
    std::vector<std::string> names;
    names.reserve(std::size(commands));
    for (const auto& command : commands) names.emplace_back(command.name);
    const auto guess = setting_values::closest(name, names);
    std::cerr << "nearline: there is no command \"" << name << "\""
              << (guess.empty() ? "" : "; did you mean " + guess + "?") << "\nSee nearline --help.\n";
    return 2;
}

int main(int argc, const char* const* argv) {
    const std::string name = argc > 1 ? argv[1] : "";
    if (name == "help") return show_usage("nearline", "--help", usage());
    if (name.empty() || name == "--help" || name == "-h") return show_usage("nearline", name, usage());
    if (name == "--version") {
        std::cout << "nearline " << version() << '\n';
        return 0;
    }
    for (const auto& command : commands) {
        if (command.name == name) {
            return guarded("nearline " + name, [&] { return command.run(argc - 1, argv + 1); });
        }
    }
    return unknown(name);
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("nearline", [&] { return nearline::app::main(argc, argv); });
}
