#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "domain/address_book.hpp"
#include "notification/courier.hpp"
#include "notification/mailer.hpp"
#include "notification/outbox.hpp"
#include "notification/templates.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "schema/topic_codec.hpp"
#include "stream/sink.hpp"

namespace nearline::notification {

/// notification-svc: takes the output topic into the outbox, and mails what is there.
///
/// Has a thread that reads, `senders` that mail, and one that tidies. start(), drain() and stop() are for
/// one thread.
class Service {
public:
    struct Options {
        CourierOptions courier{};
        std::size_t senders = 4;
        /// Nobody else works on the outbox: leases that are there at start are a dead process's, and end.
        bool is_alone = false;
        std::chrono::milliseconds max_age = std::chrono::hours(3 * 24);  ///< older records are not mailed
        /// What was mailed is remembered so long; no less than max_age, or a replay would mail it again.
        std::chrono::milliseconds keep = std::chrono::hours(8 * 24);
        Backoff::Options server_retry{.first = std::chrono::seconds(1), .most = std::chrono::minutes(1)};
        std::string registry_dependency = "schema registry";
        stream::Sink::Options sink{};  ///< topic, group, dependencies and hooks; its role is the service's own
    };
    struct Parts {
        stream::Stream& stream;
        schema::TopicCodec& codec;  ///< of the output topic
        Outbox& outbox;
        AddressBook& addresses;
        const Templates& templates;
        Metrics& metrics;
        Health& health;
    };
    /// What `parts` names must outlive it.
    Service(const Parts& parts, Options options, const MailerFactory& make_mailer);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Returns at once: stream, registry and database are waited for on its threads.
    void start();
    /// Takes nothing more, and begins no mail; a mail that is being sent is let go at the deadline. Blocks.
    void drain(std::chrono::steady_clock::time_point deadline);
    /// drain(now), and ends the threads.
    void stop() noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::notification
