#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Settings from flags, then environment, then --config FILE (TOML), then defaults: one declaration
/// serves all four and --help. Not thread-safe; read once at start.
///
///     struct Options { std::string stream = "embedded:./data"; int partitions = 12; } options;
///     Settings settings("gateway-svc", "Takes predictions …");
///     settings.group("Topics");
///     settings.add("--partitions", "NEARLINE_PARTITIONS", options.partitions, "partitions of topics it creates",
///                  Range{1, 1000});
///     settings.secret("JWT_SECRET", options.jwt_secret, "signs the tokens; at least 32 bytes");
///     if (auto exit_code = settings.load(argc, argv)) return *exit_code;
namespace nearline {

class Settings {
public:
    struct Range {
        double least;
        double most;
    };
    /// Says what is wrong with a value, or "" if it is fine.
    using Check = std::function<std::string(const std::string& value)>;

    Settings(std::string program, std::string description);
    ~Settings();
    Settings(const Settings&) = delete;
    Settings& operator=(const Settings&) = delete;

    /// Starts a heading in --help.
    void group(std::string heading);

    /// Declares a setting. `flag` like "--partitions", also "-n,--limit" and with a word for its value in
    /// --help, "--model FILE"; `env` the environment variable, "" for none; in TOML the flag without its
    /// dashes. The target's value at this time is the default, shown in --help. Durations
    /// are written with a unit: 500ms, 5s, 2m, 1h, 7d (seconds without one); sizes: 64KiB, 16MiB.
    void add(const std::string& flag, const std::string& env, std::string& target, const std::string& help,
             Check check = {});
    void add(const std::string& flag, const std::string& env, std::optional<std::string>& target,
             const std::string& help, Check check = {});
    void add(const std::string& flag, const std::string& env, int& target, const std::string& help, Range range);
    void add(const std::string& flag, const std::string& env, std::size_t& count, const std::string& help, Range range);
    void add(const std::string& flag, const std::string& env, double& target, const std::string& help, Range range);
    void add(const std::string& flag, const std::string& env, std::chrono::milliseconds& target,
             const std::string& help, Range milliseconds);
    void add_size(const std::string& flag, const std::string& env, std::size_t& bytes, const std::string& help,
                  Range range);
    /// A switch: --flag or --flag=false; in the environment and TOML true/false.
    void add(const std::string& flag, const std::string& env, bool& target, const std::string& help);
    /// A comma-separated list.
    void add(const std::string& flag, const std::string& env, std::vector<std::string>& target, const std::string& help,
             Check check_each = {});

    /// A secret: from the environment variable `env`, or from the file that `env`_FILE names (a trailing
    /// newline is dropped). Never a flag.
    void secret(const std::string& env, std::optional<std::string>& target, const std::string& help, Check check = {});

    /// What is left of the command line after the flags, if the program takes any: "NAME", "FILE...".
    void positional(const std::string& name, std::vector<std::string>& target, const std::string& help,
                    std::size_t least, std::size_t most);

    /// Checks across settings, run after the single ones: gives one line for each thing that is wrong.
    void check(std::function<std::vector<std::string>()> check);

    /// Reads everything. Nothing: go on. A number: exit with it: 0 after --help or --version; 2 after all
    /// errors were printed together on standard error, each naming the setting and where its value came
    /// from. Unknown keys in the TOML file and unknown flags are errors.
    std::optional<int> load(int argc, const char* const* argv);

    std::string help() const;
    /// Where a setting's value comes from, the weakest first.
    enum class Source { none, file, environment, command_line };
    /// After load().
    Source source(const std::string& flag) const;

private:
    struct Impl;
    friend class SettingsLoader;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline
