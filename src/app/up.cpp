#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "app/archive_part.hpp"
#include "app/auth_part.hpp"
#include "app/commands.hpp"
#include "app/connections.hpp"
#include "app/data_folder.hpp"
#include "app/demo_users.hpp"
#include "app/folder_locks.hpp"
#include "app/gateway_part.hpp"
#include "app/model_path.hpp"
#include "app/notification_part.hpp"
#include "app/operations_part.hpp"
#include "app/options.hpp"
#include "app/places.hpp"
#include "app/prediction_part.hpp"
#include "app/process.hpp"
#include "app/registry_part.hpp"
#include "app/welcome.hpp"
#include "auth/passwords.hpp"
#include "runtime/log.hpp"

namespace nearline::app {

namespace {

struct Options {
    DataFolder data;
    bool demo_users = false;
    ListenOptions listen;
    int auth_port = 5000;
    int gateway_port = 1958;
    int registry_port = 8081;
    int admin_port = 9101;
    StreamOptions stream;
    RegistryOptions registry;
    UsersOptions users;
    TopicsOptions topics;
    AuthOptions auth;
    GatewayOptions gateway;
    PredictionOptions prediction;
    MailOptions mail;
    ArchiveOptions archive;
    ProcessOptions process;
    std::chrono::milliseconds stuck_after{60'000};
    std::optional<std::string> jwt_secret;

    bool has_embedded_users() const { return users.users == data.users(); }
    /// Nothing where they are elsewhere.
    std::optional<std::string> registry_folder() const {
        const auto place = RegistryPlace::parse(registry.registry);
        return place && place->kind == RegistryPlace::Kind::embedded ? std::optional(place->where) : std::nullopt;
    }
    std::optional<std::string> stream_folder() const {
        const auto place = StreamPlace::parse(stream.stream);
        return place && place->kind == StreamPlace::Kind::embedded ? std::optional(place->where) : std::nullopt;
    }
};

void declare_all(Settings& settings, Options& options) {
    settings.group("All in one process");
    settings.add("--data DIR", "NEARLINE_DATA", options.data.path,
                 "folder of the embedded parts: users, topics, schemas, archive, mail, secret");
    settings.add("--demo-users", "", options.demo_users,
                 "makes theodondre@gmail.com and theodondre@email.com, administrators with the password admin123, "
                 "where the data folder has no users yet and --listen is this machine alone");
    declare(settings, options.listen);
    declare_port(settings, "--gateway-port", "NEARLINE_GATEWAY_PORT", options.gateway_port, "port for predictions");
    declare_port(settings, "--auth-port", "NEARLINE_AUTH_PORT", options.auth_port, "port for logins and users");
    declare_port(settings, "--registry-port", "NEARLINE_REGISTRY_PORT", options.registry_port,
                 "port of the embedded schema registry");
    declare_port(settings, "--admin-port", "NEARLINE_ADMIN_PORT", options.admin_port, "port for operators");
    declare(settings, options.auth);
    declare(settings, options.gateway, false);
    declare(settings, options.prediction);
    declare(settings, options.archive, ArchiveRole::writer);
    declare(settings, options.mail, options.topics);
    declare(settings, options.topics);
    declare(settings, options.stream, true);
    declare(settings, options.registry, true);
    declare(settings, options.users);
    declare(settings, options.process);
    declare_stuck_after(settings, options.stuck_after);
    declare_jwt_secret(settings, options.jwt_secret, false);
}

/// What is not set elsewhere lies in the data folder.
void fill_in(Options& options) {
    if (options.stream.stream.empty()) options.stream.stream = options.data.stream();
    if (options.registry.registry.empty()) options.registry.registry = options.data.registry();
    if (options.users.users.empty()) options.users.users = options.data.users();
    if (options.mail.mail.empty()) options.mail.mail = options.data.mail();
    if (options.archive.archive.empty()) options.archive.archive = options.data.archive();
}

/// Everything, wired: members are made in this order and end in the reverse one.
class Everything {
public:
    explicit Everything(const Options& options)
        : options_(options),
          lock_(hold_data_folder()),
          secret_(options.jwt_secret ? *options.jwt_secret : read_or_make_secret(options.data.secret_file())),
          jwt_(secret_),
          users_(open_users(options.users)),
          auth_(process_, ready_, options.auth, *users_, jwt_, options.listen, options.auth_port, "--auth-port") {
        hold_other_folders();
        begin_hashing();
        if (const auto folder = options.registry_folder()) {
            registry_.emplace(process_, *folder, options.listen, options.registry_port, "--registry-port");
        } else {
            registry_client_ = open_registry(options.registry, process_.metrics);
        }
        stream_ = open_stream(options.stream, "nearline", process_.metrics);
        const auto stream_name = stream_dependency(options.stream);
        operations_.emplace(process_, *stream_, &jwt_, options.listen, options.admin_port, "--admin-port");
        auto gateway = options.gateway;
        gateway.auth_url = auth_.url();
        gateway.archive_keep = options.archive.keep();
        reader_ = open_archive_reader(options.archive);
        gateway_.emplace(process_, ready_, gateway, options.topics, stream_name, *stream_, registry(), secret_,
                         options.listen, options.gateway_port, "--gateway-port", reader_.get());
        prediction_.emplace(process_, ready_, options.prediction, options.topics, stream_name, *stream_, registry());
        archive_.emplace(process_, ready_, options.archive, options.topics, stream_name, *stream_, registry());
        archive_->make_file();
        notification_.emplace(process_, ready_, options.mail, options.users, options.topics, stream_name, *stream_,
                              registry(), *users_);
    }

    int run() {
        Lifecycle lifecycle;
        operations_->add_to(lifecycle);
        auth_.add_to(lifecycle);
        if (registry_) registry_->add_to(lifecycle);
        archive_->add_to(lifecycle);
        notification_->add_to(lifecycle);
        prediction_->add_to(lifecycle);
        gateway_->add_to(lifecycle);
        return app::run(process_, lifecycle, options_.process, [this] { lock_.publish(addresses()); });
    }

private:
    /// Another `nearline up` on the folder is named before its ports are.
    DataLock& hold_data_folder() {
        auto& lock = *locks_.hold(options_.data.path, DataLock::Use::alone);
        std::vector<ServerPlace> places{{"auth", options_.auth_port, "--auth-port"},
                                        {"gateway", options_.gateway_port, "--gateway-port"},
                                        {"operations", options_.admin_port, "--admin-port"}};
        if (options_.registry_folder()) places.push_back({"registry", options_.registry_port, "--registry-port"});
        check_ports(options_.listen, places);
        return lock;
    }

    schema::Registry& registry() { return registry_ ? registry_->registry() : *registry_client_; }

    std::map<std::string, std::string> addresses() const {
        std::map<std::string, std::string> all{
            {"auth", auth_.url()}, {"gateway", gateway_->url()}, {"admin", operations_->url()}};
        if (registry_) all["registry"] = registry_->url();
        return all;
    }

    /// Where embedded parts lie that are not in the data folder.
    void hold_other_folders() {
        if (const auto folder = options_.stream_folder()) locks_.add_known(*folder);
        if (const auto folder = options_.registry_folder()) locks_.hold(*folder, DataLock::Use::alone);
        locks_.hold_file(options_.users.users);
        locks_.hold_file(options_.archive.archive);
    }

    /// What takes as long as hashing a password does, begun while other parts start.
    void begin_hashing() {
        hashing_.push_back(std::async(std::launch::async, [] { auth::nobodys_hash(); }));
        if (!options_.has_embedded_users()) {
            ready_.part_ready();
            return;
        }
        users_->prepare();
        hashing_.push_back(std::async(std::launch::async, [this] { make_demo_users(); }));
    }

    void make_demo_users() {
        try {
            const bool wanted = options_.demo_users && is_loopback(options_.listen.address);
            if (wanted) demo_user_ = demo_users::make_if_new(*users_);
            if (options_.demo_users && !wanted) {
                log::warning("no demo users: --listen is not this machine alone",
                             {{"listen", options_.listen.address}});
            }
            ready_.part_ready();
        } catch (const std::exception& e) {
            process_.fail("demo users", e.what());
        }
    }

    void welcome() {
        Welcome text;
        text.gateway_url = gateway_->url();
        text.auth_url = auth_.url();
        text.registry_url = registry_ ? registry_->url() : "";
        text.admin_url = operations_->url();
        if (options_.mail.mode != "off") text.mail_place = options_.mail.mail;
        text.data_folder = options_.data.path;
        text.program = near_path(this_executable());
        if (!options_.jwt_secret) text.secret_file = options_.data.secret_file();
        text.demo_user = demo_user_.value_or("");
        std::cout << to_text(text) << std::flush;
    }

    const Options& options_;
    std::optional<std::string> demo_user_;  // written before its part is ready, read when all are
    FolderLocks locks_{"nearline up"};
    DataLock& lock_;  // of the data folder
    const std::string secret_;
    const token::Jwt jwt_;
    Process process_{options_.stuck_after};
    // users, auth, gateway, prediction, archive, notification
    ReadyGate ready_{process_.health, 6, [this] { welcome(); }};
    const std::unique_ptr<auth::UserStore> users_;
    std::vector<std::future<void>> hashing_;
    AuthPart auth_;
    std::optional<RegistryPart> registry_;
    std::unique_ptr<schema::Registry> registry_client_;
    std::unique_ptr<stream::Stream> stream_;
    std::optional<OperationsPart> operations_;
    // Closes its file after the reader has: only who may write can put the write-ahead log back into it.
    std::optional<ArchivePart> archive_;
    std::unique_ptr<PredictionReader> reader_;
    std::optional<GatewayPart> gateway_;
    std::optional<PredictionPart> prediction_;
    std::optional<NotificationPart> notification_;
};

}  // namespace

int up(int argc, const char* const* argv) {
    Options options;
    options.listen.address = "127.0.0.1";
    options.mail.senders = 2;
    Settings settings(
        "nearline up",
        "Runs everything in this process on embedded parts: logins, the gateway, topics, the schema registry, the "
        "model, the archive that GET /predictions reads, and mail, which goes to the folder mail of the data folder. "
        "What --stream, --registry, --users, --archive or --mail name is used instead.");
    declare_all(settings, options);
    return load_and_serve(settings, argc, argv, options.process, [&] {
        fill_in(options);
        // This process holds the data folder, and with it the outbox, alone.
        options.mail.is_alone = options.has_embedded_users();
        return Everything(options).run();
    });
}

}  // namespace nearline::app
