#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/data_folder.hpp"
#include "app/options.hpp"
#include "cli/admin_api.hpp"

namespace nearline::app {

/// Whom commands for operators ask: the admin API of a running server, or Kafka itself.
struct AdminAccess {
    StreamOptions stream;
    DataFolder data;
    std::optional<std::string> admin_url;
    std::optional<std::string> auth_url;
    std::string user;
    std::optional<std::string> password;
    std::optional<std::string> jwt_secret;
};
/// Declares these settings and loads all that are declared; as Settings::load(). Kafka itself is asked, unless what
/// names a server was said nearer by: --data on the command line goes before NEARLINE_STREAM in the environment.
std::optional<int> load(Settings& settings, AdminAccess& options, int argc, const char* const* argv);

/// Runs a command with the API. `command` names it to the server ("nearline topics").
int with_api(const AdminAccess& options, const std::string& command,
             const std::function<int(const cli::AdminApi&)>& run);

}  // namespace nearline::app
