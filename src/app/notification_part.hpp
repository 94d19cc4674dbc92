#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/process.hpp"
#include "auth/user_address_book.hpp"
#include "auth/user_store.hpp"
#include "notification/outbox.hpp"
#include "notification/service.hpp"
#include "notification/templates.hpp"
#include "schema/registry.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"

namespace nearline::app {

struct MailOptions {
    std::string mail;
    std::optional<std::string> password;
    std::optional<std::string> ca_file;
    std::optional<std::string> from;
    std::optional<std::string> subject;
    std::optional<std::string> templates;
    std::string mode = "every";
    int limit = 60;
    std::chrono::milliseconds digest_interval = std::chrono::hours(24);
    int digest_count = 1'000;
    std::chrono::milliseconds max_age = std::chrono::hours(3 * 24);
    std::chrono::milliseconds keep{0};
    int senders = 4;
    bool is_alone = false;  ///< no setting: nobody else works on the outbox
    std::chrono::milliseconds timeout{30'000};
    std::chrono::milliseconds retry{10'000};

    /// --outbox-keep, or what stands for it.
    std::chrono::milliseconds kept(const TopicsOptions& topics) const;
};
/// `topics`: of the same program, declared too.
void declare(Settings& settings, MailOptions& options, const TopicsOptions& topics);

/// notification-svc in a process: the outbox in the users' database, and what mails.
class NotificationPart {
public:
    /// All that is handed over must outlive it. Throws ConfigurationError.
    NotificationPart(Process& process, ReadyGate& ready, const MailOptions& options, const UsersOptions& users,
                     const TopicsOptions& topics, const std::string& stream_name, stream::Stream& stream,
                     schema::Registry& registry, auth::UserStore& store);

    void add_to(Lifecycle& lifecycle);

private:
    schema::TopicCodec codec_;
    std::unique_ptr<notification::Outbox> outbox_;
    auth::UserAddressBook addresses_;
    notification::Templates templates_;
    notification::Service service_;
};

}  // namespace nearline::app
