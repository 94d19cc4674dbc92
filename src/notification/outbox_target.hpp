#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "notification/notification_metrics.hpp"
#include "notification/outbox.hpp"
#include "runtime/health.hpp"
#include "schema/topic_codec.hpp"
#include "stream/sink.hpp"

namespace nearline::notification {

/// Takes predictions that somebody is to be mailed of into the outbox; what conforms to no schema, and what the
/// outbox will never take, goes to the dead letters.
class OutboxTarget final : public stream::SinkTarget {
public:
    struct Options {
        bool is_off = false;                                             ///< nothing is taken in
        std::chrono::milliseconds max_age = std::chrono::hours(3 * 24);  ///< older records are not mailed
        std::string retry_topic{};  ///< whose records are dead letters to try again, whatever their age
        std::string registry_dependency = "schema registry";
        /// So many users have mail now.
        std::function<void(std::size_t users)> on_added = [](std::size_t) {};
    };
    /// All but `options` must outlive it.
    OutboxTarget(Outbox& outbox, schema::TopicCodec& codec, Options options, const NotificationMetrics& metrics,
                 Health& health);

    void prepare() override;
    std::set<std::string> dependencies() const override;
    std::vector<Refused> write(std::span<const stream::ConsumedRecord> records, const std::string& cluster_id) override;

private:
    /// What nobody is mailed of, by the reason.
    struct Skipped {
        Counter NotificationMetrics::*reason;
    };
    using Judged = std::variant<Entry, Skipped, Rejection>;
    Judged judge(const stream::ConsumedRecord& record, const std::string& cluster_id, std::int64_t now);
    std::vector<Outbox::Refused> add(const std::vector<Entry>& entries);

    Outbox& outbox_;
    schema::TopicCodec& codec_;
    const Options options_;
    const NotificationMetrics& metrics_;
    Health& health_;
};

}  // namespace nearline::notification
