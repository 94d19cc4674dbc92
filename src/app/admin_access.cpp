#include "app/admin_access.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "admin/dead_letter_desk.hpp"
#include "admin/topic_queries.hpp"
#include "app/connections.hpp"
#include "cli/prediction_flow.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "domain/json.hpp"
#include "domain/time.hpp"
#include "http/client.hpp"
#include "http/text.hpp"
#include "runtime/data_lock.hpp"
#include "token/jwt.hpp"

namespace nearline::app {

namespace {

using Query = std::map<std::string, std::string>;

/// A token for one question: administrators' tools that have the secret need no account.
std::string make_token(const std::string& secret, const std::string& command) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    return token::Jwt(secret).sign({.username = command, .exp = now + 300, .iat = now, .admin = true, .subject = {}});
}

/// The admin API of a running server.
class RunningServer {
public:
    RunningServer(const AdminAccess& options, std::string command) : command_(std::move(command)) {
        const auto holder = DataLock::holder(options.data.path);
        const auto address = [&](const char* part, const char* otherwise) {
            if (!holder || !holder->addresses.contains(part)) return std::string(otherwise);
            return holder->addresses.at(part);
        };
        url_ = options.admin_url.value_or(address("admin", "http://127.0.0.1:9101"));
        if (!holder) {
            hint_ =
                "; is a server running? `nearline up` starts one; --data, --admin-url or --stream kafka://… say "
                "where it is";
        }
        if (!options.user.empty()) {
            const auto password =
                options.password ? *options.password : cli::ask_password("Password of " + options.user, false);
            session_.emplace(options.auth_url.value_or(address("auth", "http://127.0.0.1:5000")), options.user,
                             password);
        } else if (options.jwt_secret) {
            secret_ = *options.jwt_secret;
        } else if (std::filesystem::exists(options.data.secret_file())) {
            secret_ = read_secret(options.data.secret_file());
        } else {
            throw std::runtime_error("nothing says who asks: " + options.data.path +
                                     " is no data folder of Nearline; give --data, or an administrator with --user, or "
                                     "JWT_SECRET, or --stream kafka://…");
        }
    }

    boost::json::value ask(const std::string& method, const std::string& path, const Query& query) {
        http::ClientRequest request;
        request.method = method;
        request.timeout = std::chrono::seconds(60);
        request.headers.set("Authorization",
                            "Bearer " + (session_ ? session_->token() : make_token(secret_, command_)));
        std::string target = url_ + path;
        char separator = '?';
        for (const auto& [name, value] : query) {
            target += separator + name + "=" + http::percent_encode(value);
            separator = '&';
        }
        auto answer = fetch(target, request);
        if (answer.status == 401 && session_) {
            request.headers.set("Authorization", "Bearer " + session_->renew(session_->token()));
            answer = fetch(target, request);
        }
        if (answer.status == 503) throw Unavailable(url_ + ": " + cli::problem_text(answer));
        if (answer.status != 200) throw cli::AdminRefusal(answer.status, url_ + ": " + cli::problem_text(answer));
        auto document = parse_json(answer.body);
        if (!document) throw std::runtime_error(url_ + " did not answer with JSON; is it Nearline's admin API?");
        return *document;
    }

private:
    http::Response fetch(const std::string& target, const http::ClientRequest& request) {
        try {
            return http::fetch(target, request);
        } catch (const Unavailable& e) {
            throw Unavailable(e.what() + hint_);
        }
    }

    const std::string command_;
    std::string url_;
    std::string hint_;  // what to do about no answer
    std::optional<cli::Session> session_;
    std::string secret_;
};

/// The same questions, at Kafka itself.
class AtStream {
public:
    AtStream(const AdminAccess& options, const std::string& client_id)
        : stream_(open_stream(options.stream, client_id, metrics_)),
          queries_(*stream_, std::chrono::seconds(10)),
          letters_(*stream_) {}

    boost::json::value ask(const std::string& method, const std::string& path, const Query& query) {
        const bool is_of_letters = path.starts_with("/admin/dead-letters");
        const auto answer = is_of_letters ? letters_.answer(method, path, query) : queries_.answer(path, query);
        if (answer) return parse_json(*answer).value();
        auto text = answer.error().detail;
        for (const auto& error : answer.error().errors) text += " " + error.pointer + " " + error.detail;
        throw cli::AdminRefusal(answer.error().status, text);
    }

private:
    Metrics metrics_;
    std::unique_ptr<stream::Stream> stream_;
    admin::TopicQueries queries_;
    admin::DeadLetterDesk letters_;
};

template <class Api>
cli::AdminApi to_api(Api& api) {
    return {[&api](const auto& path, const auto& query) { return api.ask("GET", path, query); },
            [&api](const auto& path, const auto& query) { return api.ask("POST", path, query); }};
}

void declare(Settings& settings, AdminAccess& options) {
    settings.group("A running server");
    settings.add("--data DIR", "NEARLINE_DATA", options.data.path,
                 "the data folder of a running `nearline up`: says where it is, and has the secret to ask with");
    settings.add("--admin-url URL", "NEARLINE_ADMIN_URL", options.admin_url,
                 "the admin API; without it that of the data folder's server, else http://127.0.0.1:9101",
                 check_http_url);
    settings.add("-u,--user NAME", "NEARLINE_USER", options.user, "ask as this administrator");
    settings.add("--auth-url URL", "NEARLINE_AUTH_URL", options.auth_url, "where to log in", check_http_url);
    settings.secret("NEARLINE_PASSWORD", options.password, "the user's password; without it it is asked for");
    declare_jwt_secret(settings, options.jwt_secret, false);
    declare(settings, options.stream, false);
}

bool asks_kafka(const Settings& settings) {
    auto server = Settings::Source::none;
    for (const char* flag : {"--admin-url", "--data", "--user", "--auth-url"}) {
        server = std::max(server, settings.source(flag));
    }
    const auto kafka = settings.source("--stream");
    return kafka != Settings::Source::none && kafka >= server;
}

}  // namespace

std::optional<int> load(Settings& settings, AdminAccess& options, int argc, const char* const* argv) {
    declare(settings, options);
    if (const auto code = settings.load(argc, argv)) return code;
    if (!asks_kafka(settings)) options.stream.stream.clear();
    return std::nullopt;
}

int with_api(const AdminAccess& options, const std::string& command,
             const std::function<int(const cli::AdminApi&)>& run) {
    // What librdkafka has to say goes to the log; the rest of these commands is for a person.
    if (!options.stream.stream.empty()) {
        auto client_id = command;
        std::replace(client_id.begin(), client_id.end(), ' ', '-');
        AtStream api(options, client_id);
        return run(to_api(api));
    }
    RunningServer api(options, command);
    return run(to_api(api));
}

}  // namespace nearline::app
