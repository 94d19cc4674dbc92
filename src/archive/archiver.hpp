#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "archive/archive_store.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "schema/topic_codec.hpp"
#include "stream/sink.hpp"

namespace nearline::archive {

/// Turns records of the output topic into documents and stores them; what conforms to no schema, or what the
/// database refuses for itself, goes to the dead letters. Records past the retention are left out, so that a
/// replay of the topic does not bring them back.
class Archiver final : public stream::SinkTarget {
public:
    struct Options {
        Retention keep{};
        std::string registry_dependency = "schema registry";  ///< its name in Health
        /// Whose records are replayed dead letters: their own time is that of the replay, and says nothing.
        std::string retry_topic{};
    };
    /// All but `options` must outlive it.
    Archiver(ArchiveStore& store, schema::TopicCodec& codec, Options options, Metrics& metrics, Health& health);

    void prepare() override;
    std::set<std::string> dependencies() const override;
    std::vector<Refused> write(std::span<const stream::ConsumedRecord> records, const std::string& cluster_id) override;

private:
    /// The document of a record, or why there is none; nothing: it is past the retention.
    std::optional<std::variant<Document, Rejection>> to_document(const stream::ConsumedRecord& record,
                                                                 const std::string& cluster_id,
                                                                 std::int64_t oldest_timestamp);

    ArchiveStore& store_;
    schema::TopicCodec& codec_;
    const Options options_;
    Health& health_;
    Counter predictions_;
    Counter failures_;
    Counter too_old_;
};

}  // namespace nearline::archive
