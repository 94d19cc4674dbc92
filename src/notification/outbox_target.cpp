#include "notification/outbox_target.hpp"

#include <boost/json/value.hpp>
#include <set>
#include <utility>

#include "domain/prediction.hpp"
#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "schema/prediction_record.hpp"
#include "stream/request_context.hpp"

namespace nearline::notification {
namespace {

constexpr int status_of_predictions = 200;
constexpr auto witness = "outbox";  // in Health: others in the process use its database, too

Rejection refused_by_outbox(const std::string& reason) {
    return {.stage = "outbox", .class_name = "EntryRefused", .message = reason, .status = 422};
}

}  // namespace

OutboxTarget::OutboxTarget(Outbox& outbox, schema::TopicCodec& codec, Options options,
                           const NotificationMetrics& metrics, Health& health)
    : outbox_(outbox), codec_(codec), options_(std::move(options)), metrics_(metrics), health_(health) {}

void OutboxTarget::prepare() {
    try {
        outbox_.prepare();
        health_.up(outbox_.dependency(), witness);
    } catch (const Unavailable& error) {
        health_.down(outbox_.dependency(), error.what(), witness);
        throw;
    }
}

std::set<std::string> OutboxTarget::dependencies() const {
    return {outbox_.dependency(), options_.registry_dependency};
}

std::vector<stream::SinkTarget::Refused> OutboxTarget::write(std::span<const stream::ConsumedRecord> records,
                                                             const std::string& cluster_id) {
    if (options_.is_off) {
        metrics_.switched_off.add(static_cast<double>(records.size()));
        return {};
    }
    std::vector<Refused> refused;
    std::vector<Entry> entries;
    std::vector<std::size_t> places;  // of the entries in the batch
    std::vector<Skipped> skipped;
    const std::int64_t now = now_ms();
    try {
        for (std::size_t i = 0; i < records.size(); ++i) {
            auto judged = judge(records[i], cluster_id, now);
            if (auto* const entry = std::get_if<Entry>(&judged)) {
                entries.push_back(std::move(*entry));
                places.push_back(i);
            }
            if (auto* const none = std::get_if<Skipped>(&judged)) skipped.push_back(*none);
            if (auto* const reason = std::get_if<Rejection>(&judged)) refused.push_back({i, std::move(*reason)});
        }
        health_.up(options_.registry_dependency);
    } catch (const Unavailable& error) {
        health_.down(options_.registry_dependency, error.what());
        throw;
    }
    if (!entries.empty()) {
        for (const auto& [index, reason] : add(entries)) {
            refused.push_back({places.at(index), refused_by_outbox(reason)});
        }
    }
    for (const auto& each : skipped) (metrics_.*each.reason).add();
    return refused;
}

OutboxTarget::Judged OutboxTarget::judge(const stream::ConsumedRecord& record, const std::string& cluster_id,
                                         std::int64_t now) {
    const bool is_retried = record.at.topic == options_.retry_topic;
    auto decoded = codec_.decode(record.value);
    if (auto* reason = std::get_if<Rejection>(&decoded)) return std::move(*reason);
    auto prediction = schema::read_prediction(std::get<boost::json::value>(decoded), codec_.schema());
    if (auto* reason = std::get_if<Rejection>(&prediction)) return std::move(*reason);
    if (std::get<Prediction>(prediction).status != status_of_predictions)
        return Skipped{&NotificationMetrics::failures};
    const auto headers = stream::read_request_headers(record, cluster_id);
    if (!headers.context.user) return Skipped{&NotificationMetrics::without_user};
    const std::int64_t time = time_of(record.timestamp, std::get<Prediction>(prediction));
    if (!is_retried && time < now - options_.max_age.count()) return Skipped{&NotificationMetrics::too_old};
    Entry entry{headers.context.id, *headers.context.user, record, is_retried};
    entry.record.timestamp = time;
    return entry;
}

std::vector<Outbox::Refused> OutboxTarget::add(const std::vector<Entry>& entries) {
    std::vector<Outbox::Refused> refused;
    try {
        refused = outbox_.add(entries);
        health_.up(outbox_.dependency(), witness);
    } catch (const Unavailable& error) {
        health_.down(outbox_.dependency(), error.what(), witness);
        throw;
    }
    std::set<Uuid> users;
    for (const Entry& entry : entries) users.insert(entry.user);
    options_.on_added(users.size());
    return refused;
}

}  // namespace nearline::notification
