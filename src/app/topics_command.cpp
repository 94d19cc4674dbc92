#include <algorithm>
#include <filesystem>

#include "admin/topic_queries.hpp"
#include "app/commands.hpp"
#include "app/connections.hpp"
#include "app/data_folder.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "cli/prediction_flow.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "cli/topics.hpp"
#include "domain/json.hpp"
#include "domain/time.hpp"
#include "http/client.hpp"
#include "http/text.hpp"
#include "runtime/data_lock.hpp"
#include "token/jwt.hpp"

namespace nearline::app {

namespace {

using Query = std::map<std::string, std::string>;

struct Options {
    StreamOptions stream;
    DataFolder data;
    std::optional<std::string> admin_url;
    std::optional<std::string> auth_url;
    std::string user;
    std::optional<std::string> password;
    std::optional<std::string> jwt_secret;
    std::vector<std::string> topics;
    cli::TailOptions tail;
};

/// A token for one question: administrators' tools that have the secret need no account.
std::string make_token(const std::string& secret) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    return token::Jwt(secret).sign(
        {.username = "nearline topics", .exp = now + 300, .iat = now, .admin = true, .subject = {}});
}

/// The admin API of a running server.
class RunningServer {
public:
    explicit RunningServer(const Options& options) {
        const auto holder = DataLock::holder(options.data.path);
        const auto address = [&](const char* part, const char* otherwise) {
            if (!holder || !holder->addresses.contains(part)) return std::string(otherwise);
            return holder->addresses.at(part);
        };
        url_ = options.admin_url.value_or(address("admin", "http://127.0.0.1:9101"));
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
            throw std::runtime_error(
                "nothing says who asks: there is no data folder " + options.data.path +
                "; give --data, or an administrator with --user, or JWT_SECRET, or --stream kafka://…");
        }
    }

    boost::json::value ask(const std::string& path, const Query& query) {
        http::ClientRequest request;
        request.timeout = std::chrono::seconds(30);
        request.headers.set("Authorization", "Bearer " + (session_ ? session_->token() : make_token(secret_)));
        std::string target = url_ + path;
        char separator = '?';
        for (const auto& [name, value] : query) {
            target += separator + name + "=" + http::percent_encode(value);
            separator = '&';
        }
        auto answer = http::fetch(target, request);
        if (answer.status == 401 && session_) {
            request.headers.set("Authorization", "Bearer " + session_->renew(session_->token()));
            answer = http::fetch(target, request);
        }
        if (answer.status == 503) throw Unavailable(url_ + ": " + cli::problem_text(answer));
        if (answer.status != 200) throw cli::AdminRefusal(answer.status, url_ + ": " + cli::problem_text(answer));
        auto document = parse_json(answer.body);
        if (!document) throw std::runtime_error(url_ + " did not answer with JSON; is it Nearline's admin API?");
        return *document;
    }

private:
    std::string url_;
    std::optional<cli::Session> session_;
    std::string secret_;
};

/// The same questions, at Kafka itself.
class AtStream {
public:
    explicit AtStream(const Options& options)
        : stream_(open_stream(options.stream, "nearline-topics", metrics_)),
          queries_(*stream_, std::chrono::seconds(10)) {}

    boost::json::value ask(const std::string& path, const Query& query) {
        const auto answer = queries_.answer(path, query);
        if (answer) return parse_json(*answer).value();
        auto text = answer.error().detail;
        for (const auto& error : answer.error().errors) text += " " + error.pointer + " " + error.detail;
        throw cli::AdminRefusal(answer.error().status, text);
    }

private:
    Metrics metrics_;
    std::unique_ptr<stream::Stream> stream_;
    admin::TopicQueries queries_;
};

void declare(Settings& settings, Options& options) {
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

/// Kafka itself, unless what names a server was said nearer by: --data on the command line goes before
/// NEARLINE_STREAM in the environment.
bool asks_kafka(const Settings& settings) {
    auto server = Settings::Source::none;
    for (const char* flag : {"--admin-url", "--data", "--user", "--auth-url"}) {
        server = std::max(server, settings.source(flag));
    }
    const auto kafka = settings.source("--stream");
    return kafka != Settings::Source::none && kafka >= server;
}

std::optional<int> load(Settings& settings, Options& options, int argc, const char* const* argv) {
    declare(settings, options);
    if (const auto code = settings.load(argc, argv)) return code;
    if (!asks_kafka(settings)) options.stream.stream.clear();
    return std::nullopt;
}

int with_api(const Options& options, const std::function<int(const cli::AskAdmin&)>& run) {
    // What librdkafka has to say goes to the log; the rest of this command is for a person.
    if (!options.stream.stream.empty()) {
        AtStream api(options);
        return run([&](const auto& path, const auto& query) { return api.ask(path, query); });
    }
    RunningServer api(options);
    return run([&](const auto& path, const auto& query) { return api.ask(path, query); });
}

int list(int argc, const char* const* argv) {
    Options options;
    Settings settings("nearline topics list", "Lists topics: of a running server, or of Kafka (--stream).");
    if (const auto code = load(settings, options, argc, argv)) return *code;
    return with_api(options, [](const auto& ask) { return cli::list_topics(ask); });
}

int tail(int argc, const char* const* argv) {
    Options options;
    Settings settings(
        "nearline topics tail",
        "Shows records of a topic as JSON lines, the newest last: partition, offset, timestamp, key, headers, schema "
        "id, value. Of a running server, or of Kafka (--stream).");
    settings.positional("TOPIC", options.topics, "such as input-topic or output-topic", 1, 1);
    settings.group("Records");
    settings.add("-n,--lines", "", options.tail.last, "the newest so many", {0, 1'000});
    settings.add("--follow", "", options.tail.follow, "goes on with what comes, until Ctrl-C");
    settings.add("--from-beginning", "", options.tail.from_beginning, "all there is");
    if (const auto code = load(settings, options, argc, argv)) return *code;
    options.tail.topic = options.topics[0];
    return with_api(options, [&](const auto& ask) { return cli::tail_topic(ask, options.tail); });
}

}  // namespace

int topics(int argc, const char* const* argv) {
    const std::string action = argc > 1 ? argv[1] : "";
    if (action == "list") return list(argc - 1, argv + 1);
    if (action == "tail") return tail(argc - 1, argv + 1);
    return show_usage("nearline topics", action,
                      "Usage: nearline topics list\n"
                      "       nearline topics tail [-n N] [--follow] [--from-beginning] TOPIC\n\n"
                      "Asks the running `nearline up` of the data folder (./data, --data), another server "
                      "(--admin-url), or Kafka\n(--stream kafka://host:port). `nearline topics tail --help` has "
                      "more.\n");
}

}  // namespace nearline::app
