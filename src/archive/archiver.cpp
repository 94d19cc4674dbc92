#include "archive/archiver.hpp"

#include <boost/json/value.hpp>
#include <utility>
#include <variant>

#include "domain/problem.hpp"
#include "schema/prediction_record.hpp"
#include "stream/request_context.hpp"

namespace nearline::archive {
namespace {

Counter archived(Metrics& metrics, const char* outcome) {
    return metrics.counter("nearline_archive_records_total",
                           "Records by what they were: prediction, failure, expired (past --keep-days, not archived)",
                           {{"outcome", outcome}});
}

Rejection refused_by_database(const std::string& reason) {
    return {.stage = "archive", .class_name = "DocumentRefused", .message = reason, .status = 422};
}

}  // namespace

Archiver::Archiver(ArchiveStore& store, schema::TopicCodec& codec, Options options, Metrics& metrics, Health& health)
    : store_(store),
      codec_(codec),
      options_(std::move(options)),
      health_(health),
      predictions_(archived(metrics, "prediction")),
      failures_(archived(metrics, "failure")),
      too_old_(archived(metrics, "expired")) {}

void Archiver::prepare() {
    health_.awaits(store_.dependency());
    try {
        store_.prepare();
        health_.up(store_.dependency());
    } catch (const Unavailable& error) {
        health_.down(store_.dependency(), error.what());
        throw;
    }
}

std::set<std::string> Archiver::dependencies() const {
    return {store_.dependency(), options_.registry_dependency};
}

std::vector<stream::SinkTarget::Refused> Archiver::write(std::span<const stream::ConsumedRecord> records,
                                                         const std::string& cluster_id) {
    const auto oldest = oldest_kept(options_.keep);
    std::vector<Refused> refused;
    std::vector<Document> documents;
    std::vector<std::size_t> places;  // of the documents in the batch
    documents.reserve(records.size());
    places.reserve(records.size());
    std::size_t expired = 0;
    try {
        for (std::size_t i = 0; i < records.size(); ++i) {
            auto made = to_document(records[i], cluster_id, oldest);
            if (!made) {
                ++expired;
            } else if (auto* reason = std::get_if<Rejection>(&*made)) {
                refused.push_back({i, std::move(*reason)});
            } else {
                documents.push_back(std::get<Document>(std::move(*made)));
                places.push_back(i);
            }
        }
        health_.up(options_.registry_dependency);
    } catch (const Unavailable& error) {
        health_.down(options_.registry_dependency, error.what());
        throw;
    }
    try {
        if (!documents.empty()) {
            for (auto& [index, reason] : store_.write(documents)) {
                refused.push_back({places.at(index), refused_by_database(reason)});
            }
        }
        health_.up(store_.dependency());
    } catch (const Unavailable& error) {
        health_.down(store_.dependency(), error.what());
        throw;
    }
    std::size_t predictions = 0;
    for (const auto& document : documents) predictions += document.entry.prediction.status == 200 ? 1 : 0;
    predictions_.add(static_cast<double>(predictions));
    failures_.add(static_cast<double>(documents.size() - predictions));
    too_old_.add(static_cast<double>(expired));
    return refused;
}

std::optional<std::variant<Document, Rejection>> Archiver::to_document(const stream::ConsumedRecord& record,
                                                                       const std::string& cluster_id,
                                                                       std::int64_t oldest_timestamp) {
    const auto timestamp = record.at.topic == options_.retry_topic ? 0 : record.timestamp;
    if (timestamp > 0 && timestamp < oldest_timestamp) return std::nullopt;  // not worth reading
    auto decoded = codec_.decode(record.value);
    if (auto* reason = std::get_if<Rejection>(&decoded)) return std::move(*reason);
    auto prediction = schema::read_prediction(std::get<boost::json::value>(decoded), codec_.schema());
    if (auto* reason = std::get_if<Rejection>(&prediction)) return std::move(*reason);
    const auto headers = stream::read_request_headers(record, cluster_id);
    Document document;
    document.entry.id = headers.context.id;
    document.entry.user = headers.context.user;
    document.entry.body_digest = headers.context.body_digest;
    document.entry.prediction = std::get<Prediction>(std::move(prediction));
    document.at = record.at;
    document.offset = record.offset;
    document.timestamp = time_of(timestamp, document.entry.prediction);
    if (document.timestamp < oldest_timestamp) return std::nullopt;
    return document;
}

}  // namespace nearline::archive
