#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/settings.hpp"
#include "stream/admin.hpp"

/// The settings that several programs share: each group is declared here once.
namespace nearline::app {

/// How every program logs and ends.
struct ProcessOptions {
    std::string log_level = "info";
    std::string log_format = "text";
    std::chrono::milliseconds drain_time{10'000};
};
void declare(Settings& settings, ProcessOptions& options);
/// After loading: configures the log.
void apply(const ProcessOptions& options);

/// Where a program listens, and what it takes.
struct ListenOptions {
    std::string address;
    std::size_t max_body = 1 << 20;
    int max_connections = 10'000;
    std::vector<std::string> trusted_proxies{};
};
/// `address` as it stands is the default.
void declare(Settings& settings, ListenOptions& options);
void declare_port(Settings& settings, const std::string& flag, const std::string& env, int& port,
                  const std::string& help);

struct StreamOptions {
    std::string stream;
    std::optional<std::string> kafka_config{};
};
/// `embedded`: whether this program can have an embedded stream; where not, the reason is the error.
void declare(Settings& settings, StreamOptions& options, bool embedded);

struct RegistryOptions {
    std::string registry;
    std::optional<std::string> ca_file{};
    std::optional<std::string> password{};
};
void declare(Settings& settings, RegistryOptions& options, bool embedded);

struct UsersOptions {
    std::string users;
    std::optional<std::string> mysql_password;
};
void declare(Settings& settings, UsersOptions& options);

struct TopicsOptions {
    std::string input_topic = "input-topic";
    std::string output_topic = "output-topic";
    std::string model_name = "iris";
    std::string group_prefix = "nearline";
    int partitions = 12;
    int replication_factor = 1;
    std::chrono::milliseconds retention = std::chrono::hours(7 * 24);
    std::size_t retention_bytes = 0;  ///< for each partition; 0: no limit

    /// "nearline-gateway-iris"
    std::string group(const std::string& role) const { return group_prefix + "-" + role + "-" + model_name; }
    stream::TopicOptions topic_options() const;
};
void declare(Settings& settings, TopicsOptions& options);

/// --stuck-after, of programs that take records from topics.
void declare_stuck_after(Settings& settings, std::chrono::milliseconds& stuck_after);

/// JWT_SECRET; `required`: its absence is an error.
void declare_jwt_secret(Settings& settings, std::optional<std::string>& secret, bool required);

/// What is wrong with a value that must be one of these, or "".
Settings::Check one_of(std::vector<std::string> choices);
/// What is wrong with an http:// URL, or "".
std::string check_http_url(const std::string& url);

}  // namespace nearline::app
